"""The shape of a rule file: which keys there are and what they take. What they mean is in `rules`."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from bridge.core.durations import seconds
from bridge.core.model import Json, Mode, Reason, Ruling

Duration = Annotated[float, BeforeValidator(seconds)]
Span = Annotated[float, BeforeValidator(seconds), Field(gt=0)]


def slug(text: str) -> str:
    """A name that is safe in ids, addresses and file names. Raises ValueError with a mend."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", text):
        msg = f"{text[:40]!r} is no name: write lower-case letters, digits and dashes, such as leg-outage"
        raise ValueError(msg)
    return text


Identifier = Annotated[str, AfterValidator(slug)]
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
    """One step: exactly one of `call` and `notify`; `set` are the fields of the object that a call makes or changes."""

    call: str | None = None
    with_: dict[str, Json] = Field(default_factory=dict, alias="with")
    set_: dict[str, Json] = Field(default_factory=dict, alias="set")
    notify: NotifyModel | None = None
    retry: RetryModel | None = None

    @model_validator(mode="after")
    def _one_action(self) -> "StepModel":
        if (self.call is None) == (self.notify is None):
            msg = "a step does one thing: write either `call` or `notify`"
            raise ValueError(msg)
        for name, given in (("with", self.with_), ("set", self.set_)):
            if self.notify is not None and given:
                msg = f"`{name}` belongs to `call`; a notice has `title` and `body`"
                raise ValueError(msg)
        return self


Known = Literal["incident", "flapping", "explained", "hands_off", "over"]


class GivenModel(_Strict):
    """One event of an example; data that is left out is null, and so is what was `known` about it."""

    at: Duration = 0.0
    type: str
    data: dict[str, Json] = Field(default_factory=dict)
    known: dict[Known, Json] = Field(default_factory=dict)


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


def is_place(value: Json) -> bool:
    """Whether this says where a secret stands: `{"env": "NAME"}` or `{"file": "PATH"}`."""
    return isinstance(value, dict) and list(value) in (["env"], ["file"]) and all(isinstance(it, str) for it in value.values())


def salvaged(data: Mapping[str, Json]) -> RuleModel:
    """What can be read of a rule whose shape is wrong somewhere, so that the rest of its problems are told with the first.

    Never a rule to be used: parts that cannot be read are empty.
    """

    def part(name: str, kind: Any, empty: Json) -> Json:
        return _read(kind, data[name], empty) if name in data else empty

    steps = data.get("do")
    return RuleModel.model_construct(
        id=part("id", Identifier, ""),
        when=part("when", Patterns, []),
        condition=part("if", str, None),
        guard=part("guard", GuardModel, GuardModel()),
        do=[_read(StepModel, step, StepModel.model_construct()) for step in steps] if isinstance(steps, list) else [],
    )


def _read(kind: Any, value: Json, empty: Json) -> Json:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return empty
