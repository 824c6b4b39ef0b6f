"""What lasts and some rule was kept from telling: looked at again when the reason has ended."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, tuple_, update

from bridge.core.model import Event, Reason
from bridge.store.column_types import upsert
from bridge.store.observations.events import event_of
from bridge.store.tables import decisions, events, rechecks

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Recheck:
    """`type` of `subject`, begun by an `event`: is it to be seen at `ripe_at` or later? Looked at
    when `due_at`.
    """

    server: str
    type: str
    subject: str
    event: str
    ripe_at: datetime
    due_at: datetime

    @property
    def key(self) -> tuple[str, str]:
        """Which it is, of its server."""
        return self.type, self.subject


def put(connection: Connection, server: str, wanted: Collection[Recheck]) -> None:
    """Have these looked at; what is to be looked at sooner stays so."""
    rows = {each.key: each for each in wanted}
    for known in _those(connection, server, list(rows)):
        each = rows[known.key]
        sooner = min(each, known, key=lambda one: one.due_at)
        rows[known.key] = Recheck(
            server, each.type, each.subject, each.event, sooner.ripe_at, sooner.due_at
        )
    upsert(connection, rechecks, [_row(each) for each in rows.values()])


def put_off(connection: Connection, wanted: Sequence[tuple[Recheck, datetime]]) -> None:
    """Look at these at another time, each beside when it was due: what was hastened since stays
    so.
    """
    mine = and_(
        *(
            rechecks.c[name] == bindparam(f"the_{name}")
            for name in ("server", "type", "subject", "due_at")
        )
    )
    rows = [
        {
            "the_server": each.server,
            "the_type": each.type,
            "the_subject": each.subject,
            "the_due_at": was,
            "ripe_at": each.ripe_at,
            "due_at": each.due_at,
        }
        for each, was in wanted
    ]
    if rows:
        connection.execute(update(rechecks).where(mine), rows)


def drop(connection: Connection, server: str, keys: Sequence[tuple[str, str]]) -> None:
    """These need no further look."""
    for start in range(0, len(keys), _AT_ONCE):
        some = tuple_(rechecks.c.type, rechecks.c.subject).in_(keys[start : start + _AT_ONCE])
        connection.execute(delete(rechecks).where(rechecks.c.server == server, some))


def due(connection: Connection, server: str, now: datetime, most: int) -> list[Recheck]:
    """Those of a server to look at by now, longest due first."""
    ready = and_(rechecks.c.server == server, rechecks.c.due_at <= now)
    ordered = select(rechecks).where(ready).order_by(rechecks.c.due_at, rechecks.c.subject)
    return [Recheck(**row) for row in connection.execute(ordered.limit(most)).mappings()]


def servers_due(connection: Connection, now: datetime) -> set[str]:
    """Servers with something to look at."""
    ready = select(rechecks.c.server).where(rechecks.c.due_at <= now).distinct()
    return set(connection.execute(ready).scalars())


def hasten(connection: Connection, server: str | None, now: datetime) -> None:
    """A reason has ended before its time: all of a server, or of every one, are looked at now."""
    later = rechecks.c.due_at > now
    if server is None:
        mine = later
    else:
        mine = and_(later, rechecks.c.server == server)
    connection.execute(update(rechecks).where(mine).values(due_at=now, ripe_at=now))


def newest(
    connection: Connection, server: str, subjects: Iterable[str], types: Collection[str]
) -> list[Event]:
    """The newest event of each of these types about each of these objects, as it was seen."""
    wanted = sorted(subjects)
    found = list[Event]()
    for start in range(0, len(wanted), _AT_ONCE):
        some = events.c.subject.in_(wanted[start : start + _AT_ONCE])
        mine = and_(events.c.server == server, some, events.c.only.is_(None))
        seq = select(func.max(events.c.seq)).where(mine, events.c.type.in_(sorted(types)))
        last = seq.group_by(events.c.subject, events.c.type)
        rows = connection.execute(select(events).where(events.c.seq.in_(last))).mappings()
        found += [event_of(dict(row)) for row in rows]
    return found


def dealt_with(
    connection: Connection, server: str, key: tuple[str, str], since: datetime
) -> set[str] | None:
    """Rules that did something about it, or wait to; None while an event about it is undecided."""
    about = and_(events.c.server == server, events.c.subject == key[1], events.c.type == key[0])
    lately = and_(about, events.c.time >= since)
    waiting = select(events.c.only).where(lately, events.c.decided.is_(False))
    rules = set(connection.execute(waiting).scalars())
    if None in rules:
        return None
    did = or_(decisions.c.ruling != "skip", decisions.c.reason == Reason.DRY_RUN)
    joined = select(decisions.c.rule).join(events, events.c.id == decisions.c.event)
    return rules | set(connection.execute(joined.where(lately, did)).scalars())


def _those(connection: Connection, server: str, keys: Sequence[tuple[str, str]]) -> list[Recheck]:
    found: list[Recheck] = []
    for start in range(0, len(keys), _AT_ONCE):
        some = tuple_(rechecks.c.type, rechecks.c.subject).in_(keys[start : start + _AT_ONCE])
        rows = connection.execute(select(rechecks).where(rechecks.c.server == server, some))
        found += [Recheck(**row) for row in rows.mappings()]
    return found


def _row(each: Recheck) -> dict[str, object]:
    return {name: getattr(each, name) for name in Recheck.__slots__}
