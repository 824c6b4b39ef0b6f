"""What has been seen: servers, scopes and the objects in them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from bridge.core.json_safety import LONGEST_ID, bounded
from bridge.core.model import Body, Known, Seen
from bridge.core.objects.snapshot_diff import Key
from bridge.errors import LeaseLost
from bridge.store.column_types import Moment, insert_new, now_of_database, upsert
from bridge.store.leases import Leases
from bridge.store.tables import objects, scopes, servers


@dataclass(frozen=True, slots=True)
class Walked:
    """What is noted of a walk: when it began and ended, the clocks' offset in seconds, what is to
    be remembered.
    """

    began: datetime
    at: datetime
    offset: float
    memo: Body | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope as it stands; `version` 0 means never polled. `fence` is the claim's, where it was
    claimed.
    """

    server: str
    name: str
    version: int
    polled_at: datetime | None
    due_at: datetime
    failures: int
    problem: str | None
    offset_seconds: float
    fence: int = 0
    rank: int = 0
    began_at: datetime | None = None
    memo: Body | None = None

    @property
    def began_there(self) -> datetime | None:
        """When the newest recorded walk began, by the server's clock."""
        if self.began_at:
            return self.began_at + timedelta(seconds=self.offset_seconds)
        return None

    @property
    def remembered(self) -> dict[str, Any]:
        """What an earlier poll left to be remembered."""
        return dict(self.memo or {})

    @property
    def remembered_when_well(self) -> dict[str, Any]:
        """The same, without what is kept only while its polls fail."""
        return {name: value for name, value in self.remembered.items() if name not in _FAILING}


# what a scope remembers until a poll of it succeeds
_FAILING = ("failing_since", "notified")
# What every poll asks is put together once: that takes longer than to answer it.
_SERVER = scopes.c.server == bindparam("server")
_LOCKED = select(servers.c.name).where(servers.c.name == bindparam("server")).with_for_update()
_HELD = (
    select(func.count())
    .select_from(scopes)
    .where(_SERVER, scopes.c.lease_until >= now_of_database())
)
_ONE = select(scopes).where(_SERVER, scopes.c.name == bindparam("name"))
_LEASES = Leases(scopes, scopes.c.server, scopes.c.name)
_DUE_LEASES = Leases(
    scopes, scopes.c.server, scopes.c.name, ready=scopes.c.due_at <= bindparam("due")
)
_CLAIMED = and_(
    scopes.c.server == bindparam("its_server"),
    scopes.c.name == bindparam("its_name"),
    scopes.c.fence == bindparam("its_fence"),
)
_WALKED = update(scopes).where(_CLAIMED, scopes.c.version == bindparam("its_version"))
_AS_CLAIMED = scopes.c.due_at == bindparam("its_due_at")
_GIVEN_BACK = (
    update(scopes)
    .where(_CLAIMED)
    .values(
        due_at=case((_AS_CLAIMED, bindparam("then", type_=Moment)), else_=scopes.c.due_at),
        rank=case((_AS_CLAIMED, bindparam("then_rank")), else_=scopes.c.rank),
        lease_until=None,
    )
)
_IN_SCOPE = select(objects).where(
    objects.c.server == bindparam("server"), objects.c.scope == bindparam("scope")
)
_HEALTH = select(servers.c.health, servers.c.counts).where(servers.c.name == bindparam("server"))

# ranks of scopes: those that keep to their interval, those brought forward, those read as the
# request budget allows
TIMED = 0
FORWARD = 1
ROTATING = 2


def ensure_server(connection: Connection, server: str) -> None:
    """Make the server's row where there is none."""
    insert_new(connection, servers, {"name": server, "health": "unknown", "counts": {}, "fence": 0})


def ensure_scopes(
    connection: Connection,
    server: str,
    wanted: Mapping[str, int],
    due_at: datetime,
    on_server: datetime | None = None,
) -> None:
    """Make rows for scopes that have none, each with its rank, due at the moment given, and
    remembered as new since then.

    `on_server`: the same moment by the server's clock, where that is known.
    """
    if not wanted:
        return
    known = set(
        connection.execute(select(scopes.c.name).where(scopes.c.server == server)).scalars()
    )
    fresh = {
        "version": 0,
        "failures": 0,
        "offset_seconds": 0.0,
        "fence": 0,
        "server": server,
        "due_at": due_at,
    }
    memo = {"since": due_at.isoformat()} | (
        {"since_there": on_server.isoformat()} if on_server else {}
    )
    for name, rank in wanted.items():
        if name not in known:
            insert_new(connection, scopes, {**fresh, "name": name, "rank": rank, "memo": memo})


def drop_scope(connection: Connection, server: str, name: str) -> None:
    """Forget a scope whose object is gone, and everything in it."""
    connection.execute(delete(objects).where(objects.c.server == server, objects.c.scope == name))
    connection.execute(delete(scopes).where(_scope(server, name)))


def due_scopes(
    connection: Connection, server: str, now: datetime, most: int | None = None
) -> list[str]:
    """Scopes to poll now that nobody is polling: by rank, then the longest due first."""
    free = or_(scopes.c.lease_until.is_(None), scopes.c.lease_until < now_of_database())
    due = select(scopes.c.name).where(scopes.c.server == server, scopes.c.due_at <= now, free)
    return list(
        connection.execute(due.order_by(scopes.c.rank, scopes.c.due_at).limit(most)).scalars()
    )


def claim_scope(
    connection: Connection,
    server: str,
    name: str,
    seconds: float,
    *,
    most: int | None = None,
    due: datetime | None = None,
) -> Scope | None:
    """Take a scope to poll it; None if somebody has it, if it is not due by then, or if `most`
    polls are under way.
    """
    # of two workers that count at once, the second waits for the first: on the server's row
    connection.execute(_LOCKED, {"server": server})
    if most is not None and connection.execute(_HELD, {"server": server}).scalar_one() >= most:
        return None
    if due is None:
        row = _LEASES.claimed(connection, seconds, server, name)
    else:
        row = _DUE_LEASES.claimed(connection, seconds, server, name, due=due)
    if row:
        return _from(row)
    return None


def scope_of(connection: Connection, server: str, name: str) -> Scope | None:
    """One scope as it stands."""
    row = connection.execute(_ONE, {"server": server, "name": name}).mappings().first()
    if row:
        return _from(row)
    return None


def hold(connection: Connection, server: str, name: str) -> None:
    """Let no walk of this scope be recorded before this transaction ends."""
    connection.execute(select(scopes.c.name).where(_scope(server, name)).with_for_update())


def all_scopes(connection: Connection, server: str | None = None) -> list[Scope]:
    """Every scope, by name."""
    wanted = select(scopes).order_by(scopes.c.server, scopes.c.name)
    found = connection.execute(
        wanted if server is None else wanted.where(scopes.c.server == server)
    )
    return [_from(row) for row in found.mappings()]


def scope_sizes(connection: Connection, server: str) -> dict[str, int]:
    """How many objects each scope holds; scopes with none are left out."""
    there = and_(
        objects.c.server == server, objects.c.gone.is_(False), objects.c.kind != "bond_condition"
    )
    rows = connection.execute(
        select(objects.c.scope, func.count()).where(there).group_by(objects.c.scope)
    )
    return {row[0]: row[1] for row in rows}


def objects_of(connection: Connection, server: str, scope: str) -> dict[Key, Known]:
    """Every object known in the scope."""
    rows = connection.execute(_IN_SCOPE, {"server": server, "scope": scope}).mappings()
    return {(row["kind"], row["id"]): _known(row) for row in rows}


def last_seen(connection: Connection, server: str, kind: str, identifier: str) -> datetime | None:
    """When the last walk began that showed the object in a state we know, where it is hidden or in
    another one since.

    By the server's clock.
    """
    this = and_(objects.c.server == server, objects.c.kind == kind, objects.c.id == identifier)
    found = connection.execute(select(objects).where(this)).mappings().first()
    if found is None or not (found["missing_since"] or found["body"].get("class") == "unknown"):
        return None
    if isinstance(found["last_seen"], datetime):
        return found["last_seen"]
    return None


def bodies(
    connection: Connection, server: str, wanted: Iterable[Key], *, there: bool = False
) -> dict[Key, Body]:
    """The bodies of these objects, as far as they are known; `there`: but for those that are
    gone.
    """
    stored = {(kind, bounded(name, LONGEST_ID)): (kind, name) for kind, name in wanted}
    keys = sorted(stored)
    found: dict[Key, Body] = {}
    for start in range(0, len(keys), 200):
        within = tuple_(objects.c.kind, objects.c.id).in_(keys[start : start + 200])
        mine = and_(objects.c.server == server, within)
        if there:
            mine = and_(mine, objects.c.gone.is_(False))
        rows = connection.execute(select(objects.c.kind, objects.c.id, objects.c.body).where(mine))
        found |= {stored[row.kind, row.id]: row.body for row in rows}
    return found


def bodies_of(
    connection: Connection, server: str, kinds: Collection[str]
) -> list[tuple[str, Body]]:
    """(kind, body) of every object of these kinds that is there."""
    there = and_(
        objects.c.server == server, objects.c.kind.in_(list(kinds)), objects.c.gone.is_(False)
    )
    return [
        (row.kind, row.body)
        for row in connection.execute(select(objects.c.kind, objects.c.body).where(there))
    ]


def save_walk(connection: Connection, scope: Scope, known: Iterable[Known], walked: Walked) -> None:
    """Make this walk the scope's newest snapshot. Raises LeaseLost if another walk got there
    first.
    """
    values = {
        "version": scope.version + 1,
        "polled_at": walked.at,
        "began_at": walked.began,
        "offset_seconds": walked.offset,
        "memo": walked.memo,
        "failures": 0,
        "problem": None,
    }
    its = {**_its(scope), "its_version": scope.version}
    won = connection.execute(_WALKED, {**values, **its})
    if won.rowcount != 1:
        msg = f"another poll of {scope.name} was quicker"
        raise LeaseLost(msg)
    upsert(connection, objects, [_row(scope, each) for each in known])


def reschedule(
    connection: Connection,
    scope: Scope,
    due_at: datetime,
    problem: str | None = None,
    *,
    rank: int | None = None,
    memo: Body | None = None,
) -> None:
    """Give the scope back, due again at this moment; a problem counts as a failure, `memo` replaces
    what is remembered.

    Where it was brought forward while it was being polled, that stands: what it is to look at may
    be newer than the poll.
    """
    given: dict[str, Any] = {"its_due_at": scope.due_at, "then": due_at}
    if rank is None:
        given["then_rank"] = scope.rank
    else:
        given["then_rank"] = rank
    if problem is not None:
        given |= {"problem": problem, "failures": scope.failures + 1}
    if memo is not None:
        given["memo"] = dict(memo)
    connection.execute(_GIVEN_BACK, {**given, **_its(scope)})


def put_off(connection: Connection, server: str, until: datetime) -> None:
    """No scope of this server is polled before then."""
    early = and_(scopes.c.server == server, scopes.c.due_at < until)
    connection.execute(update(scopes).where(early).values(due_at=until))


def forward(connection: Connection, server: str, names: Iterable[str], now: datetime) -> None:
    """Poll these scopes now, before the rotation goes on."""
    wanted = sorted(set(names))
    for start in range(0, len(wanted), 200):
        these = and_(scopes.c.server == server, scopes.c.name.in_(wanted[start : start + 200]))
        connection.execute(update(scopes).where(these).values(due_at=now, rank=FORWARD))


def hurry(connection: Connection, server: str, names: Iterable[str], now: datetime) -> None:
    """As `forward`, for scopes that are not due anyway."""
    later = [scopes.c.name == name for name in names]
    if later:
        mine = (scopes.c.server == server, or_(*later), scopes.c.due_at > now)
        connection.execute(update(scopes).where(*mine).values(due_at=now))


def forward_like(connection: Connection, server: str, pattern: str, now: datetime) -> None:
    """Poll every scope whose name is LIKE the pattern now."""
    these = and_(scopes.c.server == server, scopes.c.name.like(pattern))
    connection.execute(update(scopes).where(these).values(due_at=now, rank=FORWARD))


def newest_success(connection: Connection, server: str) -> datetime | None:
    """When any scope of the server was last read whole."""
    found = connection.execute(
        select(func.max(scopes.c.polled_at)).where(scopes.c.server == server)
    ).scalar_one()
    if isinstance(found, datetime):
        return found
    return None


def bring_forward(connection: Connection, server: str, now: datetime) -> None:
    """Poll every failing scope of a server that answers again, now."""
    failing = and_(scopes.c.server == server, scopes.c.failures > 0, scopes.c.due_at > now)
    connection.execute(update(scopes).where(failing).values(due_at=now))


def health_of(connection: Connection) -> dict[str, str]:
    """Each server's health: unknown, ok, unreachable or auth_failed."""
    return {
        row.name: row.health for row in connection.execute(select(servers.c.name, servers.c.health))
    }


def turn_health(connection: Connection, server: str, health: str) -> tuple[str, int] | None:
    """Note the server's health. (what it was, how often it has turned to this), or None where
    nothing changed.

    The row is changed only from what was read, so of two workers that notice at once one tells.
    """
    row = connection.execute(_HEALTH, {"server": server}).one()
    if row.health == health:
        return None
    n = row.counts.get(health, 0) + 1
    changed = connection.execute(
        update(servers)
        .where(servers.c.name == server, servers.c.health == row.health)
        .values(health=health, counts={**row.counts, health: n})
    )
    if changed.rowcount == 1:
        return (row.health, n)
    return None


def _scope(server: str, name: str) -> ColumnElement[bool]:
    return and_(scopes.c.server == server, scopes.c.name == name)


def _its(scope: Scope) -> dict[str, object]:
    """By which a claimed scope is told."""
    return {"its_server": scope.server, "its_name": scope.name, "its_fence": scope.fence}


def _from(row: RowMapping) -> Scope:
    return Scope(**{name: row[name] for name in Scope.__slots__})


def _known(row: RowMapping) -> Known:
    seen = Seen(row["kind"], row["id"], row["body"], row["raw"])
    return Known(seen, row["counts"], row["missing_since"], row["gone"], row["last_seen"])


def _row(scope: Scope, known: Known) -> dict[str, Any]:
    seen = known.seen
    return {
        "server": scope.server,
        "kind": seen.kind,
        "id": seen.id,
        "scope": scope.name,
        "body": dict(seen.body),
        "raw": dict(seen.raw),
        "counts": dict(known.counts),
        "missing_since": known.missing_since,
        "gone": known.gone,
        "last_seen": known.last_seen,
    }
