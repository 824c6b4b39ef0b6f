"""A dry run: the same deciding, in memory, with time that jumps from one due thing to the next.
Nothing is called.

Every call is taken to succeed at once; what a person is asked stays unanswered, until that is a no.
Examples of rules are played here, and recorded events against other rules than they met.
"""

import heapq
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from bridge.core.backtesting.in_memory_facts import InMemoryFacts
from bridge.core.canonical_json import identity
from bridge.core.decisions import evaluate, guards, job_planning, retry
from bridge.core.decisions.evaluate import EvaluationContext
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards import Intent
from bridge.core.decisions.step_progress import progress
from bridge.core.model import OPEN, Decision, Event, Job, JobState, Mode, Reason, Ruling, Verdict
from bridge.core.requests import CallRequest
from bridge.core.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """One verdict as it was said: on a decision, or on one of its jobs before it is tried;
    `of_group`: on a whole group.
    """

    at: datetime
    rule: str
    event: str
    decision: str
    verdict: Verdict
    job: str | None = None
    of_group: bool = False


@dataclass(slots=True)
class DryRun:
    """`said` and `calls` are what came of it, in the order of time; `calls` with when each would be
    made.

    `hear`: is told instead, verdict by verdict; then nothing is kept that is not needed any more,
    for dry runs of many events, and `horizon` is for how long an event is looked for. `yes`:
    anyone who is asked says so at once.
    """

    rulebook: str
    memory: InMemoryFacts
    forced_live: bool = False
    said: list[RecordedVerdict] = field(default_factory=list)
    calls: list[tuple[datetime, Job, CallRequest]] = field(default_factory=list)
    decisions: dict[str, Decision] = field(default_factory=dict)
    hear: Callable[[RecordedVerdict], None] | None = None
    horizon: timedelta = timedelta(days=1)
    yes: bool = False
    _listening: Mapping[str, Iterable[Rule]] = field(default_factory=dict)
    _due: list[tuple[datetime, int, str, str]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _members: dict[str, list[str]] = field(default_factory=dict)
    _spent: dict[str, list[datetime]] = field(default_factory=dict)
    _recent: deque[Event] = field(default_factory=deque)
    _needed: Counter[str] = field(default_factory=Counter)
    _about: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._listening = evaluate.listening(self.memory.rules.values())

    def happen(self, event: Event) -> None:
        """An event, at the moment it is seen; what is due before it comes first, and after it what
        is due just then.
        """
        self._let_pass(event.seen_at, lambda due: due < event.seen_at)
        self.memory.happen(event)
        for rule in self._listening.get(event.type, ()):
            if evaluate.accepts(rule, event):
                self._meet(rule, event)
        if self.hear is not None:
            self._recent.append(event)
            self._forget()

    def _meet(self, rule: Rule, event: Event) -> None:
        if (
            self.hear is not None
            and rule.condition is not None
            and not evaluate.concerns(rule, event)
        ):
            # what `meet` would say, without the work of it
            no = Verdict(Ruling.SKIP, Reason.CONDITION, rule.condition.source)
            self._say(RecordedVerdict(self.memory.now, rule.id, event.id, "", no))
        else:
            self._note(evaluate.evaluate(rule, event, RecordingFacts(self.memory), self._context()))

    def _forget(self) -> None:
        while self._recent and self._recent[0].seen_at < self.memory.now - self.horizon:
            event = self._recent.popleft()
            self.memory.forget(event, keep=self._needed[event.id] > 0)

    def _release(self, events: Iterable[str]) -> None:
        """What needed them is over; where nothing else does, and they are old, they go."""
        if self.hear is None:
            return
        for name in events:
            self._needed[name] -= 1
            if self._needed[name] <= 0:
                del self._needed[name]
                event = self.memory.events.get(name)
                if event is not None and event.seen_at < self.memory.now - self.horizon:
                    del self.memory.events[name]

    def _say(self, said: RecordedVerdict) -> None:
        if self.hear is None:
            self.said.append(said)
        else:
            self.hear(said)

    def until(self, moment: datetime) -> None:
        """Let time pass, with everything that is due on the way."""
        self._let_pass(moment, lambda due: due <= moment)

    def _let_pass(self, moment: datetime, comes: Callable[[datetime], bool]) -> None:
        while self._due and comes(self._due[0][0]):
            at, _, what, name = heapq.heappop(self._due)
            self.memory.now = max(self.memory.now, at)
            {
                "decision": self._again,
                "group": self._close,
                "job": self._try,
                "question": self._unanswered,
            }[what](name)
        self.memory.now = max(self.memory.now, moment)

    def _context(self) -> EvaluationContext:
        return EvaluationContext(self.rulebook, self.memory.now, self.forced_live)

    def _at(self, moment: datetime, what: str, name: str) -> None:
        heapq.heappush(self._due, (max(moment, self.memory.now), next(self._order), what, name))

    def _note(self, decision: Decision, *, of_group: bool = False) -> None:
        if self.hear is None or decision.due_at is not None:
            self.decisions[decision.id] = decision
        if decision.jobs or decision.due_at is not None or decision.group is not None:
            self._needed.update(decision.events)
            if decision.jobs:
                self._about[decision.id] = decision.events
        self.memory.fold(decision)
        said = RecordedVerdict(
            decision.at,
            decision.rule,
            decision.event,
            decision.id,
            decision.verdict,
            of_group=of_group,
        )
        self._say(said)
        if decision.verdict.ruling is Ruling.ASK and decision.jobs and self.yes:
            self._granted(decision.id)
        elif decision.verdict.ruling is Ruling.ASK and decision.jobs:
            self._at(
                decision.at
                + timedelta(seconds=guards.expires_after(self.memory.rules[decision.rule])),
                "question",
                decision.id,
            )
        if decision.due_at is not None:
            self._at(decision.due_at, "decision", decision.id)
        if decision.group is not None:
            self._members.setdefault(decision.group.id, []).append(decision.event)
            self._at(decision.group.until, "group", f"{decision.rule} {decision.group.id}")
        for other in decision.supersedes:
            self._end(other)
        self._schedule(decision.id)

    def _end(self, decision: str) -> None:
        jobs = self.memory.jobs.get(decision, [])
        ended = [
            replace(job, state=JobState.SKIPPED) if job.state in OPEN and not job.attempts else job
            for job in jobs
        ]
        self.memory.jobs[decision] = ended

    def _granted(self, decision: str) -> None:
        """A yes: what was held takes its turn."""
        jobs = self.memory.jobs.get(decision, [])
        self.memory.jobs[decision] = [
            replace(job, state=JobState.WAITING) if job.state is JobState.HELD else job
            for job in jobs
        ]
        self._move_on(decision)

    def _unanswered(self, decision: str) -> None:
        """Nobody was asked, so nobody answered: that is a no, and what the cooldown was reserved
        for was not done.
        """
        jobs = self.memory.jobs.get(decision, [])
        if not any(job.state is JobState.HELD for job in jobs):
            return
        self.memory.jobs[decision] = [
            replace(job, state=JobState.SKIPPED) if job.state is JobState.HELD else job
            for job in jobs
        ]
        self.memory.give_back(decision)
        self._let_go(decision)

    def _schedule(self, decision: str) -> None:
        for job in self.memory.jobs.get(decision, ()):
            if job.state is JobState.DUE:
                self._at(job.due_at, "job", job.id + " " + decision)

    def _again(self, name: str) -> None:
        decision = self.decisions.get(name)
        if decision is None or decision.due_at is None or decision.due_at > self.memory.now:
            return
        if self.hear is not None:
            del self.decisions[name]
        rule = self.memory.rules[decision.rule]
        event = self.memory.events[decision.event]
        waited = decision.verdict.reason or Reason.FOR
        self._note(
            evaluate.re_evaluate(rule, event, waited, RecordingFacts(self.memory), self._context())
        )
        self._release(decision.events)

    def _close(self, name: str) -> None:
        rule_id, _, group = name.partition(" ")
        rule = self.memory.rules[rule_id]
        members = self._members.get(group, [])
        known = next((key for key, held in self.memory.groups.items() if held[0] == group), None)
        if not members or known is None or self.memory.groups[known][1] > self.memory.now:
            return
        events, until = [self.memory.events[each] for each in members], self.memory.groups[known][1]
        decision, verdicts = evaluate.close_group(
            rule, events, group, until, RecordingFacts(self.memory), self._context()
        )
        if decision.due_at is not None:
            _, _, size = self.memory.groups[known]
            self.memory.groups[known] = (group, decision.due_at, size)
            self._at(decision.due_at, "group", name)
            return
        del self.memory.groups[known], self._members[group]
        for event, verdict in verdicts.items():
            self._say(
                RecordedVerdict(decision.at, rule.id, event, identity(event, rule.id), verdict)
            )
        self._note(decision, of_group=True)
        self._release(members)

    def _try(self, name: str) -> None:
        identifier, _, decision = name.partition(" ")
        jobs = self.memory.jobs.get(decision, [])
        place = next((n for n, job in enumerate(jobs) if job.id == identifier), None)
        if (
            place is None
            or jobs[place].state is not JobState.DUE
            or jobs[place].due_at > self.memory.now
        ):
            return
        verdict = self._gate(jobs[place])
        then = retry.stopped(jobs[place], verdict)
        if verdict.ruling is Ruling.WAIT and then.due_at is not None:
            jobs[place] = replace(
                jobs[place], due_at=then.due_at, not_after=then.not_after or jobs[place].not_after
            )
            self._at(then.due_at, "job", name)
            return
        if verdict.ruling is Ruling.ACT:
            jobs[place] = replace(
                jobs[place], state=JobState.SUCCEEDED, attempts=1, due_at=self.memory.now
            )
            self._done(jobs[place])
        else:
            jobs[place] = replace(jobs[place], state=JobState.SKIPPED)
        self._move_on(decision)

    def _gate(self, job: Job) -> Verdict:
        rule, now = self.memory.rules[job.rule], self.memory.now
        event, facts = self.memory.events[job.event], RecordingFacts(self.memory)
        intent = Intent(rule, job.server, (event,), job.decision, facts, now, event.time, (), job)
        verdict = guards.before_attempt(intent, rule.mode if not self.forced_live else Mode.LIVE)
        if verdict is guards.ACT and job.action == "call" and rule.guard.rate is not None:
            since = now - timedelta(seconds=rule.guard.rate.every)
            spent = self._spent.get(rule.id, [])
            recent = spent[bisect_right(spent, since) :]
            if len(recent) >= rule.guard.rate.most:
                free_at = recent[-rule.guard.rate.most] + timedelta(seconds=rule.guard.rate.every)
                verdict = Verdict(Ruling.WAIT, Reason.RATE, "", free_at)
        if verdict is not guards.ACT:
            self._say(RecordedVerdict(now, job.rule, job.event, job.decision, verdict, job.id))
        return verdict

    def _done(self, job: Job) -> None:
        if not isinstance(job.request, CallRequest):
            return
        now = self.memory.now
        subject = self.memory.events[job.event].subject
        self.calls.append((now, job, job.request))
        self.memory.done.append(job)
        self._spent.setdefault(job.rule, []).append(now)
        self.memory.remedies.setdefault((job.rule, subject), []).append(now)

    def _move_on(self, decision: str) -> None:
        jobs = self.memory.jobs[decision]
        now = self.memory.now
        step = progress(jobs, now)
        begun = {job.id: job_planning.begun(job, when) for job, when in step.start}
        skipped = {job.id for job in step.skip}
        for n, job in enumerate(jobs):
            if job.id in begun:
                jobs[n] = begun[job.id]
            elif job.id in skipped:
                jobs[n] = replace(job, state=JobState.SKIPPED)
        if step.acted:
            self.memory.end_cooldown(decision, now)
        for job in begun.values():
            self._at(job.due_at, "job", f"{job.id} {decision}")
        self._let_go(decision)

    def _let_go(self, decision: str) -> None:
        """Where nothing is kept: a decision whose jobs are all over, but for what its calls were
        about.
        """
        jobs = self.memory.jobs.get(decision, [])
        if self.hear is None or any(job.state in OPEN for job in jobs):
            return
        self.memory.jobs.pop(decision, None)
        if not any(job.action == "call" and job.attempts for job in jobs):
            self._release(self._about.pop(decision, ()))
