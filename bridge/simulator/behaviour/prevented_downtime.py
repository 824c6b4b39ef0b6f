"""The downtime that having several legs has prevented, by the vendor's rule.

Source: the vendor's page on prevented downtime and its URI table. The previous calendar week
(Sunday to Saturday) and the previous calendar month; only outages of a minimum length; failover
legs are left out, and so are legs not in use; outages of several legs of a bond that overlap count
as one, while their durations add up; sums are taken over bonds.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.simulator.world.entities import Bond
from bridge.simulator.world.server_settings import setting
from bridge.simulator.world.vendor_timestamps import stamp
from bridge.simulator.world.world import World

Span = tuple[datetime, datetime]


def report(world: World, bonds: Iterable[Bond]) -> dict[str, Any]:
    """Give `{"week": {"start", "end", "duration", "count"}, "month": …}` over these bonds, duration
    in seconds.
    """
    least = setting(world, "prevented_downtime_minimum_seconds")
    outages = [
        world.past.outages_of(bond.id, world.legs_of(bond), world.now, least=least)
        for bond in bonds
    ]
    return {
        name: _summed(outages, span)
        for name, span in (("week", _week(world.now)), ("month", _month(world.now)))
    }


def _week(now: datetime) -> Span:
    midnight = _midnight(now)
    sunday = midnight - timedelta(days=(midnight.weekday() + 1) % 7)
    return sunday - timedelta(days=7), sunday


def _month(now: datetime) -> Span:
    first = _midnight(now).replace(day=1)
    return (first - timedelta(days=1)).replace(day=1), first


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _summed(outages: Iterable[list[Span]], span: Span) -> dict[str, Any]:
    begin, end = span
    seconds = 0.0
    count = 0
    for listed in outages:
        inside = sorted(
            (max(start, begin), min(stop, end))
            for start, stop in listed
            if start < end and stop > begin
        )
        seconds += sum((stop - start).total_seconds() for start, stop in inside)
        count += _apart(inside)
    return {"start": stamp(begin), "end": stamp(end), "duration": round(seconds), "count": count}


def _apart(spans: list[Span]) -> int:
    """Count what is left when spans that overlap are one; they come sorted by their starts."""
    count = 0
    until = None
    for start, stop in spans:
        if until is None or start >= until:
            count += 1
        if until is None:
            until = stop
        else:
            until = max(until, stop)
    return count
