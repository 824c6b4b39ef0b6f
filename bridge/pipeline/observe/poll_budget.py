"""How long it takes to look at everything: what each family of scopes costs, and what the request
budget leaves for it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.bonding import scopes
from bridge.bonding.client import PAGE_SIZE
from bridge.pipeline.observe import poll_schedule
from bridge.pipeline.observe.watched_server import Watched
from bridge.store.observations import snapshots


@dataclass(frozen=True, slots=True)
class Line:
    """Scopes timed alike. `requests`: for one look at all of them; `interval` in seconds, the
    shortest among them.
    """

    timing: str
    scopes: int
    requests: int
    interval: float
    rotates: bool

    @property
    def rate(self) -> float:
        """Requests a second, if each is read at its interval."""
        return self.requests / self.interval


@dataclass(frozen=True, slots=True)
class Plan:
    """`budget`: requests a second, None for no limit."""

    lines: Sequence[Line]
    budget: float | None

    @property
    def timed(self) -> float:
        """Requests a second that go to what keeps to its interval."""
        return sum(line.rate for line in self.lines if not line.rotates)

    @property
    def round(self) -> float | None:
        """Seconds in which the rotation comes around; None where the budget leaves nothing for
        it.
        """
        rotating = [line for line in self.lines if line.rotates]
        requests = sum(line.requests for line in rotating)
        soonest = min((line.interval for line in rotating), default=0.0)
        if self.budget is None:
            return soonest
        left = self.budget - self.timed
        if left > 0:
            return max(soonest, requests / left)
        return None


def plan(connection: Connection, watched: Watched) -> Plan:
    """From the scopes and objects known so far."""
    found: dict[str, list[tuple[int, float]]] = {}
    sizes = snapshots.scope_sizes(connection, watched.name)
    aggregators = sizes.get("aggregators", 0)
    for scope in snapshots.all_scopes(connection, watched.name):
        if watched.wanted(scope.name):
            cost = _requests(scope.name, sizes, aggregators)
            timing = scopes.address(scope.name).family.timing
            found.setdefault(timing, []).append((cost, watched.interval(scope.name)))
    lines = [
        Line(
            timing,
            len(each),
            sum(cost for cost, _ in each),
            min(interval for _, interval in each),
            timing in scopes.ROTATION,
        )
        for timing, each in found.items()
    ]
    return Plan(sorted(lines, key=lambda line: (line.rotates, line.timing)), watched.rate)


def _requests(name: str, sizes: Mapping[str, int], aggregators: int) -> int:
    pages = max(1, math.ceil(sizes.get(name, 0) / PAGE_SIZE))
    if name == scopes.PLACEMENTS:
        per_list = max(1, math.ceil(sizes.get("bonds", 0) / max(aggregators, 1) / PAGE_SIZE))
        return 1 + 3 * aggregators * per_list
    if name == scopes.STATISTICS:
        return poll_schedule.COUNTS
    return pages
