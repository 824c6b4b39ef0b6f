"""How what a poll found is said: each event with its time, its id, and the polls it happened
between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.bonding import scopes
from bridge.core.events import builder
from bridge.core.model import Body, Change, Event, Json, Seen
from bridge.core.objects.snapshot_diff import Key
from bridge.store.observations.snapshots import Scope


@dataclass(frozen=True, slots=True)
class Walk:
    """A complete walk of a scope: when it began and ended, what it saw, how far the server's clock
    is ahead of ours.
    """

    began: datetime
    at: datetime
    seen: Sequence[Seen]
    offset: timedelta


def of_change(
    scope: Scope,
    walk: Walk,
    row: builder.EventType,
    change: Change,
    n: int,
    others: Mapping[Key, Body],
    last_seen: datetime | None,
) -> Event:
    """One event of a change; where the object itself says when, that is its time.

    `last_seen`: the last walk that showed the object in a state we know, by the server's clock,
    where that was not the one before.
    """
    if row.time_field:
        told = change.body.get(row.time_field)
    else:
        told = None
    if told:
        there = datetime.fromisoformat(told)
    else:
        there = None
    if there:
        time = min(there - walk.offset, walk.at)
    else:
        time = walk.at
    since = last_seen - walk.offset if last_seen else scope.began_at or scope.polled_at
    on_server = (there, there) if there else (last_seen or scope.began_there, walk.at + walk.offset)
    between = [since.isoformat() if since else None, walk.at.isoformat()]
    data = {**builder.describe(row, change, others), "between": between}
    subject = f"{change.kind}/{change.id}"
    return builder.make(
        row,
        server=scope.server,
        subject=subject,
        n=n,
        time=time,
        seen_at=walk.at,
        data=data,
        exact=told is not None,
        on_server=on_server,
    )


def baseline(scope: Scope, walk: Walk) -> list[Event]:
    """The first look at a scope: one summary, not an event for everything there. Scopes of one
    object each: none.
    """
    if "/" in scope.name and scope.name not in scopes.FAMILIES:
        return []
    return [of_scope(scope, "scope.baseline", 1, walk.at, objects=objects(scope, walk))]


def objects(scope: Scope, walk: Walk) -> int:
    """How many objects the walk showed, without what was worked out from them."""
    kind = scopes.address(scope.name).family.kind
    return sum(each.kind == kind for each in walk.seen)


def of_scope(
    scope: Scope, name: str, n: Json, now: datetime, *, objects: int | None = None, **more: Json
) -> Event:
    """An event about a scope as a whole; `more`: its other nouns."""
    data = {"scope": {"name": scope.name, "objects": objects}, **more}
    row = builder.EVENTS[name]
    subject = f"scope/{scope.name}"
    return builder.make(
        row, server=scope.server, subject=subject, n=n, time=now, seen_at=now, data=data
    )


def of_server(server: str, name: str, n: int, now: datetime, text: str) -> Event:
    """An event about the server itself."""
    row = builder.EVENTS[name]
    data = {"problem": {"text": text}}
    return builder.make(
        row, server=server, subject=f"server/{server}", n=n, time=now, seen_at=now, data=data
    )
