"""The event catalogue: which change of which kind of object is which event.

A change yields exactly the events its kind's rows name. `<kind>.changed` speaks only of fields that no other row covers,
so one happening is never told twice. A new event is one row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.core import schema
from bridge.core.bodies import BODIES, Schema
from bridge.core.canonical import identity
from bridge.core.model import Body, Change, Event

# whom the bridge's own events name where another's would name its server
OURSELVES = "bridge"


@dataclass(frozen=True, slots=True)
class EventType:
    """One row: its name, the kind of object it is about (None: not from a diff), when it happens.

    `nouns` are what its data names, `covers` the fields it speaks for, `time_field` the object's own field that says
    when it happened, where the server tells.
    """

    name: str
    nouns: tuple[str, ...]
    kind: str | None = None
    happens: Callable[[Change], bool] = lambda _: False
    covers: frozenset[str] = frozenset()
    time_field: str | None = None

    @property
    def shape(self) -> Schema:
        """What an expression may name when it meets this event."""
        return schema.of_event(self.nouns, BODIES[self.kind] if self.kind else None)


def _became(field: str, value: object) -> Callable[[Change], bool]:
    return lambda c: c.body.get(field) == value and (c.before or {}).get(field) != value and c.after is not None


def _turned(field: str, value: object, *, after: frozenset[object]) -> Callable[[Change], bool]:
    became = _became(field, value)
    return lambda c: became(c) and c.before is not None and c.before.get(field) in after


def _moved(happens: Callable[[bool, bool], bool]) -> Callable[[Change], bool]:
    """Whether the current aggregator changed, and `happens` says so of (was on its primary, is on its primary)."""

    def moved(change: Change) -> bool:
        before, after = change.before, change.after
        if before is None or after is None or "current" not in change.fields:
            return False
        return happens(before["current"] == before["primary"], after["current"] == after["primary"])

    return moved


def _added(change: Change) -> bool:
    return change.before is None


def _removed(change: Change) -> bool:
    return change.after is None


def _leg(name: str, happens: Callable[[Change], bool], *covers: str) -> EventType:
    return EventType(name, ("leg", "bond"), "leg", happens, frozenset(covers))


def _placement(name: str, happens: Callable[[Change], bool]) -> EventType:
    return EventType(name, ("bond", "placement", "primary", "current"), "placement", happens, frozenset({"current"}))


def _aggregator(name: str, happens: Callable[[Change], bool]) -> EventType:
    return EventType(name, ("aggregator",), "aggregator", happens, frozenset({"status", "standing"}))


def _tuning(name: str, happens: Callable[[Change], bool], time_field: str | None = None) -> EventType:
    covers = frozenset({"status", "outcome", "verdict", "started", "finished", "recommendations"})
    return EventType(name, ("tuning", "bond"), "bond_tuning", happens, covers, time_field)


def _schedule(name: str, state: str) -> EventType:
    covers = frozenset(BODIES["backup_schedule"])
    return EventType(name, ("backup_schedule",), "backup_schedule", _became("state", state), covers)


_STANDING = ("standing", "state", "class")
_BAD = frozenset({"down", "degraded"})

_ROWS = (
    _leg("leg.down", _became("standing", "down"), *_STANDING),
    _leg("leg.degraded", _became("standing", "degraded"), *_STANDING),
    _leg("leg.up", _turned("standing", "up", after=_BAD), *_STANDING),
    _leg("leg.mode_changed", lambda c: "mode" in c.fields, "mode"),
    _placement("bond.failed_over", _moved(lambda was, now: was and not now)),
    _placement("bond.restored", _moved(lambda was, now: now and not was)),
    _placement("bond.moved", _moved(lambda was, now: was == now)),
    _aggregator("aggregator.failed", _became("standing", "down")),
    _aggregator("aggregator.recovered", _turned("standing", "up", after=_BAD)),
    _tuning("bond_tuning.started", lambda c: c.before is None and c.body["outcome"] is None, "started"),
    _tuning(
        "bond_tuning.finished",
        lambda c: c.body["outcome"] is not None and (c.before is None or c.before["outcome"] is None),
        "finished",
    ),
    _tuning("bond_tuning.recommended", _became("outcome", "recommended"), "finished"),
    _tuning("bond_tuning.accepted", _became("verdict", "accepted")),
    _tuning("bond_tuning.declined", _became("verdict", "declined")),
    EventType("backup.completed", ("backup",), "backup", _became("complete", value=True), frozenset({"complete"}), "created"),
    _schedule("backup.pending", "pending"),
    _schedule("backup.overdue", "overdue"),
    EventType("scope.baseline", ("scope",)),
    EventType("server.unreachable", ("problem",)),
    EventType("server.recovered", ("problem",)),
    EventType("server.auth_failed", ("problem",)),
    EventType("action.succeeded", ("job",)),
    EventType("action.failed", ("job",)),
    EventType("action.in_doubt", ("job",)),
    EventType("rulebook.rejected", ("problem",)),
)

# Kinds whose coming and going the rows above do not already tell.
_GENERIC = {
    "leg": ("leg", "bond"),
    "bond": ("bond",),
    "placement": ("bond", "placement"),
    "aggregator": ("aggregator",),
}


def _generic(kind: str, nouns: tuple[str, ...]) -> tuple[EventType, ...]:
    rows = [EventType(f"{kind}.changed", nouns, kind)]
    if kind != "placement":  # a placement comes and goes with its bond
        rows.append(EventType(f"{kind}.added", nouns, kind, _added))
        rows.append(EventType(f"{kind}.removed", nouns, kind, _removed))
    return tuple(rows)


EVENTS: Mapping[str, EventType] = {
    row.name: row for row in (*_ROWS, *(row for kind, nouns in _GENERIC.items() for row in _generic(kind, nouns)))
}

_BY_KIND: Mapping[str, tuple[EventType, ...]] = {
    kind: tuple(row for row in EVENTS.values() if row.kind == kind) for kind in BODIES
}


def happenings(change: Change) -> list[EventType]:
    """Which events this change is; what none of them speaks of is a plain `<kind>.changed`, where the kind has one."""
    happened = [row for row in _BY_KIND[change.kind] if row.happens(change)]
    told = frozenset(field for row in happened for field in row.covers)
    rest = EVENTS.get(f"{change.kind}.changed")
    return [*happened, rest] if rest and change.fields - told else happened


def webhook(name: str) -> EventType:
    """The event type of an incoming webhook; its body is whatever was sent."""
    return EventType(f"webhook.{name}", ("body",))


def make(row: EventType, *, server: str, subject: str, n: object, time: datetime, seen_at: datetime, data: Body) -> Event:
    """The event with its id for life: the nth transition of this type that this object has had."""
    return Event(identity(server, subject, row.name, n), row.name, server, subject, time, seen_at, data)


def related(change: Change) -> set[tuple[str, str]]:
    """The other objects whose names this change's events carry, as (kind, id)."""
    body = change.body
    bond = {"leg": body.get("bond"), "bond_tuning": body.get("bond")}.get(change.kind)
    if change.kind in ("placement", "bond"):
        bond = body["id"]
    wanted = {("bond", bond), ("placement", bond)} if bond is not None else set()
    if change.kind == "placement":
        wanted |= {("aggregator", body["primary"]), ("aggregator", body["current"])}
    return {(kind, str(each)) for kind, each in wanted if each is not None}


def describe(row: EventType, change: Change, others: Mapping[tuple[str, str], Body]) -> Body:
    """An event's data: its nouns by name, the object before and after. Names not known yet are None, never invented."""
    found = {kind: others.get((kind, key)) for kind, key in related(change) if kind in ("bond", "placement")}
    if change.kind in ("bond", "placement"):
        found[change.kind] = change.body
    data: dict[str, object] = {"old": change.before, "new": change.after, "changed": sorted(change.fields)}
    for noun in row.nouns:
        data[noun] = _noun(noun, change, found, others)
    return data


def _noun(noun: str, change: Change, found: Mapping[str, Body | None], others: Mapping[tuple[str, str], Body]) -> Body:
    if noun == "bond":
        blank = schema.blank(schema.BOND_NOUN)
        where = found.get("placement") or {}
        known = {name: value for name, value in where.items() if value is not None}
        return {**blank, "id": _bond_id(change), **(found.get("bond") or {}), **known}
    if noun in ("primary", "current"):
        aggregator = others.get(("aggregator", str(change.body[noun])), {})
        return {"id": change.body[noun], "name": aggregator.get("name")}
    return change.body


def _bond_id(change: Change) -> object:
    return change.body["id"] if change.kind in ("bond", "placement") else change.body["bond"]
