"""What a channel takes and when: pure, so that why somebody was not told can always be said.

    severity too low, another space: skip ─► quiet hours, digest, rate: wait ─► one message

What has to wait is never dropped: when its time comes, it is told with everything else that came
meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from bridge.core import spaces
from bridge.core.durations import spoken
from bridge.core.model import Reason, Ruling, Verdict
from bridge.core.rules import time_windows
from bridge.core.rules.rule import Rate, Window

# in one message; the rest have the next one
MOST_TOGETHER = 500
# quiet hours that never end are looked at again after so many of their days
_ADJOINING = 14


class Severity(IntEnum):
    """How bad it is. What a person is asked has none of its own, and is always told at once."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3
    QUESTION = 4

    @classmethod
    def of(cls, word: str | None) -> "Severity":
        """Of the word that rules use; nothing for questions."""
        if word:
            return cls[word.upper()]
        return cls.QUESTION


@dataclass(frozen=True, slots=True)
class Policy:
    """What a channel takes.

    `least`: nothing below it. `spaces`: only what is about bonds of these, by globs; empty for all.
    `quiet`: hours in which only what is `loud` is told. `digest`: so many seconds are gathered into
    one message. `rate`: at most so many messages.
    """

    least: Severity = Severity.INFO
    spaces: tuple[str, ...] = ()
    quiet: tuple[Window, ...] = ()
    loud: Severity = Severity.CRITICAL
    digest: float | None = None
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell, by the id of its job. `spaces`: of all that it speaks of, None where one
    is not known.

    `over`: it tells that something has ended. `event`: what it is about, which somebody can say
    that they have if it `takes` that. `since`: when that happened.
    """

    id: str
    title: str
    body: str
    type: str
    severity: Severity
    spaces: frozenset[str | None] = frozenset()
    over: bool = False
    event: str | None = None
    takes: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class DispatchPlan:
    """What becomes of the notes that are there: `held` each with its verdict; those of `tell` are
    one message, now.
    """

    held: tuple[tuple[Notice, Verdict], ...] = ()
    tell: tuple[Notice, ...] = field(default=())


def turn(
    notes: Sequence[Notice],
    policy: Policy,
    since: datetime | None,
    recent: Sequence[datetime],
    now: datetime,
) -> DispatchPlan:
    """`notes` in the order they came, `since` when the first of them was seen, `recent` when the
    last messages were sent.
    """
    held: list[tuple[Notice, Verdict]] = []
    ready: list[Notice] = []
    for note in notes:
        against = _against(note, policy, since or now, now)
        if against is None:
            ready.append(note)
        else:
            held.append((note, against))
    if not ready:
        return DispatchPlan(tuple(held))
    questions = [note for note in ready if note.severity is Severity.QUESTION]
    if questions:  # somebody waits for an answer: alone, at once, beside every limit
        return DispatchPlan(tuple(held), (questions[0],))
    free_at, last = _room(policy.rate, recent, now)
    if free_at is not None and policy.rate is not None:
        detail = (
            f"{policy.rate.most} messages in {spoken(policy.rate.every)} are sent; told together"
            " with what comes until then"
        )
        full = Verdict(Ruling.WAIT, Reason.RATE, detail, free_at)
        return DispatchPlan((*held, *((note, full) for note in ready)))
    together = policy.digest is not None or last
    return DispatchPlan(tuple(held), tuple(ready[:MOST_TOGETHER] if together else ready[:1]))


def gathering(turn: DispatchPlan, since: datetime | None, now: datetime) -> datetime | None:
    """Since when a digest gathers, after this turn: until it is told, or for as long as anything
    waits.
    """
    waits = any(verdict.ruling is Ruling.WAIT for _, verdict in turn.held)
    return since or (now if waits else None)


def gathered(told: Sequence[Notice], policy: Policy) -> bool:
    """Whether what was told is the digest; what is told past it, since it is loud, takes nothing
    from it.
    """
    return any(note.severity < policy.loud for note in told)


def _against(note: Notice, policy: Policy, since: datetime, now: datetime) -> Verdict | None:
    if note.severity < policy.least:
        return Verdict(
            Ruling.SKIP,
            Reason.SEVERITY,
            f"this channel is told from {policy.least.name.lower()} on",
        )
    if policy.spaces and (not spaces.all_within(note.spaces, policy.spaces)):
        named = (
            ", ".join(sorted(space or "a space that is not known" for space in note.spaces))
            or "no space"
        )
        return Verdict(
            Ruling.SKIP,
            Reason.SPACE,
            f"this channel is told only of {', '.join(policy.spaces)}; this is about {named}",
        )
    if note.severity >= policy.loud:
        return None
    ends = quiet_until(policy.quiet, now)
    if ends is not None:
        return Verdict(
            Ruling.WAIT, Reason.QUIET, f"quiet hours until {ends:%Y-%m-%d %H:%M} UTC", ends
        )
    due = since + timedelta(seconds=policy.digest or 0.0)
    if due > now:
        return Verdict(
            Ruling.WAIT,
            Reason.DIGEST,
            f"told with what else comes within {spoken(policy.digest or 0.0)}",
            due,
        )
    return None


def quiet_until(quiet: Sequence[Window], now: datetime) -> datetime | None:
    """When the quiet hours that hold now are over; None if none hold."""
    until = None
    for _ in range(_ADJOINING):  # one may begin where another ends
        ends = time_windows.closes(quiet, until or now)
        if ends is None:
            break
        until = ends
    return until


def crowded(policy: Policy, recent: Sequence[datetime], now: datetime) -> bool:
    """Whether what is there now would be one message, and so all of it must be looked at."""
    return policy.digest is not None or _room(policy.rate, recent, now)[1]


def _room(
    rate: Rate | None, recent: Sequence[datetime], now: datetime
) -> tuple[datetime | None, bool]:
    """When there is room for another message, None for now; and whether it is the last one for a
    while.
    """
    if rate is None:
        return None, False
    lately = sorted(moment for moment in recent if moment > now - timedelta(seconds=rate.every))
    if len(lately) >= rate.most:
        return lately[-rate.most] + timedelta(seconds=rate.every), False
    return None, len(lately) == rate.most - 1
