"""Changes become events: which ones, with which id, and what they say."""

from collections.abc import Mapping
from datetime import datetime

from bridge.core.canonical_json import identity
from bridge.core.events import schema
from bridge.core.events.catalogue import EVENTS
from bridge.core.events.types import EventType
from bridge.core.json_safety import bounded
from bridge.core.model import Body, Change, Event
from bridge.core.objects.object_schemas import BODIES

__all__ = [
    "EVENTS",
    "OURSELVES",
    "EventType",
    "describe",
    "happenings",
    "make",
    "related",
    "webhook",
]

# the server of the bridge's own events
OURSELVES = "bridge"

_BY_KIND: Mapping[str, tuple[EventType, ...]] = {
    kind: tuple(row for row in EVENTS.values() if row.kind == kind) for kind in BODIES
}

# fields that only we fill: they are no change of the server's, though they may be an event of their
# own
_OURS = frozenset({"outdated", "standing", "stage"})

# kinds whose id is the bond's own
_AS_BOND = frozenset({"bond", "placement", "bond_condition"})


def happenings(change: Change) -> list[EventType]:
    """Which events this change is; what none of them speaks of is a plain `<kind>.changed`, where
    the kind has one.
    """
    happened = [row for row in _BY_KIND[change.kind] if row.happens(change)]
    told = frozenset(field for row in happened for field in row.covers)
    rest = EVENTS.get(f"{change.kind}.changed")
    if rest and change.fields - told - _OURS:
        return [*happened, rest]
    return happened


def webhook(name: str) -> EventType:
    """The event type of an incoming webhook; its body is whatever was sent, `reach` where what
    comes of it may act.
    """
    return EventType(f"webhook.{name}", ("body", "reach"))


def ends_of(event: Event) -> Mapping[str, str | None]:
    """Which events end what this one began, each with the subject it must have; None where any of
    the server's will do.

    A bond's place and standing go by the bond's own id; what the server has one of is ended by
    whatever ends it.
    """
    row = EVENTS.get(event.type)
    kind, _, identifier = event.subject.partition("/")
    found: dict[str, str | None] = {}
    for name in row.ends if row else ():
        end = EVENTS[name]
        if end.kind is None or end.kind == kind:
            found[name] = event.subject
        elif identifier.isdigit():
            found[name] = f"{end.kind}/{identifier}"
        else:
            found[name] = None
    return found


def make(
    row: EventType,
    *,
    server: str,
    subject: str,
    n: object,
    time: datetime,
    seen_at: datetime,
    data: Body,
    exact: bool = False,
    on_server: tuple[datetime | None, datetime] | None = None,
) -> Event:
    """The event with its id for life: the nth transition of this type that this object has had."""
    subject = bounded(subject)
    name = identity(server, subject, row.name, n)
    return Event(name, row.name, server, subject, time, seen_at, data, exact, on_server=on_server)


def related(change: Change) -> set[tuple[str, str]]:
    """The other objects whose names this change's events carry, as (kind, id)."""
    body = change.body
    wanted = set()
    bond = _bond_id(change)
    if bond is not None:
        wanted |= {("bond", bond), ("placement", bond)}
    if change.kind == "placement":
        wanted |= {("aggregator", body["primary"]), ("aggregator", body["current"])}
    if change.kind == "leg_tuning":
        wanted.add(("leg", body["leg"]))
    return {(kind, str(each)) for kind, each in wanted if each is not None}


def describe(row: EventType, change: Change, others: Mapping[tuple[str, str], Body]) -> Body:
    """An event's data: its nouns by name, the object before and after. Names not known yet are
    None, never invented.
    """
    found = {
        kind: others.get((kind, key))
        for kind, key in related(change)
        if kind in ("bond", "placement", "leg")
    }
    found[change.kind] = change.body
    data: dict[str, object] = {
        "old": change.before,
        "new": change.after,
        "changed": sorted(change.fields),
        "between": None,
        "over": False,
    }
    for noun in row.nouns:
        data[noun] = _noun(noun, change, found, others)
    return data


def bond_noun(identifier: object, bond: Body | None, placement: Body | None) -> Body:
    """What an event says about a bond: the bond and where it is, as far as either is known."""
    known = {name: value for name, value in (placement or {}).items() if value is not None}
    return {**schema.blank(schema.BOND_NOUN), "id": identifier, **(bond or {}), **known}


def _noun(
    noun: str,
    change: Change,
    found: Mapping[str, Body | None],
    others: Mapping[tuple[str, str], Body],
) -> Body:
    if noun == "bond":
        return bond_noun(_bond_id(change), found.get("bond"), found.get("placement"))
    if noun in ("primary", "current"):
        aggregator = others.get(("aggregator", str(change.body[noun])), {})
        return {"id": change.body[noun], "name": aggregator.get("name")}
    if noun == "leg" and change.kind != "leg":
        return {**schema.blank(BODIES["leg"]), "id": change.body["leg"], **(found.get("leg") or {})}
    return change.body


def _bond_id(change: Change) -> object:
    if change.kind in _AS_BOND:
        return change.body["id"]
    return change.body.get("bond")
