"""How far a server's clock is ahead of ours, from the Date headers of its answers.

A Date header has a grain of one second, and an answer takes its time: each answer gives an
interval in which the offset lies. What several of them have in common is narrower. It widens as
time passes, for no two clocks run alike, and where nothing is left in common, one of the clocks
was set: what was known before is worth nothing.
"""

import threading
from datetime import datetime, timedelta

_GRAIN = timedelta(seconds=1)
# two clocks drift apart by less than this share, also while one of them is being slewed to the
# right time
_DRIFT = 0.01
# An answer that took longer on its way was hardly written at its beginning; or our clock was set
# meanwhile.
_LONGEST_WAY = timedelta(seconds=30)


class ClockOffset:
    """What is known of one server's clock, for all threads that ask it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._least = self._most = timedelta()
        self._at: datetime | None = None

    @property
    def known(self) -> timedelta:
        """How far the server's clock is ahead of ours; nothing while no answer told it."""
        with self._lock:
            return self._likeliest()

    def heard(self, date: datetime, sent: datetime, received: datetime) -> timedelta:
        """The offset by what is known with this answer, which fits what it says itself.

        `date` is its Date header, `sent` and `received` when its request and its beginning passed
        here, by our clock.
        """
        sent = min(max(sent, received - _LONGEST_WAY), received)
        least = date - received
        most = date + _GRAIN - sent
        with self._lock:
            if self._at:
                wider = abs(received - self._at) * _DRIFT
            else:
                wider = timedelta()
            common = max(least, self._least - wider), min(most, self._most + wider)
            fits = self._at is not None and common[0] <= common[1]
            self._least, self._most = common if fits else (least, most)
            self._at = received
            return self._likeliest()

    def _likeliest(self) -> timedelta:
        # clocks that may agree do: most are set by the same time servers
        if self._least <= timedelta() <= self._most:
            return timedelta()
        return (self._least + self._most) / 2
