"""The shape of a step in a rule file: one thing to do."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from bridge.core.model import Json
from bridge.core.rules.models.scalars import (
    ChannelName,
    Clock,
    Expression,
    HookName,
    Name,
    OperationName,
    Patterns,
    Span,
    Strict,
    Zone,
)

_LEAST_REPEAT = 60.0
ACTIONS = ("call", "notify", "webhook", "silence", "wait", "reply")
# what belongs to one action: key → the actions that it may stand beside
_BELONGS = {
    "with": ("call",),
    "set": ("call",),
    "verify": ("call",),
    "on_failure": ("call",),
    "retry": ("call", "notify", "webhook"),
}


class RetryModel(Strict):
    """`retry: {on: [refused, unreachable], every: 5m, until: 6h}`; `until` counts from the event's
    time.
    """

    on: list[Literal["refused", "unreachable", "unverified"]] = Field(min_length=1)
    """After which ends it is tried again."""
    every: Span
    """How long after the last try."""
    until: Span
    """How long after the event at the latest."""

    def amiss(self) -> str:
        """A retry that is never made."""
        if self.until < self.every:
            return "it would never be tried again: `until` must not be shorter than `every`"
        return ""


class EscalateModel(Strict):
    """`escalate: {after: 15m, to: oncall}`."""

    after: Span
    """Where nobody has acknowledged it in this time."""
    to: ChannelName
    """The channel that is told then."""

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, value: Json) -> Json:
        """Neither half means anything alone."""
        for name, what in (
            ("after", "how long somebody has to say that they have it"),
            ("to", "which channel is told then"),
        ):
            if isinstance(value, dict) and name not in value:
                msg = f"`{name}` is missing, {what}: write {{after: 15m, to: oncall}}"
                raise ValueError(msg)
        return value


class FollowModel(Strict):
    """`follow: {repeat_every: 4h, escalate: {after: 15m, to: oncall}}`, or `follow: true`."""

    repeat_every: Span | None = None
    """While it lasts and nobody has acknowledged it, it is told again so often."""
    escalate: EscalateModel | None = None
    """Who else to tell if nobody acknowledges it."""

    def amiss(self) -> str:
        """What would be told so often that nobody hears anything else."""
        if self.repeat_every is not None and self.repeat_every < _LEAST_REPEAT:
            return (
                "told again so often, nobody hears anything else: write `repeat_every: 1m` or"
                " longer, such as 1h"
            )
        return ""


def _followed(value: Json) -> Json:
    """`follow: true` is one without more."""
    if value is True:
        return {}
    if not isinstance(value, dict | FollowModel):
        msg = (
            "write `true`, or how it is told on, such as {repeat_every: 4h}; leave it out where its"
            " end is not to be told"
        )
        raise ValueError(msg)  # noqa: TRY004  pydantic tells of nothing else
    return value


class NotifyModel(Strict):
    """`notify: {to: noc, title: "…", body: "…", severity: warning}`."""

    to: ChannelName
    """The channel."""
    title: str | None = Field(default=None, min_length=1)
    """One line with ${…}. By default the event's headline; below on_failure, what failed."""
    body: str = ""
    """More text; ${…} is an expression."""
    severity: Literal["info", "warning", "critical"] = "info"
    """How bad it is: services show it as a colour or a sign."""
    follow: (
        Annotated[
            FollowModel,
            BeforeValidator(_followed, json_schema_input_type=FollowModel | Literal[True]),
        ]
        | None
    ) = None
    """Tell its end, too, once and at the same address: true, or how it is told again meanwhile."""

    def amiss(self) -> str:
        """Nobody else would be told."""
        if self.follow and self.follow.escalate and self.follow.escalate.to == self.to:
            mend = (
                "name another in `escalate.to`, or write `repeat_every` to tell the same people"
                " again"
            )
            return f"`escalate` tells others, and {self.to} is told already: {mend}"
        return ""


class WebhookModel(Strict):
    """`webhook: {to: ticketing, data: {leg: "${leg.name}"}}`."""

    to: HookName
    """The name of an outgoing webhook of the settings."""
    data: dict[str, Json] = Field(default_factory=dict)
    """What is sent; ${…} is an expression."""


class ReplyModel(Strict):
    """`reply: {text: "restarted ${bond.name}"}`."""

    text: str = Field(min_length=1)
    """What the person who said the command is told, where they said it; ${…} is an expression."""


class SilenceModel(Strict):
    """`silence: {for: 2h, types: leg.*, per: bond}`."""

    length: Span = Field(alias="for")
    """How long it lasts."""
    types: Patterns | None = None
    """Which events it silences, as globs; without it those of the event's type."""
    per: Literal["bond", "leg", "server", "space"]
    """Of which object: the one that the event names."""
    acts: bool = False
    """Whether it also keeps rules from acting, not only from telling."""


class UntilModel(Strict):
    """`wait: {until: "02:00", zone: America/Vancouver}`."""

    until: Clock
    """The next time it is so late, in quotes."""
    zone: Zone
    """The time zone, by its IANA name."""


class VerifyModel(Strict):
    """`verify: {expect: "bond.current == bond.primary", within: 5m}`."""

    expect: Expression | None = None
    """What must hold after the call; without it what the catalogue proves the operation by."""
    within: Span = 300.0
    """In this time."""


# marks in angle brackets are ours: a problem's place leaves them out
WaitFor = Annotated[
    Annotated[Span, Tag("<length>")] | Annotated[UntilModel, Tag("<until>")],
    Discriminator(lambda value: "<until>" if isinstance(value, dict) else "<length>"),
]


class RemedyModel(Strict):
    """A step of `on_failure`: exactly one of `call`, `notify` and `silence`, and what goes with
    it.
    """

    call: OperationName | None = None
    """An operation of the management server."""
    with_: dict[str, Json] = Field(default_factory=dict, alias="with")
    """The arguments of the call; ${…} is an expression."""
    set_: dict[str, Json] = Field(default_factory=dict, alias="set")
    """The fields that the call gives the object it makes or changes, in the server's own names."""
    notify: NotifyModel | None = None
    """Tell the people of a channel."""
    silence: SilenceModel | None = None
    """Keep events from telling for a while."""
    condition: Expression | None = Field(default=None, alias="if")
    """Only where this holds; else the next step."""
    retry: RetryModel | None = None
    """When a failed try is made again."""
    verify: VerifyModel | None = None
    """What must be so after the call."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that stand in it: one, where it is right."""
        return tuple(name for name in ACTIONS if getattr(self, name, None) is not None)

    def amiss(self) -> str:
        """None of the actions, more than one, or something that does not go with it."""
        if len(self.actions) != 1:
            known = ", ".join(f"`{name}`" for name in ACTIONS if name in type(self).model_fields)
            return f"a step does one thing: write exactly one of {known}"
        for name, beside in _BELONGS.items():
            if name in ("with", "set"):
                written = f"{name}_"
            else:
                written = name
            if getattr(self, written, None) and self.actions[0] not in beside:
                return f"`{name}` belongs to {' and '.join(f'`{each}`' for each in beside)}"
        return ""


class StepModel(RemedyModel):
    """One step: exactly one of `call`, `notify`, `webhook`, `silence`, `wait` and `reply`, and what
    goes with it.
    """

    webhook: WebhookModel | None = None
    """Send JSON to another system."""
    wait: WaitFor | None = None
    """Wait before the next step: a length of time, or until a time of day."""
    reply: ReplyModel | None = None
    """Answer the person whose command it is; only with `when: {chat: …}`."""
    each: Name | None = None
    """A noun of the event, such as bond: this step once for every such object."""
    on_failure: list[RemedyModel] | None = Field(default=None, min_length=1)
    """What is done when the call has failed: notices, calls, silences."""
