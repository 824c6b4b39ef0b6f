"""What a row of the event catalogue is, and the ways in which a change can be an event."""

from collections.abc import Callable
from dataclasses import dataclass

from bridge.core.events import schema
from bridge.core.model import Body, Change
from bridge.core.objects.object_schemas import BODIES, Schema

Happens = Callable[[Change], bool]
Still = Callable[[Body], bool]


@dataclass(frozen=True, slots=True)
class EventType:
    """One row: its name, the kind of object it is about (None: not from a diff), when it happens.

    `nouns` are what its data names, `covers` the fields it speaks for, `time_field` the object's
    own field that says when it happened, where the server tells.

    A lasting event has `ends`: the events that end what it began, of the same object, or of the
    bond or the backups that object tells the state of. `still`: whether the object, as it is now,
    still shows it; None where no object does.
    """

    name: str
    nouns: tuple[str, ...]
    kind: str | None = None
    happens: Happens = lambda _: False
    covers: frozenset[str] = frozenset()
    time_field: str | None = None
    ends: tuple[str, ...] = ()
    still: Still | None = None

    @property
    def shape(self) -> Schema:
        """What an expression may name when it meets this event."""
        never = {"old": self.happens is added, "new": self.happens is removed}
        absent = frozenset(name for name, is_so in never.items() if is_so)
        return schema.of_event(
            self.nouns, self.kind, BODIES[self.kind] if self.kind else None, absent
        )


def stays(field: str, *values: object) -> Still:
    """The field is one of these."""
    return lambda body: body.get(field) in values


def away(body: Body) -> bool:
    """The bond is not on its primary aggregator, and both are known."""
    return None not in (body["primary"], body["current"]) and body["primary"] != body["current"]


def undecided(body: Body) -> bool:
    """The tuning recommends something that nobody has accepted or declined."""
    return body["outcome"] == "recommended" and body["verdict"] is None


def added(change: Change) -> bool:
    """It was not there before."""
    return change.before is None


def removed(change: Change) -> bool:
    """It is not there any more."""
    return change.after is None


def became(field: str, value: object) -> Happens:
    """The field is now this and was not; also of an object that is new."""
    return lambda c: (
        c.body.get(field) == value and (c.before or {}).get(field) != value and c.after is not None
    )


def turned(field: str, value: object, *, after: frozenset[object]) -> Happens:
    """The field is now this and was one of those."""
    now = became(field, value)
    return lambda c: now(c) and c.before is not None and c.before.get(field) in after


def differs(*fields: str) -> Happens:
    """One of the fields differs, and both values are known."""

    def happens(c: Change) -> bool:
        before = c.before
        after = c.after
        if before is None or after is None:
            return False
        return any(
            f in c.fields and before.get(f) is not None and after.get(f) is not None for f in fields
        )

    return happens


def moved(happens: Callable[[bool, bool], bool]) -> Happens:
    """Whether the current aggregator changed, and `happens` says so of (was on its primary, is on
    its primary).
    """

    def is_so(change: Change) -> bool:
        before = change.before
        after = change.after
        if before is None or after is None or "current" not in change.fields:
            return False
        return happens(before["current"] == before["primary"], after["current"] == after["primary"])

    return is_so


def ended(change: Change) -> bool:
    """Something that ran has an outcome now, or is found ended."""
    return change.body["outcome"] is not None and (
        change.before is None or change.before["outcome"] is None
    )


def begun(change: Change) -> bool:
    """Something new: it began, even where it is over when it is found, since it says itself
    when.
    """
    return change.before is None
