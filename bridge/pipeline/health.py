"""Whether the bridge does its work, seen from a process that runs anyway: what should move and
stands still.

As the watchdog judges it, but it tells nobody and keeps nothing: pages, API and probes show it.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bridge.core.scaled_clock import Pace
from bridge.core.watchdog import stall_detection
from bridge.core.watchdog.stall_detection import Stall, StalledMarker
from bridge.errors import AgainLater
from bridge.store.database import Database
from bridge.store.views import health_queries


class Movement:
    """`slack` by server: seconds until it is polled again; `after`: seconds that anything may stand
    still.
    """

    def __init__(
        self,
        database: Database,
        slack: Mapping[str, float],
        after: float,
        machine: Callable[[], datetime],
        pace: Pace,
    ) -> None:
        self._database = database
        self._slack = slack
        self._after = after
        self._machine = machine
        self._pace = pace
        self._still: Mapping[str, StalledMarker] = {}
        self._looked: datetime | None = None
        self._looking = threading.Lock()

    def look(self) -> Sequence[Stall]:
        """What stands still now, the longest first. The database that cannot be read is one of
        them.
        """
        with self._looking:
            now = self._machine()
            if self._looked is not None and now - self._looked > timedelta(seconds=self._after):
                self._still = stall_detection.anew(self._still, now)  # nobody looked meanwhile
            self._looked = now
            self._still = self._seen(now)
            return stall_detection.wrong(self._still, now, self._after)

    def _seen(self, now: datetime) -> Mapping[str, StalledMarker]:
        domain = self._pace.at(now)
        idle = domain - timedelta(seconds=self._after) * self._pace.speed
        try:
            with health_queries.reading(self._database) as connection:
                taken = health_queries.take(connection, list(self._slack), domain, idle)
        except AgainLater as error:
            return stall_detection.blind(
                self._still, stall_detection.database_away(str(error)), now, self._after
            )
        return stall_detection.looked(self._still, stall_detection.marks(taken, self._slack), now)
