"""Rules as values: what a rule is once its file has been read. How it is read is in `rules`, what
it does in `judge`.

Lengths of time are seconds, times of day are local to the zone beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum

from bridge.core.chat.roles import Role
from bridge.core.expressions.evaluator import Expression
from bridge.core.expressions.templates import Template
from bridge.core.model import Body, Mode, Retry
from bridge.core.rules.models.rule import ExampleModel
from bridge.core.yaml_document import Document, Place
from bridge.errors import Problem

Fields = Mapping[str, Template]


class Overlap(StrEnum):
    """What happens while an earlier decision of the rule about the same thing is still under
    way.
    """

    ONE = "one"
    QUEUE = "queue"
    PARALLEL = "parallel"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Share:
    """`5` or `5%`: so many, or so many in a hundred."""

    number: float
    percent: bool = False

    def of(self, total: int) -> int:
        """How many of `total` that is: a share is rounded down, but is never less than one."""
        if self.percent:
            return max(1, int(self.number * total // 100))
        return int(self.number)

    def __str__(self) -> str:
        if self.percent:
            return f"{self.number:g}%"
        return f"{self.number:g}"


@dataclass(frozen=True, slots=True)
class Count:
    """At least so many events in `over` seconds, counted by the value of `per` (None: all of them
    together).
    """

    over: float
    at_least: int
    per: Expression | None


@dataclass(frozen=True, slots=True)
class Absent:
    """No event of these types within so many seconds after the one met, with the same value of
    `per`.
    """

    types: frozenset[str]
    within: float
    per: Expression | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """By the clock: a cron expression in a time zone.

    `server`: on which one it is followed, "*" for each, None for as many as it needs: see
    `schedules`.
    """

    cron: str
    zone: str
    server: str | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """A person's command: what it takes, in order; the role it needs; `sure`: whether the person is
    asked first.
    """

    command: str
    takes: tuple[str, ...]
    role: Role
    sure: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Events that meet the rule within `wait` seconds of the first one, with the same `by`, are
    one: at most so many.
    """

    by: Expression | None
    wait: float
    most: int


@dataclass(frozen=True, slots=True)
class Cooldown:
    """At most one admission per key in `every` seconds; without `per` one key for the whole
    rule.
    """

    every: float
    per: Expression | None


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many calls in `every` seconds."""

    most: int
    every: float


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """At most so many different objects of a kind (`bond`, `leg`, `aggregator`) acted on within so
    many seconds.
    """

    most: Share
    of: str
    within: float


@dataclass(frozen=True, slots=True)
class Window:
    """Open on these days (Monday is 0) from one time of day to another, on the next day unless that
    is later.
    """

    days: frozenset[int]
    begins: time
    ends: time
    zone: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's yes is needed, of those in a channel, before it expires; `condition`: only where
    it holds.

    `role`: what an answer from chat needs; `not_by_asker`: not by the person who caused it.
    """

    to: str
    expires: float
    condition: Expression | None
    role: str = "operator"
    not_by_asker: bool = False


@dataclass(frozen=True, slots=True)
class Breaker:
    """So many failed jobs of the rule within so many seconds switch it off until a person switches
    it on.
    """

    failures: int
    within: float


@dataclass(frozen=True, slots=True)
class Rollout:
    """The calls of an `each` step go in batches: the first, then each of `then`, the last of which
    repeats.

    Between batches `pause` seconds. A job that ends as named in `stop_on` stops the rest: a person
    is asked.
    """

    first: int
    then: tuple[Share, ...]
    pause: float
    stop_on: frozenset[str]


@dataclass(frozen=True, slots=True)
class Undone:
    """A remedy that worked and came undone so many times within so many seconds is no remedy: a
    person is asked.
    """

    times: int
    within: float


@dataclass(frozen=True, slots=True)
class TuningLimits:
    """What a tuning may recommend without a person being asked; speeds in Mbit/s.

    `change`: the largest change of a speed against the current and the usual value, as a share
    (0.5: by half). `least`, `most`: bounds of a speed. `stable`: for so many seconds no leg of it
    went down.
    """

    change: float = 0.5
    least: float = 0.5
    most: float = 10_000.0
    stable: float = 1800.0


@dataclass(frozen=True, slots=True)
class Guard:
    """What keeps a rule from acting now. `spaces`: globs of the spaces it may act in, empty for
    all.
    """

    cooldown: Cooldown | None = None
    rate: Rate | None = None
    blast_radius: BlastRadius | None = None
    windows: tuple[Window, ...] = ()
    approval: Approval | None = None
    breaker: Breaker | None = None
    rollout: Rollout | None = None
    undone: Undone | None = None
    spaces: tuple[str, ...] = ()
    tuning: TuningLimits = TuningLimits()


@dataclass(frozen=True, slots=True)
class Verify:
    """After the call: `expect` holds on a view newer than it within so many seconds; None: what the
    catalogue proves by.
    """

    expect: Expression | None
    within: float


@dataclass(frozen=True, slots=True)
class Wait:
    """A step that waits: `seconds`, or until the next `until` o'clock in a zone."""

    seconds: float | None = None
    until: time | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: `call` an operation, `notify` a channel's targets, `webhook` a named target,
    `silence`, `wait`, `reply`.

    `name`: the operation, channel or webhook. `fields`: what is rendered for it: a call's
    arguments, a notice's title (if it has one), body and severity, a webhook's data, a silence's
    types, per and for, a reply's text. `body`: the fields that a call gives the object it makes or
    changes. `each`: the noun whose every object among the events is one turn of this step.
    `follow`: how a notice is told on while what it tells of lasts.
    """

    action: str
    name: str
    fields: Fields
    targets: int = 1
    retry: Retry | None = None
    body: Fields = field(default_factory=dict)
    each: str | None = None
    condition: Expression | None = None
    verify: Verify | None = None
    on_failure: tuple["Step", ...] = ()
    wait: Wait | None = None
    follow: Body | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to meet events. `types`: the event types it listens to, `hash`: of all that
    is written.

    `shape`: what `when` is beside a list of types. `lasts`: how long what happened must last before
    it acts (`for`). `still`: judged also of what already is so. `late`: acts although it was over
    when found. `tests`: the equality tests that its condition begins with, as (path, value): an
    event that fails one cannot meet it. `notes`: what is odd about it.
    """

    id: str
    description: str
    types: frozenset[str]
    condition: Expression | None
    mode: Mode
    steps: tuple[Step, ...]
    source: Document
    place: Place
    hash: str
    examples: tuple[ExampleModel, ...] = ()
    shape: Count | Absent | Schedule | Chat | None = None
    lasts: float | None = None
    still: bool = False
    late: bool = False
    group: Group | None = None
    guard: Guard = Guard()
    overlap: Overlap = Overlap.PARALLEL
    priority: int = 0
    tests: tuple[tuple[tuple[str, ...], str | int | bool | None], ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def cooldown(self) -> Cooldown | None:
        """The guard that nearly every reader of a rule asks for."""
        return self.guard.cooldown

    @property
    def calls(self) -> bool:
        """Whether it touches the server at all."""
        return any(step.action == "call" for step in self.steps)

    @property
    def by_the_clock(self) -> bool:
        """Whether its condition asks what time it is: then what it says changes by itself."""
        return self.condition is not None and "now" in self.condition.roots

    @property
    def lasting(self) -> bool:
        """Whether it speaks of what is so, not only of what happened: then it is also judged by
        what is found.
        """
        return self.lasts is not None or self.still
