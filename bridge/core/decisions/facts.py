"""What a verdict is made from: questions and their answers, all of them kept.

Guards ask; the caller decides what answers. In the pipeline that is the database, in `rules test`
a dry run in memory, in a replay the answers as they were recorded. So a verdict can be explained,
and made again, exactly.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from bridge.core.decisions.fact_source import (
    Cooldown,
    FactSource,
    HandsOff,
    IncidentState,
    NewestView,
    NotificationState,
    OpenCall,
    OpenGroup,
    Pause,
    Silence,
    TrippedBreaker,
    TuningFacts,
)
from bridge.core.expressions.cost_limit import Budget
from bridge.core.model import Body, Json, Reason, Ruling, Verdict

Answer = TypeVar("Answer")
Ask = Callable[[FactSource], Answer]

# beside the questions: the expressions that a clock has stopped
STOPPED = "took too long"
# whether the rule's condition for an approval holds
_NEEDS_APPROVAL = "needs approval"
# what the lock of the object and the limits said
_PLACE = "place"


class QuestionedFacts(FactSource, ABC):
    """Answers by the question as it is stored: `hands_off(server, bond)` is `"hands_off demo 3"`.

    The stored words never change, whatever a method is called.
    """

    @abstractmethod
    def _answer(self, ask: Ask[Answer], *question: Json) -> Answer:
        """The answer to a question; `ask` puts it to another source."""

    def spaces(self, server: str) -> Sequence[str] | None:
        """The spaces in which the settings let rules act."""
        return self._answer(lambda source: source.spaces(server), "spaces", server)

    def cooldown(self, key: str) -> Cooldown | None:
        """Who holds a cooldown."""
        return self._answer(lambda source: source.cooldown(key), "cooldown", key)

    def group(self, rule: str, server: str, key: str) -> OpenGroup | None:
        """The open group of a rule."""
        question = ("group", rule, server, key)
        return self._answer(lambda source: source.group(rule, server, key), *question)

    def counted(self, rule: str, server: str, about: str, since: datetime, until: datetime) -> int:
        """How many events counted in that time."""
        question = ("counted", rule, server, about, since.isoformat(), until.isoformat())
        return self._answer(
            lambda source: source.counted(rule, server, about, since, until), *question
        )

    def came(
        self, rule: str, server: str, key: str, since: datetime, until: datetime
    ) -> str | None:
        """The event that an `absent` rule waits for."""
        question = ("came", rule, server, key, since.isoformat(), until.isoformat())
        return self._answer(lambda source: source.came(rule, server, key, since, until), *question)

    def running(self, rule: str, server: str, about: str) -> Sequence[str] | None:
        """Earlier decisions of the rule that are not over."""
        question = ("running", rule, server, about)
        return self._answer(lambda source: source.running(rule, server, about), *question)

    def tripped(self, rule: str, server: str) -> TrippedBreaker | None:
        """Whether the rule's circuit breaker has tripped."""
        return self._answer(lambda source: source.tripped(rule, server), "tripped", rule, server)

    def paused(self, server: str) -> Pause | None:
        """Whether actions are paused."""
        return self._answer(lambda source: source.paused(server), "paused", server)

    def silence(self, event: str) -> Silence | None:
        """The silence that holds for an event."""
        return self._answer(lambda source: source.silence(event), "silence", event)

    def was_silenced(self, decision: str, job: str) -> bool | None:
        """Whether a job has waited for a silence."""
        question = ("was_silenced", decision, job)
        return self._answer(lambda source: source.was_silenced(decision, job), *question)

    def answered(self, question: str) -> str | None:
        """How an approval request was answered."""
        return self._answer(lambda source: source.answered(question), "answered", question)

    def notification(self, job: str) -> NotificationState | None:
        """What became of the notification that a job sent."""
        return self._answer(lambda source: source.notification(job), "telling", job)

    def hands_off(self, server: str, bond: int) -> HandsOff | None:
        """Who works on the bond."""
        question = ("hands_off", server, bond)
        return self._answer(lambda source: source.hands_off(server, bond), *question)

    def calm_at(self, server: str, leg: int) -> str | None:
        """When a flapping leg may be calm."""
        return self._answer(lambda source: source.calm_at(server, leg), "calm_at", server, leg)

    def incident(self, identifier: str) -> IncidentState | None:
        """One incident."""
        return self._answer(lambda source: source.incident(identifier), "incident", identifier)

    def updates(self, server: str) -> str | None:
        """The state of configuration updates."""
        return self._answer(lambda source: source.updates(server), "updates", server)

    def remedied(self, rule: str, server: str, subject: str, since: datetime) -> int | None:
        """How many decisions about this subject made a call that worked."""
        question = ("remedied", rule, server, subject, since.isoformat())
        return self._answer(lambda source: source.remedied(rule, server, subject, since), *question)

    def touched(self, rule: str, server: str, kind: str, since: datetime) -> Sequence[str] | None:
        """The objects of a kind that the rule's calls have acted on."""
        question = ("touched", rule, server, kind, since.isoformat())
        return self._answer(lambda source: source.touched(rule, server, kind, since), *question)

    def size(self, server: str, kind: str) -> int | None:
        """How many objects of a kind there are."""
        return self._answer(lambda source: source.size(server, kind), "size", server, kind)

    def open_calls(self, server: str, target: str) -> Sequence[OpenCall] | None:
        """Calls that are not over and touch the same target."""
        question = ("open_calls", server, target)
        return self._answer(lambda source: source.open_calls(server, target), *question)

    def view(self, server: str, kind: str, identifier: Json) -> Body | None:
        """An object as the newest complete poll shows it."""
        question = ("view", server, kind, identifier)
        return self._answer(lambda source: source.view(server, kind, identifier), *question)

    def shown(self, event: str) -> NewestView | None:
        """Whether the newest poll still shows what the event began."""
        return self._answer(lambda source: source.shown(event), "shown", event)

    def ended(self, event: str) -> str | None:
        """When what the event began was over."""
        return self._answer(lambda source: source.ended(event), "ended", event)

    def begun(self, decision: str, event: str) -> bool | None:
        """Whether a call of the decision about this event has been sent."""
        return self._answer(lambda source: source.begun(decision, event), "begun", decision, event)

    def shaken(self, server: str, bond: Json, since: datetime) -> str | None:
        """The leg of the bond that went down since then."""
        question = ("shaken", server, bond, since.isoformat())
        return self._answer(lambda source: source.shaken(server, bond, since), *question)

    def tuning(self, server: str, kind: str, number: Json, bond: Json) -> TuningFacts | None:
        """One tuning, and what it is compared with."""
        question = ("tuning", server, kind, number, bond)
        return self._answer(lambda source: source.tuning(server, kind, number, bond), *question)


class RecordingFacts(QuestionedFacts):
    """Asks its source each question once and keeps the answer for the decision's record.

    The source's clock, if it has one, limits expressions by time, too; an expression that it
    stopped is recorded, so that it is stopped whenever the verdict is made again.
    """

    def __init__(self, source: FactSource) -> None:
        self._source = source
        self._answers: dict[str, Json] = {}
        self.expressions = source.budget()

    def _answer(self, ask: Ask[Answer], *question: Json) -> Answer:
        key = stored_question(*question)
        if key not in self._answers:
            self._answers[key] = ask(self._source)
        answer: Answer = self._answers[key]
        return answer

    def budget(self) -> Budget:
        """What is left for the expressions of this verdict."""
        return self.expressions

    def recorded(self) -> dict[str, Json]:
        """All answers, as they are stored with the verdict."""
        stopped = self.expressions.stopped
        return {**self._answers, **({STOPPED: sorted(stopped)} if stopped else {})}

    def recall(self, recorded: Mapping[str, Json]) -> None:
        """Take over the answers of an earlier record, so that they are not asked again."""
        self._answers |= recorded

    def reserve_cooldown(self, key: str, decision: str) -> None:
        """From here on this decision holds the cooldown."""
        held: Cooldown = {"by": decision, "ended_at": None}
        self._answers[stored_question("cooldown", key)] = held

    @property
    def needs_approval(self) -> bool:
        """Whether the rule's condition for an approval was found to hold."""
        return bool(self._answers.get(_NEEDS_APPROVAL))

    def note_approval(self, *, needed: bool) -> None:
        """Record whether the rule's condition for an approval holds."""
        self._answers[_NEEDS_APPROVAL] = needed

    def note_place(self, verdict: Verdict) -> None:
        """Record what lock and limits said: they are taken in the transaction that asks them."""
        self._answers[_PLACE] = verdict_json(verdict)


class RecordedFacts(QuestionedFacts):
    """Answers as they were recorded. Raises KeyError for a question that was not asked then."""

    def __init__(self, answers: Mapping[str, Json]) -> None:
        self._answers = answers

    def _answer(self, ask: Ask[Answer], *question: Json) -> Answer:  # noqa: ARG002  it asks nobody
        answer: Answer = self._answers[stored_question(*question)]
        return answer

    def budget(self) -> Budget:
        """Without a clock: what it stopped then is stopped again."""
        return Budget(None, set(self._answers.get(STOPPED, ())))

    def place(self) -> Verdict | None:
        """What lock and limits said, where they were asked."""
        place = self._answers.get(_PLACE)
        return None if place is None else verdict_of(place)


def stored_question(*question: Json) -> str:
    """`("hands_off", "demo", 3)` → `"hands_off demo 3"`."""
    return " ".join(map(str, question))


def verdict_json(verdict: Verdict) -> Json:
    """A verdict as plain data."""
    until = verdict.until.isoformat() if verdict.until else None
    return {
        "ruling": verdict.ruling,
        "reason": verdict.reason,
        "detail": verdict.detail,
        "until": until,
    }


def verdict_of(stored: Body) -> Verdict:
    """The verdict that was stored so."""
    until = datetime.fromisoformat(stored["until"]) if stored["until"] else None
    reason = Reason(stored["reason"]) if stored["reason"] else None
    return Verdict(Ruling(stored["ruling"]), reason, stored["detail"], until)
