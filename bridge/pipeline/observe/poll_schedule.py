"""Which scopes come and go with the objects that are seen, and what brings a scope forward."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.bonding import scopes
from bridge.core.json_safety import LONGEST_KEY, bounded
from bridge.core.model import Body, Change, Json
from bridge.pipeline.observe.watched_server import Watched
from bridge.store import internal_errors
from bridge.store.internal_errors import Fault
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import Scope

_CARRIERS = ("bond", "leg", "node", "space")

# which scopes a count of the statistics resource speaks for
_COUNTED = {
    "users": "users",
    "bonds": "bonds",
    "qos_profiles": "qos",
    "speed_tests": "bonds/%/speedtests",
    "aggregators": "aggregators",
    "connected_ips": "bonds/%/connected_ips",
    "routes": "bonds/%/routes",
    "cpe_nat_ips": "bonds/%/cpe_nat_ips",
    "legs": "legs",
    "bonders": "bonders",
}

# how many requests one look at the statistics takes
COUNTS = len(_COUNTED)

# After so many intervals without a look at the legs, what happened meanwhile is asked of their
# histories. One poll that failed is no such gap.
_GAP = 2.5


def prepare(connection: Connection, watched: Watched, now: datetime) -> None:
    """Rows for all scopes that the settings and the objects known so far ask for, due at once."""
    names = [name for name in scopes.WHOLE if watched.wanted(name)]
    for kind, body in snapshots.bodies_of(connection, watched.name, _CARRIERS):
        names += scopes.following(kind, body)
    _ensure(connection, watched, names, now)


def follow(
    connection: Connection,
    watched: Watched,
    changes: Iterable[Change],
    now: datetime,
    on_server: datetime,
) -> None:
    """New objects bring their scopes, those that are gone take them along."""
    fresh: list[str] = []
    for change in changes:
        if change.kind not in _CARRIERS:
            continue
        if change.before is None:
            fresh += scopes.following(change.kind, change.body)
        elif change.after is None:
            for name in scopes.following(change.kind, change.before):
                snapshots.drop_scope(connection, watched.name, name)
    _ensure(connection, watched, fresh, now, on_server)


def _ensure(
    connection: Connection,
    watched: Watched,
    names: Iterable[str],
    now: datetime,
    on_server: datetime | None = None,
) -> None:
    wanted = [name for name in names if watched.wanted(name)]
    ranks = {name: rank(name) for name in wanted if len(name) < LONGEST_KEY}
    snapshots.ensure_scopes(connection, watched.name, ranks, now, on_server)
    longer = [name for name in wanted if len(name) >= LONGEST_KEY]
    if longer:
        # told, and not asked for at an address that would be another's
        detail = f"{len(longer)} lists of one server, such as {bounded(longer[0], 80)}"
        fault = Fault(
            "poll", "what is below keys that are too long to be polled by", watched.name, detail
        )
        internal_errors.note(connection, fault, now)


def rank(name: str) -> int:
    """What a scope goes back to after it was polled."""
    if scopes.address(name).family.rotates:
        return snapshots.ROTATING
    return snapshots.TIMED


def bring_forward(
    connection: Connection, watched: Watched, scope: Scope, changes: Iterable[Change], now: datetime
) -> None:
    """What changed here is a reason to look there, now.

    A leg whose standing or state changed: its history, for the true times. One that is being
    tested: what tests it.
    """
    wanted: list[str] = []
    for change in changes:
        if change.kind != "leg" or change.before is None or change.after is None:
            continue
        history, tuners = scopes.following("leg", change.after) or (None, None)
        if history and {"state", "standing"} & change.fields:
            wanted.append(history)
        if (
            tuners
            and "state" in change.fields
            and "testing" in (change.before["state"], change.after["state"])
        ):
            bond = change.after["bond"]
            wanted += [tuners, f"bonds/{bond}/tuners", f"bonds/{bond}/speedtests"]
    snapshots.forward(connection, watched.name, wanted, now)
    if (
        scope.name == "legs"
        and scope.polled_at
        and now - scope.polled_at > _GAP * timedelta(seconds=watched.interval("legs"))
    ):
        snapshots.forward_like(connection, watched.name, "bonds/%/state_history", now)


def root_space(connection: Connection, server: str) -> str | None:
    """The key of the space that all others are in; None while it is not known."""
    spaces = [body for _, body in snapshots.bodies_of(connection, server, ("space",))]
    return next((str(body["key"]) for body in spaces if body["parent"] is None), None)


def counts(source: scopes.Source, root: str) -> Mapping[str, Json]:
    """How many objects the root space holds, itself and below, by resource."""
    found: dict[str, Json] = {}
    for what in _COUNTED:
        told = source.get(f"space.statistics.{what}", space=root)
        if isinstance(told, dict):
            found[what] = told.get("including_child_spaces", told)
        else:
            found[what] = told
    return found


def counted(connection: Connection, server: str, before: Body, after: Body, now: datetime) -> None:
    """Bring forward what a count that changed speaks for."""
    for what, pattern in _COUNTED.items():
        if before.get(what) is not None and before[what] != after.get(what):
            snapshots.forward_like(connection, server, pattern, now)
