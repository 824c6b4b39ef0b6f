"""The outbox: jobs, claimed by lease, each attempt written before its request leaves and again when its answer is in."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, insert, or_, select, update

from bridge.core.explained import Done
from bridge.core.model import Job, JobState, Outcome, Reason, Retry, Ruling, Verdict
from bridge.core.retry import Next
from bridge.core.steps import progress
from bridge.errors import LeaseLost
from bridge.store import decisions, leases
from bridge.store.tables import attempts, jobs
from bridge.store.tables import decisions as decision_rows
from bridge.store.types import now_of_database


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that is ours until the lease runs out."""

    job: Job
    fence: int


def due(connection: Connection, now: datetime, most: int) -> list[str]:
    """Jobs to try now that nobody is trying, longest due first."""
    free = or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < now_of_database())
    wanted = select(jobs.c.id).where(jobs.c.state == JobState.DUE, jobs.c.due_at <= now, free)
    return list(connection.execute(wanted.order_by(jobs.c.due_at, jobs.c.seq).limit(most)).scalars())


def claim(connection: Connection, job: str, now: datetime, seconds: float) -> Claimed | None:
    """Take a due job; None if it is not due or somebody has it.

    An attempt that was begun and never ended is closed here as unknown, and the job is in doubt from then on.
    """
    ready = and_(jobs.c.id == job, jobs.c.state == JobState.DUE, jobs.c.due_at <= now)
    fence = leases.claim(connection, jobs, ready, seconds)
    if fence is None:
        return None
    open_ones = and_(attempts.c.job == job, attempts.c.outcome.is_(None))
    lapsed = connection.execute(select(attempts.c.what).where(open_ones)).scalars().all()
    detail = "the worker stopped before it could note the outcome"
    connection.execute(update(attempts).where(open_ones).values(outcome=Outcome.UNKNOWN, ended_at=now, detail=detail))
    if "send" in lapsed:
        connection.execute(update(jobs).where(jobs.c.id == job).values(doubt=True))
    return Claimed(get(connection, job), fence)


def get(connection: Connection, job: str) -> Job:
    """One job as it stands."""
    return job_of(connection.execute(select(jobs).where(jobs.c.id == job)).mappings().one())


def begin(connection: Connection, claimed: Claimed, what: str, now: datetime, seconds: float) -> Claimed:
    """The intent: from here on, a crash means the outcome is unknown. The job is ours for so long. Raises LeaseLost."""
    job = claimed.job
    check(connection, claimed)
    number = job.attempts + 1
    connection.execute(insert(attempts).values(job=job.id, n=number, what=what, fence=claimed.fence, began_at=now))
    ours = {"attempts": number, "lease_until": now_of_database() + seconds}
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(**ours))
    return replace(claimed, job=replace(job, attempts=number))


def check(connection: Connection, claimed: Claimed) -> None:
    """Raises LeaseLost if the job is no longer ours."""
    leases.check(connection, jobs, jobs.c.id == claimed.job.id, claimed.fence)


def end_attempt(connection: Connection, claimed: Claimed, outcome: Outcome, detail: str, now: datetime) -> None:
    """Write how the attempt that is under way ended."""
    under_way = and_(attempts.c.job == claimed.job.id, attempts.c.n == claimed.job.attempts, attempts.c.outcome.is_(None))
    connection.execute(update(attempts).where(under_way).values(outcome=outcome, detail=detail, ended_at=now))


def settle(connection: Connection, claimed: Claimed, then: Next, now: datetime) -> Job:
    """Write the job's next state, give it back and move its decision on. Raises LeaseLost."""
    job = claimed.job
    values = {"state": then.state, "due_at": then.due_at or job.due_at, "doubt": then.doubt, "lease_until": None}
    mine = and_(jobs.c.id == job.id, jobs.c.fence == claimed.fence)
    if connection.execute(update(jobs).where(mine).values(**values)).rowcount != 1:
        msg = f"job {job.id} has been taken over"
        raise LeaseLost(msg)
    move_on(connection, job, now)
    return get(connection, job.id)


def move_on(connection: Connection, settled: Job, now: datetime) -> None:
    """Start what this job held up, or end it. Jobs of one step may end at once: the lock lets one of them be last."""
    decision = settled.decision
    connection.execute(select(decision_rows.c.id).where(decision_rows.c.id == decision).with_for_update())
    rows = connection.execute(select(jobs).where(jobs.c.decision == decision).order_by(jobs.c.step)).mappings()
    step = progress([job_of(row) for row in rows])
    for job in step.start:
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(state=JobState.DUE, due_at=now))
    for job in step.skip:
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(state=JobState.SKIPPED))
        verdict = Verdict(Ruling.SKIP, Reason.STEP_FAILED, "a step before it did not succeed")
        decisions.add_verdict(connection, decision, job.id, verdict, now)
    if step.acted and settled.action == "call":
        decisions.end_cooldown(connection, decision, now)


def answer_doubt(connection: Connection, job: str, state: JobState, verdict: Verdict, now: datetime) -> bool:
    """A person's word on a job in doubt; False if it is not in doubt."""
    doubtful = and_(jobs.c.id == job, jobs.c.state == JobState.IN_DOUBT)
    if connection.execute(update(jobs).where(doubtful).values(state=state, doubt=False, due_at=now)).rowcount != 1:
        return False
    settled = get(connection, job)
    decisions.add_verdict(connection, settled.decision, job, verdict, now)
    move_on(connection, settled, now)
    return True


def calls_since(connection: Connection, server: str, since: datetime) -> list[Done]:
    """What we have asked this server to do since then, each attempt."""
    columns = select(jobs.c.id, jobs.c.request, attempts.c.began_at).join(attempts, attempts.c.job == jobs.c.id)
    sent = and_(jobs.c.server == server, jobs.c.action == "call", attempts.c.what == "send", attempts.c.began_at >= since)
    found = connection.execute(columns.where(sent).order_by(attempts.c.seq))
    return [Done(row.request["operation"], row.request["arguments"], row.began_at, row.id) for row in found]


def job_of(row: RowMapping) -> Job:
    """A row as a value."""
    retry = row["retry"]
    names = ("id", "decision", "event", "rule", "server", "step", "action", "request", "due_at", "not_after")
    return Job(
        **{name: row[name] for name in names},
        retry=Retry(frozenset(Outcome(name) for name in retry["on"]), retry["every"], retry["until"]),
        state=JobState(row["state"]),
        doubt=row["doubt"],
        attempts=row["attempts"],
    )
