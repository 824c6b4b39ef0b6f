"""What an edited rule leaves of what was still to be done: every job as the rule is now, or why it
comes to nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bridge.core.canonical_json import canonical, identity
from bridge.core.decisions import expression_context, guards, job_planning
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.expressions.evaluator import ConditionError
from bridge.core.job_summary import asks
from bridge.core.model import OPEN, Event, Job, JobState, Reason, Ruling, Verdict
from bridge.core.requests import (
    CallRequest,
    NoticeRequest,
    Request,
    WaitRequest,
    WebhookRequest,
)
from bridge.core.rules.rule import Rule

# what can still be changed: not begun, or between two tries whose outcome is known
_LEFT = frozenset({JobState.WAITING, JobState.HELD, JobState.DUE})


@dataclass(frozen=True, slots=True)
class Fitted:
    """A decision's jobs as its rule is now: `kept` as they are from now on, `ended` each with why,
    `new` ones.
    """

    kept: tuple[Job, ...] = ()
    ended: tuple[tuple[Job, Verdict], ...] = ()
    new: tuple[Job, ...] = ()

    def __str__(self) -> str:
        counts = (
            (len(self.kept), "changed"),
            (len(self.ended), "not done any more"),
            (len(self.new), "new"),
        )
        return ", ".join(f"{count} {what}" for count, what in counts if count)


@dataclass(frozen=True, slots=True)
class Left:
    """What a decision has left: all its jobs, with the facts and the moment that they were planned
    from.
    """

    rule: Rule
    decision: str
    events: Sequence[Event]
    jobs: Sequence[Job]
    facts: RecordingFacts
    planned: datetime
    now: datetime

    def of(self, event: str) -> Event:
        """One of its events."""
        return next((each for each in self.events if each.id == event), self.events[0])


def left(job: Job) -> bool:
    """Whether an edit can still change it: what is told stands at its destination, what is in doubt
    is looked at first.
    """
    told = job.action == "notify" and job.state is JobState.DUE
    return job.state in _LEFT and not job.doubt and job.parent is None and not told


def against(rule: Rule, event: Event, facts: RecordingFacts, now: datetime) -> Verdict | None:
    """Why the rule, as it is now, does nothing about an event that it has met; None where it
    would.
    """
    if event.type not in rule.types:
        return changed(f"the rule does not listen to {event.type} any more")
    try:
        if rule.condition is not None and not rule.condition.holds(
            expression_context.of((event,), now, facts)
        ):
            return Verdict(
                Ruling.SKIP, Reason.CONDITION, f"as the rule is now: {rule.condition.source}"
            )
    except ConditionError as error:
        return Verdict(Ruling.SKIP, Reason.CONDITION_ERROR, str(error))
    return guards.space(event, rule, facts)


def changed(detail: str) -> Verdict:
    """The rule does not do that any more."""
    return Verdict(Ruling.SKIP, Reason.RULE_CHANGED, detail)


def fitted(about: Left) -> Fitted:
    """Each job that is left as the rule would plan it now, from the same facts; what it does not
    ask for any more ends.
    """
    stands = {
        each.id: against(about.rule, each, about.facts, about.planned) for each in about.events
    }
    events = [each for each in about.events if stands[each.id] is None]
    try:
        if events:
            wanted = _wanted(about, events)
        else:
            wanted = ()
    except ConditionError as error:
        failed = Verdict(Ruling.SKIP, Reason.CONDITION_ERROR, str(error))
        return Fitted(ended=tuple((job, failed) for job in about.jobs if left(job)))
    return _Fitting(about, wanted, stands).fitted()


def _wanted(about: Left, events: Sequence[Event]) -> tuple[Job, ...]:
    seen = expression_context.of(events, about.planned, about.facts)
    occasion = job_planning.Occasion(
        about.rule,
        about.decision,
        events,
        about.facts,
        about.planned,
        about.planned,
        seen,
    )
    return job_planning.planned(occasion).jobs


def _key(job: Job) -> str:
    """What a job is, whatever its texts: the same call, the same destination."""
    request = job.request
    if isinstance(request, CallRequest):
        return canonical(["call", request.operation, request.arguments, request.body])
    to = request.to if isinstance(request, NoticeRequest | WebhookRequest) else None
    target = request.target if isinstance(request, NoticeRequest) else None
    return canonical([job.action, to, target, job.event if job.action != "wait" else None])


@dataclass(slots=True)
class _Fitting:
    """Pairs the jobs that there are with those that are wanted, in their order."""

    about: Left
    wanted: Sequence[Job]
    stands: Mapping[str, Verdict | None]
    _free: dict[str, list[Job]] = field(default_factory=dict)

    def fitted(self) -> Fitted:
        for job in self.wanted:
            self._free.setdefault(_key(job), []).append(job)
        kept: list[Job] = []
        ended: list[tuple[Job, Verdict]] = []
        own = [job for job in self.about.jobs if job.parent is None]
        for job in own:
            same = self._free.get(_key(job), [])
            if same:
                pair = same.pop(0)
            else:
                pair = None
            if pair is not None:
                kept.append(_as_wanted(job, pair, self.about.now))
            elif left(job) and job.action == "wait":
                kept.append(_over(job, self.about.now))
            elif left(job):
                # behind all others, so that it holds up none of them
                last = replace(job, step=len(self.about.rule.steps) + job.step)
                ended.append((last, self.stands.get(job.event) or changed(self._instead(job))))
        reached = [job.step for job in kept if left(job)]
        reached += [job.step - len(self.about.rule.steps) for job, _ in ended]
        held = any(job.state is JobState.HELD for job in own)
        if reached:
            new = tuple(self._new(min(reached), held=held))
        else:
            new = ()
        return Fitted(tuple(job for job in kept if job not in own), tuple(ended), new)

    @staticmethod
    def _instead(job: Job) -> str:
        return f"the rule does not ask for {asks(job.action, job.request)} any more"

    def _new(self, first: int, *, held: bool) -> Iterator[Job]:
        """What the rule now does besides, from where it has got to."""
        for job in (job for jobs in self._free.values() for job in jobs if job.step >= first):
            fresh = self.about.now + timedelta(seconds=job.retry.until)
            yield replace(
                job,
                id=identity(job.id, self.about.now.isoformat()),
                state=JobState.HELD if held else JobState.WAITING,
                due_at=self.about.now,
                not_after=max(job.not_after, fresh),
            )


def _as_wanted(job: Job, wanted: Job, now: datetime) -> Job:
    """The job with what the rule says of it now: its place, its texts, how it is tried again,
    verified and rolled out.
    """
    same = replace(job, step=wanted.step, rollout=_rollout(job, wanted))
    if not left(job):
        return same
    same = replace(same, request=_request(job, wanted), verify=wanted.verify)
    if job.action == "wait" and job.state is JobState.DUE:
        return replace(same, due_at=max(now, _ends(job, wanted, now)))
    return _retried(same, wanted, now)


def _rollout(job: Job, wanted: Job) -> Mapping[str, object] | None:
    """Its batch by the rule of now; the person who said that it goes on despite of how it ended is
    heard still.
    """
    if job.rollout and wanted.rollout and job.state not in OPEN and not job.rollout["stop_on"]:
        return {**wanted.rollout, "stop_on": []}
    return wanted.rollout


def _request(job: Job, wanted: Job) -> Request:
    """What another system knows by its id keeps it."""
    if isinstance(job.request, WebhookRequest) and isinstance(wanted.request, WebhookRequest):
        return replace(wanted.request, id=job.request.id)
    return wanted.request


def _retried(job: Job, wanted: Job, now: datetime) -> Job:
    """Tried again as the rule says now, counted from where it was counted before."""
    until = job.not_after + timedelta(seconds=wanted.retry.until - job.retry.until)
    sooner = timedelta(seconds=wanted.retry.every - job.retry.every)
    if job.attempts:
        again = job.retry.on and wanted.retry.on
        if again and job.due_at > now:
            due_at = max(now, job.due_at + sooner)
        else:
            due_at = job.due_at
    else:
        due_at = _turn(job, wanted, now)
    return replace(job, retry=wanted.retry, not_after=until, due_at=due_at)


def _turn(job: Job, wanted: Job, now: datetime) -> datetime:
    """When it may go: guards are asked at once, as they are now; between batches there is the pause
    of now.
    """
    if not job.rollout or not job.rollout["batch"]:
        return min(job.due_at, now)
    if wanted.rollout:
        pause = wanted.rollout["pause"]
    else:
        pause = 0.0
    if job.due_at > now:
        return max(now, job.due_at + timedelta(seconds=pause - job.rollout["pause"]))
    return job.due_at


def _ends(job: Job, wanted: Job, now: datetime) -> datetime:
    """When a wait that has begun is over, by its new length."""
    was = job.request
    length = wanted.request
    if not isinstance(was, WaitRequest) or not isinstance(length, WaitRequest):
        return job.due_at
    if was.seconds is not None and length.seconds is not None:
        return job.due_at + timedelta(seconds=length.seconds - was.seconds)
    return job.due_at if was == length else job_planning.ends(length, now)


def _over(job: Job, now: datetime) -> Job:
    """A wait that the rule has no more is over at once; what comes after it goes on."""
    return replace(
        job, due_at=now if job.state is JobState.DUE else job.due_at, request=WaitRequest(seconds=0)
    )


def needs_approval(
    rule: Rule, events: Sequence[Event], facts: RecordingFacts, now: datetime
) -> bool:
    """Whether the rule asks a person, always or where its condition holds. Raises
    ConditionError.
    """
    wanted = rule.guard.approval
    if wanted is None:
        return False
    return wanted.condition is None or wanted.condition.holds(
        expression_context.of(events, now, facts)
    )
