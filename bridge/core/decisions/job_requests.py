"""What a step asks for, rendered: the request of its job, as it is kept and sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bridge.core.events.headlines import headline
from bridge.core.expressions.evaluator import ConditionError, ExpressionContext
from bridge.core.expressions.templates import Template
from bridge.core.job_summary import asks
from bridge.core.model import Body, Event, Job, Json
from bridge.core.rules.rule import Fields, Step

# below this key of a request: which texts could not be written, each with why
UNWRITTEN = "unwritten"


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts of one step: one that cannot be rendered is `instead`, and `unwritten` has why (law
    8: words fail open).
    """

    seen: ExpressionContext
    instead: str
    unwritten: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, template: Template) -> str:
        """A text for people."""
        try:
            return template.told(self.seen)
        except ConditionError as error:
            self.unwritten[name] = str(error)
            return self.instead

    def value(self, name: str, template: Template) -> Json:
        """A value for another system: one that is a whole expression has null in its place, since
        it is no text.
        """
        try:
            return template.render(self.seen)
        except ConditionError as error:
            self.unwritten[name] = str(error)
            if template.worded:
                return self.instead
            return None

    def why(self) -> Iterator[str]:
        """A line for each text that could not be written."""
        for name, why in self.unwritten.items():
            yield f"The rule's {name} could not be written: {why}"

    def noted(self, request: Body) -> Body:
        """The request, with what could not be written in it."""
        if self.unwritten:
            return {**request, UNWRITTEN: self.unwritten}
        return request


def of(
    step: Step, seen: ExpressionContext, events: Sequence[Event], title: str | None = None
) -> list[Body]:
    """One call, webhook, wait or silence, or one message for each target of a channel.

    `title`: that of a message whose step names none; else it is the headline of its events. Raises
    ConditionError, but never for a text: words fail open.
    """
    first = events[0]
    if step.action == "call":
        request: dict[str, Json] = {
            "operation": step.name,
            "arguments": _rendered(step.fields, seen),
        }
        return [{**request, "body": _rendered(step.body, seen)} if step.body else request]
    texts = _Texts(seen, title or _headline(events))
    if step.action == "notify":
        told = _message(step, texts)
        return [{"to": step.name, "target": target, **told} for target in range(step.targets)]
    if step.action == "webhook":
        about = {
            "event": first.id,
            "type": first.type,
            "subject": first.subject,
            "time": first.time.isoformat(),
        }
        data = {name: texts.value(name, field) for name, field in step.fields.items()}
        return [texts.noted({"to": step.name, "data": data, **about})]
    if step.action == "reply":
        lines = [texts.text("text", step.fields["text"]), *texts.why()]
        return [texts.noted({"event": first.id, "text": "\n".join(lines)})]
    if step.action == "wait" and step.wait is not None:
        until = step.wait.until
        return [
            {"seconds": step.wait.seconds}
            if until is None
            else {"until": until.isoformat(), "zone": step.wait.zone}
        ]
    return [{**_rendered(step.fields, seen), "event": first.id}]


def _message(step: Step, texts: _Texts) -> Body:
    """Title, body and severity of a notice; the body also says what could not be written."""
    told = {name: texts.text(name, field) for name, field in step.fields.items()}
    title = told.get("title", "")
    if not title.strip():  # some services take no message without one
        title = texts.instead
    # what stands in the place of both is said once
    said = "body" in texts.unwritten and told["body"] == title
    body = "\n".join(filter(None, ("" if said else told["body"], *texts.why())))
    if step.follow is None:
        follow = {}
    else:
        follow = {"follow": dict(step.follow)}
    return texts.noted({**told, "title": title, "body": body, **follow})


def unplanned(request: Body, why: Sequence[str]) -> Body:
    """A notice, or an answer, that also says what is not done beside it."""
    if "body" in request:
        name = "body"
    else:
        name = "text"
    lines = (request[name], *(f"Not done: {each}" for each in why))
    return {**request, name: "\n".join(filter(None, lines))}


def named(request: Body, identifier: str, rule: str) -> Body:
    """What another system is sent carries its job's id, the same at every try, and the rule that
    sent it.
    """
    return {**request, "id": identifier, "rule": rule}


def failure(failed: Job, said: Body) -> str:
    """`"bond.restart bond=3: refused, the server answered 409"`."""
    how = ", ".join(str(said[name]) for name in ("outcome", "detail") if said[name])
    return f"{asks(failed.action, failed.request)}: {how}"


def _headline(events: Sequence[Event]) -> str:
    more = len(events) - 1
    return headline(events[0]) + (f", and {more} more" if more else "")


def _rendered(fields: Fields, seen: ExpressionContext) -> Body:
    return {name: field.render(seen) for name, field in fields.items()}
