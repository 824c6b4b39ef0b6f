"""The shape of a rule file: which keys there are and what they take. What they mean is in
`rule`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag

from bridge.core.model import Json, Mode, Reason, Ruling
from bridge.core.rules.models.guard import GuardModel
from bridge.core.rules.models.scalars import (
    CommandName,
    Cron,
    Duration,
    EventName,
    Expression,
    Identifier,
    Moment,
    OperationName,
    Patterns,
    Span,
    Strict,
    Taken,
    Zone,
    listed,
    slug,
)
from bridge.core.rules.models.step import RetryModel, StepModel

__all__ = [
    "ExampleModel",
    "GivenModel",
    "RetryModel",
    "RuleModel",
    "StepModel",
    "ThenModel",
    "is_place",
    "slug",
]

# what a command can name one of
NAMED = frozenset({"bond", "leg", "space", "tuning"})

Known = Literal["incident", "flapping", "explained", "hands_off", "over", "depth"]


class CountModel(Strict):
    """`count: {of: leg.down, over: 10m, at_least: 3, per: leg}`."""

    of: Patterns
    """The events that are counted: a name, a list, or globs."""
    over: Span
    """In this time."""
    at_least: int = Field(ge=1)
    """So many of them are one happening."""
    per: Expression | None = None
    """What they are counted by: an expression, such as leg; without it all together."""


class AbsentModel(Strict):
    """`absent: {after: bond_tuning.started, of: bond_tuning.finished, within: 2h, per: bond}`."""

    after: Patterns
    """The events that begin the time."""
    of: Patterns
    """The events that did not come."""
    within: Span
    """In this time."""
    per: Expression | None = None
    """What must be the same in both: an expression, such as bond."""


class ScheduleModel(Strict):
    """`schedule: {cron: "0 22 * * *", zone: America/Vancouver}`."""

    cron: Cron
    """Minute, hour, day, month, weekday."""
    zone: Zone
    """The time zone, by its IANA name."""
    server: str | None = Field(default=None, min_length=1)
    """The server it is followed on, or "*" for each; by default once, or where the rule acts."""


class ChatModel(Strict):
    """`chat: {command: restart, takes: [bond], role: operator, sure: true}`."""

    command: CommandName
    """What a person says: one word, or two."""
    takes: list[Taken] = Field(default_factory=list)
    """Its arguments, in order: bond, leg, space or tuning, choices such as active|idle, text."""
    role: Literal["viewer", "operator", "admin"] | None = None
    """Who may say it; by default what its calls need: operator, or admin to configure."""
    sure: bool | None = None
    """Whether the person is asked first; without it wherever something is called."""

    def amiss(self) -> str:
        """What cannot be read back from words."""
        if sum(each in NAMED for each in self.takes) > 1:
            return "a command is about one object: take one of bond, leg, space and tuning"
        if "text" in self.takes[:-1]:
            return "`text` is the rest of what was said, so it stands last"
        return ""


class ShapeModel(Strict):
    """A `when` that is more than names: exactly one of these."""

    count: CountModel | None = None
    """So many events in a stretch of time."""
    absent: AbsentModel | None = None
    """An event that should have followed another and did not."""
    schedule: ScheduleModel | None = None
    """By the clock."""
    chat: ChatModel | None = None
    """A person's command in chat."""

    def amiss(self) -> str:
        """None of the shapes, or more than one."""
        if (
            sum(shape is not None for shape in (self.count, self.absent, self.schedule, self.chat))
            != 1
        ):
            return (
                "`when` is event names, or exactly one of `count`, `absent`, `schedule` and `chat`"
            )
        return ""


# marks in angle brackets are ours: a problem's place leaves them out
When = Annotated[
    Annotated[Patterns, Tag("<events>")] | Annotated[ShapeModel, Tag("<shape>")],
    Discriminator(lambda value: "<shape>" if isinstance(value, dict | BaseModel) else "<events>"),
]


class GroupModel(Strict):
    """`group: {by: event.data.bond.primary, wait: 30s, most: 500}`."""

    by: Expression | None = None
    """What its members have in common: an expression; without it all are one group."""
    wait: Span
    """How long after the first one others may join."""
    most: int = Field(default=500, ge=1)
    """So many at most."""


class CalledModel(Strict):
    """A call that an example promises; what is left out is not compared."""

    call: OperationName
    """The operation."""
    with_: dict[str, Json] | None = Field(default=None, alias="with")
    """Its arguments."""
    set_: dict[str, Json] | None = Field(default=None, alias="set")
    """The fields it sets."""
    at: Duration | None = None
    """When it is made, counted from the example's beginning."""


class GivenModel(Strict):
    """One event of an example; data that is left out is null, and so is what was `known` about it.

    Without a type it is no event: from then on the view shows what is written in `view`.
    """

    at: Duration = 0.0
    """When, counted from the example's beginning."""
    type: EventName = ""
    """The event."""
    data: dict[str, Json] = Field(default_factory=dict)
    """Its data, as far as it matters."""
    known: dict[Known, Json] = Field(default_factory=dict)
    """What was known about it."""
    view: dict[str, Json] | None = None
    """The view from then on: {leg: {"12": {standing: down}}}; null for what is not there."""

    def amiss(self) -> str:
        """Neither an event nor something to see."""
        if not self.type and (self.view is None or self.data or self.known):
            return "say which event: write its `type`"
        return ""


class ThenModel(Strict):
    """What the rule must say: to the last event, or at a moment."""

    at: Duration | None = None
    """When it is looked at, from the example's beginning; by default at the last event."""
    verdict: Annotated[Ruling, Field(strict=False)]
    """act, skip, wait or ask."""
    reason: Annotated[Reason | None, Field(strict=False)] = None
    """Why, where it matters."""
    calls: (
        Annotated[
            list[CalledModel],
            BeforeValidator(
                lambda value: (
                    [{"call": each} if isinstance(each, str) else each for each in value]
                    if isinstance(value, list)
                    else value
                ),
                json_schema_input_type=list[OperationName | CalledModel],
            ),
        ]
        | None
    ) = None
    """What it calls until then, in order."""


class ExampleModel(Strict):
    """A rule's own test."""

    begin: Moment | None = None
    """When 0s is; without it 2026-01-06 09:00 UTC, a Tuesday."""
    mode: Literal["live"] | None = None
    """live: played as if the rule were live, to prove what it will do before it may."""
    answer: Literal["yes"] | None = None
    """yes: anyone who is asked says yes at once; without it nobody answers."""
    given: list[GivenModel] = Field(min_length=1)
    """The events, in order."""
    then: Annotated[
        list[ThenModel],
        Field(min_length=1),
        BeforeValidator(listed, json_schema_input_type=ThenModel | list[ThenModel]),
    ]
    """What the rule must say; a list: at several moments."""

    def amiss(self) -> str:
        """Events that go back in time."""
        if any(
            later.at < before.at for before, later in zip(self.given, self.given[1:], strict=False)
        ):
            return "the events of an example come in the order of their `at`"
        return ""


class RuleModel(Strict):
    """One rule."""

    id: Identifier
    """Its name: lower-case letters, digits and dashes; unique, and for life."""
    description: str = ""
    """What it is for, in a sentence."""
    when: When
    """The events it listens to: a name, a list, globs; or count, absent, schedule or chat."""
    condition: Expression | None = Field(default=None, alias="if")
    """A CEL expression that must hold."""
    lasts: Span | None = Field(default=None, alias="for")
    """How long what happened must last before the rule acts."""
    still: bool = False
    """Also judge state that already holds: at the first poll, after an edit, silence or pause."""
    late: Literal["act"] | None = None
    """act: it also acts on what was over when it was found."""
    group: GroupModel | None = None
    """Events that come together are one."""
    guard: GuardModel = GuardModel()
    """What keeps it from acting now."""
    overlap: Literal["one", "queue", "parallel", "restart"] | None = None
    """While an earlier decision about it is under way; default: queue for groups, else parallel."""
    priority: int = 0
    """Of two rules that want opposite things of one object the higher one has its way."""
    mode: Annotated[Mode, Field(strict=False)] = Mode.LIVE
    """live, or dry_run: everything but the doing."""
    do: list[StepModel] = Field(min_length=1)
    """The steps, in order."""
    examples: list[ExampleModel] = Field(default_factory=list)
    """Its own tests."""


def is_place(value: Json) -> bool:
    """Whether this says where a secret stands: `{"env": "NAME"}` or `{"file": "PATH"}`."""
    return (
        isinstance(value, dict)
        and list(value) in (["env"], ["file"])
        and all(isinstance(it, str) for it in value.values())
    )
