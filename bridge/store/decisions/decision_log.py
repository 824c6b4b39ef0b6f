"""What was decided, verdict by verdict, with what each was made from: for making it again."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, exists, func, select

from bridge.core.model import Event, Job, Reason, Ruling
from bridge.store.decisions import jobs as job_store
from bridge.store.observations.events import event_of
from bridge.store.tables import decisions, events, facts, jobs, verdicts

_BATCH = 500


def rows(
    connection: Connection, since: datetime, until: datetime, server: str = ""
) -> Iterator[Sequence[RowMapping]]:
    """Batches of verdicts of this stretch of time, in recorded order.

    Each with its `read` (None where it was not made from facts), and its decision's `event`,
    `rule`, `gathering`. `last`: whether it is the newest verdict on its decision, which is the one
    that jobs came of. `edited`: whether these are not any more what they were, since the rule was
    edited while they waited.
    """
    after = 0
    while batch := _batch(connection, since, until, server, after):
        yield batch
        after = batch[-1]["seq"]


def _batch(
    connection: Connection, since: datetime, until: datetime, server: str, after: int
) -> Sequence[RowMapping]:
    newest = verdicts.alias("newest")
    same = and_(
        newest.c.decision == verdicts.c.decision,
        newest.c.job.is_(None),
        newest.c.facts.is_not(None),
    )
    last = select(func.max(newest.c.seq)).where(same).scalar_subquery()
    changed = verdicts.alias("changed")
    fitted = and_(
        changed.c.decision == verdicts.c.decision, changed.c.reason == Reason.RULE_CHANGED
    )
    edited = (
        exists()
        .where(fitted, changed.c.ruling == Ruling.ACT, changed.c.job.is_(None))
        .label("edited")
    )
    columns = (
        decisions.c.event,
        decisions.c.rule,
        decisions.c.gathering,
        facts.c.body.label("read"),
        edited,
    )
    wanted = select(verdicts, *columns, (verdicts.c.seq == last).label("last"))
    wanted = wanted.join(decisions, decisions.c.id == verdicts.c.decision)
    wanted = wanted.outerjoin(facts, facts.c.hash == verdicts.c.facts)
    mine = and_(verdicts.c.seq > after, verdicts.c.at >= since, verdicts.c.at < until)
    if server:
        mine = and_(mine, decisions.c.server == server)
    return (
        connection.execute(wanted.where(mine).order_by(verdicts.c.seq).limit(_BATCH))
        .mappings()
        .all()
    )


def follows(row: RowMapping) -> bool:
    """Whether a verdict follows from facts, its own or its group's: not where our own code failed
    on it.
    """
    return row["reason"] != Reason.INTERNAL_ERROR and (row["read"] is not None or went_with(row))


def went_with(row: RowMapping) -> bool:
    """Whether a verdict is what a member got when its group was closed."""
    plain = row["job"] is None and row["facts"] is None and row["gathering"] is not None
    return plain and row["reason"] not in (Reason.RULE_GONE, Reason.RULE_CHANGED)


def members(connection: Connection, group: str) -> list[Event]:
    """The events that were put together in a group."""
    wanted = (
        select(events)
        .join(decisions, decisions.c.event == events.c.id)
        .where(decisions.c.gathering == group)
    )
    return [
        event_of(dict(row)) for row in connection.execute(wanted.order_by(events.c.seq)).mappings()
    ]


def closing(connection: Connection, group: str) -> RowMapping | None:
    """The verdict with which a group was closed."""
    wanted = select(verdicts, decisions.c.rule, facts.c.body.label("read"))
    wanted = wanted.join(decisions, decisions.c.id == verdicts.c.decision).join(
        facts, facts.c.hash == verdicts.c.facts
    )
    mine = and_(verdicts.c.decision == group, verdicts.c.job.is_(None))
    return (
        connection.execute(wanted.where(mine).order_by(verdicts.c.seq.desc()).limit(1))
        .mappings()
        .first()
    )


def jobs_of(connection: Connection, wanted: Sequence[str]) -> dict[str, list[Job]]:
    """The jobs that came of these decisions, without what answered a failure."""
    found: dict[str, list[Job]] = {}
    mine = and_(jobs.c.decision.in_(wanted), jobs.c.parent.is_(None))
    for row in connection.execute(
        select(jobs).where(mine).order_by(jobs.c.step, jobs.c.seq)
    ).mappings():
        found.setdefault(row["decision"], []).append(job_store.job_of(row))
    return found
