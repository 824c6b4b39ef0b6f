"""Every rulebook that ever decided something, as its files were: for going on after a bad edit, and
for explaining.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from bridge.core.events.builder import OURSELVES
from bridge.store.column_types import upsert
from bridge.store.observations import snapshots
from bridge.store.tables import rulebooks

_REJECTED = "rules_rejected"


def adopt(connection: Connection, digest: str, sources: Mapping[str, str], now: datetime) -> bool:
    """Remember a rulebook that passed all checks, as the newest. Whether another was that before,
    or none.
    """
    newest_first = select(rulebooks.c.hash).order_by(rulebooks.c.adopted_at.desc()).limit(1)
    before = connection.execute(newest_first).scalar_one_or_none()
    upsert(connection, rulebooks, [{"hash": digest, "sources": dict(sources), "adopted_at": now}])
    return before != digest


def newest(connection: Connection) -> Mapping[str, str] | None:
    """The files of the last good rulebook, by name; None if there never was one."""
    wanted = select(rulebooks.c.sources).order_by(rulebooks.c.adopted_at.desc()).limit(1)
    return connection.execute(wanted).scalar_one_or_none()


def find(connection: Connection, beginning: str) -> Sequence[RowMapping]:
    """Remembered rulebooks whose hash begins so, the newest first."""
    wanted = select(rulebooks).where(rulebooks.c.hash.startswith(beginning, autoescape=True))
    return connection.execute(wanted.order_by(rulebooks.c.adopted_at.desc())).mappings().all()


def note(connection: Connection, *, rejected: bool) -> None:
    """Whether the rule files can be used: kept as the bridge's own health, for those who ask in
    another process.
    """
    snapshots.ensure_server(connection, OURSELVES)
    snapshots.turn_health(connection, OURSELVES, _REJECTED if rejected else "ok")


def rejected(connection: Connection) -> bool:
    """Whether the files cannot be used, so that anyone who decides goes on with older rules, or
    with none.
    """
    return snapshots.health_of(connection).get(OURSELVES) == _REJECTED
