"""Times of day in a time zone: when windows are open, when it is so many o'clock again.

On the two days a year on which clocks are set, a time that does not come is the moment at which the
clock jumps over it, and one that comes twice is the first of the two. So a window is always one
stretch.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from bridge.core.rules.rule import Window

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# a window opens at least once a week; on some day in it the clock may jump over all of the window
_AHEAD = 15


def opens(windows: Sequence[Window], now: datetime) -> datetime | None:
    """When the next of them opens, in UTC; None if one is open now, or if there are none. A
    window's end is not in it.
    """
    stretches = [each for window in windows for each in _stretches(window, now)]
    if not windows or any(begins <= now < ends for begins, ends in stretches):
        return None
    return min(begins for begins, _ in stretches if begins > now)


def closes(windows: Sequence[Window], now: datetime) -> datetime | None:
    """When the last of those that are open now closes, in UTC; None if none is open."""
    stretches = [each for window in windows for each in _stretches(window, now)]
    return max((ends for begins, ends in stretches if begins <= now < ends), default=None)


def o_clock(until: time, zone: str, after: datetime) -> datetime:
    """When it is next so late by that zone's clocks, in UTC: always later than `after`."""
    there = ZoneInfo(zone)
    yesterday = after.astimezone(there).date() - _DAY
    moments = (_moment(yesterday + _DAY * n, until, there) for n in count())
    return next(moment for moment in moments if moment > after)


def _stretches(window: Window, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From the one that began yesterday, and may go on, to those of the next two weeks. No days are
    all days.
    """
    zone = ZoneInfo(window.zone)
    yesterday = now.astimezone(zone).date() - _DAY
    for day in (yesterday + _DAY * n for n in range(_AHEAD)):
        if window.days and day.weekday() not in window.days:
            continue
        begins = _moment(day, window.begins, zone)
        ends = _moment(day if window.begins < window.ends else day + _DAY, window.ends, zone)
        if begins < ends:
            yield begins, ends


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When the zone's clocks first show this time of this day, or a later one."""
    local = datetime.combine(day, at, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # Clocks jump over it: read by the time before the jump it comes after the jump, by the time
    # after it before.
    before = local.replace(fold=1).astimezone(UTC)
    after = moment
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)
