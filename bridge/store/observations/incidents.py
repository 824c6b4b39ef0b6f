"""Incidents and their members, flapping legs, and bonds that somebody is working on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, case, delete, func, or_, select, update

from bridge.core.flapping import Bucket
from bridge.core.incidents import Incident
from bridge.store.column_types import insert_new, upsert
from bridge.store.tables import events, flaps, hands_off, incidents, members

# what an incident is made of: its legs, and how its aggregator is
_TURNS = (
    "leg.down",
    "leg.up",
    "leg.degraded",
    "leg.removed",
    "aggregator.failed",
    "aggregator.recovered",
    "aggregator.removed",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An incident as it is stored: with the name of its cause, and when something last joined
    it.
    """

    incident: Incident
    name: str | None
    touched: datetime


def recent(connection: Connection, server: str, since: datetime) -> list[Kept]:
    """The open incidents of a server, and those of which something was heard since then; oldest
    first.

    Open ones begin and go on by the times of their members as they are known now: a history may
    have set them right.
    """
    wanted = or_(incidents.c.due_at.is_not(None), incidents.c.last >= since)
    rows = connection.execute(
        select(incidents).where(incidents.c.server == server, wanted).order_by(incidents.c.seq)
    )
    kept = [_kept(row) for row in rows.mappings()]
    spans = _spans(connection, [each.incident.id for each in kept if each.incident.ended is None])
    return [
        replace(each, incident=each.incident.spanning(*spans.get(each.incident.id, (None, None))))
        for each in kept
    ]


def _spans(
    connection: Connection, open_ones: Sequence[str]
) -> dict[str, tuple[datetime | None, datetime | None]]:
    """By incident: when the first of its legs went down, and when the last was back or its
    aggregator last turned.

    What else happens to its bonds makes it no longer: that has no true time, but the one at which
    it was noticed.
    """
    if not open_ones:
        return {}
    first = func.min(case((events.c.type == "leg.down", events.c.time))).label("first")
    turns = events.c.type.in_(_TURNS)
    joined = select(
        members.c.incident, first, func.max(case((turns, events.c.time))).label("newest")
    )
    joined = joined.join(events, events.c.id == members.c.event).where(
        members.c.incident.in_(open_ones)
    )
    rows = connection.execute(joined.group_by(members.c.incident))
    return {row.incident: (row.first, row.newest) for row in rows}


def to_look_at(connection: Connection, server: str, now: datetime) -> bool:
    """Whether an incident of a server is to be looked at by now."""
    due_one = select(incidents.c.seq).where(incidents.c.server == server, incidents.c.due_at <= now)
    return connection.execute(due_one.limit(1)).first() is not None


def turned(connection: Connection, incident: str) -> dict[str, datetime]:
    """When each leg of an incident last turned, as far as that belongs to it: by subject."""
    turns = events.c.type.in_(("leg.down", "leg.up", "leg.degraded"))
    joined = select(events.c.subject, func.max(events.c.time).label("at"))
    joined = joined.join(members, members.c.event == events.c.id)
    rows = connection.execute(
        joined.where(members.c.incident == incident, turns).group_by(events.c.subject)
    )
    return {row.subject: row.at for row in rows}


def due(connection: Connection, now: datetime) -> set[str]:
    """Servers with an incident to look at again, or a leg that may be stable again."""
    looked = select(incidents.c.server).where(incidents.c.due_at <= now).distinct()
    calm = select(flaps.c.server).where(flaps.c.due_at <= now).distinct()
    return {*connection.execute(looked).scalars(), *connection.execute(calm).scalars()}


def save(connection: Connection, server: str, kept: Kept, due_at: datetime | None) -> None:
    """Write an incident as it is now; `due_at`: when it is looked at again, None when it is
    over.
    """
    one = kept.incident
    values: dict[str, Any] = {
        "state": one.state,
        "name": kept.name,
        "began": one.began,
        "last": one.last,
        "ended": one.ended,
        "bonds": sorted(one.bonds),
        "legs": sorted(one.legs),
        "released": sorted(one.released),
        "touched": kept.touched,
        "due_at": due_at,
    }
    fresh = {"id": one.id, "server": server, "cause": one.cause[0], "key": one.cause[1], **values}
    if not insert_new(connection, incidents, fresh):
        connection.execute(update(incidents).where(incidents.c.id == one.id).values(**values))


def attach(connection: Connection, owners: Mapping[str, str]) -> None:
    """Note which incident owns each event; an event that has an owner keeps it."""
    for event, incident in owners.items():
        insert_new(connection, members, {"event": event, "incident": incident})


def owners(connection: Connection, wanted: Sequence[str]) -> dict[str, str]:
    """Event → its incident, for those of these events that have one."""
    rows = connection.execute(select(members).where(members.c.event.in_(list(wanted))))
    return {row.event: row.incident for row in rows}


def buckets(connection: Connection, server: str, legs: Iterable[int]) -> dict[int, Bucket]:
    """How near each of these legs is to flapping; those never heard of are left out."""
    rows = connection.execute(
        select(flaps).where(flaps.c.server == server, flaps.c.leg.in_(sorted(legs)))
    )
    return {row.leg: _bucket(row) for row in rows}


def calm_at(connection: Connection, server: str, leg: int) -> datetime | None:
    """When a flapping leg's spell ends if nothing more changes; None for one that does not flap."""
    spell = select(flaps.c.due_at).where(flaps.c.server == server, flaps.c.leg == leg)
    found = connection.execute(spell).scalar_one_or_none()
    if isinstance(found, datetime):
        return found
    return None


def calm(connection: Connection, server: str, now: datetime) -> dict[int, tuple[Bucket, datetime]]:
    """Legs whose spell is over by now, each with when it ended."""
    rows = connection.execute(select(flaps).where(flaps.c.server == server, flaps.c.due_at <= now))
    return {row.leg: (_bucket(row), row.due_at) for row in rows}


def save_buckets(
    connection: Connection, server: str, found: Mapping[int, tuple[Bucket, datetime | None]]
) -> None:
    """Write buckets, each with when its spell ends if nothing more changes."""
    rows = [
        {
            "server": server,
            "leg": leg,
            "level": b.level,
            "at": b.at,
            "since": b.since,
            "changes": b.changes,
            "due_at": due_at,
        }
        for leg, (b, due_at) in found.items()
    ]
    upsert(connection, flaps, rows)


def hold(
    connection: Connection, server: str, bond: int, until: datetime, who: str, why: str
) -> None:
    """Somebody works on a bond until then; what was said before is replaced."""
    upsert(
        connection,
        hands_off,
        [{"server": server, "bond": bond, "until": until, "who": who, "why": why}],
    )


def let_go(connection: Connection, server: str, bond: int) -> bool:
    """Nobody works on the bond any more; False if nobody did."""
    mine = delete(hands_off).where(hands_off.c.server == server, hands_off.c.bond == bond)
    return connection.execute(mine).rowcount == 1


def held(connection: Connection, server: str, now: datetime) -> dict[int | None, RowMapping]:
    """Bonds that somebody is working on now: `until`, `who`, `why` by bond."""
    rows = connection.execute(
        select(hands_off).where(hands_off.c.server == server, hands_off.c.until > now)
    )
    return {row["bond"]: row for row in rows.mappings()}


def _bucket(row: Row[Any]) -> Bucket:
    # only a spell has an end to wait for
    return Bucket(row.level, row.at, row.since, row.changes, row.due_at is not None)


def _kept(row: RowMapping) -> Kept:
    one = Incident(
        id=row["id"],
        cause=(row["cause"], row["key"]),
        state=row["state"],
        began=row["began"],
        last=row["last"],
        ended=row["ended"],
        bonds=frozenset(row["bonds"]),
        legs=frozenset(row["legs"]),
        released=frozenset(row["released"] or ()),
    )
    return Kept(one, row["name"], row["touched"])
