"""What was recorded in a stretch of time, to be gone through again: events, what was decided about
them, what held.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, or_, select

from bridge.core.model import Event, Reason
from bridge.store.observations.events import event_of
from bridge.store.tables import decisions, events, incidents, jobs, pauses, silences

_AT_ONCE = 1000


def servers(connection: Connection) -> list[str]:
    """Every server that something was recorded of."""
    return list(
        connection.execute(select(events.c.server).distinct().order_by(events.c.server)).scalars()
    )


def seen(connection: Connection, server: str, since: datetime, until: datetime) -> Iterator[Event]:
    """The events that were seen then, in that order. Those of groups are left out: they say what
    rules did.
    """
    mine = and_(
        events.c.server == server,
        events.c.seen_at >= since,
        events.c.seen_at < until,
        events.c.type != "rule.gathered",
    )
    wanted = (
        select(events)
        .where(mine)
        .order_by(events.c.seen_at, events.c.seq)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row in connection.execute(wanted).mappings():
        yield event_of(dict(row))


def count(connection: Connection, server: str, since: datetime, until: datetime) -> int:
    """How many."""
    mine = _seen(server, since, until)
    return int(
        connection.execute(select(func.count()).select_from(events).where(mine)).scalar_one()
    )


def ruled(
    connection: Connection, server: str, since: datetime, until: datetime
) -> Iterator[RowMapping]:
    """(event, seen_at, rule, ruling, reason) of what was decided about these events, but for
    conditions that did not hold.
    """
    columns = (
        decisions.c.event,
        events.c.seen_at,
        decisions.c.rule,
        decisions.c.ruling,
        decisions.c.reason,
    )
    told = or_(decisions.c.reason.is_(None), decisions.c.reason != Reason.CONDITION)
    mine = and_(
        events.c.server == server,
        events.c.seen_at >= since,
        events.c.seen_at < until,
        events.c.type != "rule.gathered",
    )
    wanted = (
        select(*columns)
        .join(events, events.c.id == decisions.c.event)
        .where(mine, told)
        .order_by(decisions.c.seq)
    )
    yield from connection.execute(wanted.execution_options(yield_per=_AT_ONCE)).mappings()


def called(connection: Connection, server: str, since: datetime, until: datetime) -> dict[str, int]:
    """How many calls each rule made about these events."""
    mine = _seen(server, since, until)
    tried = and_(jobs.c.action == "call", jobs.c.attempts > 0, jobs.c.parent.is_(None))
    wanted = (
        select(jobs.c.rule, func.count())
        .join(events, events.c.id == jobs.c.event)
        .where(mine, tried)
    )
    return {row[0]: row[1] for row in connection.execute(wanted.group_by(jobs.c.rule))}


def pauses_of(connection: Connection, server: str) -> list[RowMapping]:
    """Every pause there was, of this server or of all."""
    wanted = select(pauses).where(pauses.c.server.in_(["", server])).order_by(pauses.c.seq)
    return list(connection.execute(wanted).mappings())


def silences_of(connection: Connection, server: str) -> list[RowMapping]:
    """Every silence there was."""
    return list(
        connection.execute(
            select(silences).where(silences.c.server == server).order_by(silences.c.seq)
        ).mappings()
    )


def incidents_of(
    connection: Connection, server: str
) -> dict[str, tuple[str, str, datetime | None]]:
    """Every incident there was: its cause, its name and when it ended."""
    rows = connection.execute(select(incidents).where(incidents.c.server == server)).mappings()
    return {row["id"]: (row["cause"], row["name"] or row["key"], row["ended"]) for row in rows}


def _seen(server: str, since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(events.c.server == server, events.c.seen_at >= since, events.c.seen_at < until)
