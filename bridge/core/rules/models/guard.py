"""The shape of `guard` in a rule file: what keeps a rule from acting now. What the keys mean is in
`rule`.
"""

from datetime import time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bridge.core.rules.models.scalars import (
    ChannelName,
    Clock,
    Days,
    Duration,
    Ends,
    Expression,
    Globs,
    Percent,
    Portion,
    Span,
    Strict,
    Zone,
    listed,
)

Objects = Literal["bonds", "legs", "aggregators"]
Ended = Literal["unverified", "refused", "in_doubt", "failed"]


class CooldownModel(Strict):
    """`cooldown: {every: 10m, per: bond}`."""

    every: Span
    """At most one in this time, counted from the end of the last."""
    per: Expression | None = None
    """What it is counted by: an expression, such as bond; without it the whole rule."""


class RateModel(Strict):
    """`rate: {most: 60, every: 10m}`."""

    most: int = Field(ge=1)
    """At most so many calls of this rule; more wait."""
    every: Span
    """In this time."""


class BlastRadiusModel(Strict):
    """`blast_radius: {most: 5%, of: bonds, within: 1h}`."""

    most: Portion
    """So many different objects, as a number or as a share of all; beyond it a person is asked."""
    of: Objects
    """Which objects are counted."""
    within: Span
    """In this time."""


class WindowModel(Strict):
    """`{days: mon-fri, from: "22:00", to: "06:00", zone: America/Vancouver}`."""

    days: Days
    """daily, a day, a span such as mon-fri, or a list of them: the days on which it opens."""
    begins: Clock = Field(alias="from")
    """When it opens, in quotes."""
    ends: Ends = Field(alias="to")
    """When it closes, in quotes; "24:00" ends the day; earlier than `from`: on the next day."""
    zone: Zone
    """The time zone, by its IANA name."""

    def amiss(self) -> str:
        """A window that never opens."""
        if self.begins == self.ends != time(0):
            return (
                'a window that ends when it begins: for whole days write from: "00:00", to: "24:00"'
            )
        return ""


class ApprovalModel(Strict):
    """`approval: {from: noc, expires: 30m, when: "size(events) > 20", role: admin, not_by_asker:
    true}`.
    """

    to: ChannelName = Field(alias="from")
    """The channel in which somebody must say yes."""
    expires: Span
    """Without an answer in this time, the answer is no."""
    condition: Expression | None = Field(default=None, alias="when")
    """Ask only where this holds."""
    role: Literal["operator", "admin"] = "operator"
    """The role that an answer in chat needs, in the space of every bond of the plan."""
    not_by_asker: bool = False
    """The person whose command caused it may not answer, nor may anybody without a known name."""


class BreakerModel(Strict):
    """`breaker: {failures: 3, within: 1h}`."""

    failures: int = Field(ge=1)
    """So many jobs that failed switch the rule off until a person switches it on."""
    within: Span
    """In this time."""


class RolloutModel(Strict):
    """`rollout: {first: 1, then: [5, 10%], pause: 2m, stop_on: [unverified, refused]}`."""

    first: int = Field(ge=1)
    """So many objects in the first batch."""
    then: Annotated[
        list[Portion],
        Field(min_length=1),
        BeforeValidator(listed, json_schema_input_type=Portion | list[Portion]),
    ]
    """The sizes of the batches after it; the last one repeats."""
    pause: Duration
    """The time between two batches."""
    stop_on: list[Ended] = Field(
        default=["unverified", "refused", "in_doubt", "failed"], min_length=1
    )
    """A job that ends like this stops what is left: a person is asked."""


class UndoneModel(Strict):
    """`undone: {times: 3, within: 6h}`."""

    times: int = Field(ge=1)
    """A remedy that worked and came undone so often is no remedy: a person is asked."""
    within: Span
    """In this time."""


class TuningModel(Strict):
    """`tuning: {largest_change: 50%, least: 0.5, most: 10000, stable: 30m}`."""

    largest_change: Percent = 0.5
    """The largest change of a speed against the current and usual value; above it we ask."""
    least: float = Field(default=0.5, gt=0, allow_inf_nan=False)
    """The least speed that is believed, in Mbit/s."""
    most: float = Field(default=10_000.0, gt=0, allow_inf_nan=False)
    """The highest speed that is believed, in Mbit/s."""
    stable: Duration = 1800.0
    """For so long no leg of it must have gone down."""

    def amiss(self) -> str:
        """Bounds between which no speed lies."""
        if self.least >= self.most:
            return "no speed is good: `least` must be below `most`"
        return ""


class GuardModel(Strict):
    """What keeps a rule from acting now."""

    cooldown: CooldownModel | None = None
    """At most one per key in a stretch of time: others are skipped."""
    rate: RateModel | None = None
    """At most so many calls in a stretch of time: others wait."""
    blast_radius: BlastRadiusModel | None = None
    """At most so many objects in a stretch of time: beyond them a person is asked."""
    windows: list[WindowModel] | None = Field(default=None, min_length=1)
    """When it may act: outside of all of them it waits."""
    approval: ApprovalModel | None = None
    """A person must say yes first."""
    breaker: BreakerModel | None = None
    """What switches the rule off."""
    rollout: RolloutModel | None = None
    """The calls of a step with `each` go in batches."""
    undone: UndoneModel | None = None
    """A remedy that keeps coming undone is not tried for ever."""
    spaces: Globs | None = None
    """Keys of the spaces in which it may act, as globs; without it all."""
    tuning: TuningModel | None = None
    """What a tuning may recommend and be accepted without a person."""
