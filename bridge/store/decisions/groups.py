"""Groups while events join them, and the moments that rules wait for."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, func, or_, select, update

from bridge.core.model import Gathering
from bridge.store.column_types import insert_new, upsert
from bridge.store.tables import decisions, events, gatherings, schedules, sweeps


def open_ones(connection: Connection, server: str) -> dict[tuple[str, str], RowMapping]:
    """The groups that events may still join, by (rule, key)."""
    rows = connection.execute(
        select(gatherings).where(gatherings.c.server == server, gatherings.c.closed.is_(False))
    )
    return {(row["rule"], row["key"]): row for row in rows.mappings()}


def join(connection: Connection, rule: str, server: str, group: Gathering) -> None:
    """One more member; the first one opens the group, the last one may end the wait."""
    row = {
        "id": group.id,
        "rule": rule,
        "server": server,
        "key": group.key,
        "until": group.until,
        "members": 1,
    }
    if not insert_new(connection, gatherings, {**row, "closed": False}):
        one_more = {"members": gatherings.c.members + 1, "until": group.until}
        connection.execute(update(gatherings).where(gatherings.c.id == group.id).values(**one_more))


def complete(connection: Connection, server: str, now: datetime) -> list[RowMapping]:
    """Groups whose wait is over."""
    ready = and_(
        gatherings.c.server == server, gatherings.c.closed.is_(False), gatherings.c.until <= now
    )
    return list(
        connection.execute(
            select(gatherings).where(ready).order_by(gatherings.c.until, gatherings.c.id)
        ).mappings()
    )


def members(connection: Connection, group: str) -> list[str]:
    """The events that wait in a group, in the order they joined."""
    joined = select(decisions.c.event).where(
        decisions.c.gathering == group, decisions.c.id != group
    )
    return list(connection.execute(joined.order_by(decisions.c.seq)).scalars())


def close(connection: Connection, group: str) -> None:
    """Nothing joins it any more."""
    connection.execute(update(gatherings).where(gatherings.c.id == group).values(closed=True))


def put_off(connection: Connection, group: str, until: datetime) -> None:
    """It is complete, but has to wait for an earlier one."""
    connection.execute(update(gatherings).where(gatherings.c.id == group).values(until=until))


def servers_due(connection: Connection, now: datetime) -> set[str]:
    """Servers with a group to close, a decision to judge again or a schedule to follow."""
    closing = select(gatherings.c.server).where(
        gatherings.c.closed.is_(False), gatherings.c.until <= now
    )
    again = select(decisions.c.server).where(decisions.c.due_at <= now)
    timed = select(schedules.c.server).where(schedules.c.due_at <= now)
    return {
        *connection.execute(closing).scalars(),
        *connection.execute(again).scalars(),
        *connection.execute(timed).scalars(),
    }


def timetable(connection: Connection, server: str) -> dict[str, RowMapping]:
    """When each scheduled rule is next due."""
    rows = connection.execute(select(schedules).where(schedules.c.server == server))
    return {row["rule"]: row for row in rows.mappings()}


def set_due(connection: Connection, rule: str, server: str, cron: str, due_at: datetime) -> None:
    """The next moment of a schedule."""
    upsert(
        connection, schedules, [{"rule": rule, "server": server, "cron": cron, "due_at": due_at}]
    )


def drop_schedules(connection: Connection, server: str, rules: Collection[str]) -> None:
    """Rules that have no schedule any more."""
    gone = and_(schedules.c.server == server, schedules.c.rule.in_(list(rules)))
    connection.execute(schedules.delete().where(gone))


def occasions(connection: Connection, server: str) -> Mapping[str, str]:
    """For which state of things each rule has last looked for what already is so."""
    rows = connection.execute(
        select(sweeps.c.rule, sweeps.c.occasion).where(sweeps.c.server == server)
    )
    return {row.rule: row.occasion for row in rows}


def swept(connection: Connection, rule: str, server: str, occasion: str, now: datetime) -> None:
    """Note that a rule has looked."""
    upsert(connection, sweeps, [{"rule": rule, "server": server, "occasion": occasion, "at": now}])


def baselines(connection: Connection, server: str) -> int:
    """How many scopes have been seen for the first time: each may show what already is so."""
    first = and_(events.c.server == server, events.c.type == "scope.baseline")
    return int(
        connection.execute(select(func.count()).select_from(events).where(first)).scalar_one()
    )


def spoken_for(
    connection: Connection, rule: str, server: str, subjects: Collection[str]
) -> set[tuple[str, str]]:
    """(event type, subject) of these subjects that the rule has dealt with, or is about to.

    Its newest decision about it is not a skip, or one by its condition; or an event about it waits
    to be decided.
    """
    mine = and_(
        decisions.c.rule == rule, events.c.server == server, events.c.subject.in_(list(subjects))
    )
    newest = (
        select(func.max(decisions.c.seq)).join(events, events.c.id == decisions.c.event).where(mine)
    )
    last = decisions.c.seq.in_(newest.group_by(events.c.type, events.c.subject))
    dealt = and_(last, or_(decisions.c.ruling != "skip", decisions.c.reason == "condition"))
    pairs = select(events.c.type, events.c.subject)
    rows = connection.execute(
        pairs.join(decisions, decisions.c.event == events.c.id).where(dealt)
    ).all()
    undecided = and_(
        events.c.server == server, events.c.subject.in_(list(subjects)), events.c.decided.is_(False)
    )
    return {(row.type, row.subject) for row in (*rows, *connection.execute(pairs.where(undecided)))}
