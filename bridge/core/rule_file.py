"""The shape of a rule file: which keys there are and what they take. What they mean is in `rules`."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bridge.core.durations import seconds
from bridge.core.model import Json, Mode, Reason, Ruling

Duration = Annotated[float, BeforeValidator(seconds)]
Span = Annotated[float, BeforeValidator(seconds), Field(gt=0)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Patterns = Annotated[list[str], Field(min_length=1), BeforeValidator(lambda v: [v] if isinstance(v, str) else v)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CooldownModel(_Strict):
    """`cooldown: {every: 10m, per: bond}`."""

    every: Span
    per: str | None = None


class GuardModel(_Strict):
    """What keeps a rule from acting now."""

    cooldown: CooldownModel | None = None


class RetryModel(_Strict):
    """`retry: {on: [refused, unreachable], every: 5m, until: 6h}`; `until` counts from the event's time."""

    on: list[Literal["refused", "unreachable"]] = Field(min_length=1)
    every: Span
    until: Span


class NotifyModel(_Strict):
    """`notify: {to: noc, title: "…", body: "…"}`."""

    to: str
    title: str = Field(min_length=1)
    body: str = ""


class StepModel(_Strict):
    """One step: exactly one of `call` and `notify`."""

    call: str | None = None
    with_: dict[str, Json] = Field(default_factory=dict, alias="with")
    notify: NotifyModel | None = None
    retry: RetryModel | None = None

    @model_validator(mode="after")
    def _one_action(self) -> "StepModel":
        if (self.call is None) == (self.notify is None):
            msg = "a step does one thing: write either `call` or `notify`"
            raise ValueError(msg)
        if self.notify is not None and self.with_:
            msg = "`with` belongs to `call`; a notice has `title` and `body`"
            raise ValueError(msg)
        return self


class GivenModel(_Strict):
    """One event of an example; data that is left out is null."""

    at: Duration = 0.0
    type: str
    data: dict[str, Json] = Field(default_factory=dict)


class ThenModel(_Strict):
    """What the rule must say to the last of the events."""

    verdict: Annotated[Ruling, Field(strict=False)]
    reason: Annotated[Reason | None, Field(strict=False)] = None


class ExampleModel(_Strict):
    """A rule's own test."""

    given: list[GivenModel] = Field(min_length=1)
    then: ThenModel


class RuleModel(_Strict):
    """One rule."""

    id: Identifier
    description: str = ""
    when: Patterns
    condition: str | None = Field(default=None, alias="if")
    guard: GuardModel = GuardModel()
    mode: Annotated[Mode, Field(strict=False)] = Mode.LIVE
    do: list[StepModel] = Field(min_length=1)
    examples: list[ExampleModel] = Field(default_factory=list)
