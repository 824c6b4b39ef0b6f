"""What our own code failed on: counted, and told once until it was quiet for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, func, select, update
from sqlalchemy.exc import DBAPIError

from bridge.core.canonical_json import identity
from bridge.core.events import builder
from bridge.core.events.builder import EVENTS, OURSELVES
from bridge.core.model import Event
from bridge.store.column_types import insert_new
from bridge.store.observations import events as event_store
from bridge.store.tables import faults

# a fault that was not seen for so long is told again when it comes back
QUIET = timedelta(hours=1)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """`step`: where in the flow; `about`: what was set aside, such as "rule restore" or "scope
    legs"; `server`: "" for none.
    """

    step: str
    about: str
    server: str
    detail: str

    @property
    def id(self) -> str:
        """The same trouble has the same id, whatever it says."""
        return identity("fault", self.step, self.about, self.server)


def note(connection: Connection, fault: Fault, now: datetime, times: int = 1) -> list[Event]:
    """Count a fault, which was met so many times; the event that tells it, where that is due."""
    row = {
        "id": fault.id,
        "server": fault.server,
        "step": fault.step,
        "about": fault.about,
        "detail": fault.detail,
    }
    fresh = {**row, "first_at": now, "last_at": now, "count": times, "spells": 1}
    if insert_new(connection, faults, fresh):
        return event_store.record(connection, [_event(fault, 1, now)])
    mine = faults.c.id == fault.id
    again = {"last_at": now, "detail": fault.detail, "count": faults.c.count + times}
    spoken = update(faults).where(mine, faults.c.last_at < now - QUIET)
    if connection.execute(spoken.values(**again, spells=faults.c.spells + 1)).rowcount:
        spells = connection.execute(select(faults.c.spells).where(mine)).scalar_one()
        return event_store.record(connection, [_event(fault, spells, now)])
    connection.execute(update(faults).where(mine).values(**again))
    return []


def recent(connection: Connection, since: datetime) -> Sequence[RowMapping]:
    """The faults seen since then, the newest first."""
    wanted = select(faults).where(faults.c.last_at >= since).order_by(faults.c.last_at.desc())
    return connection.execute(wanted).mappings().all()


def count(connection: Connection, now: datetime) -> int:
    """How many things are set aside for now: those told of and not quiet yet."""
    wanted = select(func.count()).select_from(faults).where(faults.c.last_at >= now - QUIET)
    return int(connection.execute(wanted).scalar_one())


def said(error: Exception) -> str:
    """What was raised, in one short line: `"KeyError: 'bond'"`. Of a database's error no statement,
    and so nothing stored.
    """
    if isinstance(error, DBAPIError) and error.orig is not None:
        shown = error.orig
    else:
        shown = error
    first = next(iter(str(shown).strip().splitlines()), "")
    return f"{type(shown).__name__}: {first}"[:_LONGEST]


def _event(fault: Fault, spell: int, now: datetime) -> Event:
    noun = {
        "step": fault.step,
        "about": fault.about,
        "server": fault.server,
        "detail": fault.detail,
    }
    row = EVENTS["internal.error"]
    subject = f"fault/{fault.id}"
    return builder.make(
        row, server=OURSELVES, subject=subject, n=spell, time=now, seen_at=now, data={"fault": noun}
    )
