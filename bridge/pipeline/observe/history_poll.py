"""The polls of a leg's own history: true times for what the polls saw, and outages that no poll saw
(law 6).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.bonding import scopes
from bridge.bonding.wire import runs
from bridge.core.events import builder
from bridge.core.model import Body, Change, Event
from bridge.core.objects import history_alignment
from bridge.core.objects.history_alignment import SKEW, RecordedChange, Span, StateChange
from bridge.pipeline.observe import poll_failures
from bridge.pipeline.observe.scope_reader import Reader
from bridge.pipeline.observe.watched_server import Watched
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import Scope, Walked

_EVENT_OF = {"down": "leg.down", "up": "leg.up", "degraded": "leg.degraded"}
_STANDING_OF = {name: standing for standing, name in _EVENT_OF.items()}
# What was told shortly before the last alignment may be in the history again, on the edge.
_BACK = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Read:
    """A leg's history as it was read: its turns by the server's clock, and how far that is ahead of
    ours.
    """

    leg: int
    turns: Sequence[StateChange]
    offset: timedelta
    at: datetime


def poll(
    database: Database, watched: Watched, scope: Scope, now: Callable[[], datetime]
) -> list[Event]:
    """Read one leg's history, set right what was told, record what was missed. Raises as reading
    does.
    """
    at = scopes.address(scope.name)
    began = now()
    reader = Reader(watched.client)
    with database.reading() as connection:
        legs = snapshots.scope_of(connection, watched.name, "legs")
        last_seen = snapshots.last_seen(connection, watched.name, "leg", str(at.arguments["leg"]))
    found = runs(reader.get(at.family.operation, **at.arguments))
    turns = history_alignment.turns((each.class_, each.start) for each in found)
    read = _Read(int(at.arguments["leg"]), turns, reader.offset, now())
    # nothing is missed before the first poll of the legs: there is nothing to compare it with
    horizon = _newest(legs, reader.offset)
    if horizon and (
        not found or found[-1].end
    ):  # cut short: what it does not reach is not settled by it
        if found and found[-1].end:
            horizon = min(horizon, found[-1].end)
        else:
            horizon = None
    if (
        horizon and last_seen
    ):  # hidden from the polls since then: what they have not seen, they may still tell
        horizon = min(horizon, last_seen)
    memo = scope.remembered_when_well
    with database.writing() as connection:
        snapshots.hold(
            connection, watched.name, "legs"
        )  # of the two, the second knows what the first told
        if horizon:
            missed = _align(connection, scope, read, horizon)
        else:
            missed = []
        memo |= _settled(horizon, reader.offset) if horizon else {}
        walked = Walked(began, read.at, reader.offset.total_seconds(), memo)
        snapshots.save_walk(connection, scope, (), walked)
        due_at = read.at + timedelta(seconds=watched.interval(scope.name))
        snapshots.reschedule(connection, scope, due_at, rank=snapshots.ROTATING)
        return event_store.record(
            connection, [*missed, *poll_failures.well(connection, watched.name, read.at)]
        )


def told_already(connection: Connection, scope: Scope, event: Event) -> bool:
    """Whether a leg's own history told this turn before the poll did: the leg was being tested
    meanwhile.
    """
    since = event.on_server[0] if event.on_server else None
    if event.type not in _STANDING_OF or since is None or since == scope.began_there:
        return False
    about = event_store.about(
        connection, event.server, event.subject, _STANDING_OF, event.seen_at, since
    )
    newest = max(about, key=lambda row: row["server_until"] or row["time"], default=None)
    if newest is None or not newest["exact"] or newest["type"] != event.type:
        return False
    return bool((newest["server_until"] or newest["time"]) >= since - SKEW)


def _newest(legs: Scope | None, offset: timedelta) -> datetime | None:
    """When the newest recorded poll of the legs began, by the server's clock.

    Where one of the clocks was set since then, as it would be by the one or by the other: the
    earlier.
    """
    if legs is None or legs.began_at is None or legs.began_there is None:
        return None
    return min(legs.began_there, legs.began_at + offset)


def _settled(horizon: datetime, offset: timedelta) -> Body:
    return {"settled": (horizon - offset).isoformat(), "settled_there": horizon.isoformat()}


def _remembered(scope: Scope, name: str, offset: timedelta) -> datetime | None:
    """A moment that was remembered by our clock and by the server's: the earlier, where one of them
    was set since then.
    """
    ours, there = (scope.remembered.get(key) for key in (name, f"{name}_there"))
    if ours:
        found = [datetime.fromisoformat(ours) + offset]
    else:
        found = []
    return min([*found, *([datetime.fromisoformat(there)] if there else [])], default=None)


def _align(connection: Connection, scope: Scope, read: _Read, horizon: datetime) -> list[Event]:
    """The events that nobody recorded; the times of those that somebody did are set right on the
    way.
    """
    told_since = scope.remembered.get("since_there")
    since = (
        datetime.fromisoformat(told_since)
        if told_since
        else _remembered(scope, "since", read.offset)
    )
    settled = _remembered(scope, "settled", read.offset) or since
    if since is None or settled is None:
        return []
    back = settled - _BACK
    about = event_store.about(
        connection, scope.server, f"leg/{read.leg}", _STANDING_OF, back - read.offset, back
    )
    told = [_told(dict(row), read.offset) for row in about]
    settled = max(settled - SKEW, since)
    aligned = history_alignment.align(read.turns, told, settled=settled, horizon=horizon)
    true = {event: (time - read.offset, time) for event, time in aligned.times.items()}
    event_store.refine(connection, true)
    known = snapshots.bodies(connection, scope.server, {("leg", str(read.leg))})
    leg = known.get(("leg", str(read.leg)))
    if leg is None or not aligned.missed:
        return []
    others = snapshots.bodies(
        connection, scope.server, builder.related(Change("leg", str(read.leg), leg, leg))
    )
    last = read.turns[-1]
    return [
        _event(scope, read, turn, leg, others, over=turn is not last) for turn in aligned.missed
    ]


def _told(row: Body, offset: timedelta) -> RecordedChange:
    since = (row["data"].get("between") or [None])[0]
    if row["exact"]:
        ours = Span(row["time"] + offset, row["time"] + offset)
    else:
        ours = Span(
            datetime.fromisoformat(since) + offset if since else None, row["seen_at"] + offset
        )
    until = row["server_until"]
    if until:
        noted = Span(row["server_from"], until)
    else:
        noted = ours
    return RecordedChange(row["id"], _STANDING_OF[row["type"]], noted, ours, row["exact"])


def _event(
    scope: Scope,
    read: _Read,
    turn: StateChange,
    leg: Body,
    others: dict[tuple[str, str], Body],
    *,
    over: bool,
) -> Event:
    """What happened then; its id is made from the server's own time, which stays the same however
    often it is read.
    """
    before = {**leg, "state": turn.before, "class": turn.before, "standing": turn.before}
    after = {**leg, "state": turn.standing, "class": turn.standing, "standing": turn.standing}
    change = Change("leg", str(read.leg), before, after, frozenset({"state", "class", "standing"}))
    row = builder.EVENTS[_EVENT_OF[turn.standing]]
    data = {**builder.describe(row, change, others), "over": over}
    return builder.make(
        row,
        server=scope.server,
        subject=f"leg/{read.leg}",
        n=f"history {turn.at.isoformat()}",
        time=turn.at - read.offset,
        seen_at=read.at,
        data=data,
        exact=True,
        on_server=(turn.at, turn.at),
    )
