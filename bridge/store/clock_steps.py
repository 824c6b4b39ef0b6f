"""Our clock may be set back: what waits for a moment then waits no longer than it was meant to.

What people gave as a time of the day (a silence until 14:00, quiet hours, a schedule) means that
time and stays.
"""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, Connection, insert, select, type_coerce, update
from sqlalchemy.exc import IntegrityError

from bridge.store.column_types import Moment, now_of_database
from bridge.store.tables import (
    approvals,
    cooldowns,
    decisions,
    flaps,
    gatherings,
    incidents,
    installation,
    jobs,
    objects,
    outlets,
    rechecks,
    scopes,
    servers,
    spendings,
    tellings,
)

_CLOCK = "clock"
# machines of one installation may differ by less
_SET_BACK = timedelta(seconds=30)
# how often the newest moment is written down
_NOTED = timedelta(seconds=10)
# seconds that nothing is taken for at once
_LONGEST_LEASE = 3600

# where such moments stand; what is looked at too early is judged again and waits on
_MOMENTS = (
    scopes.c.due_at,
    scopes.c.polled_at,
    objects.c.missing_since,
    incidents.c.began,
    incidents.c.last,
    incidents.c.touched,
    incidents.c.due_at,
    flaps.c.at,
    flaps.c.since,
    flaps.c.due_at,
    decisions.c.due_at,
    gatherings.c.until,
    approvals.c.expires_at,
    rechecks.c.ripe_at,
    rechecks.c.due_at,
    outlets.c.gathers_since,
    outlets.c.again_at,
    tellings.c.repeat_at,
    tellings.c.escalate_at,
    jobs.c.due_at,
    jobs.c.not_after,
    jobs.c.verify_until,
    spendings.c.at,
    cooldowns.c.ended_at,
)
_LEASED = (scopes, servers, jobs, outlets)


def behind(connection: Connection, now: datetime) -> bool:
    """Whether `tick` has something to write."""
    newest = _newest(connection)
    return newest is None or now - newest >= _NOTED or newest - now > _SET_BACK


def tick(connection: Connection, now: datetime) -> timedelta | None:
    """Note what time it is; by how much the clock was set back since the last time, where it was.

    Of two workers that notice at once, one moves what waits.
    """
    newest = _newest(connection)
    if newest is None:
        _begin(connection, now)
        return None
    mine = (installation.c.name == _CLOCK, installation.c.value == newest.isoformat())
    back = newest - now
    if timedelta() <= back <= _SET_BACK:
        return None
    won = connection.execute(update(installation).where(*mine).values(value=now.isoformat()))
    if back <= timedelta() or won.rowcount != 1:
        return None
    _move(connection, now, back)
    return back


def _newest(connection: Connection) -> datetime | None:
    wanted = select(installation.c.value).where(installation.c.name == _CLOCK)
    found = connection.execute(wanted).scalar_one_or_none()
    if found:
        return datetime.fromisoformat(found)
    return None


def _begin(connection: Connection, now: datetime) -> None:
    try:
        with connection.begin_nested():
            connection.execute(insert(installation).values(name=_CLOCK, value=now.isoformat()))
    except IntegrityError:  # another worker was faster
        return


def _move(connection: Connection, now: datetime, back: timedelta) -> None:
    for column in _MOMENTS:
        ahead = update(column.table).where(column > now)
        connection.execute(ahead.values({column.name: _less(column, back)}))
    furthest = now_of_database() + _LONGEST_LEASE
    for table in _LEASED:
        # of somebody who died before the clock was set
        left = update(table).where(table.c.lease_until > furthest)
        connection.execute(left.values(lease_until=None))


def _less(column: Column[datetime], back: timedelta) -> object:
    earlier = type_coerce(column, BigInteger) - back // timedelta(microseconds=1)
    return type_coerce(earlier, Moment)
