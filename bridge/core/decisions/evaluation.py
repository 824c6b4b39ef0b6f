"""One rule and what it meets, while it is being evaluated."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bridge.core.decisions import expression_context
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards import ACT
from bridge.core.expressions.evaluator import ConditionError, Expression, ExpressionContext
from bridge.core.model import (
    Body,
    Decision,
    Event,
    Gathering,
    Job,
    Json,
    Mode,
    Reason,
    Ruling,
    Verdict,
)
from bridge.core.rules.rule import Rule

Judge = Callable[["Evaluation"], Verdict | None]


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """What deciding needs beside rule, event and facts. `forced_live`: rules act although they say
    dry_run (the demo).
    """

    rulebook: str
    now: datetime
    forced_live: bool = False


def per_value(per: Expression | None, seen: ExpressionContext) -> Json:
    """The value that something is counted by; an object stands for its id. Raises
    ConditionError.
    """
    if per:
        value = per.evaluate(seen)
    else:
        value = None
    if isinstance(value, dict) and "id" in value:
        return value["id"]
    return value


def judged(evaluation: "Evaluation", judge: Judge) -> Verdict | None:
    """What a judge says. An expression that cannot be evaluated lets nothing through."""
    try:
        return judge(evaluation)
    except ConditionError as error:
        return Verdict(Ruling.SKIP, Reason.CONDITION_ERROR, str(error))


@dataclass(slots=True)
class Evaluation:
    """One rule and the events that it is evaluated on; `trace` grows, the rest is what a
    decision will hold.
    """

    rule: Rule
    events: tuple[Event, ...]
    decision: str
    facts: RecordingFacts
    context: EvaluationContext
    ripe: datetime | None = None
    # what it waited for when its rule was edited
    edited: Reason | None = None
    cooldowns: list[str] = field(default_factory=list)
    trace: list[Body] = field(default_factory=list)
    jobs: tuple[Job, ...] = ()
    left_out: tuple[str, ...] = ()
    due_at: datetime | None = None
    group: Gathering | None = None
    about: str = ""
    supersedes: tuple[str, ...] = ()
    _expression_context: ExpressionContext | None = None

    @property
    def event(self) -> Event:
        """The first of its events."""
        return self.events[0]

    @property
    def expression_context(self) -> ExpressionContext:
        """What its expressions see."""
        if self._expression_context is None:
            self._expression_context = expression_context.of(
                self.events, self.context.now, self.facts
            )
        return self._expression_context

    @property
    def mode(self) -> Mode:
        """Whether it acts, or only says what it would do."""
        return Mode.LIVE if self.context.forced_live else self.rule.mode

    def say(self, step: str, says: str, about: Json, detail: Json = None) -> None:
        """One line of the trace."""
        traced: dict[str, Json] = {"step": step, "says": says, "about": about}
        self.trace.append({**traced, "detail": detail} if detail is not None else traced)

    def decided(self, judge: Judge) -> Decision:
        """What the judge says, as a decision. An expression that cannot be evaluated lets nothing
        through.
        """
        verdict = judged(self, judge) or ACT
        if verdict.reason is Reason.CONDITION_ERROR:
            self.say("expression", "fails", verdict.detail)
        admitted = verdict.ruling in (Ruling.ACT, Ruling.ASK) or (
            verdict.ruling is Ruling.WAIT and self.due_at is None
        )
        dry = verdict.reason is Reason.DRY_RUN
        return Decision(
            id=self.decision,
            event=self.event.id,
            rule=self.rule.id,
            rulebook=self.context.rulebook,
            server=self.event.server,
            verdict=verdict,
            at=self.context.now,
            trace=tuple(self.trace),
            facts=self._read(),
            jobs=self.jobs if admitted and not self.group else (),
            cooldowns=tuple(self.cooldowns) if (admitted or dry) and self.jobs else (),
            due_at=self.due_at,
            events=tuple(event.id for event in self.events),
            group=self.group,
            about=self.about,
            supersedes=self.supersedes if admitted else (),
            left_out=self.left_out,
        )

    def _read(self) -> Body:
        """All that the verdict was made from, so that it can be explained and made again."""
        return {
            "events": [[event.id, event.time.isoformat()] for event in self.events],
            "known": dict(self.event.known) if len(self.events) == 1 else None,
            "now": self.context.now.isoformat(),
            "ripe": self.ripe and self.ripe.isoformat(),
            "rule": self.rule.hash,
            "mode": self.mode,
            "asked": self.facts.recorded(),
        }
