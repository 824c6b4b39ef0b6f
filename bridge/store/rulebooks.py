"""Every rulebook that ever decided something, as its files were: for going on after a bad edit, and for explaining."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from bridge.store.tables import rulebooks
from bridge.store.types import upsert


def adopt(connection: Connection, digest: str, sources: Mapping[str, str], now: datetime) -> None:
    """Remember a rulebook that passed all checks, as the newest."""
    upsert(connection, rulebooks, [{"hash": digest, "sources": dict(sources), "adopted_at": now}])


def newest(connection: Connection) -> Mapping[str, str] | None:
    """The files of the last good rulebook, by name; None if there never was one."""
    wanted = select(rulebooks.c.sources).order_by(rulebooks.c.adopted_at.desc()).limit(1)
    return connection.execute(wanted).scalar_one_or_none()
