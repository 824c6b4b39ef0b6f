"""Rules meet events: every meeting is a decision, and every decision says how it came about."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.core import guards, retry, schema
from bridge.core.canonical import identity
from bridge.core.expressions import ConditionError, Facts, prepared
from bridge.core.guards import Held
from bridge.core.model import Body, Decision, Event, Job, JobState, Json, Mode, Reason, Retry, Ruling, Verdict
from bridge.core.rules import Cooldown, Fields, Rule, Step

_NOTHING_KNOWN: Body = dict.fromkeys(schema.KNOWN)


@dataclass(frozen=True, slots=True)
class Situation:
    """What deciding needs beside the rule and the event.

    `forced_live`: rules act although they say dry_run (the demo's simulator only). `held`: the cooldowns as they stand.
    """

    rulebook: str
    now: datetime
    held: Mapping[str, Held]
    forced_live: bool = False


def facts_of(event: Event, now: datetime) -> dict[str, Json]:
    """What expressions see: `event`, its nouns for short, `old`, `new`, `server`, `now`; times as ISO 8601 text."""
    told = {"id": event.id, "type": event.type, "server": event.server, "subject": event.subject}
    plain = {**told, "time": event.time.isoformat(), "data": event.data}
    return {
        **event.data,
        "event": plain,
        "known": {**_NOTHING_KNOWN, **event.known},
        "server": event.server,
        "now": now.isoformat(),
    }


def cooldown_keys(rules: Iterable[Rule], event: Event, now: datetime) -> set[str]:
    """Every cooldown key that deciding this event may ask about."""
    keys = set()
    for rule in rules:
        if rule.cooldown is None or event.type not in rule.types:
            continue
        with suppress(ConditionError):  # deciding will say so
            per = _per(rule.cooldown, prepared(facts_of(event, now)))
            keys |= {guards.cooldown_key(rule, event.server, per, mode) for mode in Mode}
    return keys


def decide(rules: Iterable[Rule], events: Iterable[Event], situation: Situation) -> list[Decision]:
    """Every rule that listens to an event's type meets it, in the events' order; admissions count for those after them."""
    listening: dict[str, list[Rule]] = {}
    for rule in rules:
        for name in rule.types:
            listening.setdefault(name, []).append(rule)
    held, decisions = dict(situation.held), []
    for event in events:
        for rule in listening.get(event.type, ()):
            decision = meet(rule, event, replace(situation, held=held))
            decisions.append(decision)
            if decision.cooldown:
                held[decision.cooldown] = Held(decision.id, None if decision.acts else decision.at)
    return decisions


def meet(rule: Rule, event: Event, situation: Situation) -> Decision:
    """One rule, one event: condition, then guards; the jobs where the verdict is `act`."""
    trace = [_traced("when", "holds", event.type)]
    meeting = _Meeting(rule, event, identity(event.id, rule.id), situation, trace)
    try:
        verdict, jobs = meeting.verdict()
    except ConditionError as error:
        # an expression that cannot be evaluated lets nothing through: guards fail closed
        verdict, jobs = Verdict(Ruling.SKIP, Reason.CONDITION_ERROR, str(error)), ()
        trace.append(_traced("expression", "fails", str(error)))
    return Decision(
        id=meeting.decision,
        event=event.id,
        rule=rule.id,
        rulebook=situation.rulebook,
        verdict=verdict,
        at=situation.now,
        trace=tuple(trace),
        facts=meeting.facts_read(),
        jobs=jobs if verdict.ruling is Ruling.ACT else (),
        cooldown=meeting.key if jobs else None,
    )


@dataclass(slots=True)
class _Meeting:
    """One rule and one event while they are being judged; `trace` grows, `key` is the cooldown's."""

    rule: Rule
    event: Event
    decision: str
    situation: Situation
    trace: list[Body]
    key: str | None = None

    @property
    def mode(self) -> Mode:
        return Mode.LIVE if self.situation.forced_live else self.rule.mode

    def verdict(self) -> tuple[Verdict, tuple[Job, ...]]:
        facts = prepared(facts_of(self.event, self.situation.now))
        stopped = self._condition(facts) or self._over() or self._expired() or self._cooldown(facts)
        if stopped:
            return stopped, ()
        jobs = tuple(_jobs(self.rule, self.event, self.decision, facts, self.situation.now))
        wanted = [{"action": job.action, **job.request} for job in jobs]
        self.trace.append(_traced("mode", self.mode, "would do" if self.mode is Mode.DRY_RUN else "does", wanted))
        if self.mode is Mode.DRY_RUN:
            return Verdict(Ruling.SKIP, Reason.DRY_RUN, "it would have acted: its rule is in dry_run"), jobs
        return guards.ACT, jobs

    def _condition(self, facts: Facts) -> Verdict | None:
        condition = self.rule.condition
        if condition is None:
            return None
        holds = condition.holds(facts)
        self.trace.append(_traced("if", "holds" if holds else "does not hold", condition.source))
        return None if holds else Verdict(Ruling.SKIP, Reason.CONDITION, condition.source)

    def _over(self) -> Verdict | None:
        if not self.event.known.get("over") or not any(step.action == "call" for step in self.rule.steps):
            return None
        self.trace.append(_traced("guard over", "over", "it had ended before it was found"))
        return Verdict(Ruling.SKIP, Reason.OVER, "it had ended before it was found: told, but nothing is called")

    def _expired(self) -> Verdict | None:
        longest = max(_retry(step, self.event).until for step in self.rule.steps)
        not_after = self.event.time + timedelta(seconds=longest)
        late = guards.expired(self.situation.now, not_after)
        self.trace.append(_traced("guard expired", "too late" if late else "in time", f"until {not_after.isoformat()}"))
        return late

    def _cooldown(self, facts: Facts) -> Verdict | None:
        if self.rule.cooldown is None:
            return None
        per = _per(self.rule.cooldown, facts)
        self.key = guards.cooldown_key(self.rule, self.event.server, per, self.mode)
        now, held = self.situation.now, self.situation.held
        cooling = guards.cooldown(self.rule.cooldown.every, self.key, self.decision, held, now)
        says = cooling.detail if cooling else "free"
        self.trace.append(_traced("guard cooldown", says, "the whole rule" if per is None else f"per {per}"))
        return cooling

    def facts_read(self) -> Body:
        """All that the verdict was made from, so that it can be explained and made again."""
        holder = self.situation.held.get(self.key) if self.key else None
        return {
            "event": self.event.id,
            "time": self.event.time.isoformat(),
            "known": dict(self.event.known),
            "now": self.situation.now.isoformat(),
            "rule": self.rule.hash,
            "mode": self.mode,
            "cooldown": holder and {"by": holder.by, "ended_at": holder.ended_at and holder.ended_at.isoformat()},
        }


def _jobs(rule: Rule, event: Event, decision: str, facts: Facts, now: datetime) -> Iterable[Job]:
    held_up = False
    for number, step in enumerate(rule.steps):
        wanted = _retry(step, event)
        for target, request in enumerate(_requests(step, facts)):
            yield Job(
                id=identity(decision, number, target),
                decision=decision,
                event=event.id,
                rule=rule.id,
                server=event.server,
                step=number,
                action=step.action,
                request=request,
                retry=wanted,
                due_at=now,
                not_after=event.time + timedelta(seconds=wanted.until),
                state=JobState.WAITING if held_up else JobState.DUE,
            )
        held_up = held_up or step.action == "call"


def _requests(step: Step, facts: Facts) -> list[Body]:
    """What a step asks for: one call, or one notice for each target of the channel."""
    if step.action == "call":
        request: dict[str, Json] = {"operation": step.name, "arguments": _rendered(step.fields, facts)}
        return [{**request, "body": _rendered(step.body, facts)} if step.body else request]
    texts = {name: field.text(facts) for name, field in step.fields.items()}
    return [{"to": step.name, "target": target, **texts} for target in range(step.targets)]


def _rendered(fields: Fields, facts: Facts) -> Body:
    return {name: field.render(facts) for name, field in fields.items()}


def _retry(step: Step, event: Event) -> Retry:
    return step.retry or retry.default(step.action, event.type)


def _per(cooldown: Cooldown, facts: Facts) -> Json:
    """The value a cooldown counts by; an object stands for its id. Raises ConditionError."""
    per = cooldown.per.evaluate(facts) if cooldown.per else None
    return per["id"] if isinstance(per, dict) and "id" in per else per


def _traced(step: str, says: str, about: str, detail: Json = None) -> Body:
    traced: dict[str, Json] = {"step": step, "says": says, "about": about}
    return {**traced, "detail": detail} if detail is not None else traced
