"""What holds actions back: pauses, silences, tripped breakers, and which job is at work on an
object.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, or_, select, update

from bridge.core.canonical_json import identity
from bridge.core.model import Job, JobState, Outcome
from bridge.store.column_types import insert_new
from bridge.store.tables import attempts, breakers, jobs, locks, pauses, silences

EVERYWHERE = ""


def pause(connection: Connection, server: str, now: datetime, who: str, why: str) -> bool:
    """Stop all acting on a server, or everywhere (""); False if it stands still already."""
    if any(row["server"] == server for row in paused(connection)):
        return False
    connection.execute(insert(pauses).values(server=server, since=now, who=who, why=why))
    return True


def paused(connection: Connection) -> Sequence[RowMapping]:
    """The pauses that hold."""
    return (
        connection.execute(select(pauses).where(pauses.c.ended_at.is_(None)).order_by(pauses.c.seq))
        .mappings()
        .all()
    )


def resume(connection: Connection, server: str, now: datetime, who: str) -> bool:
    """Let acting go on; what waited is looked at now. False if nothing was paused so."""
    mine = and_(pauses.c.server == server, pauses.c.ended_at.is_(None))
    if (
        connection.execute(update(pauses).where(mine).values(ended_at=now, ended_by=who)).rowcount
        == 0
    ):
        return False
    waiting = and_(jobs.c.state == JobState.DUE, jobs.c.due_at > now, jobs.c.action == "call")
    if server != EVERYWHERE:
        waiting = and_(waiting, jobs.c.server == server)
    # what has been tried has a moment of its own to wait for
    connection.execute(update(jobs).where(waiting, jobs.c.attempts == 0).values(due_at=now))
    return True


def silence(
    connection: Connection,
    server: str,
    types: Sequence[str],
    about: str,
    since: datetime,
    until: datetime,
    who: str,
    why: str,
    *,
    acts: bool,
) -> str:
    """Begin a silence; its id. Of the same words from the same moment there is one, which holds
    until the latest of their ends, also where it was ended in that moment.
    """
    name = identity("silence", server, sorted(types), about, since.isoformat(), who, why)
    row = {
        "id": name,
        "server": server,
        "types": list(types),
        "about": about,
        "since": since,
        "until": until,
    }
    insert_new(connection, silences, {**row, "who": who, "why": why, "acts": acts})
    ended = and_(silences.c.id == name, silences.c.until < until)
    connection.execute(update(silences).where(ended).values(until=until))
    return name


def find_silences(connection: Connection, beginning: str, now: datetime) -> Sequence[RowMapping]:
    """Silences that are not over and whose id begins so; at most two, which is enough to know
    whether it is one.
    """
    mine = and_(silences.c.id.startswith(beginning, autoescape=True), silences.c.until > now)
    return connection.execute(select(silences).where(mine).limit(2)).mappings().all()


def end_silence(connection: Connection, name: str, now: datetime) -> bool:
    """End a silence before its time; False if it is over or was never there."""
    mine = and_(silences.c.id == name, silences.c.until > now)
    return connection.execute(update(silences).where(mine).values(until=now)).rowcount > 0


def silences_at(
    connection: Connection, now: datetime, server: str | None = None
) -> Sequence[RowMapping]:
    """Silences that hold now."""
    wanted = (
        select(silences)
        .where(silences.c.since <= now, silences.c.until > now)
        .order_by(silences.c.seq)
    )
    return (
        connection.execute(wanted.where(silences.c.server == server) if server else wanted)
        .mappings()
        .all()
    )


def ended_holds(connection: Connection, server: str, now: datetime) -> str:
    """How often something that held this server back has ended: what lasted through it is looked
    for anew.
    """
    own = or_(pauses.c.server == server, pauses.c.server == EVERYWHERE)
    ends = select(func.count()).select_from(pauses).where(own, pauses.c.ended_at.is_not(None))
    quiet = (
        select(func.count())
        .select_from(silences)
        .where(silences.c.server == server, silences.c.until <= now)
    )
    return f"{connection.execute(ends).scalar_one()}/{connection.execute(quiet).scalar_one()}"


def tripped(connection: Connection, server: str) -> dict[str, RowMapping]:
    """Rules that are off on this server, by id."""
    rows = connection.execute(
        select(breakers).where(breakers.c.server == server, breakers.c.tripped_at.is_not(None))
    )
    return {row["rule"]: row for row in rows.mappings()}


def all_tripped(connection: Connection) -> Sequence[RowMapping]:
    """Rules that are off, on whichever server."""
    off = select(breakers).where(breakers.c.tripped_at.is_not(None))
    return connection.execute(off.order_by(breakers.c.rule, breakers.c.server)).mappings().all()


def failures(connection: Connection, rule: str, server: str, since: datetime) -> int:
    """How many jobs of the rule failed since then, or since it was last switched on. Refusals it
    retries on are none.
    """
    known = select(breakers.c.since).where(breakers.c.rule == rule, breakers.c.server == server)
    switched = connection.execute(known).scalar_one_or_none()
    if isinstance(switched, datetime):
        since = max(since, switched)
    bad = and_(
        jobs.c.rule == rule,
        jobs.c.server == server,
        jobs.c.action == "call",
        jobs.c.parent.is_(None),
    )
    over = jobs.c.state.in_([JobState.FAILED, JobState.UNVERIFIED, JobState.IN_DOUBT])
    last = and_(
        attempts.c.job == jobs.c.id, attempts.c.n == jobs.c.attempts, attempts.c.ended_at >= since
    )
    rows = connection.execute(
        select(jobs.c.retry, attempts.c.outcome).join(attempts, last).where(bad, over)
    ).all()
    return sum(
        row.outcome != Outcome.REFUSED or Outcome.REFUSED not in row.retry["on"] for row in rows
    )


def trip(connection: Connection, rule: str, server: str, now: datetime, why: str) -> bool:
    """Switch a rule off; False if it is off."""
    insert_new(
        connection,
        breakers,
        {"rule": rule, "server": server, "since": now, "tripped_at": None, "why": None},
    )
    off = and_(
        breakers.c.rule == rule, breakers.c.server == server, breakers.c.tripped_at.is_(None)
    )
    return (
        connection.execute(update(breakers).where(off).values(tripped_at=now, why=why)).rowcount
        == 1
    )


def switch_on(connection: Connection, rule: str, now: datetime) -> int:
    """Switch a rule on again, on every server; on how many it was off."""
    off = and_(breakers.c.rule == rule, breakers.c.tripped_at.is_not(None))
    return connection.execute(
        update(breakers).where(off).values(tripped_at=None, why=None, since=now)
    ).rowcount


def lock(connection: Connection, job: Job, now: datetime) -> str | None:
    """Take the job's object; the job that has it, or None if it is ours now."""
    if not job.target:
        return None
    row = {"server": job.server, "target": job.target, "job": job.id, "since": now}
    if insert_new(connection, locks, row):
        return None
    mine = and_(locks.c.server == job.server, locks.c.target == job.target)
    held = connection.execute(select(locks.c.job).where(mine)).scalar_one_or_none()
    if held == job.id:
        return None
    return held


def unlock(connection: Connection, job: str) -> None:
    """Let go of what a job was at work on."""
    connection.execute(delete(locks).where(locks.c.job == job))
