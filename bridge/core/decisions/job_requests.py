"""What a step asks for, rendered: the request of its job, as it is kept and sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.core.events.headlines import headline
from bridge.core.expressions.evaluator import ConditionError, ExpressionContext
from bridge.core.expressions.templates import Template
from bridge.core.job_summary import asks
from bridge.core.model import Body, Event, Job, Json
from bridge.core.requests import (
    CallRequest,
    NoticeRequest,
    ReplyRequest,
    Request,
    RuleSilenceRequest,
    WaitRequest,
    WebhookRequest,
)
from bridge.core.rules.rule import Fields, Step
from bridge.core.rules.rule import Wait as WaitStep

Texted = NoticeRequest | ReplyRequest | WebhookRequest


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


def of(
    step: Step, seen: ExpressionContext, events: Sequence[Event], title: str | None = None
) -> Sequence[Request]:
    """One call, webhook, wait or silence, or one message for each target of a channel.

    `title`: that of a message whose step names none; else it is the headline of its events. Raises
    ConditionError, but never for a text: words fail open.
    """
    first = events[0]
    if step.action == "call":
        arguments = _rendered(step.fields, seen)
        body = _rendered(step.body, seen) if step.body else None
        return [CallRequest(operation=step.name, arguments=arguments, body=body)]
    texts = _Texts(seen, title or _headline(events))
    if step.action == "notify":
        notice = _notice(step, texts)
        return [replace(notice, target=target) for target in range(step.targets)]
    if step.action == "webhook":
        return [_webhook(step, texts, first)]
    if step.action == "reply":
        lines = [texts.text("text", step.fields["text"]), *texts.why()]
        return [
            ReplyRequest(event=first.id, text="\n".join(lines), unwritten=texts.unwritten or None)
        ]
    if step.action == "wait" and step.wait is not None:
        return [_wait(step.wait)]
    return [RuleSilenceRequest.of({**_rendered(step.fields, seen), "event": first.id})]


def _wait(wait: WaitStep) -> WaitRequest:
    if wait.until is None:
        return WaitRequest(seconds=wait.seconds)
    return WaitRequest(until=wait.until.isoformat(), zone=wait.zone)


def _webhook(step: Step, texts: _Texts, event: Event) -> WebhookRequest:
    """Without the job's id and its rule, which `identified` adds."""
    return WebhookRequest(
        to=step.name,
        data={name: texts.value(name, field) for name, field in step.fields.items()},
        event=event.id,
        type=event.type,
        subject=event.subject,
        time=event.time.isoformat(),
        id="",
        rule="",
        unwritten=texts.unwritten or None,
    )


def _notice(step: Step, texts: _Texts) -> NoticeRequest:
    """A notice for the first target; its body also says what could not be written."""
    told = {name: texts.text(name, field) for name, field in step.fields.items()}
    title = told.get("title", "")
    if not title.strip():  # some services take no message without one
        title = texts.instead
    # what stands in the place of both is said once
    said = "body" in texts.unwritten and told["body"] == title
    body = "\n".join(filter(None, ("" if said else told["body"], *texts.why())))
    return NoticeRequest(
        to=step.name,
        target=0,
        title=title,
        body=body,
        severity=told.get("severity"),
        follow=None if step.follow is None else dict(step.follow),
        unwritten=texts.unwritten or None,
    )


def unplanned(request: Request, why: Sequence[str]) -> Request:
    """A notice, or an answer, that also says what is not done beside it; nothing else says it."""
    not_done = [f"Not done: {each}" for each in why]
    if isinstance(request, NoticeRequest):
        return replace(request, body="\n".join(filter(None, (request.body, *not_done))))
    if isinstance(request, ReplyRequest):
        return replace(request, text="\n".join(filter(None, (request.text, *not_done))))
    return request


def identified(request: Request, identifier: str, rule: str) -> Request:
    """What another system is sent carries its job's id, the same at every try, and the rule that
    sent it.
    """
    if isinstance(request, WebhookRequest):
        return replace(request, id=identifier, rule=rule)
    return request


def unwritten(request: Request) -> Mapping[str, str]:
    """Which texts of a request could not be written, each with why."""
    return (request.unwritten or {}) if isinstance(request, Texted) else {}


def failure(failed: Job, said: Body) -> str:
    """`"bond.restart bond=3: refused, the server answered 409"`."""
    how = ", ".join(str(said[name]) for name in ("outcome", "detail") if said[name])
    return f"{asks(failed.action, failed.request)}: {how}"


def _headline(events: Sequence[Event]) -> str:
    more = len(events) - 1
    return headline(events[0]) + (f", and {more} more" if more else "")


def _rendered(fields: Fields, seen: ExpressionContext) -> Body:
    return {name: field.render(seen) for name, field in fields.items()}
