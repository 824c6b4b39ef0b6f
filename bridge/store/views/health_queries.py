"""The pulse: next to nothing, read by anyone who watches whether the bridge does its work, on a
connection of its own.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bridge.core.model import JobState, Outcome
from bridge.core.watchdog.messages import Totals
from bridge.core.watchdog.stall_detection import Head, HealthSnapshot, Polled
from bridge.errors import Unreachable
from bridge.store.column_types import now_of_database
from bridge.store.database import Database
from bridge.store.observations import snapshots
from bridge.store.tables import attempts, events, jobs, outlets, scopes, tellings
from bridge.store.views import journal

_WIDEST = 200


@contextmanager
def reading(database: Database) -> Iterator[Connection]:
    """As the database's own, for one who must go on without it. Raises Unreachable, with the cause
    in one line.
    """
    file = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and file and not Path(file).exists():
        raise Unreachable(f"its file {file} is gone")  # and to look for it would make an empty one
    try:
        with database.reading() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise Unreachable(_cause(error)) from error


def take(
    connection: Connection, servers: Sequence[str], now: datetime, idle: datetime
) -> HealthSnapshot:
    """How the work of these servers stands. `idle`: polls that were due then and that nobody has
    taken are nobody's.
    """
    health = snapshots.health_of(connection)
    return HealthSnapshot(
        polled={
            server: _polled(connection, server, health.get(server, "unknown"), idle)
            for server in servers
        },
        undecided=_undecided(connection),
        due=_head(
            connection,
            and_(jobs.c.action != "notify", jobs.c.state.in_((JobState.DUE, JobState.VERIFYING))),
            now,
        ),
        untold=_head(
            connection,
            and_(jobs.c.action == "notify", jobs.c.state == JobState.DUE, _unattended()),
            now,
        ),
        failing=_failing(connection),
    )


def _failing(connection: Connection) -> dict[str, str]:
    """Destinations of which people were told that they take nothing: by a channel that may be the
    same one.
    """
    wanted = select(outlets.c.key, outlets.c.said).where(
        outlets.c.told, outlets.c.failing_since.is_not(None)
    )
    return {row.key: row.said or "" for row in connection.execute(wanted.order_by(outlets.c.key))}


def totals(
    connection: Connection, servers: Sequence[str], now: datetime, since: datetime
) -> Totals:
    """How much there is, and what waits; events since then."""
    counts = journal.counts(connection, now)
    named = {
        "undecided": "undecided",
        "jobs_late": "late",
        "jobs_in_doubt": "in doubt",
        "scopes_failing": "lists not read",
    }
    fresh = select(func.count()).select_from(events).where(events.c.seen_at >= since)
    told = select(func.count(tellings.c.event.distinct())).where(tellings.c.ended_at.is_(None))
    waits = [f"{counts[name]} {what}" for name, what in named.items() if counts[name]]
    known = snapshots.health_of(connection)
    bonds = [each for server in servers for each in _bonds(connection, server)]
    return Totals(
        servers=sum(known.get(server) == "ok" for server in servers),
        bonds=Counter(state for _, state in bonds),
        down=[name for name, state in bonds if state == "down"],
        legs_down=sum(_legs_down(connection, server) for server in servers),
        notices=int(connection.execute(told).scalar_one()),
        events=int(connection.execute(fresh).scalar_one()),
        actions=_acted(connection, since),
        waits=tuple(waits),
    )


def _bonds(connection: Connection, server: str) -> list[tuple[str, str]]:
    """Each bond's name, and how it stands by the newest poll of its legs."""
    found = snapshots.bodies_of(connection, server, ("bond", "bond_condition"))
    states = {body["id"]: str(body["state"]) for kind, body in found if kind == "bond_condition"}
    bonds = [body for kind, body in found if kind == "bond"]
    return [
        (str(body["name"] or f"bond {body['id']}"), states.get(body["id"], "unknown"))
        for body in bonds
    ]


def _legs_down(connection: Connection, server: str) -> int:
    return sum(
        body.get("standing") == "down"
        for _, body in snapshots.bodies_of(connection, server, ("leg",))
    )


def _acted(connection: Connection, since: datetime) -> int:
    """How many calls were done since then."""
    done = and_(attempts.c.began_at >= since, attempts.c.outcome == Outcome.DONE)
    wanted = select(func.count(jobs.c.id.distinct())).join(attempts, attempts.c.job == jobs.c.id)
    return int(connection.execute(wanted.where(jobs.c.action == "call", done)).scalar_one())


def _polled(connection: Connection, server: str, health: str, idle: datetime) -> Polled:
    mine = and_(scopes.c.server == server, scopes.c.rank != snapshots.ROTATING)
    waiting = (
        select(func.count())
        .select_from(scopes)
        .where(mine, scopes.c.due_at <= idle, _free(scopes.c.lease_until))
    )
    failing = (
        select(scopes.c.problem)
        .where(mine, scopes.c.failures > 0)
        .order_by(scopes.c.failures.desc())
        .limit(1)
    )
    return Polled(
        newest=snapshots.newest_success(connection, server),
        health=health,
        idle=bool(connection.execute(waiting).scalar_one()),
        problem=connection.execute(failing).scalar_one_or_none(),
    )


def _undecided(connection: Connection) -> dict[str, Head]:
    """By server; in recorded order, as they are decided."""
    open_ones = select(
        events.c.server, func.min(events.c.seq).label("first"), func.count().label("many")
    )
    grouped = open_ones.where(events.c.decided.is_(False)).group_by(events.c.server).subquery()
    wanted = select(events.c.server, events.c.id, events.c.seen_at, grouped.c.many)
    rows = connection.execute(wanted.join(grouped, grouped.c.first == events.c.seq))
    return {row.server: Head(row.id, row.seen_at, row.many) for row in rows}


def _head(connection: Connection, which: ColumnElement[bool], now: datetime) -> Head | None:
    ready = and_(which, jobs.c.due_at <= now, _free(jobs.c.lease_until))
    first = connection.execute(
        select(jobs.c.id, jobs.c.due_at).where(ready).order_by(jobs.c.due_at, jobs.c.seq).limit(1)
    ).first()
    if first is None:
        return None
    count = connection.execute(select(func.count()).select_from(jobs).where(ready)).scalar_one()
    return Head(first.id, first.due_at, count)


def _unattended() -> ColumnElement[bool]:
    """Nobody is telling at its address."""
    attended = select(outlets.c.key).where(
        outlets.c.key == jobs.c.target, not_(_free(outlets.c.lease_until))
    )
    return not_(attended.exists())


def _free(lease: ColumnElement[float]) -> ColumnElement[bool]:
    return or_(lease.is_(None), lease < now_of_database())


def _cause(error: Exception) -> str:
    """The driver's own first line: no statement, and so nothing of what is stored."""
    said = str(error.orig if isinstance(error, DBAPIError) and error.orig is not None else error)
    return (said.splitlines() or [type(error).__name__])[0][:_WIDEST]
