"""From when to when incidents were: the events that one is opened and ended with, by the true times of its members."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.core import events, incidents
from bridge.core.events import EVENTS
from bridge.core.incidents import Incident
from bridge.core.model import Body, Event
from bridge.pipeline import surroundings
from bridge.pipeline.surroundings import Standings
from bridge.store import events as event_store
from bridge.store import incidents as incident_store
from bridge.store.database import Database
from bridge.store.incidents import Kept


def look(database: Database, server: str, fence: int, now: datetime) -> bool:
    """Look at the open incidents of a server; True if one is over, and an event says so.

    Not while an event waits to be interpreted: what the newest snapshot shows (an aggregator is well) has an event of the
    same poll, which is a member first, and says when it was.
    """
    with database.reading() as connection:
        kept = [each for each in incident_store.recent(connection, server, now) if each.incident.ended is None]
        legs = {leg for each in kept for leg in each.incident.legs}
        standings = surroundings.standings(connection, server, legs, kept) if kept else Standings({})
        if not kept or event_store.undecided(connection, server, 1):
            return False
    looked = [_looked_at(each, standings, now) for each in kept]
    over = [each for each in looked if each.incident.ended]
    with database.writing() as connection:
        event_store.keep_deciding(connection, server, fence)
        for each in looked:
            due_at = None if each.incident.ended else now + surroundings.LOOK_AGAIN
            incident_store.save(connection, server, each, due_at)
        for each in over:
            _set_right(connection, server, each, now)
        event_store.record(connection, [closing(server, each, now) for each in over])
    return bool(over)


def _looked_at(kept: Kept, standings: Standings, now: datetime) -> Kept:
    one = kept.incident
    if one.state == "suspected" and now - one.began > incidents.LET_GO:
        one = replace(one, state="open")
    down = sum(standings.down(leg) for leg in one.legs)
    if incidents.over(one, down, cause_down=standings.failed(one.cause), touched=kept.touched, now=now):
        one = replace(one, state="over", ended=one.last)
    return replace(kept, incident=one)


def _set_right(connection: Connection, server: str, kept: Kept, now: datetime) -> None:
    """The event that opened it has the time at which it was noticed; once it is over, the one at which it began."""
    began = kept.incident.began
    for opened in event_store.several(connection, [opening(server, kept, now).id]):
        if opened.time != began:
            event_store.refine(connection, {opened.id: began})


def opening(server: str, kept: Kept, now: datetime) -> Event:
    """The event that an incident is opened with."""
    kind, key = kept.incident.cause
    if kind == "aggregator":
        data = {"aggregator": {"id": int(key), "name": kept.name}, "incident": incident_noun(kept)}
        return _of(server, "aggregator.suspected", kept.incident, kept.incident.began, now, data)
    return _of(server, "incident.opened", kept.incident, kept.incident.began, now, {"incident": incident_noun(kept)})


def closing(server: str, kept: Kept, now: datetime) -> Event:
    """The event that an incident ends with."""
    return _of(server, "incident.ended", kept.incident, kept.incident.last, now, {"incident": incident_noun(kept)})


def _of(server: str, name: str, one: Incident, time: datetime, now: datetime, data: Body) -> Event:
    return events.make(
        EVENTS[name], server=server, subject=f"incident/{one.id}", n=one.id, time=time, seen_at=now, data=data
    )  # fmt: skip


def incident_noun(kept: Kept) -> Body:
    """What an event says about an incident."""
    one = kept.incident
    return {
        "id": one.id,
        "cause": one.cause[0],
        "key": one.cause[1],
        "name": kept.name,
        "state": one.state,
        "began": one.began.isoformat(),
        "ended": one.ended.isoformat() if one.ended else None,
        "bonds": len(one.bonds),
        "legs": len(one.legs),
    }
