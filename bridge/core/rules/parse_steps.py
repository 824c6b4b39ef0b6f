"""The steps of a rule, from `do` in its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.core.model import Body, Json, Outcome, Retry
from bridge.core.rules import parse_calls
from bridge.core.rules import parse_context as read
from bridge.core.rules.models.rule import RetryModel
from bridge.core.rules.models.step import (
    FollowModel,
    NotifyModel,
    RemedyModel,
    ReplyModel,
    SilenceModel,
    StepModel,
    UntilModel,
    VerifyModel,
    WebhookModel,
)
from bridge.core.rules.parse_context import ParseContext, Shapes
from bridge.core.rules.rule import Fields, Step, Verify, Wait
from bridge.core.yaml_document import Place

# the event's own type, where a silence does not say which
_ITS_TYPE = "${[event.type]}"
# what must be there for a silence of this kind: the noun and its field
_SILENCED = {"bond": ("bond", "id"), "leg": ("leg", "id"), "space": ("bond", "space")}


def steps_of(
    reading: ParseContext,
    models: Sequence[RemedyModel],
    here: Place = ("do",),
    shapes: Shapes | None = None,
) -> tuple[Step, ...]:
    """Each step that does one thing; others have been told."""
    steps = ((i, model) for i, model in enumerate(models) if len(model.actions) == 1)
    return tuple(
        _Steps(reading, (*here, i), reading.shapes if shapes is None else shapes).step(model)
        for i, model in steps
    )


@dataclass(frozen=True, slots=True)
class _Steps:
    """The step at one place of a rule, whose expressions see these shapes."""

    reading: ParseContext
    here: Place
    shapes: Shapes

    def step(self, model: RemedyModel) -> Step:
        step = self._act(model)
        condition = self.reading.condition(model.condition, *self.here, "if", shapes=self.shapes)
        step = replace(
            step, condition=condition, retry=self._retry(model), verify=self._verify(model.verify)
        )
        if not isinstance(model, StepModel):
            return step
        failing = steps_of(
            self.reading,
            model.on_failure or (),
            (*self.here, "on_failure"),
            read.failed(self.shapes),
        )
        return replace(step, each=self._each(model.each), on_failure=failing)

    def _act(self, model: RemedyModel) -> Step:
        if model.call is not None:
            return parse_calls.step(self.reading, model, self.here, self.shapes)
        if model.notify is not None:
            return self._notify(model.notify)
        if model.silence is not None:
            return self._silence(model.silence)
        if isinstance(model, StepModel) and model.webhook is not None:
            return self._webhook(model.webhook)
        if isinstance(model, StepModel) and model.reply is not None:
            return self._reply(model.reply)
        return Step(
            "wait", "", {}, wait=_wait(model.wait if isinstance(model, StepModel) else None)
        )

    def _notify(self, told: NotifyModel) -> Step:
        here = (*self.here, "notify")
        channels = self.reading.vocabulary.channels
        self.reading.named(
            told.to, channels, "channel", "add it to `channels` in the settings", *here, "to"
        )
        if told.title is None:
            title = {}
        else:
            title = {"title": told.title}
        given = {**title, "body": told.body, "severity": told.severity}
        step = Step("notify", told.to, self._texts(given, *here), channels.get(told.to, 0))
        return replace(
            step, follow=self._follow(told.follow, *here, "follow") if told.follow else None
        )

    def _follow(self, wanted: FollowModel, *here: str | int) -> Body:
        """How it is told on, as it is kept with each notice."""
        escalate = wanted.escalate
        channels = self.reading.vocabulary.channels
        found: dict[str, Json] = (
            {"repeat_every": wanted.repeat_every} if wanted.repeat_every else {}
        )
        if escalate is not None:
            mend = "add it to `channels` in the settings"
            self.reading.named(escalate.to, channels, "channel", mend, *here, "escalate", "to")
            targets = channels.get(escalate.to, 0)
            found["escalate"] = {"after": escalate.after, "to": escalate.to, "targets": targets}
        return found

    def _webhook(self, sent: WebhookModel) -> Step:
        here = (*self.here, "webhook")
        hooks = self.reading.vocabulary.hooks
        self.reading.named(
            sent.to, hooks, "outgoing webhook", "name one of the settings", *here, "to"
        )
        return Step("webhook", sent.to, self._texts(sent.data, *here, "data"))

    def _reply(self, reply: ReplyModel) -> Step:
        here = (*self.here, "reply")
        if self.shapes and not self.reading.chats:
            self.reading.say(
                here,
                "there is nobody to answer: a `reply` goes with `when: {chat: …}`",
                "write `notify`",
            )
        return Step("reply", "", self._texts({"text": reply.text}, *here))

    def _texts(self, given: Mapping[str, Json], *place: str | int) -> Fields:
        return self.reading.fields(given, *place, shapes=self.shapes, texts=True)

    def _silence(self, silence: SilenceModel) -> Step:
        here = (*self.here, "silence")
        if silence.types:
            self.reading.types(silence.types, *here, "types")
        self._check_silenced(silence.per, *here, "per")
        types = silence.types or _ITS_TYPE
        given = {"types": types, "per": silence.per, "for": silence.length, "acts": silence.acts}
        return Step("silence", "", self.reading.fields(given, *here, shapes=self.shapes))

    def _check_silenced(self, per: str, *place: str | int) -> None:
        noun, below = _SILENCED.get(per, ("", ""))
        for name, shape in self.shapes.items() if noun else ():
            if below not in shape.get(noun, {}):
                self.reading.say(
                    place,
                    f"{name} names no {per} that could be silenced",
                    "write another, such as server",
                )
                return

    def _each(self, noun: str | None) -> str | None:
        if noun is None:
            return None
        nouns = self.reading.nouns()
        many = sorted(name for name, shape in nouns.items() if "id" in shape)
        if noun not in many and self.shapes:
            if many:
                mend = f"there is: {', '.join(many)}"
            else:
                mend = "leave it out"
            self.reading.say(
                (*self.here, "each"),
                f"not every event of this rule names a {noun!r} with an id",
                mend,
            )
        return noun

    def _retry(self, model: RemedyModel) -> Retry | None:
        if model.retry and "unverified" in model.retry.on and model.verify is None:
            what = "only what is verified can be found unverified"
            self.reading.say((*self.here, "retry", "on"), what, "write `verify` beside the call")
        return _retry(model.retry)

    def _verify(self, model: VerifyModel | None) -> Verify | None:
        if model is None:
            return None
        expect = self.reading.condition(
            model.expect, *self.here, "verify", "expect", shapes=read.verified(self.shapes)
        )
        return Verify(expect, model.within)


def _wait(given: float | UntilModel | None) -> Wait:
    if isinstance(given, UntilModel):
        return Wait(until=given.until, zone=given.zone)
    return Wait(seconds=given)


def _retry(model: RetryModel | None) -> Retry | None:
    if model:
        return Retry(frozenset(Outcome(name) for name in model.on), model.every, model.until)
    return None
