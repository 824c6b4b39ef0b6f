"""Cause before effect: when many bonds lose legs at once, that is one incident with members, not as
many outages (G4).

Judged on when things happened, not on when they were learned: after a gap the histories of hundreds
of legs come in one by one, and still make one incident.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bridge.core.canonical_json import identity

# Bonds with a common cause that lose legs within WINDOW of each other: as many as SHARE of all that
# have it, and LEAST.
WINDOW = timedelta(seconds=60)
SHARE = 0.3
LEAST = 5
# Nearly everything at once, on more than one aggregator: is it them, or is it what we see through?
EVERYTHING = 0.9
# The vendor declares an aggregator failed at the third miss of a check every 30 s; what it has not
# by then, it will not.
LET_GO = timedelta(minutes=3)
# An incident is over when no more than this share of its legs is still down, and nothing joined it
# for a while.
LEFT = 0.1
QUIET = timedelta(minutes=2)
# What only has the cause in common joins while the incident grows: so long after what last joined
# it.
GROWS = timedelta(minutes=3)
# A bond whose legs have been back for so long is let go: what happens to it later stands for
# itself.
LETS_GO = timedelta(minutes=3)

# the widest first: an event belongs to one incident, and to the first of these that fits
CAUSES = ("server", "aggregator", "provider", "space")

Cause = tuple[str, str]  # one of CAUSES, and which


@dataclass(frozen=True, slots=True)
class Loss:
    """A leg went down. `causes`: what it has in common with others, as (one of CAUSES, which).

    `likely`: of two aggregators, where its bond is and where it belongs, the one it was on when it
    happened. `over`: when the leg was no longer down, `back`: the event that says so; None where
    that is not known yet.
    """

    event: str
    bond: int
    leg: int
    at: datetime
    causes: frozenset[Cause]
    likely: Cause | None = None
    over: datetime | None = None
    back: str | None = None

    @property
    def events(self) -> tuple[str, ...]:
        """It, and its end where that was learned before the incident was: history by history, leg
        by leg.
        """
        if self.back:
            return (self.event, self.back)
        return (self.event,)


@dataclass(frozen=True, slots=True)
class Incident:
    """`state`: suspected, failed (an aggregator's, when the server says so), open, over. `bonds`,
    `legs`: ids it took.

    `released`: those of its bonds that it has let go of.
    """

    id: str
    cause: Cause
    state: str
    began: datetime
    last: datetime
    ended: datetime | None = None
    bonds: frozenset[int] = frozenset()
    legs: frozenset[int] = frozenset()
    released: frozenset[int] = frozenset()

    @property
    def held(self) -> frozenset[int]:
        """The bonds to which what happens still belongs to it."""
        return self.bonds - self.released

    def takes(self, cause: Iterable[Cause], bond: int | None, at: datetime) -> bool:
        """Whether what happened then belongs to it: it has the cause, or happens to a bond that is
        in it.
        """
        if not self.began - WINDOW <= at <= (self.ended or at):
            return False
        return self.cause in cause or (bond in self.held and at >= self.began)

    def takes_loss(self, loss: Loss) -> bool:
        """The same of a loss. One that was over before the incident began is a story of its own.

        So is one that comes long after the others and only has the cause in common, unless that has
        failed.
        """
        before = loss.over is not None and loss.over < self.began
        grows = self.state == "failed" or loss.at <= self.last + GROWS
        return not before and self.takes(loss.causes if grows else (), loss.bond, loss.at)

    def with_loss(self, loss: Loss) -> "Incident":
        """The incident with one more member."""
        if loss.over and loss.back:
            back = loss.over
        else:
            back = loss.at
        return replace(
            self,
            began=min(self.began, loss.at),
            last=max(self.last, loss.at, back),
            bonds=self.bonds | {loss.bond},
            legs=self.legs | {loss.leg},
            released=self.released - {loss.bond},
        )

    def spanning(self, first: datetime | None, newest: datetime | None) -> "Incident":
        """The same by its members' times: when its first leg was down, when the last of them
        turned. None: not known.
        """
        began = first or self.began
        return replace(self, began=began, last=max(began, newest or self.last))


@dataclass(frozen=True, slots=True)
class Judged:
    """`incidents`: those that are new or took members, by id. `owners`: event → the incident it
    belongs to, for good.
    """

    incidents: Mapping[str, Incident]
    owners: Mapping[str, str]
    opened: tuple[str, ...]


def judge(
    server: str, losses: Iterable[Loss], known: Sequence[Incident], sizes: Mapping[Cause, int]
) -> Judged:
    """`losses`: those not owned yet, recent ones included. `known`: open, and lately over. `sizes`:
    bonds per cause.
    """
    left = sorted(losses, key=lambda it: (it.at, it.event))
    book = _Book(server, {each.id: each for each in known})
    left = [loss for loss in left if not book.joins(loss)]
    for kind in CAUSES:
        left = _sweep(book, kind, left, sizes)
    touched = {
        name: each
        for name, each in book.current.items()
        if name in {*book.opened, *book.owners.values()}
    }
    return Judged(touched, book.owners, tuple(book.opened))


@dataclass(slots=True)
class _Book:
    """Incidents and owners while losses are gone through."""

    server: str
    current: dict[str, Incident]
    owners: dict[str, str] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)

    def joins(self, loss: Loss) -> bool:
        """Give the loss to the incident that takes it, if there is one."""
        owner = next((each for each in self.current.values() if each.takes_loss(loss)), None)
        if owner:
            self.current[owner.id] = owner.with_loss(loss)
            self.owners |= dict.fromkeys(loss.events, owner.id)
        return owner is not None

    def open(self, cause: Cause, members: Sequence[Loss]) -> None:
        """A new incident with its first members; where one with this cause is open, they are its
        next.
        """
        incident = next(
            (each for each in self.current.values() if _again(each, cause, members)), None
        )
        if incident is None:
            incident = _opened(self.server, cause, members)
            self.opened.append(incident.id)
        else:
            for each in members:
                incident = incident.with_loss(each)
        self.current[incident.id] = incident
        self.owners |= {event: incident.id for each in members for event in each.events}


def _again(incident: Incident, cause: Cause, members: Sequence[Loss]) -> bool:
    """Whether these are the next of an incident that is open."""
    open_one = incident.cause == cause and incident.ended is None
    return open_one and members[0].at >= incident.began


def _sweep(
    book: _Book, kind: str, losses: Sequence[Loss], sizes: Mapping[Cause, int]
) -> list[Loss]:
    """Open what enough of them have in common in this respect; what nobody owns afterwards."""
    waiting: list[Loss] = []
    for loss in losses:
        if book.joins(loss):
            continue
        waiting = [*(each for each in waiting if loss.at - each.at <= WINDOW), loss]
        found = _common(kind, waiting, sizes)
        if found:
            book.open(*found)
            waiting = [each for each in waiting if each not in found[1]]
    return [loss for loss in losses if loss.event not in book.owners]


def _common(
    kind: str, losses: Sequence[Loss], sizes: Mapping[Cause, int]
) -> tuple[Cause, list[Loss]] | None:
    """What enough of them have in common with the newest; of two such, the one whose bonds are
    nearly all among them.

    So bonds that have moved since are counted where they came from, not with the many that were
    there before.
    """

    def fits(found: tuple[Cause, list[Loss]]) -> tuple[float, int]:
        cause, members = found
        return len(members) / max(sizes.get(cause, 0), 1), sum(
            each.likely == cause for each in members
        )

    share = EVERYTHING if kind == "server" else SHARE
    found = []
    for cause in sorted(each for each in losses[-1].causes if each[0] == kind):
        least = max(LEAST, share * sizes.get(cause, 0))
        members = [each for each in losses if cause in each.causes]
        if _bonds(members) < least:  # so nearly always, and what is at once is no more
            continue
        members = _at_once(members)
        if _bonds(members) >= least and not (kind == "server" and _of_one_aggregator(members)):
            found.append((cause, members))
    if found:
        return max(found, key=fits)
    return None


def _bonds(losses: Iterable[Loss]) -> int:
    return len({each.bond for each in losses})


def _at_once(losses: Sequence[Loss]) -> list[Loss]:
    """Without those that were over before the next one began: a leg that flapped a little earlier
    is none of this.
    """
    found: list[Loss] = []
    for each in losses:
        if all(before.over is not None and before.over < each.at for before in found):
            found = []
        found.append(each)
    return found


def _of_one_aggregator(members: Sequence[Loss]) -> bool:
    """Nearly all of them are on one aggregator: then that is the cause, and not what we see
    through.
    """
    counts = Counter(cause for each in members for cause in each.causes if cause[0] == "aggregator")
    return bool(counts) and max(counts.values()) >= EVERYTHING * len(members)


def _opened(server: str, cause: Cause, members: Sequence[Loss]) -> Incident:
    first = members[0]
    if cause[0] == "aggregator":
        state = "suspected"
    else:
        state = "open"
    incident = Incident(identity(server, *cause, first.event), cause, state, first.at, first.at)
    for each in members:
        incident = incident.with_loss(each)
    return incident


def over(
    incident: Incident, down: int, *, cause_down: bool, touched: datetime, now: datetime
) -> bool:
    """Whether it is over. `down`: how many of its legs still are; `cause_down`: the aggregator
    itself is still failed.
    """
    return not cause_down and down <= LEFT * len(incident.legs) and now - touched >= QUIET
