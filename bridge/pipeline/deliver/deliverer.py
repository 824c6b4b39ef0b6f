"""Deliver: the outbox is carried out. Two transactions, the intent before the request and the
outcome after it.

    claim → look, if an earlier try may have worked → admission → intent → lease still ours?
          → request → outcome → seen?

A crash between intent and outcome leaves an attempt without an outcome; the worker that claims the
job next finds it and looks before anything is sent again (law 7).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from bridge.actions.action import Action, Result
from bridge.core.decisions import guards, retry
from bridge.core.decisions.retry import Next
from bridge.core.events.operator_events import Deed
from bridge.core.model import Job, JobState, Outcome, Reason, Repeat, Ruling, Verdict
from bridge.errors import AgainLater, LeaseLost
from bridge.pipeline.deliver.admission import Admission
from bridge.pipeline.deliver.notification_sender import NotificationSender
from bridge.pipeline.deliver.settlement import AttemptEnd, Settlement
from bridge.pipeline.deliver.verification import EffectVerifier
from bridge.pipeline.internal_errors import Faults, Part
from bridge.store.database import Database
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions import jobs as job_store
from bridge.store.decisions.jobs import Claimed

# Longer than a request may take with the default time-out; a paused worker that wakes up later
# finds its fencing number outdated.
_LEASE = 45.0
_BATCH = 100

# how long the effect of a call is looked for where its rule does not say
_FOLLOW = 300.0

_ANSWERS = {
    "done": (JobState.SUCCEEDED, Ruling.SKIP),
    "failed": (JobState.FAILED, Ruling.SKIP),
    "again": (JobState.DUE, Ruling.ACT),
}

log = structlog.get_logger()


class Deliverer:
    """Carries out jobs. `actions` by name; `gate` admits each attempt, `aftermath` settles what
    came of it.

    What people are told goes by its address, not by itself: see
    `notification_sender`.
    """

    def __init__(
        self,
        database: Database,
        actions: Mapping[str, Action[Any]],
        now: Callable[[], datetime],
        gate: Admission,
        aftermath: Settlement,
        teller: NotificationSender,
    ) -> None:
        self._teller = teller
        self._database = database
        self._actions = actions
        self._now = now
        self._gate = gate
        self._aftermath = aftermath
        self._prover = EffectVerifier(database, now)
        self._faults = Faults(database, now)

    def due(self) -> list[str]:
        """Jobs to try now."""
        found: list[str] = []
        with self._faults.apart("deliver", "what is due"), self._database.reading() as connection:
            found += job_store.due(connection, self._now(), _BATCH)
        with self._faults.apart("tell", "what is due"):
            found += self._teller.due()
        return found

    def run(self, job: str) -> Job | None:
        """Try one job; as it stands afterwards, or None if it was not ours to try. A notice brings
        all that waits with it.

        One that our own code fails on is set aside, and takes no other with it.
        """
        with self._faults.apart("deliver", "a job"):
            return self._run(job)
        return None

    def _run(self, job: str) -> Job | None:
        outlet = self._teller.outlet_of(job)
        if outlet is not None:
            if self._teller.run(outlet):
                return self._told(job)
            return None
        with self._database.writing() as connection:
            claimed = job_store.claim(connection, job, self._now(), _LEASE)
        if claimed is None:
            return None
        about = f"{claimed.job.action} of rule {claimed.job.rule}"
        server = claimed.job.server
        try:
            with self._faults.apart("deliver", about, server) as part:
                return self._deliver(claimed)
            return self._set_aside(claimed, part)
        except LeaseLost as error:
            log.warning("delivery overtaken", job=job, why=str(error))
            return None

    def _set_aside(self, claimed: Claimed, part: Part) -> Job | None:
        """Our own code failed on it: a dead letter where certainly nothing was sent, else a person
        is asked.
        """
        job = claimed.job
        now = self._now()
        with self._database.reading() as connection:
            doubt = job.doubt or job_store.sending(connection, job.id)
            claimed = replace(
                claimed, job=replace(job, attempts=job_store.get(connection, job.id).attempts)
            )
        if job.state is JobState.VERIFYING:
            state = JobState.UNVERIFIED
        else:
            state = JobState.FAILED
        if doubt:
            then = Next(JobState.IN_DOUBT, doubt=True)
        else:
            then = Next(state)
        said = Result(
            Outcome.UNKNOWN if doubt else Outcome.NOT_DONE, f"a fault of bondbridge: {part.why}"
        )
        with self._faults.apart("deliver", f"the end of {part.about}", job.server):
            self._verdict(job, Verdict(Ruling.SKIP, Reason.INTERNAL_ERROR, part.why))
            return self._aftermath.settle(claimed, AttemptEnd(then, said))
        with self._database.writing() as connection:
            self._aftermath.set_aside(connection, job, part.why, now)
        return None

    def answer(self, job: str, what: str, who: str, place: str = "") -> bool:
        """A person's word on a job in doubt: `done`, `failed` or `again`. False if it is not in
        doubt.
        """
        state, ruling = _ANSWERS[what]
        verdict = Verdict(ruling, Reason.IN_DOUBT, f"{who} answered: {what}")
        deed = Deed("job_settled", who, place, f"job/{job}", what)
        return self._aftermath.answered(job, state, verdict, deed)

    def _told(self, job: str) -> Job:
        with self._database.reading() as connection:
            return job_store.get(connection, job)

    def _deliver(self, claimed: Claimed) -> Job:
        action = self._actions[claimed.job.action]
        if claimed.job.state is JobState.VERIFYING:
            return self._follow_up(claimed, action)
        doubted = claimed.job.doubt and action.repeat(claimed.job.request) is Repeat.ONCE
        if doubted:
            claimed, end = self._look(claimed, action)
            if end:
                return self._aftermath.settle(claimed, end)
        claimed = replace(claimed, job=replace(claimed.job, doubt=False))
        stopped = self._stopped(claimed, action)
        if stopped:
            return self._aftermath.settle(claimed, stopped)
        claimed, result = self._send(claimed, action)
        if result.outcome is Outcome.REFUSED and doubted:
            # perhaps refused because the try before it did work: only a second look can tell
            claimed, end = self._look(self._ended(claimed, result), action)
            if end:
                return self._aftermath.settle(claimed, end)
        return self._aftermath.settle(*self._judged(claimed, action, result))

    def _stopped(self, claimed: Claimed, action: Action[Any]) -> AttemptEnd | None:
        """What keeps the job from being tried now: the gate, or something on the server itself."""
        verdict = self._gate.admit(claimed)
        if verdict.ruling is Ruling.ACT:
            verdict = self._against(claimed.job, action)
        if verdict.ruling is Ruling.ACT:
            return None
        if verdict.reason is Reason.PRECONDITION and claimed.job.attempts:
            # perhaps it is so because an earlier try did work
            _, end = self._look(claimed, action)
            return end or AttemptEnd(
                Next(JobState.SKIPPED), Result(Outcome.NOT_DONE, verdict.detail), verdict
            )
        return AttemptEnd(
            retry.stopped(claimed.job, verdict), Result(Outcome.NOT_DONE, verdict.detail), verdict
        )

    def _against(self, job: Job, action: Action[Any]) -> Verdict:
        """What the server itself says against it, where that can be read with certainty."""
        try:
            against = action.against(job.server, job.request)
        except AgainLater as error:
            until = self._now() + guards.LOOK_AGAIN
            verdict = Verdict(
                Ruling.WAIT,
                Reason.UNREADABLE,
                f"cannot read whether it may be done: {error}",
                until,
            )
        else:
            if against is None:
                return guards.ACT
            verdict = Verdict(Ruling.SKIP, Reason.PRECONDITION, against)
        self._verdict(job, verdict)
        return verdict

    def _judged(
        self, claimed: Claimed, action: Action[Any], result: Result
    ) -> tuple[Claimed, AttemptEnd]:
        """What an answer means; a call that was answered well is followed until its effect is
        seen.
        """
        job = claimed.job
        provable = action.provable(job.request)
        if result.outcome is Outcome.DONE and not job.verify and action.shows(job.request):
            with self._database.writing() as connection:
                claimed = job_store.follow(connection, claimed, {"expect": None, "within": _FOLLOW})
        then = retry.after(
            claimed.job,
            result.outcome,
            action.repeat(job.request),
            provable=provable,
            now=self._now(),
            wait=result.wait,
        )
        return claimed, AttemptEnd(then, result)

    def _follow_up(self, claimed: Claimed, action: Action[Any]) -> Job:
        """Is the effect there? Until it is, or should be, that is asked again."""
        holds, said = self._prover.holds(claimed.job, action)
        now = self._now()
        then = retry.verified(claimed.job, holds=holds, now=now)
        if then.state is JobState.VERIFYING:
            return self._aftermath.put_off(claimed, then)
        if holds:
            outcome = Outcome.VERIFIED
        else:
            outcome = Outcome.UNVERIFIED
        with self._database.writing() as connection:
            claimed = job_store.looked(connection, claimed, outcome, said, now)
        return self._aftermath.settle(claimed, AttemptEnd(then, Result(outcome, said)))

    def _look(self, claimed: Claimed, action: Action[Any]) -> tuple[Claimed, AttemptEnd | None]:
        """Did an earlier try take effect? An end if that settles it, none if it did not and may go
        again.
        """
        job = claimed.job
        if not action.provable(job.request):
            result = Result(Outcome.UNKNOWN, "this server does not show whether it took effect")
            return claimed, AttemptEnd(Next(JobState.IN_DOUBT, doubt=True), result)
        with self._database.writing() as connection:
            claimed = job_store.begin(connection, claimed, "look", self._now(), _LEASE)
        try:
            done = action.look(job.server, job.request)
        except AgainLater as error:
            result = Result(Outcome.UNREACHABLE, f"cannot look whether it took effect: {error}")
            self._verdict(job, Verdict(Ruling.WAIT, Reason.UNREADABLE, result.detail))
            return self._ended(claimed, result), AttemptEnd(
                retry.blind(claimed.job, self._now()), result
            )
        if done is None:
            result = Result(
                Outcome.UNKNOWN, "what the server shows does not tell whether it took effect"
            )
            return self._ended(claimed, result), AttemptEnd(
                Next(JobState.IN_DOUBT, doubt=True), result
            )
        if done:
            result = Result(Outcome.FOUND_DONE, "looked: the earlier try took effect")
            return self._ended(claimed, result), AttemptEnd(Next(JobState.SUCCEEDED), result)
        return (
            self._ended(claimed, Result(Outcome.NOT_DONE, "looked: it has not taken effect")),
            None,
        )

    def _ended(self, claimed: Claimed, result: Result) -> Claimed:
        with self._database.writing() as connection:
            job_store.end_attempt(connection, claimed, result.outcome, result.detail, self._now())
        return claimed

    def _verdict(self, job: Job, verdict: Verdict) -> None:
        with self._database.writing() as connection:
            decision_store.add_verdict(connection, job.decision, job.id, verdict, self._now())

    def _send(self, claimed: Claimed, action: Action[Any]) -> tuple[Claimed, Result]:
        with self._database.writing() as connection:
            longest = action.lasts(claimed.job.server, claimed.job.request)
            claimed = job_store.begin(
                connection, claimed, "send", self._now(), max(_LEASE, longest)
            )
        with self._database.writing() as connection:
            job_store.check(connection, claimed)
        about = f"{claimed.job.action} of rule {claimed.job.rule}"
        server = claimed.job.server
        with self._faults.apart("send", about, server) as part:
            return claimed, action.send(server, claimed.job.request)
        return claimed, Result(Outcome.UNKNOWN, f"a fault of bondbridge: {part.why}")
