"""A leg's own history beside what the polls saw: true times for what was seen, and what no poll saw
at all (law 6).

A poll looks at a leg now and then, the history says when it turned. Each turn that a poll saw is
the last one in the history, to that standing, between the two polls; every other turn before the
newest poll was missed by all of them.

All times are the server's, which are the same however its clock and ours are set. Should the
server's own clock be set, what is known by our time still fits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.core.objects.link_state import STANDINGS

# What two honest clocks, a second's grain of the Date header and an answer on its way may differ
# by.
SKEW = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class StateChange:
    """A leg's standing became this, then; `before` it was that."""

    standing: str
    at: datetime
    before: str


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when: the same time twice where that is known."""

    since: datetime | None
    until: datetime

    def covers(self, at: datetime) -> bool:
        """Whether it may have been then, but for what clocks may differ by."""
        return (self.since is None or at >= self.since - SKEW) and at <= self.until + SKEW


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A turn that is recorded already: an event, between which polls it happened; `exact`: its time
    is the history's.

    `noted`: when it was as the server's clock stood then. `ours`: by our clock, as the server's
    stands now.
    """

    event: str
    standing: str
    noted: Span
    ours: Span
    exact: bool


@dataclass(frozen=True, slots=True)
class Aligned:
    """`times`: event → when it really happened; `missed`: the turns that nobody recorded, oldest
    first.
    """

    times: Mapping[str, datetime]
    missed: tuple[StateChange, ...]


def turns(runs: Iterable[tuple[str, datetime]]) -> list[StateChange]:
    """Where the standing changes, oldest first; `runs`: (the state's class, since when), oldest
    first.

    The oldest run's start is the edge of what the server keeps: never used.
    """
    found: list[StateChange] = []
    standing: str | None = None
    for said, start in runs:
        if said not in STANDINGS or said == standing:
            continue
        if standing is not None:
            found.append(StateChange(said, start, standing))
        standing = said
    return found


def align(
    history: Iterable[StateChange],
    told: Iterable[RecordedChange],
    *,
    settled: datetime,
    horizon: datetime,
) -> Aligned:
    """`settled`: everything before has been aligned. `horizon`: the start of the newest recorded
    poll of the leg.

    What turned after the horizon, or so little before it that the clocks cannot tell, is left for
    the next time: the poll after it may tell it first.
    """
    left = dict(enumerate(history))
    open_ones = sorted(told, key=lambda it: (not it.exact, it.noted.until))
    times: dict[str, datetime] = {}
    # what fits by both clocks, then what does by one of them: the other was set
    for spans in (_both, _noted, _ours):
        for each in list(open_ones):
            found = _found(left, each, spans(each))
            if found is None:
                continue
            open_ones.remove(each)
            turn = left.pop(found)
            if not each.exact:
                times[each.event] = turn.at
    missed = (turn for turn in left.values() if settled < turn.at <= horizon - SKEW)
    return Aligned(times, tuple(missed))


def _found(
    left: Mapping[int, StateChange], told: RecordedChange, spans: Sequence[Span]
) -> int | None:
    """The last turn that it may be."""
    fits = [
        place
        for place, turn in left.items()
        if turn.standing == told.standing and all(span.covers(turn.at) for span in spans)
    ]
    return min(fits, key=lambda place: abs(left[place].at - spans[0].until), default=None)


def _both(told: RecordedChange) -> Sequence[Span]:
    return told.noted, told.ours


def _noted(told: RecordedChange) -> Sequence[Span]:
    return (told.noted,)


def _ours(told: RecordedChange) -> Sequence[Span]:
    return (told.ours,)
