"""Polls that fail, and servers that are well again: each said once."""

import random
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.bonding import scopes
from bridge.core.model import Body, Event
from bridge.core.visible_text import shortened
from bridge.errors import BridgeError, Busy, CredentialsRejected, Forbidden, Garbled, Unreachable
from bridge.pipeline.observe import poll_events
from bridge.pipeline.observe.watched_server import Watched
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.observations import poll_troubles, snapshots
from bridge.store.observations.poll_troubles import ANSWER, LOGGED_AT, NOTIFIED, Alike
from bridge.store.observations.snapshots import Scope

_LONGEST_BACKOFF = 300.0
# what was brought forward is tried again after this at first
_SOON = 15.0
# what is forbidden is asked for again now and then: a person may have granted it
_FORBIDDEN = 3600.0
# a password that was refused is tried again after this at first, by one scope of the server
_REJECTED = 30.0
# one trouble of a server is worth a line so often
_LOGGED_EVERY = timedelta(minutes=1)
# what an error says of one scope or object alone: the operation it begins with or answers, keys,
# numbers, addresses, and what is listed
_ABOUT = re.compile(r"^[a-z_]+(\.[a-z_]+)+: ")
_PARTICULAR = re.compile(r"\[[^\]]*\]|'[^']*'|\b[a-z_]+\.[a-z_]+\b|/\S*|\d+")
_LONGEST_KIND = 100
# One failed request is noise, as many in a row are an outage.
_FAILURES_TO_TELL = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """What came of a poll that failed: `wait` in seconds until the next try.

    `answer`: the kind of answer it was. `scopes`: how many of the server fail so; `is_news`: none
    of them was logged in the last minute.
    """

    events: list[Event]
    wait: float
    answer: str
    scopes: int
    is_news: bool


def failed(
    database: Database, watched: Watched, scope: Scope, error: BridgeError, now: datetime
) -> Failure:
    """Wait longer with every failure; say once that the server cannot be reached, does not know us,
    or forbids this.
    """
    wait = _wait(watched, scope, error)
    memo = {
        **scope.remembered,
        ANSWER: kind_of(error),
        "failing_since": scope.remembered.get("failing_since") or now.isoformat(),
    }
    with database.writing() as connection:
        alike = poll_troubles.failing_alike(connection, watched.name, kind_of(error))
        is_news = not alike.is_logged(now, _LOGGED_EVERY)
        if is_news:
            memo[LOGGED_AT] = now.isoformat(timespec="microseconds")
        told = _told(connection, watched, scope, error, memo, now, alike)
        # spread, not secrecy
        due_at = now + timedelta(seconds=wait * random.uniform(0.9, 1.1))  # noqa: S311
        snapshots.reschedule(connection, scope, due_at, str(error), memo=memo)
        if isinstance(error, CredentialsRejected):
            # the others would only try the same password: some servers lock anyone who does so too
            # often
            snapshots.put_off(connection, watched.name, due_at)
        events = event_store.record(connection, told)
    before = scope.failures > 0 and scope.remembered.get(ANSWER) == kind_of(error)
    return Failure(events, wait, kind_of(error), alike.scopes + (not before), is_news)


def kind_of(error: BridgeError) -> str:
    """The same for all scopes that meet the same trouble: without what names a scope or an object.

    `"legs.list: the answer is not JSON"` → `"garbled: the answer is not JSON"`.
    """
    said = _ABOUT.sub("", str(error))
    return f"{type(error).__name__.lower()}: {shortened(_PARTICULAR.sub('…', said), _LONGEST_KIND)}"


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
    alike: Alike,
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
    if isinstance(error, Garbled):
        return _not_understood(scope, error, memo, now, alike)
    return []


def _not_understood(
    scope: Scope, error: BridgeError, memo: dict[str, object], now: datetime, alike: Alike
) -> list[Event]:
    """The server answers elsewhere, so it is these lists that we do not understand: told once for
    all that are not understood in the same way.
    """
    memo[NOTIFIED] = True
    if alike.notified:
        return []
    problem: Body = {"text": str(error)}
    n = [memo[ANSWER], memo["failing_since"]]
    return [poll_events.of_scope(scope, "wire.unknown", n, now, problem=problem, sample={})]


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
