"""Deliver: the outbox is carried out. Two transactions, the intent before the request and the outcome after it.

    claim → look, if an earlier try may have worked → guards again → intent → lease still ours? → request → outcome

A crash between intent and outcome leaves an attempt without an outcome; whoever claims the job next finds it and looks
before anything is sent again (law 7).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bridge.actions.kinds import Action, Result
from bridge.core import events, guards, retry
from bridge.core.headlines import headline
from bridge.core.model import Event, Job, JobState, Mode, Outcome, Reason, Repeat, Ruling, Verdict
from bridge.core.retry import Next
from bridge.errors import AgainLater, LeaseLost
from bridge.rulebook import Rulebook
from bridge.store import decisions as decision_store
from bridge.store import events as event_store
from bridge.store import incidents as incident_store
from bridge.store import jobs as job_store
from bridge.store import watching
from bridge.store.database import Database
from bridge.store.jobs import Claimed

# Longer than a request may take with the default time-out; a paused worker that wakes up later finds its fencing number
# outdated.
_LEASE = 45.0
_BATCH = 100

_EVENT_OF = {JobState.SUCCEEDED: "action.succeeded", JobState.FAILED: "action.failed", JobState.IN_DOUBT: "action.in_doubt"}

_ANSWERS = {
    "done": (JobState.SUCCEEDED, Ruling.SKIP),
    "failed": (JobState.FAILED, Ruling.SKIP),
    "again": (JobState.DUE, Ruling.ACT),
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _End:
    """How a delivery ended: the job's next state, and what its last attempt or look said."""

    then: Next
    result: Result


class Deliverer:
    """Carries out jobs. `rulebook` and `forced_live` are asked again before each attempt; `actions` by name."""

    def __init__(
        self,
        database: Database,
        actions: Mapping[str, Action],
        now: Callable[[], datetime],
        rulebook: Callable[[], Rulebook],
        forced_live: Callable[[str], bool],
    ) -> None:
        self._database, self._actions, self._now = database, actions, now
        self._rulebook, self._forced_live = rulebook, forced_live

    def due(self) -> list[str]:
        """Jobs to try now."""
        with self._database.reading() as connection:
            return job_store.due(connection, self._now(), _BATCH)

    def run(self, job: str) -> Job | None:
        """Try one job; as it stands afterwards, or None if it was not ours to try."""
        with self._database.writing() as connection:
            claimed = job_store.claim(connection, job, self._now(), _LEASE)
        if claimed is None:
            return None
        try:
            return self._deliver(claimed)
        except LeaseLost as error:
            log.warning("delivery overtaken", job=job, why=str(error))
            return None

    def answer(self, job: str, what: str, who: str) -> bool:
        """A person's word on a job in doubt: `done`, `failed` or `again`. False if it is not in doubt."""
        state, ruling = _ANSWERS[what]
        now, verdict = self._now(), Verdict(ruling, Reason.IN_DOUBT, f"{who} answered: {what}")
        with self._database.writing() as connection:
            return job_store.answer_doubt(connection, job, state, verdict, now)

    def _deliver(self, claimed: Claimed) -> Job:
        action = self._actions[claimed.job.action]
        doubted = claimed.job.doubt and action.repeat(claimed.job.request) is Repeat.ONCE
        if doubted:
            claimed, end = self._look(claimed, action)
            if end:
                return self._settle(claimed, end)
        claimed = replace(claimed, job=replace(claimed.job, doubt=False))
        verdict = self._guards(claimed.job)
        if verdict.ruling is not Ruling.ACT:
            return self._settle(claimed, _End(retry.stopped(claimed.job, verdict), Result(Outcome.NOT_DONE, verdict.detail)))
        claimed, result = self._send(claimed, action)
        if result.outcome is Outcome.REFUSED and doubted:
            # perhaps refused because the try before it did work: only a second look can tell
            claimed, end = self._look(self._ended(claimed, result), action)
            if end:
                return self._settle(claimed, end)
        provable = action.provable(claimed.job.request)
        then = retry.after(
            claimed.job,
            result.outcome,
            action.repeat(claimed.job.request),
            provable=provable,
            now=self._now(),
            wait=result.wait,
        )
        return self._settle(claimed, _End(then, result))

    def _look(self, claimed: Claimed, action: Action) -> tuple[Claimed, _End | None]:
        """Did an earlier try take effect? An end if that settles it, none if it did not and may go again."""
        job = claimed.job
        if not action.provable(job.request):
            result = Result(Outcome.UNKNOWN, "this server does not show whether it took effect")
            return claimed, _End(Next(JobState.IN_DOUBT, doubt=True), result)
        with self._database.writing() as connection:
            claimed = job_store.begin(connection, claimed, "look", self._now(), _LEASE)
        try:
            done = action.look(job.server, job.request)
        except AgainLater as error:
            result = Result(Outcome.UNREACHABLE, f"cannot look whether it took effect: {error}")
            self._verdict(job, Verdict(Ruling.WAIT, Reason.UNREADABLE, result.detail))
            return self._ended(claimed, result), _End(retry.blind(claimed.job, self._now()), result)
        if done is None:
            result = Result(Outcome.UNKNOWN, "what the server shows does not tell whether it took effect")
            return self._ended(claimed, result), _End(Next(JobState.IN_DOUBT, doubt=True), result)
        if done:
            result = Result(Outcome.FOUND_DONE, "looked: the earlier try took effect")
            return self._ended(claimed, result), _End(Next(JobState.SUCCEEDED), result)
        return self._ended(claimed, Result(Outcome.NOT_DONE, "looked: it has not taken effect")), None

    def _ended(self, claimed: Claimed, result: Result) -> Claimed:
        with self._database.writing() as connection:
            job_store.end_attempt(connection, claimed, result.outcome, result.detail, self._now())
        return claimed

    def _guards(self, job: Job) -> Verdict:
        rule = self._rulebook().rule(job.rule)
        mode = Mode.LIVE if rule is None or self._forced_live(job.server) else rule.mode
        verdict = guards.before_attempt(job, rule, mode, self._now())
        if verdict is guards.ACT and job.action == "call":
            verdict = self._in_the_way(job) or verdict
        self._verdict(job, verdict)
        return verdict

    def _in_the_way(self, job: Job) -> Verdict | None:
        """A person who works on the bond, a leg that flaps: the call waits for its end."""
        arguments, now = job.request["arguments"], self._now()
        with self._database.reading() as connection:
            leg = _number(arguments.get("leg"))
            known = watching.bodies(connection, job.server, {("leg", str(leg))}).get(("leg", str(leg)), {})
            about = event_store.get(connection, job.event).data.get("bond") or {}
            bond = arguments.get("bond", known.get("bond", about.get("id")))
            held = incident_store.held(connection, job.server, now).get(_number(bond))
            calm_at = incident_store.calm_at(connection, job.server, leg) if leg is not None else None
        return (guards.hands_off(held["until"], held["who"]) if held else None) or guards.flapping(calm_at)

    def _verdict(self, job: Job, verdict: Verdict) -> None:
        with self._database.writing() as connection:
            decision_store.add_verdict(connection, job.decision, job.id, verdict, self._now())

    def _send(self, claimed: Claimed, action: Action) -> tuple[Claimed, Result]:
        with self._database.writing() as connection:
            longest = action.lasts(claimed.job.server, claimed.job.request)
            claimed = job_store.begin(connection, claimed, "send", self._now(), max(_LEASE, longest))
        with self._database.writing() as connection:
            job_store.check(connection, claimed)
        return claimed, action.send(claimed.job.server, claimed.job.request)

    def _settle(self, claimed: Claimed, end: _End) -> Job:
        now, then, result = self._now(), end.then, end.result
        with self._database.writing() as connection:
            job_store.end_attempt(connection, claimed, result.outcome, result.detail, now)
            job = job_store.settle(connection, claimed, then, now)
            if then.state is JobState.IN_DOUBT:
                verdict = Verdict(Ruling.ASK, Reason.IN_DOUBT, result.detail)
                decision_store.add_verdict(connection, job.decision, job.id, verdict, now)
            told = event_store.record(connection, _events(job, result, now))
        again = {"again_at": f"{then.due_at:%H:%M:%S}"} if then.due_at else {}
        said = f"{_named(job)}: {result.outcome}"
        log.info(said, job=job.id, state=job.state, said=result.detail, **again)
        for event in told:
            log.info(headline(event), id=event.id, type=event.type)
        return job


def _number(value: object) -> int | None:
    """An id as it stands in a request: a number, or its digits."""
    return int(str(value)) if str(value).isdigit() else None


def _named(job: Job) -> str:
    request = job.request
    if job.action != "call":
        return f"{job.action} {request.get('to', '')}"
    return f"{request['operation']} {' '.join(f'{name} {value}' for name, value in request['arguments'].items())}"


def _events(job: Job, result: Result, now: datetime) -> list[Event]:
    """What became of a call is an event like any other, once it is certain, or certainly uncertain."""
    name = _EVENT_OF.get(job.state)
    if job.action != "call" or name is None:
        return []
    about = {"id": job.id, "rule": job.rule, "cause": job.event, "outcome": result.outcome, "detail": result.detail}
    data = {"job": {**about, "operation": job.request["operation"], "arguments": job.request["arguments"]}}
    row, subject = events.EVENTS[name], f"job/{job.id}"
    return [events.make(row, server=job.server, subject=subject, n=job.attempts, time=now, seen_at=now, data=data)]
