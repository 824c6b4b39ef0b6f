"""A leg's own history beside what the polls saw: true times for what was seen, and what no poll saw at all (law 6).

A poll looks at a leg now and then, the history says when it turned. Each turn that a poll saw is the last one in the
history, to that standing, between the two polls; every other turn before the newest poll was missed by all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.core.standing import STANDINGS

# What two honest clocks, a second's grain of the Date header and an answer on its way may differ by.
SKEW = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Turn:
    """A leg's standing became this, then; `before` it was that."""

    standing: str
    at: datetime
    before: str


@dataclass(frozen=True, slots=True)
class Told:
    """A turn that is recorded already: an event, between which polls it happened; `exact`: its time is the history's."""

    event: str
    standing: str
    since: datetime | None
    at: datetime
    exact: bool


@dataclass(frozen=True, slots=True)
class Aligned:
    """`times`: event → when it really happened; `missed`: the turns that nobody recorded, oldest first."""

    times: Mapping[str, datetime]
    missed: tuple[Turn, ...]


def turns(runs: Iterable[tuple[str, datetime]]) -> list[Turn]:
    """Where the standing changes, oldest first; `runs`: (the state's class, since when), oldest first.

    The oldest run's start is the edge of what the server keeps: never used.
    """
    found: list[Turn] = []
    standing: str | None = None
    for said, start in runs:
        if said not in STANDINGS or said == standing:
            continue
        if standing is not None:
            found.append(Turn(said, start, standing))
        standing = said
    return found


def align(history: Iterable[Turn], told: Iterable[Told], *, settled: datetime, horizon: datetime) -> Aligned:
    """`settled`: everything before has been aligned. `horizon`: the start of the newest recorded poll of the leg.

    What turned after the horizon, or so little before it that the clocks cannot tell, is left for the next time: the poll
    after it may tell it first.
    """
    left = {i: turn for i, turn in enumerate(history) if turn.at > settled}
    times: dict[str, datetime] = {}
    for each in sorted(told, key=lambda it: (not it.exact, it.at)):
        fits = [i for i, turn in left.items() if turn.standing == each.standing and _between(turn.at, each)]
        if fits:
            turn = left.pop(min(fits, key=lambda i: abs(left[i].at - each.at)))
            if not each.exact:
                times[each.event] = turn.at
    return Aligned(times, tuple(turn for turn in left.values() if turn.at <= horizon - SKEW))


def _between(at: datetime, told: Told) -> bool:
    if told.exact:  # but for the grain of the clocks' offset, which differs from poll to poll
        return abs(at - told.at) <= SKEW
    return (told.since is None or at >= told.since - SKEW) and at <= told.at + SKEW
