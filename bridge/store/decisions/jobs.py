"""The outbox: jobs, claimed by lease, each attempt written before its request leaves and again when
its answer is in.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, and_, bindparam, func, insert, or_, select, update

from bridge.core.attribution import Done
from bridge.core.decisions import job_planning
from bridge.core.decisions.retry import Next
from bridge.core.decisions.step_progress import progress
from bridge.core.model import OPEN, Job, JobState, Outcome, Reason, Retry, Ruling, Verdict
from bridge.core.requests import CallRequest, NoticeRequest, request_of
from bridge.errors import LeaseLost
from bridge.store import controls
from bridge.store.column_types import insert_new, now_of_database
from bridge.store.decisions import call_limits, decisions
from bridge.store.leases import Leases
from bridge.store.tables import attempts, events, jobs
from bridge.store.tables import decisions as decision_rows

_READY = (JobState.DUE, JobState.VERIFYING)
_LEASES = Leases(
    jobs,
    jobs.c.id,
    ready=and_(jobs.c.state.in_(_READY), jobs.c.due_at <= bindparam("now")),
)
_FREE = or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < now_of_database())
_DUE = (
    select(jobs.c.id)
    .where(
        jobs.c.action != "notify",
        jobs.c.state.in_(_READY),
        jobs.c.due_at <= bindparam("now"),
        _FREE,
    )
    .order_by(jobs.c.due_at, jobs.c.seq)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that is ours until the lease runs out."""

    job: Job
    fence: int


def due(connection: Connection, now: datetime, most: int) -> list[str]:
    """Jobs to try now that nobody is trying, longest due first; what people are told goes by its
    address, see `destinations`.
    """
    return list(connection.execute(_DUE, {"now": now, "most": most}).scalars())


def reminding(connection: Connection, told: Job) -> bool:
    """Whether a reminder of what this notice told waits to be sent."""
    mine = and_(jobs.c.decision == told.decision, jobs.c.parent == told.id)
    waits = and_(mine, jobs.c.action == "notify", jobs.c.state == JobState.DUE)
    found = connection.execute(select(jobs.c.request).where(waits)).scalars()
    channel = told.target.rpartition("/")[0]
    notices = map(NoticeRequest.of, found)
    return any(each.reminds and each.to == channel for each in notices)


def claim(connection: Connection, job: str, now: datetime, seconds: float) -> Claimed | None:
    """Take a due job; None if it is not due or somebody has it.

    An attempt that was begun and never ended is closed here as unknown, and the job is in doubt
    from then on.
    """
    row = _LEASES.claimed(connection, seconds, job, now=now)
    if row is None:
        return None
    return Claimed(_closed(connection, job_of(row), now), row["fence"])


def _closed(connection: Connection, job: Job, now: datetime) -> Job:
    """The job, its attempt that never ended closed."""
    open_ones = and_(attempts.c.job == job.id, attempts.c.outcome.is_(None))
    lapsed = connection.execute(select(attempts.c.what).where(open_ones)).scalars().all()
    if not lapsed:
        return job
    detail = "the worker stopped before it could note the outcome"
    connection.execute(
        update(attempts)
        .where(open_ones)
        .values(outcome=Outcome.UNKNOWN, ended_at=now, detail=detail)
    )
    if "send" not in lapsed:
        return job
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(doubt=True))
    call_limits.answered(connection, job.id, now)
    return replace(job, doubt=True)


def get(connection: Connection, job: str) -> Job:
    """One job as it stands."""
    return job_of(connection.execute(select(jobs).where(jobs.c.id == job)).mappings().one())


def there(connection: Connection, job: str) -> bool:
    """Whether there is such a job."""
    return connection.execute(select(jobs.c.id).where(jobs.c.id == job)).first() is not None


def begin(
    connection: Connection, claimed: Claimed, what: str, now: datetime, seconds: float
) -> Claimed:
    """The intent: from here on, a crash means the outcome is unknown. The job is ours for so long.
    Raises LeaseLost.
    """
    job = claimed.job
    number = job.attempts + 1
    _LEASES.keep(connection, claimed.fence, seconds, job.id, attempts=number)
    connection.execute(
        insert(attempts).values(job=job.id, n=number, what=what, fence=claimed.fence, began_at=now)
    )
    return replace(claimed, job=replace(job, attempts=number))


def check(connection: Connection, claimed: Claimed) -> None:
    """Raises LeaseLost if the job is no longer ours."""
    _LEASES.check(connection, claimed.fence, claimed.job.id)


def end_attempt(
    connection: Connection, claimed: Claimed, outcome: Outcome, detail: str, now: datetime
) -> None:
    """Write how the attempt that is under way ended."""
    under_way = and_(
        attempts.c.job == claimed.job.id,
        attempts.c.n == claimed.job.attempts,
        attempts.c.outcome.is_(None),
    )
    if (
        claimed.job.action == "call"
        and "send" in connection.execute(select(attempts.c.what).where(under_way)).scalars()
    ):
        call_limits.answered(connection, claimed.job.id, now)
    connection.execute(
        update(attempts).where(under_way).values(outcome=outcome, detail=detail, ended_at=now)
    )


def sent_at(connection: Connection, job: str) -> datetime | None:
    """When its newest request was answered."""
    sent = select(func.max(attempts.c.ended_at)).where(
        attempts.c.job == job, attempts.c.what == "send"
    )
    found = connection.execute(sent).scalar_one_or_none()
    if isinstance(found, datetime):
        return found
    return None


def looked(
    connection: Connection, claimed: Claimed, outcome: Outcome, detail: str, now: datetime
) -> Claimed:
    """Write how looking for the effect of a call ended."""
    number = claimed.job.attempts + 1
    row = {
        "job": claimed.job.id,
        "n": number,
        "what": "verify",
        "fence": claimed.fence,
        "began_at": now,
        "ended_at": now,
    }
    connection.execute(insert(attempts).values(**row, outcome=outcome, detail=detail))
    connection.execute(update(jobs).where(jobs.c.id == claimed.job.id).values(attempts=number))
    return replace(claimed, job=replace(claimed.job, attempts=number))


def follow(connection: Connection, claimed: Claimed, verify: Mapping[str, object]) -> Claimed:
    """How its effect is to be seen, where the rule did not say."""
    connection.execute(update(jobs).where(jobs.c.id == claimed.job.id).values(verify=dict(verify)))
    return replace(claimed, job=replace(claimed.job, verify=verify))


def settle(connection: Connection, claimed: Claimed, then: Next, now: datetime) -> Job:
    """Write the job's next state, give it back and move its decision on. Raises LeaseLost."""
    job = claimed.job
    values = {
        "state": then.state,
        "due_at": then.due_at or job.due_at,
        "doubt": then.doubt,
        "lease_until": None,
    }
    values |= {"not_after": then.not_after} if then.not_after else {}
    if then.state is JobState.VERIFYING and job.verify and job.state is not JobState.VERIFYING:
        values["verify_until"] = now + timedelta(seconds=job.verify["within"])
    mine = and_(jobs.c.id == job.id, jobs.c.fence == claimed.fence)
    if connection.execute(update(jobs).where(mine).values(**values)).rowcount != 1:
        msg = f"job {job.id} has been taken over"
        raise LeaseLost(msg)
    if then.state not in OPEN or (then.state is JobState.DUE and not then.doubt):
        # nothing of it is under way while it waits for another try: others may have the object
        controls.unlock(connection, job.id)
    return get(connection, job.id)


def move_on(connection: Connection, settled: Job, now: datetime) -> tuple[Job, ...]:
    """Start what this job held up, or end it; the rest of a rollout that it stopped, now held for a
    person's word.

    Jobs of one step may end at once: the lock on their decision lets one of them be last.
    """
    decision = settled.decision
    connection.execute(
        select(decision_rows.c.id).where(decision_rows.c.id == decision).with_for_update()
    )
    step = progress(of_decision(connection, decision), now)
    for job, when in step.start:
        turn = job_planning.begun(job, when)
        values = {
            "state": turn.state,
            "due_at": turn.due_at,
            "not_after": turn.not_after,
            "since": turn.due_at,
        }
        connection.execute(
            update(jobs)
            .where(jobs.c.id == job.id, jobs.c.state == JobState.WAITING)
            .values(**values)
        )
    end(
        connection,
        step.skip,
        Verdict(Ruling.SKIP, Reason.STEP_FAILED, "a step before it did not succeed"),
        now,
    )
    if step.ask:
        connection.execute(
            update(jobs)
            .where(jobs.c.id.in_([job.id for job in step.ask]))
            .values(state=JobState.HELD)
        )
    if step.acted and settled.action == "call":
        decisions.end_cooldown(connection, decision, now)
    return step.ask


def of_decision(connection: Connection, decision: str) -> list[Job]:
    """Every job of a decision, in the order of its steps and turns."""
    rows = connection.execute(
        select(jobs).where(jobs.c.decision == decision).order_by(jobs.c.step, jobs.c.seq)
    ).mappings()
    return [job_of(row) for row in rows]


def end(connection: Connection, those: Iterable[Job], verdict: Verdict, now: datetime) -> None:
    """They come to nothing, and each says why."""
    for job in those:
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(state=JobState.SKIPPED))
        decisions.add_verdict(connection, job.decision, job.id, verdict, now)


def fail(connection: Connection, job: Job, verdict: Verdict, now: datetime) -> None:
    """It comes to nothing though it should have come to something, and says why."""
    values = {"state": JobState.FAILED, "lease_until": None}
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(**values))
    controls.unlock(connection, job.id)
    decisions.add_verdict(connection, job.decision, job.id, verdict, now)


def sending(connection: Connection, job: str) -> bool:
    """Whether a request of it is on its way, so that nobody knows what became of it."""
    under_way = and_(attempts.c.job == job, attempts.c.what == "send", attempts.c.outcome.is_(None))
    return connection.execute(select(attempts.c.seq).where(under_way).limit(1)).first() is not None


def release(connection: Connection, decision: str, now: datetime) -> list[Job]:
    """A person said yes: what was held takes its turn, fresh from now on. What still waits for a
    step or batch goes on so.
    """
    every = of_decision(connection, decision)
    for job in every:
        if job.rollout and job.state not in OPEN:
            # anyone who says go on has seen how these ended
            known = {**job.rollout, "stop_on": []}
            connection.execute(update(jobs).where(jobs.c.id == job.id).values(rollout=known))
    held = [job for job in every if job.state is JobState.HELD]
    for job in held:
        fresh = now + timedelta(seconds=job.retry.until)
        values = {"state": JobState.WAITING, "not_after": max(job.not_after, fresh)}
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(**values))
    step = progress(of_decision(connection, decision), now)
    for job, _ in step.start:
        # a person has said that it may go on: no pause, and what stopped it does so no more
        turn = job_planning.begun(job, now)
        values = {"state": turn.state, "due_at": turn.due_at, "not_after": turn.not_after}
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(**values))
    return held


def add(connection: Connection, made: Iterable[Job]) -> None:
    """Jobs that answer a failure; each once."""
    for job in made:
        insert_new(connection, jobs, decisions.job_row(job))


def answer_doubt(
    connection: Connection, job: str, state: JobState, verdict: Verdict, now: datetime
) -> Job | None:
    """A person's word on a job in doubt; the job as it is then, None if it is not in doubt."""
    doubtful = and_(jobs.c.id == job, jobs.c.state == JobState.IN_DOUBT)
    if (
        connection.execute(
            update(jobs).where(doubtful).values(state=state, doubt=False, due_at=now)
        ).rowcount
        != 1
    ):
        return None
    settled = get(connection, job)
    decisions.add_verdict(connection, settled.decision, job, verdict, now)
    return settled


def calls_since(connection: Connection, server: str, since: datetime) -> list[Done]:
    """What we have asked this server to do since then, each attempt."""
    columns = select(jobs.c.id, jobs.c.request, attempts.c.began_at).join(
        attempts, attempts.c.job == jobs.c.id
    )
    sent = and_(
        jobs.c.server == server,
        jobs.c.action == "call",
        attempts.c.what == "send",
        attempts.c.began_at >= since,
    )
    found = connection.execute(columns.where(sent).order_by(attempts.c.seq))
    sent_calls = [(row, CallRequest.of(row.request)) for row in found]
    return [Done(call.operation, call.arguments, row.began_at, row.id) for row, call in sent_calls]


def depths(connection: Connection, those: Collection[str]) -> dict[str, int]:
    """By job: one more than how many of our actions led to the event it answers."""
    if not those:
        return {}
    known = (
        select(jobs.c.id, events.c.known)
        .join(events, events.c.id == jobs.c.event)
        .where(jobs.c.id.in_(list(those)))
    )
    return {
        row.id: int((row.known or {}).get("depth") or 0) + 1 for row in connection.execute(known)
    }


def job_of(row: RowMapping) -> Job:
    """A row as a value."""
    retry = row["retry"]
    names = (
        "id",
        "decision",
        "event",
        "rule",
        "server",
        "step",
        "action",
        "due_at",
        "not_after",
        "target",
        "rollout",
        "verify",
        "verify_until",
        "parent",
        "since",
    )
    return Job(
        **{name: row[name] for name in names},
        request=request_of(row["action"], row["request"]),
        retry=Retry(
            frozenset(Outcome(name) for name in retry["on"]), retry["every"], retry["until"]
        ),
        state=JobState(row["state"]),
        doubt=row["doubt"],
        attempts=row["attempts"],
    )
