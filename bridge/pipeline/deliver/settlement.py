"""What comes of an attempt: the job's next state, its events, the steps after it, and what its
failure leads to.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bridge.actions.action import Result
from bridge.core.decisions import job_planning
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.retry import Next
from bridge.core.events import builder
from bridge.core.events.headlines import headline
from bridge.core.events.operator_events import Deed
from bridge.core.job_summary import asks
from bridge.core.model import Event, Job, JobState, Outcome, Reason, Ruling, Verdict
from bridge.core.requests import CallRequest, NoticeRequest, PostRequest, WebhookRequest
from bridge.core.rules.rule import Rule
from bridge.pipeline.approvals import approver
from bridge.pipeline.approvals.approver import ApprovalTargets
from bridge.pipeline.database_facts import DatabaseFacts
from bridge.pipeline.internal_errors import within
from bridge.pipeline.messages import command_updates
from bridge.rulebook import Rulebook
from bridge.store import controls
from bridge.store.database import Database
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions import jobs as job_store
from bridge.store.decisions.jobs import Claimed
from bridge.store.observations import audit_log
from bridge.store.observations import events as event_store

_EVENT_OF = {
    JobState.SUCCEEDED: "action.succeeded",
    JobState.FAILED: "action.failed",
    JobState.UNVERIFIED: "action.unverified",
    JobState.IN_DOUBT: "action.in_doubt",
}
_FAILED = frozenset({JobState.FAILED, JobState.UNVERIFIED, JobState.IN_DOUBT})

# what goes to somebody by name
Addressed = NoticeRequest | PostRequest | WebhookRequest

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How a delivery ended: the job's next state, what its last attempt or look said, and the guard
    that stopped it.
    """

    then: Next
    result: Result
    verdict: Verdict | None = None


class Settlement:
    """`now` is domain time; `targets`: who can be asked."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        rulebook: Callable[[], Rulebook],
        targets: ApprovalTargets,
    ) -> None:
        self._database, self._now, self._rulebook, self._targets = database, now, rulebook, targets

    def settle(self, claimed: Claimed, end: AttemptEnd) -> Job:
        """Write how it ended, and everything that follows, in one transaction."""
        now = self._now()
        then = end.then
        result = end.result
        book = self._rulebook()
        with self._database.writing() as connection:
            job, told = self.note(connection, claimed, end, now, book)
        if then.due_at:
            again = {"again_at": f"{then.due_at:%H:%M:%S}"}
        else:
            again = {}
        said = f"{_named(job)}: {result.outcome}"
        log.info(said, job=job.id, state=job.state, said=result.detail, **again)
        for event in told:
            log.info(headline(event), id=event.id, type=event.type)
        return job

    def note(
        self,
        connection: Connection,
        claimed: Claimed,
        end: AttemptEnd,
        now: datetime,
        book: Rulebook,
    ) -> tuple[Job, list[Event]]:
        """The same in a transaction that goes on: the job as it is then, and the events that came
        of it.

        `book` was asked for before it: a new one is remembered in a transaction of its own.
        """
        result = end.result
        rule = book.rule(claimed.job.rule)
        job_store.end_attempt(connection, claimed, result.outcome, result.detail, now)
        job = job_store.settle(connection, claimed, end.then, now)
        self._last_word(connection, job, end, now)
        about = f"what comes of rule {job.rule}"
        told = list[Event]()
        with within(connection, now, "answer", about, job.server):
            command_updates.ended(connection, job, result.outcome, result.detail, end.verdict, now)
        with within(connection, now, "deliver", about, job.server):
            told += event_store.record(connection, _events(job, result, now))
        with within(connection, now, "on_failure", about, job.server):
            if job.state in _FAILED:
                told += self._failed(connection, job, rule, result, now)
        with within(connection, now, "steps", about, job.server):
            if job.parent is None:
                told += self._go_on(connection, job, rule, now)
        return job, told

    def set_aside(self, connection: Connection, job: Job, why: str, now: datetime) -> None:
        """Our own code failed on it before anything was sent: a dead letter, which says why."""
        job_store.fail(connection, job, Verdict(Ruling.SKIP, Reason.INTERNAL_ERROR, why), now)
        with within(connection, now, "steps", f"what comes of rule {job.rule}", job.server):
            self._go_on(connection, job, None, now)

    def put_off(self, claimed: Claimed, then: Next) -> Job:
        """Its effect does not show yet; it is looked for again."""
        with self._database.writing() as connection:
            return job_store.settle(connection, claimed, then, self._now())

    def answered(self, job: str, state: JobState, verdict: Verdict, deed: Deed) -> bool:
        """A person's word on a job in doubt, and the deed that it is. False if it is not in
        doubt.
        """
        # asked before: a rulebook that is new to this process is remembered in a transaction of its
        # own
        now = self._now()
        book = self._rulebook()
        with self._database.writing() as connection:
            settled = job_store.answer_doubt(connection, job, state, verdict, now)
            if settled is None:
                return False
            audit_log.record(connection, replace(deed, server=settled.server), now)
            command_updates.ended(connection, settled, Outcome.DONE, verdict.detail, None, now)
            told = self._go_on(connection, settled, book.rule(settled.rule), now)
        for event in told:
            log.info(headline(event), id=event.id, type=event.type)
        return True

    @staticmethod
    def _last_word(connection: Connection, job: Job, end: AttemptEnd, now: datetime) -> None:
        """What a person or a later reader must know: that a person is asked, or that waiting came
        to nothing.
        """
        if job.state is JobState.IN_DOUBT:
            verdict = Verdict(Ruling.ASK, Reason.IN_DOUBT, end.result.detail)
            decision_store.add_verdict(connection, job.decision, job.id, verdict, now)
        if (
            job.state is JobState.SKIPPED
            and end.verdict is not None
            and end.verdict.ruling is Ruling.WAIT
        ):
            detail = (
                f"it was to be done by {job.not_after:%Y-%m-%d %H:%M:%S} UTC, and had to wait:"
                f" {end.verdict.detail}"
            )
            decision_store.add_verdict(
                connection, job.decision, job.id, Verdict(Ruling.SKIP, Reason.EXPIRED, detail), now
            )

    def _go_on(
        self, connection: Connection, job: Job, rule: Rule | None, now: datetime
    ) -> list[Event]:
        """The steps and batches after it; where a rollout was stopped, a person is asked about the
        rest.
        """
        left = job_store.move_on(connection, job, now)
        if not left:
            return []
        detail = f"stopped after {_named(job)} ended {job.state}; {len(left)} are left"
        verdict = Verdict(Ruling.ASK, Reason.ROLLOUT, detail)
        decision_store.add_verdict(connection, job.decision, left[0].id, verdict, now)
        decision = decision_store.get(connection, job.decision)
        return approver.ask(
            connection, approver.Asked(decision, left, verdict), rule, self._targets, now
        )

    def _failed(
        self, connection: Connection, job: Job, rule: Rule | None, result: Result, now: datetime
    ) -> list[Event]:
        """What its step does about a failure, and whether the rule has failed too often."""
        call = job.request
        if rule is None or not isinstance(call, CallRequest) or job.parent is not None:
            return []
        operation = call.operation
        step = next(
            (each for n, each in enumerate(rule.steps) if n == job.step and each.name == operation),
            None,
        )
        if step is not None and step.on_failure:
            answers = DatabaseFacts(connection, job.server, now, {})
            said = job_planning.outcome_said(job, result.outcome, result.detail)
            made = job_planning.on_failure(
                step, job, (answers.event(job.event),), now, RecordingFacts(answers), said
            )
            for why in made.left_out:
                verdict = Verdict(Ruling.SKIP, Reason.CONDITION_ERROR, why)
                decision_store.add_verdict(connection, job.decision, job.id, verdict, now)
            job_store.add(connection, made.jobs)
            decision_store.unwritten(connection, made.jobs, now)
        return self._breaker(connection, job, rule, now)

    @staticmethod
    def _breaker(connection: Connection, job: Job, rule: Rule, now: datetime) -> list[Event]:
        limit = rule.guard.breaker
        if limit is None:
            return []
        count = controls.failures(
            connection, rule.id, job.server, now - timedelta(seconds=limit.within)
        )
        if count < limit.failures:
            return []
        why = f"{count} of its calls failed within {limit.within / 60:g} minutes"
        if not controls.trip(connection, rule.id, job.server, now, why):
            return []
        data = {"rule": {"id": rule.id, "detail": why}}
        row = builder.EVENTS["rule.tripped"]
        subject = f"rule/{rule.id}"
        event = builder.make(
            row,
            server=job.server,
            subject=subject,
            n=now.isoformat(),
            time=now,
            seen_at=now,
            data=data,
        )
        return event_store.record(connection, [event])


def _named(job: Job) -> str:
    """`"bond.restart bond=3"`, `"notify noc"`."""
    if job.action != "call":
        to = job.request.to if isinstance(job.request, Addressed) else ""
        return f"{job.action} {to}".rstrip()
    return asks(job.action, job.request)


def _events(job: Job, result: Result, now: datetime) -> list[Event]:
    """What became of a call is an event like any other, once it is certain, or certainly
    uncertain.
    """
    name = _EVENT_OF.get(job.state)
    call = job.request
    if not isinstance(call, CallRequest) or name is None:
        return []
    about = {
        "id": job.id,
        "rule": job.rule,
        "cause": job.event,
        "outcome": result.outcome,
        "detail": result.detail,
    }
    data = {
        "job": {
            **about,
            "operation": call.operation,
            "arguments": call.arguments,
        }
    }
    row = builder.EVENTS[name]
    subject = f"job/{job.id}"
    return [
        builder.make(
            row,
            server=job.server,
            subject=subject,
            n=job.attempts,
            time=now,
            seen_at=now,
            data=data,
        )
    ]
