"""What comes by the clock: schedules that are due, and lasting states that already are so when a
rule begins to look.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping

from bridge.core.canonical_json import identity
from bridge.core.decisions import level_triggers
from bridge.core.events.builder import EVENTS, make, related
from bridge.core.model import Body, Change, Event
from bridge.core.rules import cron, schedules
from bridge.core.rules.rule import Rule, Schedule
from bridge.pipeline.internal_errors import Faults, within
from bridge.pipeline.server_lease import Lease
from bridge.rulebook import Rulebook
from bridge.store import controls
from bridge.store.database import Database
from bridge.store.decisions import groups
from bridge.store.observations import events as event_store
from bridge.store.observations import snapshots


class Timing:
    """`now` is domain time; `servers`: those that are watched, in the order of the settings."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], servers: Sequence[str]
    ) -> None:
        self._database = database
        self._now = now
        self._servers = servers
        self._faults = Faults(database, now)

    def to_sweep(self, connection: Connection, book: Rulebook) -> set[str]:
        """Servers on which a rule has not looked yet for what already is so, or a schedule is not
        known yet as it is now.
        """
        return {
            each
            for each in self._servers
            if self._unswept(connection, each, book) or self._unknown(connection, each, book)
        }

    def run(self, lease: Lease, book: Rulebook) -> None:
        """Record what is due and what is found. The caller decides it."""
        server = lease.server
        now = self._now()
        if server not in self._servers:
            return
        happened: list[Event] = []
        with self._database.reading() as connection:
            unswept = self._unswept(connection, server, book)
            for rule, occasion in unswept:
                # one that fails has looked as well as it can, until there is something new to look
                # for
                with self._faults.apart("sweep", f"rule {rule.id}", server) as part:
                    happened += self._found(connection, rule, server, occasion, now)
                if part.failed:
                    connection.rollback()
            timetable = groups.timetable(connection, server)
        scheduled = {rule.id: rule for rule in self._scheduled(server, book)}
        if not unswept and not scheduled and not timetable:
            return
        with self._database.writing() as connection:
            lease.hold(connection)
            groups.drop_schedules(connection, server, timetable.keys() - scheduled.keys())
            for rule in scheduled.values():
                with within(connection, now, "schedule", f"rule {rule.id}", server):
                    happened += _scheduled(connection, rule, server, timetable.get(rule.id), now)
            event_store.record(connection, happened)
            for rule, occasion in unswept:
                groups.swept(connection, rule.id, server, occasion, now)

    def _unswept(
        self, connection: Connection, server: str, book: Rulebook
    ) -> list[tuple[Rule, str]]:
        lasting = [rule for rule in book.rules if rule.lasting]
        if not lasting:
            return []
        state = (
            controls.ended_holds(connection, server, self._now()),
            groups.baselines(connection, server),
        )
        known = groups.occasions(connection, server)
        wanted = [(rule, identity(rule.hash, *state)) for rule in lasting]
        return [(rule, occasion) for rule, occasion in wanted if known.get(rule.id) != occasion]

    def _scheduled(self, server: str, book: Rulebook) -> list[Rule]:
        return [rule for rule in book.rules if schedules.followed(rule, server, self._servers)]

    def _unknown(self, connection: Connection, server: str, book: Rulebook) -> bool:
        rules = self._scheduled(server, book)
        scheduled = {
            rule.id: _spelled(rule.shape) for rule in rules if isinstance(rule.shape, Schedule)
        }
        if scheduled:
            known = groups.timetable(connection, server)
        else:
            known = {}
        return any(
            name not in known or known[name]["cron"] != spelled
            for name, spelled in scheduled.items()
        )

    @staticmethod
    def _found(
        connection: Connection, rule: Rule, server: str, occasion: str, now: datetime
    ) -> list[Event]:
        """What the rule speaks of that is so by the view, and that it has not dealt with."""
        kinds = sorted(
            {kind for name in rule.types if (kind := EVENTS[name].kind) and EVENTS[name].still}
        )
        made: list[Event] = []
        for kind in kinds:
            seen = snapshots.bodies_of(connection, server, (kind,))
            bodies = {str(body.get("id", body.get("name", kind))): body for _, body in seen}
            standing = {
                key: body
                for key, body in bodies.items()
                if any(
                    EVENTS[name].kind == kind and (still := EVENTS[name].still) and still(body)
                    for name in rule.types
                )
            }
            others = _others(connection, server, kind, standing)
            made += level_triggers.found(rule, server, kind, standing, others, now, occasion)
        if made:
            known = groups.spoken_for(
                connection, rule.id, server, {event.subject for event in made}
            )
        else:
            known = set()
        return [event for event in made if (event.type, event.subject) not in known]


def _others(
    connection: Connection, server: str, kind: str, standing: dict[str, Body]
) -> dict[tuple[str, str], Body]:
    """The objects whose names the events carry."""
    wanted = {
        key for name, body in standing.items() for key in related(Change(kind, name, None, body))
    }
    if wanted:
        return snapshots.bodies(connection, server, wanted)
    return {}


def _spelled(shape: Schedule) -> str:
    """The clock that its next moment was worked out by."""
    return f"{shape.cron} {shape.zone}"


def _scheduled(
    connection: Connection, rule: Rule, server: str, known: RowMapping | None, now: datetime
) -> list[Event]:
    """The event of a schedule that is due; moments that were slept through are one. Its next moment
    is noted.
    """
    shape = rule.shape
    assert isinstance(shape, Schedule)  # noqa: S101  asked before
    spelled = _spelled(shape)
    if known is None or known["cron"] != spelled:
        groups.set_due(connection, rule.id, server, spelled, cron.following(shape, now))
        return []
    due = known["due_at"]
    if due > now:
        return []
    # of those that were slept through the newest is told, so that what it leads to is no old news
    while (later := cron.following(shape, due)) <= now:
        due = later
    groups.set_due(connection, rule.id, server, spelled, later)
    data = {"schedule": {"rule": rule.id, "at": due.isoformat()}}
    row = EVENTS["schedule.due"]
    event = make(
        row,
        server=server,
        subject=f"rule/{rule.id}",
        n=due.isoformat(),
        time=due,
        seen_at=now,
        data=data,
    )
    return [replace(event, only=rule.id)]
