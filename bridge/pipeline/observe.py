"""Observe: poll a scope, compare it with what was known, record what happened. Half a poll is no snapshot (law 5)."""

import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bridge.bonding import scopes as scope_names
from bridge.bonding.catalogue import KINDS
from bridge.core import backups, events
from bridge.core.diff import Diff, Key, compare, suspects
from bridge.core.headlines import headline
from bridge.core.model import Body, Change, Event, Json, Known, Seen
from bridge.errors import BridgeError, CredentialsRejected, Garbled, LeaseLost, Refused, Unreachable
from bridge.pipeline.watched import Watched
from bridge.store import events as event_store
from bridge.store import watching
from bridge.store.database import Database
from bridge.store.watching import Scope

# Longer than the slowest walk; a poll that lasts longer is lost to whoever takes over, which costs time and nothing else.
_LEASE = 60.0
_READINGS = 3
_LONGEST_BACKOFF = 300.0
# One failed request is noise, as many in a row are an outage.
_FAILURES_TO_TELL = 3
# Below this the offset of the clocks is the one-second grain of the Date header and the way of the answer.
_GRAIN = timedelta(seconds=5)
_VOLATILE = {name: kind.volatile for name, kind in KINDS.items()}
_NOT_FOUND = 404

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Walk:
    """A complete walk of a scope: when it ended, what it saw, how far the server's clock is ahead of ours."""

    at: datetime
    seen: tuple[Seen, ...]
    offset: timedelta


class Observer:
    """Polls the scopes of the servers that are watched. `key` makes digests of secrets; `now` is domain time."""

    def __init__(self, database: Database, servers: Mapping[str, Watched], key: bytes, now: Callable[[], datetime]) -> None:
        self._database, self._servers, self._key, self._now = database, servers, key, now

    def prepare(self) -> None:
        """Make rows for every server and its scopes, due at once."""
        now = self._now()
        with self._database.writing() as connection:
            watching.ensure_server(connection, events.OURSELVES)
            for server in self._servers:
                watching.ensure_server(connection, server)
                wanted = (*scope_names.WHOLE, scope_names.PLACEMENTS)
                watching.ensure_scopes(connection, server, dict.fromkeys(wanted, now))

    def due(self) -> list[tuple[str, str]]:
        """(server, scope) of every poll that is due."""
        now = self._now()
        with self._database.reading() as connection:
            return [(server, name) for server in self._servers for name in watching.due_scopes(connection, server, now)]

    def poll(self, server: str, name: str) -> list[Event] | None:
        """Poll one scope; what happened there, or None if it failed or somebody else is at it."""
        watched = self._servers[server]
        with self._database.writing() as connection:
            scope = watching.claim_scope(connection, server, name, _LEASE)
        if scope is None:
            return None
        try:
            walk = self._walk(watched, scope)
            found = self._compare(watched, scope, walk)
        except LeaseLost as error:
            log.info("poll overtaken", server=server, scope=name, why=str(error))
            return None
        except BridgeError as error:
            self._failed(watched, scope, error)
            return None
        for event in found:
            log.info(headline(event), id=event.id, type=event.type)
        return found

    def _walk(self, watched: Watched, scope: Scope) -> _Walk:
        offsets = [timedelta()]

        def fetch(operation: str, /, **arguments: Json) -> list[Json]:
            items, offset = watched.client.walk(operation, **arguments)
            offsets.append(offset)
            return items

        seen = self._whole(scope, fetch)
        now, offset = self._now(), offsets[-1] if abs(offsets[-1]) >= _GRAIN else timedelta()
        if scope.name == "backups":
            # the server's own times are compared on the server's own clock
            every, grace = watched.backup_every, watched.backup_grace
            seen = [*seen, backups.schedule(seen, every=every, grace=grace, now=now + offset)]
        return _Walk(now, tuple(seen), offset)

    def _whole(self, scope: Scope, fetch: scope_names.Fetch) -> list[Seen]:
        """The scope, read again at once where things moved while it was read."""
        for _ in range(_READINGS - 1):
            with suppress(Garbled):
                return scope_names.read(scope.name, fetch, self._key)
        return scope_names.read(scope.name, fetch, self._key)

    def _compare(self, watched: Watched, scope: Scope, walk: _Walk) -> list[Event]:
        with self._database.reading() as connection:
            before = watching.objects_of(connection, scope.server, scope.name)
        gone = self._really_gone(watched, scope, suspects(before, walk.seen, walk.at))
        found = compare(before, walk.seen, volatile=_VOLATILE, gone=gone, now=walk.at)
        if not scope.version:
            happened, known = _baseline(scope, walk), found.known
        else:
            happened, known = self._events(scope, walk, found)
        return self._apply(watched, scope, walk, found.changes, known, happened)

    def _really_gone(self, watched: Watched, scope: Scope, missing: Iterable[Key]) -> set[Key]:
        """Of the suspects, those whose own address says 404; what has no address of its own was missed twice, that is all."""
        gone = set()
        for kind, identifier in missing:
            single = KINDS[kind].single if kind in KINDS else None
            if single is None:
                gone.add((kind, identifier))
                continue
            try:
                watched.client.read(single, **_address(scope, kind, identifier))
            except Refused as error:
                if error.status == _NOT_FOUND:
                    gone.add((kind, identifier))
        return gone

    def _events(self, scope: Scope, walk: _Walk, found: Diff) -> tuple[list[Event], tuple[Known, ...]]:
        wanted = {key for change in found.changes for key in events.related(change)}
        with self._database.reading() as connection:
            others = watching.bodies(connection, scope.server, wanted)
        known = {(each.seen.kind, each.seen.id): each for each in found.known}
        happened = []
        for change in found.changes:
            key = (change.kind, change.id)
            for row in events.happenings(change):
                n = known[key].counts.get(row.name, 0) + 1
                known[key] = replace(known[key], counts={**known[key].counts, row.name: n})
                happened.append(_event(scope, walk, row, change, n, others))
        return happened, tuple(known.values())

    def _apply(
        self, watched: Watched, scope: Scope, walk: _Walk,
        changes: Iterable[Change], known: Iterable[Known], happened: list[Event],
    ) -> list[Event]:  # fmt: skip
        wait = self._interval(watched, scope, walk) * random.uniform(0.9, 1.1)  # noqa: S311  spread, not secrecy
        with self._database.writing() as connection:
            watching.save_walk(connection, scope, known, at=walk.at, offset=walk.offset.total_seconds())
            watching.reschedule(connection, scope, walk.at + timedelta(seconds=wait))
            if scope.name == "bonds":
                _follow_bonds(connection, scope.server, walk, changes)
            turned = watching.turn_health(connection, scope.server, "ok")
            if turned and turned[0] != "unknown":
                watching.bring_forward(connection, scope.server, walk.at)
                happened = [*happened, _of_server(scope.server, "server.recovered", turned[1], walk.at, turned[0])]
            return event_store.record(connection, happened)

    def _interval(self, watched: Watched, scope: Scope, walk: _Walk) -> float:
        family = scope_names.family(scope.name)
        running = family == scope_names.TUNINGS and any(each.body["outcome"] is None for each in walk.seen)
        return watched.intervals["tunings_running" if running else family]

    def _failed(self, watched: Watched, scope: Scope, error: BridgeError) -> None:
        """Wait longer with every failure; say once that the server cannot be reached, or does not know us."""
        now, interval = self._now(), watched.intervals[scope_names.family(scope.name)]
        health = "auth_failed" if isinstance(error, CredentialsRejected) else "unreachable"
        wait = max(interval, min(interval * 2.0 ** min(scope.failures, 10), _LONGEST_BACKOFF))
        told: list[Event] = []
        with self._database.writing() as connection:
            due_at = now + timedelta(seconds=wait * random.uniform(0.9, 1.1))  # noqa: S311  spread, not secrecy
            watching.reschedule(connection, scope, due_at, str(error))
            serious = isinstance(error, Unreachable) and scope.failures + 1 == _FAILURES_TO_TELL
            if serious or isinstance(error, CredentialsRejected):
                turned = watching.turn_health(connection, scope.server, health)
                if turned:
                    event = _of_server(scope.server, f"server.{health}", turned[1], now, str(error))
                    told = event_store.record(connection, [event])
        log.warning("poll failed", server=scope.server, scope=scope.name, why=str(error), again_in=f"{wait:.0f}s")
        for event in told:
            log.warning(headline(event), id=event.id, type=event.type)


def _address(scope: Scope, kind: str, identifier: str) -> dict[str, int]:
    if kind == "bond_tuning":
        return {"bond": int(scope.name.split("/")[1]), "tuning": int(identifier)}
    return {kind: int(identifier)}


def _baseline(scope: Scope, walk: _Walk) -> list[Event]:
    """The first look at a scope: one summary, not an event for everything there. Tunings have a scope per bond: none."""
    if scope_names.family(scope.name) == scope_names.TUNINGS:
        return []
    data = {"scope": {"name": scope.name, "objects": len(walk.seen)}}
    row = events.EVENTS["scope.baseline"]
    subject = f"scope/{scope.name}"
    return [events.make(row, server=scope.server, subject=subject, n=1, time=walk.at, seen_at=walk.at, data=data)]


def _event(scope: Scope, walk: _Walk, row: events.EventType, change: Change, n: int, others: Mapping[Key, Body]) -> Event:
    told = change.body.get(row.time_field) if row.time_field else None
    time = min(datetime.fromisoformat(told) - walk.offset, walk.at) if told else walk.at
    since = scope.polled_at.isoformat() if scope.polled_at else None
    data = {**events.describe(row, change, others), "between": [since, walk.at.isoformat()]}
    subject = f"{change.kind}/{change.id}"
    return events.make(row, server=scope.server, subject=subject, n=n, time=time, seen_at=walk.at, data=data)


def _of_server(server: str, name: str, n: int, now: datetime, text: str) -> Event:
    row, data = events.EVENTS[name], {"problem": {"text": text}}
    return events.make(row, server=server, subject=f"server/{server}", n=n, time=now, seen_at=now, data=data)


def _follow_bonds(connection: Connection, server: str, walk: _Walk, changes: Iterable[Change]) -> None:
    """Every bond has a scope of tunings of its own, as long as it is there."""
    there = {scope_names.tunings_of(each.id): walk.at for each in walk.seen}
    watching.ensure_scopes(connection, server, there)
    for change in changes:
        if change.after is None:
            watching.drop_scope(connection, server, scope_names.tunings_of(change.id))
