"""What guards and triggers may ask about the world beyond their rule and their events.

Each question is a method. An answer is plain data, as it is stored with the decision: moments are
ISO 8601 text, and None means that there is nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypedDict

from bridge.core.expressions.cost_limit import Budget
from bridge.core.model import Body, Json


class Cooldown(TypedDict):
    """The decision that holds a cooldown; `ended_at` is null while it is still at work."""

    by: str
    ended_at: str | None


class OpenGroup(TypedDict):
    """A group that is still waiting, and how many events have joined it."""

    id: str
    until: str
    members: int


class TrippedBreaker(TypedDict):
    """When a rule was switched off, and why."""

    at: str
    why: str


class Pause(TypedDict):
    """Who stopped all acting, since when and why."""

    since: str
    who: str
    why: str


class Silence(TypedDict):
    """Who silenced it, until when and why; `acts`: it holds back calls, too."""

    until: str
    who: str
    why: str
    acts: bool


class HandsOff(TypedDict):
    """Who works on a bond, and until when."""

    until: str
    who: str


class NotificationState(TypedDict):
    """What became of something that people were notified about."""

    ended_at: str | None
    acked_by: str | None


class IncidentState(TypedDict):
    """The state of an incident, and its cause."""

    state: str
    cause: str
    name: str


class OpenCall(TypedDict):
    """A call that is not over, and the priority of its rule."""

    rule: str
    priority: int
    request: Body


class NewestView(TypedDict):
    """When the newest complete poll began (null: never), and whether it still shows what the event
    began.
    """

    seen: str | None
    holds: bool


class TuningFacts(TypedDict):
    """What a tuning recommends, the legs of its bond by id, and what is usual for each of them."""

    recommendations: Json
    legs: Mapping[str, Json]
    usual: Mapping[str, Json]


class FactSource(Protocol):
    """Answers every question that a rule's evaluation asks."""

    def budget(self) -> Budget:
        """What the expressions of one verdict may cost."""
        ...

    def spaces(self, server: str) -> Sequence[str] | None:
        """The spaces in which the settings let rules act; None for all."""
        ...

    def cooldown(self, key: str) -> Cooldown | None:
        """Who holds a cooldown."""
        ...

    def group(self, rule: str, server: str, key: str) -> OpenGroup | None:
        """The open group of a rule."""
        ...

    def counted(self, rule: str, server: str, about: str, since: datetime, until: datetime) -> int:
        """How many events counted after `since`, until `until`."""
        ...

    def came(
        self, rule: str, server: str, key: str, since: datetime, until: datetime
    ) -> str | None:
        """The event that an `absent` rule waits for, if it came in that time."""
        ...

    def running(self, rule: str, server: str, about: str) -> Sequence[str] | None:
        """Earlier decisions of the rule about the same thing that are not over."""
        ...

    def tripped(self, rule: str, server: str) -> TrippedBreaker | None:
        """Whether the rule's circuit breaker has tripped."""
        ...

    def paused(self, server: str) -> Pause | None:
        """Whether actions are paused."""
        ...

    def silence(self, event: str) -> Silence | None:
        """The silence that holds for an event now."""
        ...

    def was_silenced(self, decision: str, job: str) -> bool | None:
        """Whether a job has waited for a silence."""
        ...

    def answered(self, question: str) -> str | None:
        """How an approval request was answered; None while it waits."""
        ...

    def notification(self, job: str) -> NotificationState | None:
        """What became of the notification that a job sent."""
        ...

    def hands_off(self, server: str, bond: int) -> HandsOff | None:
        """Who works on the bond."""
        ...

    def calm_at(self, server: str, leg: int) -> str | None:
        """When a flapping leg may be calm; None for one that is not flapping."""
        ...

    def incident(self, identifier: str) -> IncidentState | None:
        """One incident."""
        ...

    def updates(self, server: str) -> str | None:
        """The state of configuration updates."""
        ...

    def remedied(self, rule: str, server: str, subject: str, since: datetime) -> int | None:
        """How many decisions of the rule about this subject made a call that worked since then."""
        ...

    def touched(self, rule: str, server: str, kind: str, since: datetime) -> Sequence[str] | None:
        """The objects of a kind that the rule's calls have acted on since then."""
        ...

    def size(self, server: str, kind: str) -> int | None:
        """How many objects of a kind there are."""
        ...

    def open_calls(self, server: str, target: str) -> Sequence[OpenCall] | None:
        """Calls that are not over and touch the same target."""
        ...

    def view(self, server: str, kind: str, identifier: Json) -> Body | None:
        """An object as the newest complete poll shows it."""
        ...

    def shown(self, event: str) -> NewestView | None:
        """Whether the newest poll still shows what the event began; None where no poll can."""
        ...

    def ended(self, event: str) -> str | None:
        """When what the event began was over."""
        ...

    def begun(self, decision: str, event: str) -> bool | None:
        """Whether a call of the decision about this event has been sent."""
        ...

    def shaken(self, server: str, bond: Json, since: datetime) -> str | None:
        """The leg of the bond that went down since then, if one did."""
        ...

    def tuning(self, server: str, kind: str, number: Json, bond: Json) -> TuningFacts | None:
        """One tuning, and what its recommendations are compared with."""
        ...


def moment(answer: str | None) -> datetime | None:
    """An answer that is a moment."""
    return None if answer is None else datetime.fromisoformat(answer)
