"""What a step asks for, rendered: the request of its job, as it is kept and sent."""

from collections.abc import Sequence

from bridge.core.asks import asks
from bridge.core.expressions import Scene
from bridge.core.headlines import headline
from bridge.core.language.rule import Fields, Step
from bridge.core.model import Body, Event, Job, Json


def of(step: Step, seen: Scene, events: Sequence[Event], title: str | None = None) -> list[Body]:
    """One call, webhook, wait or silence, or one message for each target of a channel. Raises ConditionError.

    `title`: that of a message whose step names none; else it is the headline of its events.
    """
    first = events[0]
    if step.action == "call":
        request: dict[str, Json] = {"operation": step.name, "arguments": _rendered(step.fields, seen)}
        return [{**request, "body": _rendered(step.body, seen)} if step.body else request]
    if step.action == "notify":
        texts = {"title": title or _headline(events)} | {name: field.told(seen) for name, field in step.fields.items()}
        told = texts if step.follow is None else {**texts, "follow": dict(step.follow)}
        return [{"to": step.name, "target": target, **told} for target in range(step.targets)]
    if step.action == "webhook":
        about = {"event": first.id, "type": first.type, "subject": first.subject, "time": first.time.isoformat()}
        return [{"to": step.name, "data": _rendered(step.fields, seen), **about}]
    if step.action == "reply":
        return [{"event": first.id, "text": step.fields["text"].told(seen)}]
    if step.action == "wait" and step.wait is not None:
        until = step.wait.until
        return [{"seconds": step.wait.seconds} if until is None else {"until": until.isoformat(), "zone": step.wait.zone}]
    return [{**_rendered(step.fields, seen), "event": first.id}]


def named(request: Body, identifier: str, rule: str) -> Body:
    """What another system is sent carries its job's id, the same at every try, and the rule that sent it."""
    return {**request, "id": identifier, "rule": rule}


def failure(failed: Job, said: Body) -> str:
    """`"bond.restart bond=3: refused, the server answered 409"`."""
    how = ", ".join(str(said[name]) for name in ("outcome", "detail") if said[name])
    return f"{asks(failed.action, failed.request)}: {how}"


def _headline(events: Sequence[Event]) -> str:
    more = len(events) - 1
    return headline(events[0]) + (f", and {more} more" if more else "")


def _rendered(fields: Fields, seen: Scene) -> Body:
    return {name: field.render(seen) for name, field in fields.items()}
