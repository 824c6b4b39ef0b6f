"""Decisions as rows, with the facts they were made from, the cooldowns they reserve and the jobs
they owe.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, select, update

from bridge.core.canonical_json import identity
from bridge.core.decisions import job_requests
from bridge.core.model import OPEN, Body, Decision, Job, JobState, Reason, Ruling, Verdict
from bridge.store.column_types import insert_new, upsert
from bridge.store.decisions import approvals, groups
from bridge.store.tables import attempts, cooldowns, decisions, facts, jobs, verdicts

# the hash of the rule that a decision was made by, as it was then
WRITTEN = facts.c.body["rule"].as_string().label("written")


def record(connection: Connection, made: Iterable[Decision]) -> list[Job]:
    """Write decisions, their facts, verdicts, cooldowns and jobs; the jobs. Nothing is written
    twice.

    A decision that is judged again is the same row; one that was settled before stays as it is.
    """
    owed: list[Job] = []
    for decision in made:
        digest = keep_facts(connection, decision.facts)
        if not (
            insert_new(connection, decisions, _row(decision, digest))
            or _judged_again(connection, decision, digest)
        ):
            continue
        _left_out(connection, decision)
        add_verdict(
            connection, decision.id, None, decision.verdict, decision.at, digest, decision.trace
        )
        _reserve(connection, decision)
        if decision.group:
            groups.join(connection, decision.rule, decision.server, decision.group)
        if decision.jobs:
            connection.execute(insert(jobs), [job_row(job) for job in decision.jobs])
            unwritten(connection, decision.jobs, decision.at)
            owed += decision.jobs
        supersede(connection, decision)
    return owed


def _left_out(connection: Connection, decision: Decision) -> None:
    """Steps that could not be evaluated: their rule is yellow, though the others of them are
    done.
    """
    for why in decision.left_out:
        verdict = Verdict(Ruling.SKIP, Reason.CONDITION_ERROR, why)
        add_verdict(connection, decision.id, None, verdict, decision.at)


def unwritten(connection: Connection, made: Iterable[Job], at: datetime) -> None:
    """Texts that could not be written: their rule is yellow, though something else is told in their
    place.
    """
    for job in made:
        for name, why in job_requests.unwritten(job.request).items():
            verdict = Verdict(Ruling.ACT, Reason.CONDITION_ERROR, f"{name}: {why}")
            add_verdict(connection, job.decision, job.id, verdict, at)


def _judged_again(connection: Connection, decision: Decision, digest: str) -> bool:
    waited = and_(decisions.c.id == decision.id, decisions.c.due_at.is_not(None))
    row = {
        name: value
        for name, value in _row(decision, digest).items()
        if name not in ("id", "event", "rule")
    }
    return connection.execute(update(decisions).where(waited).values(**row)).rowcount == 1


def _reserve(connection: Connection, decision: Decision) -> None:
    if decision.acts:
        ended_at = None
    else:
        ended_at = decision.at
    row = {"decision": decision.id, "ended_at": ended_at, "server": decision.server}
    upsert(connection, cooldowns, [{"key": key, **row} for key in decision.cooldowns])


def supersede(connection: Connection, decision: Decision) -> None:
    """End what earlier decisions have not begun."""
    if not decision.supersedes:
        return
    # the question first, as anyone who answers it does: an answer and this never wait for each
    # other
    approvals.withdraw(connection, decision.supersedes, f"decision {decision.id[:8]}", decision.at)
    idle = and_(
        jobs.c.decision.in_(decision.supersedes),
        jobs.c.state.in_(sorted(OPEN)),
        jobs.c.attempts == 0,
    )
    for row in connection.execute(select(jobs.c.id, jobs.c.decision).where(idle)).all():
        verdict = Verdict(
            Ruling.SKIP, Reason.SUPERSEDED, f"decision {decision.id[:8]} takes its place"
        )
        add_verdict(connection, row.decision, row.id, verdict, decision.at)
    connection.execute(update(jobs).where(idle).values(state=JobState.SKIPPED))


def add_verdict(
    connection: Connection,
    decision: str,
    job: str | None,
    verdict: Verdict,
    at: datetime,
    read: str | None = None,
    trace: Sequence[Body] | None = None,
) -> None:
    """One run of the guards; `read`: the hash of the facts it was made from."""
    row = {
        "decision": decision,
        "job": job,
        "at": at,
        "ruling": verdict.ruling,
        "reason": verdict.reason,
    }
    more = {
        "facts": read,
        "trace": list(trace) if trace is not None else None,
        "until": verdict.until,
    }
    connection.execute(insert(verdicts).values(**row, detail=verdict.detail, **more))


def yellow(connection: Connection, since: datetime) -> list[RowMapping]:
    """Rules whose expressions could not be evaluated since then, each as it was `written` (its
    hash): `rule`, how often, `at` and `detail` of the last time.
    """
    made_from = func.coalesce(verdicts.c.facts, decisions.c.facts)
    failed = (
        select(decisions.c.rule, WRITTEN, verdicts.c.seq)
        .join(verdicts, verdicts.c.decision == decisions.c.id)
        .join(facts, facts.c.hash == made_from)
        .where(verdicts.c.reason == Reason.CONDITION_ERROR, verdicts.c.at >= since)
        .subquery()
    )
    version = (failed.c.rule, failed.c.written)
    newest = func.max(failed.c.seq).label("newest")
    often = func.count().label("often")
    counted = select(*version, newest, often).group_by(*version).subquery()
    shown = (counted.c.rule, counted.c.written, counted.c.often, verdicts.c.at, verdicts.c.detail)
    wanted = select(*shown).join(verdicts, verdicts.c.seq == counted.c.newest)
    return list(connection.execute(wanted.order_by(counted.c.rule, verdicts.c.seq)).mappings())


def get(connection: Connection, name: str) -> Decision:
    """One decision as it stands, without its jobs."""
    row = connection.execute(select(decisions).where(decisions.c.id == name)).mappings().one()
    verdict = Verdict(
        Ruling(row["ruling"]), Reason(row["reason"]) if row["reason"] else None, row["detail"]
    )
    read = connection.execute(select(facts.c.body).where(facts.c.hash == row["facts"])).scalar_one()
    names = ("id", "event", "rule", "rulebook", "server", "at", "due_at", "about")
    return Decision(
        **{each: row[each] for each in names},
        verdict=verdict,
        trace=tuple(row["trace"]),
        facts=read,
        events=tuple(row["events"] or (row["event"],)),
    )


def keep_facts(connection: Connection, body: Body) -> str:
    """Keep what a verdict was made from; its hash."""
    digest = identity(dict(body))
    insert_new(connection, facts, {"hash": digest, "body": dict(body)})
    return digest


def says(connection: Connection, job: str) -> tuple[str, str | None] | None:
    """(ruling, reason) of the newest verdict on a job."""
    newest = (
        select(verdicts.c.ruling, verdicts.c.reason)
        .where(verdicts.c.job == job)
        .order_by(verdicts.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(newest).first()
    if row:
        return (row.ruling, row.reason)
    return None


def together(connection: Connection, those: Iterable[str]) -> set[str]:
    """Which of these decisions are about several events."""
    several = and_(decisions.c.id.in_(list(those)), decisions.c.events.is_not(None))
    return set(connection.execute(select(decisions.c.id).where(several)).scalars())


def waited_for(connection: Connection, decision: str, job: str, reason: Reason) -> bool:
    """Whether a job of this decision once had to wait for this reason."""
    mine = and_(verdicts.c.decision == decision, verdicts.c.job == job)
    held = and_(mine, verdicts.c.ruling == Ruling.WAIT, verdicts.c.reason == reason)
    return connection.execute(select(verdicts.c.seq).where(held).limit(1)).first() is not None


def went_with(
    connection: Connection, members: Mapping[str, Verdict], rule: str, group: str, at: datetime
) -> None:
    """Each member's own verdict in its group, which is settled now. `members`: by event."""
    for event, verdict in members.items():
        mine = and_(
            decisions.c.event == event, decisions.c.rule == rule, decisions.c.gathering == group
        )
        if verdict.ruling is Ruling.ACT:
            told = f"with group {group[:8]}"
        else:
            told = verdict.detail
        settled = {
            "ruling": verdict.ruling,
            "reason": verdict.reason,
            "detail": told,
            "due_at": None,
        }
        name = connection.execute(select(decisions.c.id).where(mine)).scalar_one_or_none()
        if name is not None:
            connection.execute(update(decisions).where(decisions.c.id == name).values(**settled))
            add_verdict(connection, name, None, Verdict(verdict.ruling, verdict.reason, told), at)


def due(
    connection: Connection, server: str, now: datetime, most: int
) -> list[tuple[str, str, str, str | None]]:
    """(event, rule, reason, the hash of the rule as it was) of decisions to judge again, longest
    due first.
    """
    ready = and_(decisions.c.server == server, decisions.c.due_at <= now)
    wanted = select(decisions.c.event, decisions.c.rule, decisions.c.reason, WRITTEN)
    wanted = wanted.join(facts, facts.c.hash == decisions.c.facts).where(ready)
    rows = connection.execute(wanted.order_by(decisions.c.due_at, decisions.c.seq).limit(most))
    return [(row.event, row.rule, row.reason, row.written) for row in rows]


def drop(connection: Connection, event: str, rule: str, verdict: Verdict, at: datetime) -> None:
    """A waiting decision that comes to nothing, because its rule is gone."""
    mine = and_(
        decisions.c.event == event, decisions.c.rule == rule, decisions.c.due_at.is_not(None)
    )
    for name in connection.execute(select(decisions.c.id).where(mine)).scalars().all():
        values = {
            "ruling": verdict.ruling,
            "reason": verdict.reason,
            "detail": verdict.detail,
            "due_at": None,
        }
        connection.execute(update(decisions).where(decisions.c.id == name).values(**values))
        add_verdict(connection, name, None, verdict, at)


def end_cooldown(connection: Connection, decision: str, at: datetime) -> None:
    """Count the cooldown anew from here; where no call was ever tried, give it back."""
    calls = and_(jobs.c.decision == decision, jobs.c.action == "call")
    tried = select(attempts.c.seq).join(jobs, jobs.c.id == attempts.c.job).where(calls)
    mine = cooldowns.c.decision == decision
    if connection.execute(tried.limit(1)).first() is None:
        connection.execute(delete(cooldowns).where(mine))
    else:
        connection.execute(update(cooldowns).where(mine).values(ended_at=at))


def _row(decision: Decision, digest: str) -> Mapping[str, Any]:
    return {
        "id": decision.id,
        "event": decision.event,
        "rule": decision.rule,
        "rulebook": decision.rulebook,
        "server": decision.server,
        "facts": digest,
        "ruling": decision.verdict.ruling,
        "reason": decision.verdict.reason,
        "detail": decision.verdict.detail,
        "at": decision.at,
        "trace": list(decision.trace),
        "due_at": decision.due_at,
        "gathering": decision.group.id if decision.group else None,
        "events": list(decision.events) if len(decision.events) > 1 else None,
        "about": decision.about,
    }


def job_row(job: Job) -> Mapping[str, Any]:
    """A job as its row."""
    return {
        "id": job.id,
        "decision": job.decision,
        "event": job.event,
        "rule": job.rule,
        "server": job.server,
        "step": job.step,
        "action": job.action,
        "request": job.request.stored(),
        "retry": {"on": sorted(job.retry.on), "every": job.retry.every, "until": job.retry.until},
        "due_at": job.due_at,
        "not_after": job.not_after,
        "state": job.state,
        "doubt": job.doubt,
        "attempts": job.attempts,
        "target": job.target,
        "rollout": dict(job.rollout) if job.rollout else None,
        "verify": dict(job.verify) if job.verify else None,
        "verify_until": job.verify_until,
        "parent": job.parent,
        "since": job.since or job.due_at,
        "fence": 0,
    }
