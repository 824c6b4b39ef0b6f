"""Observe: poll a scope, compare it with what was known, record what happened. Half a poll is no
snapshot (law 5).
"""

import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bridge.bonding import scopes
from bridge.bonding.catalogue import KINDS
from bridge.core.events import builder
from bridge.core.events.headlines import headline
from bridge.core.json_safety import LONGEST_ID
from bridge.core.model import Change, Event, Known, Seen
from bridge.core.objects import backup_schedule, snapshot_diff
from bridge.core.objects.bond_condition import conditions
from bridge.core.objects.snapshot_diff import Diff, Key
from bridge.errors import BridgeError, Bug, Garbled, LeaseLost, Refused
from bridge.pipeline.internal_errors import Faults, Part, passes, tried
from bridge.pipeline.observe import (
    history_poll,
    poll_events,
    poll_failures,
    poll_findings,
    poll_schedule,
)
from bridge.pipeline.observe.poll_events import Walk
from bridge.pipeline.observe.scope_reader import Reader
from bridge.pipeline.observe.watched_server import Watched
from bridge.store import clock_steps
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import Scope, Walked

# Longer than the slowest walk; a poll that lasts longer is lost to anyone who takes over, which
# costs time and nothing else.
_LEASE = 60.0
_READINGS = 3
_NOT_FOUND = 404
# kinds of objects that no list shows: they follow from those that it does
_WORKED_OUT = frozenset({"bond_condition", "backup_schedule"})

log = structlog.get_logger()


class Observer:
    """Polls the scopes of the servers that are watched. `key` makes digests of secrets; `now` is
    domain time.
    """

    def __init__(
        self,
        database: Database,
        servers: Mapping[str, Watched],
        key: bytes,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self.servers = servers
        self._key = key
        self._now = now
        self._faults = Faults(database, now)

    def prepare(self) -> None:
        """Make rows for every server and its scopes, due at once."""
        with self._database.writing() as connection:
            snapshots.ensure_server(connection, builder.OURSELVES)
            for watched in self.servers.values():
                snapshots.ensure_server(connection, watched.name)
                poll_schedule.prepare(connection, watched, self._now())

    def due(self, at_once: int | None = None) -> list[tuple[str, str]]:
        """(server, scope) of every poll to begin now: what keeps to its interval first, the
        rotation as the budget allows.

        `at_once`: at most so many of each server, however much its budget allows.
        """
        now = self._now()
        found = []
        self._tick(now)
        with self._database.reading() as connection:
            for watched in self.servers.values():
                with self._faults.apart("poll", "what is due", watched.name) as part:
                    if watched.rate:
                        most = max(1, round(watched.rate))
                    else:
                        most = None
                    names = snapshots.due_scopes(
                        connection,
                        watched.name,
                        now,
                        min(filter(None, (most, at_once)), default=None),
                    )
                    found += [(watched.name, name) for name in names if watched.wanted(name)]
                if part.failed:
                    connection.rollback()
        return found

    def _tick(self, now: datetime) -> None:
        """Notice that our clock was set back: nothing waits for longer because of it."""
        with self._database.reading() as connection:
            if not clock_steps.behind(connection, now):
                return
        with self._database.writing() as connection:
            back = clock_steps.tick(connection, now)
        if back:
            log.warning("the clock was set back", by=f"{back.total_seconds():.0f}s")

    def wanted(self, server: str, name: str) -> bool:
        """Whether the settings let the scope be polled."""
        return self.servers[server].wanted(name)

    def poll(
        self, server: str, name: str, *, anyway: bool = True, shrink: bool = False
    ) -> list[Event] | None:
        """Poll one scope; what happened there, or None if it failed, is being polled or, unless
        `anyway`, is not due.

        `shrink`: a person says that everything missing is really gone, however much it is.
        """
        watched = self.servers[server]
        now = self._now()
        with self._database.writing() as connection:
            if anyway:
                due = None
            else:
                due = now
            scope = snapshots.claim_scope(
                connection, server, name, _LEASE, most=watched.concurrency, due=due
            )
        if scope is None:
            return None
        try:
            found = self._polled(watched, scope, shrink=shrink)
        except LeaseLost as error:
            log.info("poll overtaken", server=server, scope=name, why=str(error))
            return None
        except Exception as error:
            if passes(error):
                raise
            # a fault of ours in this scope: the others are polled
            self._failed(watched, scope, error)
            return None
        _say(found)
        return found

    def _failed(self, watched: Watched, scope: Scope, error: Exception) -> None:
        if isinstance(error, BridgeError):
            why = error
        else:
            why = self._set_aside(scope, error)
        failure = poll_failures.failed(self._database, watched, scope, why, self._now())
        if failure.is_news:
            log.warning(
                "poll failed",
                server=scope.server,
                scope=scope.name,
                scopes=failure.scopes,
                why=str(why),
                again_in=f"{failure.wait:.0f}s",
            )
        _say(failure.events)

    def _set_aside(self, scope: Scope, error: Exception) -> BridgeError:
        part = Part.of(error, "poll", f"scope {scope.name}", scope.server)
        self._faults.note(part)
        return Bug(f"a fault of bondbridge: {part.why}")

    def _polled(self, watched: Watched, scope: Scope, *, shrink: bool) -> list[Event]:
        timing = scopes.address(scope.name).family.timing
        if timing == scopes.HISTORIES:
            return history_poll.poll(self._database, watched, scope, self._now)
        if timing == scopes.STATISTICS:
            return self._count(watched, scope)
        walk = self._walk(watched, scope)
        return self._compare(watched, scope, walk, shrink=shrink)

    def _walk(self, watched: Watched, scope: Scope) -> Walk:
        began = self._now()
        reader = Reader(watched.client)
        seen = self._whole(scope, reader)
        at = self._now()
        # our clock may have been set back while we read
        return Walk(min(began, at), at, tuple(seen), reader.offset)

    def _whole(self, scope: Scope, reader: Reader) -> list[Seen]:
        """The scope, read again at once where things moved while it was read."""
        for _ in range(_READINGS - 1):
            with suppress(Garbled):
                return scopes.read(scope.name, reader, self._key)
        return scopes.read(scope.name, reader, self._key)

    def _compare(self, watched: Watched, scope: Scope, walk: Walk, *, shrink: bool) -> list[Event]:
        with self._database.reading() as connection:
            before = snapshots.objects_of(connection, scope.server, scope.name)
            version = snapshots.bodies(
                connection, scope.server, {("bonding_version", "bonding_version")}
            )
        # the server's own times are compared on the server's own clock
        seen = snapshot_diff.with_derived(
            before, walk.seen, walk.at + walk.offset, next(iter(version.values()), None)
        )
        missing = [key for key in snapshot_diff.missing(before, seen) if key[0] not in _WORKED_OUT]
        shrunk = not shrink and snapshot_diff.shrunk(before, missing)
        if shrunk:
            suspects = []
        else:
            suspects = snapshot_diff.suspects(before, missing, walk.at)
        gone = self._really_gone(watched, scope, suspects)
        hidden = [before[key].seen for key in missing if key not in gone]
        walk = replace(
            walk, seen=(*seen, *self._worked_out(watched, scope, walk, [*seen, *hidden]))
        )
        gone |= {key for key in snapshot_diff.missing(before, walk.seen) if key[0] in _WORKED_OUT}
        volatile = {
            name: kind.volatile | watched.ignore.get(name, frozenset())
            for name, kind in KINDS.items()
        }
        found = snapshot_diff.compare(
            before, walk.seen, volatile=volatile, gone=gone, now=walk.at, since=scope.began_there
        )
        if not scope.version:
            happened = poll_events.baseline(scope, walk)
            known = found.known
        else:
            happened, known = self._events(scope, walk, found, before)
        memo, noticed = poll_findings.of_walk(
            scope, walk, watched.interval(scope.name), missing=len(missing) if shrunk else 0
        )
        return self._apply(watched, scope, walk, found.changes, known, [*happened, *noticed], memo)

    def _worked_out(
        self, watched: Watched, scope: Scope, walk: Walk, there: list[Seen]
    ) -> list[Seen]:
        """What follows from all the objects that are there, those that are only hidden from us just
        now among them.
        """
        if scope.name == "legs":
            return conditions(there)
        if scope.name == "backups":
            every = watched.backup_every
            grace = watched.backup_grace
            return [
                backup_schedule.schedule(there, every=every, grace=grace, now=walk.at + walk.offset)
            ]
        return []

    def _really_gone(self, watched: Watched, scope: Scope, suspects: Iterable[Key]) -> set[Key]:
        """Of the suspects, those whose own address says 404; what has no address of its own was
        missed twice, that is all.
        """
        gone = set()
        for kind, identifier in suspects:
            if len(identifier) < LONGEST_ID:
                single = scopes.single(scope.name, kind, identifier)
            else:
                single = None
            if single is None:
                gone.add((kind, identifier))
                continue
            try:
                watched.client.read(single[0], **single[1])
            except Refused as error:
                if error.status == _NOT_FOUND:
                    gone.add((kind, identifier))
        return gone

    def _events(
        self, scope: Scope, walk: Walk, found: Diff, before: Mapping[Key, Known]
    ) -> tuple[list[Event], tuple[Known, ...]]:
        wanted = {key for change in found.changes for key in builder.related(change)}
        with self._database.reading() as connection:
            others = snapshots.bodies(connection, scope.server, wanted)
        known = {(each.seen.kind, each.seen.id): each for each in found.known}
        happened = list[Event]()
        aside = list[Part]()
        for change in found.changes:
            key = (change.kind, change.id)
            with tried("poll", f"a change of a {change.kind}", scope.server) as part:
                if key in before:
                    last_seen = before[key].last_seen
                else:
                    last_seen = None
                told = list[Event]()
                counts = dict(known[key].counts)
                for row in builder.happenings(change):
                    counts[row.name] = counts.get(row.name, 0) + 1
                    told.append(
                        poll_events.of_change(
                            scope, walk, row, change, counts[row.name], others, last_seen
                        )
                    )
                known[key] = replace(known[key], counts=counts)
                happened += told
            if part.failed:
                aside.append(part)
        if aside:
            self._faults.note(*aside)
        return happened, tuple(known.values())

    def _apply(
        self,
        watched: Watched,
        scope: Scope,
        walk: Walk,
        changes: Iterable[Change],
        known: Iterable[Known],
        happened: list[Event],
        memo: dict[str, object],
    ) -> list[Event]:
        changes = list(changes)
        running = any("outcome" in s.body and s.body["outcome"] is None for s in walk.seen)
        due_at = walk.at + timedelta(seconds=spread(watched.interval(scope.name, running=running)))
        if running:
            rank = snapshots.FORWARD
        else:
            rank = poll_schedule.rank(scope.name)
        with self._database.writing() as connection:
            walked = Walked(walk.began, walk.at, walk.offset.total_seconds(), memo)
            snapshots.save_walk(connection, scope, known, walked)
            snapshots.reschedule(connection, scope, due_at, rank=rank)
            poll_schedule.follow(connection, watched, changes, walk.at, walk.at + walk.offset)
            poll_schedule.bring_forward(connection, watched, scope, changes, walk.at)
            fresh = [
                event
                for event in happened
                if not history_poll.told_already(connection, scope, event)
            ]
            return event_store.record(
                connection, [*fresh, *poll_failures.well(connection, scope.server, walk.at)]
            )

    def _count(self, watched: Watched, scope: Scope) -> list[Event]:
        """How many objects there are of each kind; where a number changed, its scopes are brought
        forward.
        """
        began = self._now()
        reader = Reader(watched.client)
        with self._database.reading() as connection:
            root = poll_schedule.root_space(connection, scope.server)
        if root:
            counted = dict(poll_schedule.counts(reader, root))
        else:
            counted = {}
        now = self._now()
        with self._database.writing() as connection:
            snapshots.save_walk(
                connection, scope, (), Walked(began, now, reader.offset.total_seconds(), counted)
            )
            snapshots.reschedule(
                connection, scope, now + timedelta(seconds=spread(watched.interval(scope.name)))
            )
            poll_schedule.counted(connection, scope.server, scope.remembered, counted, now)
            return event_store.record(connection, poll_failures.well(connection, scope.server, now))


def spread(seconds: float) -> float:
    """The same length, a tenth more or less: polls that began together do not stay together."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311  spread, not secrecy


def _say(found: Iterable[Event]) -> None:
    for event in found:
        log.info(headline(event), id=event.id, type=event.type)
