"""Decisions as rows, with the facts they were made from, the cooldowns they reserve and the jobs they owe."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from bridge.core.canonical import identity
from bridge.core.guards import Held
from bridge.core.model import Decision, Job, Verdict
from bridge.store.tables import attempts, cooldowns, decisions, facts, jobs, verdicts
from bridge.store.types import insert_new, upsert


def held(connection: Connection, keys: Collection[str]) -> dict[str, Held]:
    """The cooldowns that stand under these keys."""
    rows = connection.execute(select(cooldowns).where(cooldowns.c.key.in_(list(keys))))
    return {row.key: Held(row.decision, row.ended_at) for row in rows}


def record(connection: Connection, made: Iterable[Decision]) -> list[Job]:
    """Write decisions, their facts, verdicts, cooldowns and jobs; the jobs that may start. Nothing is written twice."""
    owed: list[Job] = []
    for decision in made:
        digest = identity(decision.facts)
        insert_new(connection, facts, {"hash": digest, "body": dict(decision.facts)})
        if not insert_new(connection, decisions, _row(decision, digest)):
            continue
        add_verdict(connection, decision.id, None, decision.verdict, decision.at)
        if decision.cooldown:
            ended_at = None if decision.acts else decision.at
            reserved = {"key": decision.cooldown, "decision": decision.id, "ended_at": ended_at}
            upsert(connection, cooldowns, [reserved])
        if decision.jobs:
            connection.execute(insert(jobs), [_job_row(job) for job in decision.jobs])
            owed += decision.jobs
    return owed


def add_verdict(connection: Connection, decision: str, job: str | None, verdict: Verdict, at: datetime) -> None:
    """One run of the guards."""
    row = {"decision": decision, "job": job, "at": at, "ruling": verdict.ruling, "reason": verdict.reason}
    connection.execute(insert(verdicts).values(**row, detail=verdict.detail))


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
        "facts": digest,
        "ruling": decision.verdict.ruling,
        "reason": decision.verdict.reason,
        "detail": decision.verdict.detail,
        "at": decision.at,
        "trace": list(decision.trace),
        "cooldown": decision.cooldown,
    }


def _job_row(job: Job) -> Mapping[str, Any]:
    return {
        "id": job.id,
        "decision": job.decision,
        "event": job.event,
        "rule": job.rule,
        "server": job.server,
        "step": job.step,
        "action": job.action,
        "request": dict(job.request),
        "retry": {"on": sorted(job.retry.on), "every": job.retry.every, "until": job.retry.until},
        "due_at": job.due_at,
        "not_after": job.not_after,
        "state": job.state,
        "doubt": job.doubt,
        "attempts": job.attempts,
        "fence": 0,
    }
