"""What expressions see when a rule meets an event or a group: the event's nouns, the view, what was
known.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bridge.core.decisions.facts import RecordingFacts
from bridge.core.events import schema
from bridge.core.expressions.evaluator import ExpressionContext
from bridge.core.model import Body, Event, Json
from bridge.core.objects.object_schemas import BODIES
from bridge.core.rules import hours_function

_NOTHING_KNOWN: Body = dict.fromkeys(schema.KNOWN)


def told(event: Event) -> Body:
    """An event as expressions see it; times as ISO 8601 text."""
    return {
        "id": event.id,
        "type": event.type,
        "server": event.server,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "data": event.data,
    }


def roots(event: Event, now: datetime) -> dict[str, Json]:
    """`event`, its nouns for short, `old`, `new`, `known`, `server`, `now`."""
    return {
        **event.data,
        "event": told(event),
        "known": {**_NOTHING_KNOWN, **event.known},
        "server": event.server,
        "now": now.isoformat(),
        "view": {},
    }


def of(
    events: Sequence[Event],
    now: datetime,
    facts: RecordingFacts,
    more: Mapping[str, Json] | None = None,
) -> ExpressionContext:
    """The scene of one event, or of a group: its first event's nouns, and all of them as `events`.
    `more`: other roots.
    """
    first = events[0]
    seen = {**roots(first, now), "events": [told(event) for event in events], **(more or {})}
    return ExpressionContext(seen, _OURS, lambda: _on_view(first.server, facts), facts.budget())


_OURS = {"hours": hours_function.hours}


def _on_view(server: str, facts: RecordingFacts) -> Mapping[str, Callable[[Json, Json], Json]]:
    """`view.leg(12)`, for every kind: the object as the newest complete snapshot shows it, null
    where it does not.
    """

    def looking(kind: str) -> Callable[[Json, Json], Json]:
        def look(_view: Json, identifier: Json) -> Json:
            return viewed(facts, server, kind, identifier)

        return look

    return {kind: looking(kind) for kind in BODIES}


def viewed(facts: RecordingFacts, server: str, kind: str, identifier: Json) -> Json:
    """One object of the view; of an aggregator also whether it has `failed`."""
    body = facts.view(server, kind, identifier)
    if body is not None and kind == "aggregator":
        return {**body, "failed": body.get("standing") == "down"}
    return body
