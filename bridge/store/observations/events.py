"""Events as rows: written once by their id, decided once in recorded order."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, or_, select, update

from bridge.core.events.builder import EVENTS
from bridge.core.model import Body, Event
from bridge.store.column_types import insert_new
from bridge.store.leases import Leases
from bridge.store.tables import events, servers

_DECIDING = Leases(servers, servers.c.name)
_UNDECIDED = and_(events.c.decided.is_(False), events.c.server == bindparam("server"))
_OLDEST = select(events).where(_UNDECIDED).order_by(events.c.seq).limit(bindparam("most"))
_ONE = select(events).where(events.c.id == bindparam("event"))
_PLACE = {name: place for place, name in enumerate(EVENTS)}


def record(connection: Connection, happened: Iterable[Event]) -> list[Event]:
    """Write those events that are not there yet; those it wrote.

    In the order they happened, of one moment in that of the catalogue: whatever order they were
    found in, they are decided in this one.
    """
    ordered = sorted(happened, key=lambda event: (event.time, _PLACE.get(event.type, 0), event.id))
    return [event for event in ordered if insert_new(connection, events, _row(event))]


def claim_deciding(connection: Connection, server: str, seconds: float) -> int | None:
    """The one lease under which a server's events are decided, in order."""
    return _DECIDING.claim(connection, seconds, server)


def keep_deciding(connection: Connection, server: str, fence: int, seconds: float) -> None:
    """Ours for so long from now, however many pieces it takes. Raises LeaseLost if somebody else
    has it by now.
    """
    _DECIDING.keep(connection, fence, seconds, server)


def release_deciding(connection: Connection, server: str, fence: int) -> None:
    """Let others decide for this server."""
    _DECIDING.release(connection, fence, server)


def undecided(connection: Connection, server: str, most: int) -> list[Event]:
    """The oldest recorded events that no decision was made about."""
    rows = connection.execute(_OLDEST, {"server": server, "most": most})
    return [event_of(dict(row)) for row in rows.mappings()]


def servers_with_undecided(connection: Connection) -> list[str]:
    """Servers whose events wait to be decided."""
    return list(
        connection.execute(
            select(events.c.server).where(events.c.decided.is_(False)).distinct()
        ).scalars()
    )


def mark_decided(connection: Connection, decided: Sequence[Event]) -> None:
    """In the transaction that writes their decisions."""
    ids = [event.id for event in decided]
    connection.execute(update(events).where(events.c.id.in_(ids)).values(decided=True))


def several(connection: Connection, wanted: Sequence[str]) -> list[Event]:
    """These events, in recorded order."""
    found: list[Event] = []
    for start in range(0, len(wanted), 500):
        rows = connection.execute(
            select(events)
            .where(events.c.id.in_(wanted[start : start + 500]))
            .order_by(events.c.seq)
        )
        found += [event_of(dict(row)) for row in rows.mappings()]
    return found


def get(connection: Connection, event: str) -> Event:
    """One event."""
    return event_of(dict(connection.execute(_ONE, {"event": event}).mappings().one()))


def note(connection: Connection, known: Mapping[str, Body]) -> None:
    """What was known about each event when it was decided; once, before its decisions."""
    rows = [{"the_id": event, "known": dict(body)} for event, body in known.items()]
    if rows:
        connection.execute(update(events).where(events.c.id == bindparam("the_id")), rows)


def refine(connection: Connection, times: Mapping[str, tuple[datetime, datetime | None]]) -> None:
    """The true time of each event, by our clock and by the server's, as its own history says; once,
    and its id stays.
    """
    for event, (time, told) in times.items():
        mine = and_(events.c.id == event, events.c.exact.is_(False))
        true = {"time": time, "exact": True, "server_from": told, "server_until": told}
        connection.execute(update(events).where(mine).values(true))


def about(
    connection: Connection,
    server: str,
    subject: str,
    types: Collection[str],
    since: datetime,
    on_server: datetime,
) -> list[RowMapping]:
    """Events of these types about one object, in recorded order: seen since then, or not over by
    then on its server.
    """
    recent = or_(events.c.seen_at >= since, events.c.server_until >= on_server)
    wanted = and_(events.c.server == server, events.c.subject == subject, recent)
    rows = connection.execute(select(events).where(wanted).order_by(events.c.seq)).mappings()
    # not in SQL: SQLite would go by the type, through every outage there ever was, and not by the
    # object
    return [row for row in rows if row["type"] in types]


def happened(
    connection: Connection, server: str, name: str, since: datetime, until: datetime
) -> list[Event]:
    """Events of one type that happened in this stretch of time; what was only found to be so is
    none.
    """
    between = and_(events.c.time >= since, events.c.time <= until, events.c.only.is_(None))
    wanted = and_(events.c.server == server, events.c.type == name, between)
    return [
        event_of(dict(row)) for row in connection.execute(select(events).where(wanted)).mappings()
    ]


def event_of(row: Mapping[str, Any]) -> Event:
    """A row as a value."""
    return Event(
        row["id"],
        row["type"],
        row["server"],
        row["subject"],
        row["time"],
        row["seen_at"],
        row["data"],
        row["exact"],
        row["known"] or {},
        row["only"],
        on_server=(row.get("server_from"), row["server_until"])
        if row.get("server_until")
        else None,
    )


def _row(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "server": event.server,
        "subject": event.subject,
        "time": event.time,
        "seen_at": event.seen_at,
        "data": dict(event.data),
        "decided": False,
        "exact": event.exact,
        "known": None,
        "only": event.only,
        "server_from": event.on_server[0] if event.on_server else None,
        "server_until": event.on_server[1] if event.on_server else None,
    }
