"""Polls that fail, and servers that are well again: each said once."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.bonding import scopes
from bridge.core.model import Body, Event
from bridge.errors import BridgeError, Busy, CredentialsRejected, Forbidden, Garbled, Unreachable
from bridge.pipeline.observe import poll_events
from bridge.pipeline.observe.watched_server import Watched
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import Scope

_LONGEST_BACKOFF = 300.0
# what was brought forward is tried again after this at first
_SOON = 15.0
# what is forbidden is asked for again now and then: a person may have granted it
_FORBIDDEN = 3600.0
# a password that was refused is tried again after this at first, by one scope of the server
_REJECTED = 30.0
# One failed request is noise, as many in a row are an outage.
_FAILURES_TO_TELL = 3


def failed(
    database: Database, watched: Watched, scope: Scope, error: BridgeError, now: datetime
) -> tuple[list[Event], float]:
    """Wait longer with every failure; say once that the server cannot be reached, does not know us,
    or forbids this.

    The events, and the seconds until the next try.
    """
    wait = _wait(watched, scope, error)
    memo = {
        **scope.remembered,
        "failing_since": scope.remembered.get("failing_since") or now.isoformat(),
    }
    with database.writing() as connection:
        told = _told(connection, watched, scope, error, memo, now)
        # spread, not secrecy
        due_at = now + timedelta(seconds=wait * random.uniform(0.9, 1.1))  # noqa: S311
        snapshots.reschedule(connection, scope, due_at, str(error), memo=memo)
        if isinstance(error, CredentialsRejected):
            # the others would only try the same password: some servers lock anyone who does so too
            # often
            snapshots.put_off(connection, watched.name, due_at)
        return event_store.record(connection, told), wait


def well(connection: Connection, server: str, now: datetime) -> list[Event]:
    """A poll has succeeded: the event that the server is back, where it was away; what failed
    meanwhile is polled now.
    """
    turned = snapshots.turn_health(connection, server, "ok")
    if turned is None or turned[0] == "unknown":
        return []
    snapshots.bring_forward(connection, server, now)
    return [poll_events.of_server(server, "server.recovered", turned[1], now, turned[0])]


def _wait(watched: Watched, scope: Scope, error: BridgeError) -> float:
    interval = watched.interval(scope.name)
    if scope.rank == snapshots.FORWARD:  # there was a reason to look at it now
        interval = min(interval, _SOON)
    if isinstance(error, Busy) and error.wait is not None:
        return max(interval, error.wait)
    if isinstance(error, Forbidden):
        return max(interval, _FORBIDDEN)
    if isinstance(error, CredentialsRejected):
        return max(interval, min(_REJECTED * 2.0 ** min(scope.failures, 10), _LONGEST_BACKOFF))
    return max(interval, min(interval * 2.0 ** min(scope.failures, 10), _LONGEST_BACKOFF))


def _told(
    connection: Connection,
    watched: Watched,
    scope: Scope,
    error: BridgeError,
    memo: dict[str, object],
    now: datetime,
) -> list[Event]:
    if isinstance(error, CredentialsRejected):
        return _turned(connection, watched.name, "auth_failed", error, now)
    if isinstance(error, Forbidden):
        return _forbidden(scope, error, memo, now)
    if scope.failures + 1 < _FAILURES_TO_TELL or not isinstance(error, Unreachable | Garbled):
        return []
    newest = snapshots.newest_success(connection, watched.name)
    away = newest is None or newest < datetime.fromisoformat(str(memo["failing_since"]))
    if away:
        return _turned(connection, watched.name, "unreachable", error, now)
    if isinstance(
        error, Garbled
    ):  # the server answers elsewhere: it is this list that we do not understand
        problem: Body = {"text": str(error)}
        return [
            poll_events.of_scope(scope, "wire.unknown", str(error), now, problem=problem, sample={})
        ]
    return []


def _turned(
    connection: Connection, server: str, health: str, error: BridgeError, now: datetime
) -> list[Event]:
    turned = snapshots.turn_health(connection, server, health)
    if turned:
        return [poll_events.of_server(server, f"server.{health}", turned[1], now, str(error))]
    return []


def _forbidden(
    scope: Scope, error: BridgeError, memo: dict[str, object], now: datetime
) -> list[Event]:
    """Told when it turns so, once for all scopes alike: not for each of a thousand legs.

    `forbidden` counts how often it did, and is negative while it is not.
    """
    n = int(str(memo.get("forbidden", 0)))
    if n > 0:
        return []
    memo["forbidden"] = 1 - n
    alike = replace(scope, name=scopes.address(scope.name).family.template)
    return [
        poll_events.of_scope(alike, "scope.forbidden", 1 - n, now, problem={"text": str(error)})
    ]
