"""From when to when incidents were: the events that one is opened and ended with, by the true times
of its members.

What is still down when one ends, and what it lets go of before, stands for itself from then on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.core import incidents
from bridge.core.events import builder
from bridge.core.events.builder import EVENTS
from bridge.core.incidents import Incident
from bridge.core.model import Body, Event
from bridge.pipeline import rechecks
from bridge.pipeline.internal_errors import within
from bridge.pipeline.interpret import batch_context
from bridge.pipeline.interpret.batch_context import Standings
from bridge.pipeline.server_lease import Lease
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.observations import incidents as incident_store
from bridge.store.observations.incidents import Kept

# so many bonds are named in what tells of the end
_NAMED = 5


def look(database: Database, lease: Lease, now: datetime) -> bool:
    """Look at the open incidents of a server; True if one is over, and an event says so.

    Not while an event waits to be interpreted: what the newest snapshot shows (an aggregator is
    well) has an event of the same poll, which is a member first, and says when it was.
    """
    server = lease.server
    with database.reading() as connection:
        if not incident_store.to_look_at(connection, server, now):
            return False
        kept = [
            each
            for each in incident_store.recent(connection, server, now)
            if each.incident.ended is None
        ]
        legs = {leg for each in kept for leg in each.incident.legs}
        if kept:
            standings = batch_context.standings(connection, server, legs, kept)
        else:
            standings = Standings({})
        if not kept or event_store.undecided(connection, server, 1):
            return False
        turned = {
            each.incident.id: incident_store.turned(connection, each.incident.id) for each in kept
        }
    over = False
    with database.writing() as connection:
        lease.hold(connection)
        for each in kept:
            with within(connection, now, "interpret", f"incident {each.incident.id[:8]}", server):
                looked = _looked_at(each, standings, turned[each.incident.id], now)
                _written(connection, server, looked, standings, now)
                freed = _freed([each], [looked])
                rechecks.of_bonds(connection, server, freed, standings.by_bond(legs), now)
                over = over or looked.incident.ended is not None
    return over


def _written(
    connection: Connection, server: str, looked: Kept, standings: Standings, now: datetime
) -> None:
    """How an incident stands; where it is over, the event that says so."""
    over = looked.incident.ended is not None
    if over:
        due_at = None
    else:
        due_at = now + batch_context.LOOK_AGAIN
    incident_store.save(connection, server, looked, due_at)
    if over:
        _set_right(connection, server, looked, now)
        event_store.record(connection, [closing(server, looked, now, standings)])


def _looked_at(
    kept: Kept, standings: Standings, turned: Mapping[str, datetime], now: datetime
) -> Kept:
    one = kept.incident
    cause_down = standings.failed(kept.incident.cause)
    if cause_down:
        one = replace(one, state="failed")
    elif one.state == "suspected" and now - one.began > incidents.LET_GO:
        one = replace(one, state="open")
    one = replace(one, released=one.released | _well_again(one, standings, turned, now))
    down = len(_down(one, standings))
    if incidents.over(one, down, cause_down=cause_down, touched=kept.touched, now=now):
        one = replace(one, state="over", ended=one.last)
    return replace(kept, incident=one)


def _well_again(
    one: Incident, standings: Standings, turned: Mapping[str, datetime], now: datetime
) -> set[int]:
    """The bonds it holds none of whose legs has been down for a while."""
    found = set()
    by_bond = standings.by_bond(one.legs)
    for bond in one.held:
        legs = by_bond.get(bond, ())
        newest = max((turned.get(f"leg/{leg}", one.began) for leg in legs), default=one.last)
        if now - newest >= incidents.LETS_GO and not any(map(standings.down, legs)):
            found.add(bond)
    return found


def _down(one: Incident, standings: Standings) -> list[int]:
    """Those of its legs that are still down, but for bonds that it has let go of."""
    by_bond = standings.by_bond(one.legs)
    held = [leg for bond in sorted(one.held) for leg in by_bond.get(bond, ())]
    return [leg for leg in held if standings.down(leg)]


def _freed(before: Sequence[Kept], after: Sequence[Kept]) -> set[int]:
    """The bonds that stand for themselves from now on: let go of, or of an incident that is
    over.
    """
    freed: set[int] = set()
    for was, now in zip(before, after, strict=True):
        if now.incident.ended:
            still = frozenset[int]()
        else:
            still = now.incident.held
        freed |= was.incident.held - still
    return freed


def _set_right(connection: Connection, server: str, kept: Kept, now: datetime) -> None:
    """The event that opened it has the time at which it was noticed; once it is over, the one at
    which it began.
    """
    began = kept.incident.began
    for opened in event_store.several(connection, [opening(server, kept, now).id]):
        if opened.time != began:
            event_store.refine(connection, {opened.id: (began, None)})


def opening(server: str, kept: Kept, now: datetime) -> Event:
    """The event that an incident is opened with."""
    kind, key = kept.incident.cause
    if kind == "aggregator":
        about = {"id": int(key), "name": kept.name}
        data: Body = {"aggregator": about, "incident": incident_noun(kept)}
        return _of(server, "aggregator.suspected", kept.incident, kept.incident.began, now, data)
    return _of(
        server,
        "incident.opened",
        kept.incident,
        kept.incident.began,
        now,
        {"incident": incident_noun(kept)},
    )


def closing(server: str, kept: Kept, now: datetime, standings: Standings) -> Event:
    """The event that an incident ends with. It says what is still down."""
    one = kept.incident
    down = _down(kept.incident, standings)
    bonds = {bond["id"]: bond for bond in (standings.nouns(leg)["bond"] for leg in down)}
    left = [str(bond.get("name") or bond["id"]) for bond in bonds.values()]
    if len(left) > _NAMED:
        more = [f"{len(left) - _NAMED} more"]
    else:
        more = []
    noun = {
        **incident_noun(kept),
        "bonds_down": len(left),
        "legs_down": len(down),
        "left": ", ".join([*left[:_NAMED], *more]),
    }
    return _of(server, "incident.ended", one, one.last, now, {"incident": noun})


def _of(server: str, name: str, one: Incident, time: datetime, now: datetime, data: Body) -> Event:
    return builder.make(
        EVENTS[name],
        server=server,
        subject=f"incident/{one.id}",
        n=one.id,
        time=time,
        seen_at=now,
        data=data,
    )


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
        "bonds_down": None,
        "legs_down": None,
        "left": None,
    }
