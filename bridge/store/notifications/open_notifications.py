"""Tellings: what was told and lasts. The person who was told that it began is told once that it is
over.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select, update

from bridge.core.model import Event, Job
from bridge.store.column_types import insert_new
from bridge.store.tables import events, jobs, tellings

_OPEN = tellings.c.ended_at.is_(None)
_QUIET = tellings.c.acked_at.is_(None)


def begin(
    connection: Connection, job: Job, event: Event, wanted: Mapping[str, Any], now: datetime
) -> bool:
    """A notice about something that lasts was told, at one address. False if that is known."""
    repeat = wanted.get("repeat_every")
    escalate = wanted.get("escalate")
    row = {
        "job": job.id,
        "event": event.id,
        "server": event.server,
        "type": event.type,
        "told_at": now,
        "repeat": repeat,
        "repeat_at": now + timedelta(seconds=repeat) if repeat else None,
        "repeated": 0,
        "escalate": escalate,
        "escalate_at": now + timedelta(seconds=escalate["after"]) if escalate else None,
    }
    # told late, or to others: anyone who has it has it here as well
    taken = (
        select(tellings.c.acked_at, tellings.c.acked_by)
        .where(tellings.c.event == event.id, ~_QUIET)
        .limit(1)
    )
    known = connection.execute(taken).mappings().first()
    return insert_new(connection, tellings, {**row, **(known or {})})


def open_of(connection: Connection, server: str, types: Collection[str]) -> list[RowMapping]:
    """What was told on this server, began with one of these events and is not over."""
    return _rows(
        connection, and_(_OPEN, tellings.c.server == server, tellings.c.type.in_(list(types)))
    )


def of_event(connection: Connection, event: str) -> list[RowMapping]:
    """Wherever this event was told and is followed, over or not."""
    return _rows(connection, tellings.c.event == event)


def of_job(connection: Connection, job: str) -> RowMapping | None:
    """What was told by one notice."""
    found = select(tellings).where(tellings.c.job == job)
    return connection.execute(found).mappings().first()


def takers(connection: Connection, those: Collection[str]) -> dict[str, str]:
    """Who has which of these events."""
    taken = and_(tellings.c.event.in_(list(those)), ~_QUIET)
    rows = connection.execute(select(tellings.c.event, tellings.c.acked_by).where(taken))
    return {row.event: row.acked_by for row in rows}


def find(connection: Connection, beginning: str) -> list[str]:
    """Events that were told and are followed, over or not, whose id begins so."""
    wanted = (
        select(tellings.c.event)
        .where(tellings.c.event.startswith(beginning, autoescape=True))
        .distinct()
    )
    return sorted(connection.execute(wanted).scalars())


def every_open(connection: Connection) -> list[RowMapping]:
    """All that was told and is not over, oldest first."""
    return _rows(connection, _OPEN)


def due(connection: Connection, now: datetime) -> list[RowMapping]:
    """What lasts, that nobody has acknowledged, and that is to be told again or to others by
    now.
    """
    return _rows(
        connection,
        and_(_OPEN, _QUIET, or_(tellings.c.repeat_at <= now, tellings.c.escalate_at <= now)),
    )


def end(connection: Connection, job: str, at: datetime) -> bool:
    """It is over; True for the one who says so first."""
    mine = and_(tellings.c.job == job, _OPEN)
    return connection.execute(update(tellings).where(mine).values(ended_at=at)).rowcount == 1


def again(connection: Connection, row: RowMapping, now: datetime, *, waits: bool) -> bool:
    """It is told again, and next time later; True for the one who says so first.

    `waits`: the one before has not been told yet, so that this one is left out.
    """
    known = and_(tellings.c.repeated == row["repeated"], tellings.c.repeat_at == row["repeat_at"])
    mine = and_(tellings.c.job == row["job"], _OPEN, known)
    count = row["repeated"] + (0 if waits else 1)
    later = {"repeated": count, "repeat_at": now + timedelta(seconds=row["repeat"])}
    return connection.execute(update(tellings).where(mine).values(**later)).rowcount == 1


def escalated(connection: Connection, job: str) -> bool:
    """Others are told; True for the one who says so first."""
    mine = and_(tellings.c.job == job, _OPEN, tellings.c.escalate_at.is_not(None))
    return connection.execute(update(tellings).where(mine).values(escalate_at=None)).rowcount == 1


def acknowledge(connection: Connection, event: str, who: str, now: datetime) -> int:
    """Somebody has taken it: it is not told again, nor to others. At how many addresses that is
    news.
    """
    mine = and_(tellings.c.event == event, _OPEN, _QUIET)
    return connection.execute(
        update(tellings).where(mine).values(acked_at=now, acked_by=who)
    ).rowcount


def _rows(connection: Connection, wanted: ColumnElement[bool]) -> list[RowMapping]:
    columns = (*tellings.c, jobs.c.target, jobs.c.request, events.c.subject, events.c.time)
    joined = (
        select(*columns)
        .join(jobs, jobs.c.id == tellings.c.job)
        .join(events, events.c.id == tellings.c.event)
    )
    return list(
        connection.execute(
            joined.where(wanted).order_by(tellings.c.told_at, tellings.c.job)
        ).mappings()
    )
