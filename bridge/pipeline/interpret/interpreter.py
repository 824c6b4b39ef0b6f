"""Interpret: what recorded events mean together, before they are decided. Under the same lease, in
the same order.

Legs that flap, incidents that own many events, actions that explain an outage, bonds that somebody
works on: each event is noted once with what was known, and what follows from several of them
becomes an event of its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.core import attribution, flapping, incidents
from bridge.core.events import builder, schema
from bridge.core.events.builder import EVENTS
from bridge.core.flapping import Bucket, Limits
from bridge.core.json_safety import fits
from bridge.core.model import Body, Event
from bridge.pipeline import rechecks
from bridge.pipeline.internal_errors import Faults, tried, within
from bridge.pipeline.interpret import batch_context, incident_lifecycle
from bridge.pipeline.interpret.batch_context import Surroundings
from bridge.pipeline.server_lease import Lease
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.observations import incidents as incident_store
from bridge.store.observations.incidents import Kept

_TURNS = frozenset({"leg.down", "leg.up", "leg.degraded"})
_LOOK_AGAIN = batch_context.LOOK_AGAIN


@dataclass(slots=True)
class _Reading:
    """What one batch comes to, as it is worked out."""

    server: str
    now: datetime
    around: Surroundings
    concluded: list[Event]
    buckets: dict[int, tuple[Bucket, datetime | None]]
    kept: dict[str, Kept]
    owners: dict[str, str]
    known: dict[str, Body]


class Interpreter:
    """`now` is domain time; `limits` say what flapping is."""

    def __init__(self, database: Database, now: Callable[[], datetime], limits: Limits) -> None:
        self._database = database
        self._now = now
        self._limits = limits
        self._faults = Faults(database, now)

    def interpret(self, lease: Lease, batch: Sequence[Event]) -> list[Event]:
        """The same events with what is known about them; what follows from them is recorded, to be
        decided after them.

        Where that fails as a whole, each by itself. Of one on which it fails nothing is known, and
        `fault` says why: no rule acts on it, and people are told all the same.
        """
        fresh = [event for event in batch if not event.known]
        if not fresh:
            return list(batch)
        with tried("interpret", "events", lease.server) as whole:
            known = self._interpreted(lease, fresh)
        lease.keep()
        if whole.failed:
            known = {event.id: self._alone(lease, event) for event in fresh}
        return [replace(event, known=known.get(event.id, event.known)) for event in batch]

    def _alone(self, lease: Lease, event: Event) -> Body:
        with self._faults.apart("interpret", f"an event {event.type}", lease.server) as part:
            return self._interpreted(lease, [event])[event.id]
        lease.keep()
        known: Body = {
            **schema.blank(schema.KNOWN),
            "over": bool(event.data.get("over")),
            "depth": 0,
            "fault": part.why,
        }
        with self._database.writing() as connection:
            event_store.note(connection, {event.id: known})
        return known

    def _interpreted(self, lease: Lease, fresh: Sequence[Event]) -> Mapping[str, Body]:
        server = lease.server
        now = self._now()
        with self._database.reading() as connection:
            around = batch_context.gather(connection, server, fresh, now)
        reading = _Reading(server, now, around, [], {}, {}, dict(around.owners), {})
        self._flapping(reading, fresh)
        self._incidents(reading, fresh)
        for event in fresh:
            reading.known[event.id] = _known(reading, event)
        with self._database.writing() as connection:
            lease.hold(connection)
            event_store.record(connection, reading.concluded)
            incident_store.save_buckets(connection, server, reading.buckets)
            for kept in reading.kept.values():
                incident_store.save(
                    connection, server, kept, None if kept.incident.ended else now + _LOOK_AGAIN
                )
            incident_store.attach(connection, reading.owners)
            event_store.note(connection, reading.known)
        return reading.known

    def _flapping(self, reading: _Reading, fresh: Iterable[Event]) -> None:
        for event in fresh:
            # what is found to be so is no further change
            if event.only or event.type not in _TURNS or not fits(event.data["leg"]["id"]):
                continue
            leg = event.data["leg"]["id"]
            if leg in reading.buckets:
                before = reading.buckets[leg][0]
            else:
                before = reading.around.buckets.get(leg, Bucket())
            after = flapping.poured(before, [event.time], self._limits)
            reading.buckets[leg] = (after, flapping.calm_at(after, self._limits))
            if after.flapping and not before.flapping:
                nouns = {"leg": event.data["leg"], "bond": event.data["bond"]}
                reading.concluded.append(
                    _spell(reading, "leg.flapping", leg, after, after.at or event.time, nouns)
                )

    def _incidents(self, reading: _Reading, fresh: Sequence[Event]) -> None:
        around = reading.around
        judged = incidents.judge(
            reading.server, around.losses, [kept.incident for kept in around.kept], around.sizes
        )
        stored = {kept.incident.id: kept for kept in around.kept}
        for name, one in judged.incidents.items():
            if name in stored:
                label = stored[name].name
            else:
                label = around.names.get(one.cause, one.cause[1])
            reading.kept[name] = Kept(one, label, reading.now)
        reading.owners |= judged.owners
        current = {**stored, **reading.kept}
        for event in fresh:
            if event.id not in reading.owners and not event.only:
                self._join(reading, current, event)
        for name in judged.opened:
            reading.concluded.append(
                incident_lifecycle.opening(reading.server, reading.kept[name], reading.now)
            )

    def _join(self, reading: _Reading, current: dict[str, Kept], event: Event) -> None:
        """What happens to a bond that an incident has taken belongs to it, and what the server says
        of its cause.
        """
        bond = batch_context.bond_of(event)
        causes = batch_context.named_by(event)
        if bond is None and not causes:
            return
        for name, kept in current.items():
            if kept.incident.takes(causes, bond, event.time):
                one = replace(kept.incident, last=max(kept.incident.last, event.time))
                if event.type == "aggregator.failed":
                    one = replace(one, state="failed")
                current[name] = reading.kept[name] = Kept(one, kept.name, reading.now)
                reading.owners[event.id] = name
                return

    def timers(self, lease: Lease) -> None:
        """Legs that have calmed down."""
        server = lease.server
        now = self._now()
        with self._database.reading() as connection:
            calm = incident_store.calm(connection, server, now)
            standings = batch_context.standings(connection, server, calm, ())
        if not calm:
            return
        concluded: list[Event] = []
        with self._database.writing() as connection:
            lease.hold(connection)
            stable = {f"leg/{leg}" for leg in calm}
            rechecks.of_subjects(connection, server, stable, now)
            for leg, (bucket, ended) in calm.items():
                with within(connection, now, "interpret", f"leg {leg}, which is calm", server):
                    nouns = standings.nouns(leg)
                    concluded.append(_spelled(server, "leg.stable", leg, bucket, ended, now, nouns))
                    calmed = flapping.calmed(bucket, ended, self._limits)
                    incident_store.save_buckets(connection, server, {leg: (calmed, None)})
            event_store.record(connection, concluded)

    def endings(self, lease: Lease) -> bool:
        """Incidents that are over, once all that is recorded has been interpreted; True if there is
        one, to be decided.
        """
        return incident_lifecycle.look(self._database, lease, self._now())


def known_now(
    connection: Connection, server: str, found: Sequence[Event], now: datetime
) -> dict[str, Body]:
    """What is known at this moment of what lasts, by event."""
    if not found:
        return {}
    around = batch_context.gather(connection, server, found, now)
    reading = _Reading(server, now, around, [], {}, {}, {}, {})
    return {event.id: _known(reading, event) for event in found}


def _known(reading: _Reading, event: Event) -> Body:
    bond = batch_context.bond_of(event)
    leg = (event.data.get("leg") or {}).get("id")
    if leg is not None:
        bucket = reading.buckets.get(leg, (reading.around.buckets.get(leg),))[0]
    else:
        bucket = None
    if bond is not None:
        held = reading.around.held.get(bond)
    else:
        held = None
    why = None
    if event.type in attribution.EXPLAINABLE:
        done = reading.around.done
        at = batch_context.judged_at(event)
        why = attribution.by_actions(done, bond, leg, at) or attribution.by_runs(
            reading.around.runs, bond, at
        )
    if event.only is not None:
        owner = _holder(reading, event)
    else:
        owner = reading.owners.get(event.id)
    return {
        "incident": owner,
        "flapping": bool(bucket and bucket.flapping),
        "explained": why,
        "hands_off": held.isoformat() if held else None,
        "over": bool(event.data.get("over")),
        "depth": reading.around.depths.get(_led_by(event, why) or "", 0),
    }


def _holder(reading: _Reading, event: Event) -> str | None:
    """The incident that is open and holds what is so by now: it joins none, whenever it began."""
    bond = batch_context.bond_of(event)
    causes = batch_context.named_by(event)
    for one in (kept.incident for kept in reading.around.kept):
        if one.ended is None and (bond in one.held or one.cause in causes):
            return one.id
    return None


def _led_by(event: Event, why: str | None) -> str | None:
    """The job of ours that led to an event: what became of it, or what it explains.

    Of what was found to last, the event that it began with.
    """
    if event.data.get("origin"):
        return str(event.data["origin"])
    named = batch_context.JOB.search(why or "")
    if event.type.startswith("action."):
        return (event.data.get("job") or {}).get("id")
    return named and named[1]


def _spell(
    reading: _Reading,
    name: str,
    leg: int,
    bucket: Bucket,
    time: datetime,
    nouns: Mapping[str, Body],
) -> Event:
    return _spelled(reading.server, name, leg, bucket, time, reading.now, nouns)


def _spelled(
    server: str,
    name: str,
    leg: int,
    bucket: Bucket,
    time: datetime,
    now: datetime,
    nouns: Mapping[str, Body],
) -> Event:
    if bucket.since:
        since = bucket.since.isoformat()
    else:
        since = None
    data = {**nouns, "flapping": {"changes": bucket.changes, "since": since}}
    return builder.make(
        EVENTS[name],
        server=server,
        subject=f"leg/{leg}",
        n=since,
        time=min(time, now),
        seen_at=now,
        data=data,
    )
