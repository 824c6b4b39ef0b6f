"""States that are so already: what nobody saw begin, for the rules that speak of what is so."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bridge.core.canonical_json import identity
from bridge.core.events.builder import EVENTS, EventType, describe, make
from bridge.core.model import Body, Change, Event, Json
from bridge.core.rules.rule import Rule


def found(
    rule: Rule,
    server: str,
    kind: str,
    bodies: Mapping[str, Body],
    others: Mapping[tuple[str, str], Body],
    now: datetime,
    occasion: Json,
) -> list[Event]:
    """For each lasting event of the rule and each object of this kind that shows it: the event, for
    this rule only.

    `bodies`: the objects by id. `others`: those whose names the events carry. `occasion`: what the
    sweep is for (the baseline, an active rule, the end of a silence): the same state is found once
    on each, so the id is made of it.
    """
    if not rule.lasting:
        return []
    rows = [
        row for row in EVENTS.values() if row.name in rule.types and row.kind == kind and row.still
    ]
    return [
        _event(rule, server, row, Change(kind, identifier, None, body), others, now, occasion)
        for identifier, body in bodies.items()
        for row in rows
        if row.still and row.still(body)
    ]


def again(rule: Rule, event: Event, now: datetime) -> Event:
    """What a rule was kept from telling, once more and for it alone: as it is now, since when it
    began.
    """
    name = identity(event.server, event.subject, event.type, "found", rule.id, now.isoformat())
    return replace(event, id=name, seen_at=now, only=rule.id)


def _event(
    rule: Rule,
    server: str,
    row: EventType,
    change: Change,
    others: Mapping[tuple[str, str], Body],
    now: datetime,
    occasion: Json,
) -> Event:
    subject = f"{change.kind}/{change.id}"
    data = {**describe(row, change, others), "over": False}
    event = make(row, server=server, subject=subject, n=None, time=now, seen_at=now, data=data)
    return replace(
        event, id=identity(server, subject, row.name, "found", rule.id, occasion), only=rule.id
    )
