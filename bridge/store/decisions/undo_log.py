"""What calls changed, as it was before: the calls that put it back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, select, update

from bridge.core.model import Body
from bridge.store.column_types import insert_new
from bridge.store.tables import undos


def keep(
    connection: Connection, job: str, server: str, calls: Sequence[Body], now: datetime
) -> None:
    """Before the call is made; once for a job, however often it is tried."""
    row: dict[str, Any] = {
        "job": job,
        "server": server,
        "at": now,
        "calls": [dict(call) for call in calls],
    }
    insert_new(connection, undos, row)


def get(connection: Connection, beginning: str) -> Sequence[RowMapping]:
    """What can be put back of the job whose id begins so; at most two, which is enough to know
    whether it is one.
    """
    wanted = select(undos).where(undos.c.job.startswith(beginning, autoescape=True)).limit(2)
    return connection.execute(wanted).mappings().all()


def every(connection: Connection, most: int) -> Sequence[RowMapping]:
    """The newest."""
    return (
        connection.execute(select(undos).order_by(undos.c.at.desc()).limit(most)).mappings().all()
    )


def undone(connection: Connection, job: str, who: str, now: datetime) -> bool:
    """Note that it was put back; False if it was before."""
    mine = and_(undos.c.job == job, undos.c.undone_at.is_(None))
    return (
        connection.execute(update(undos).where(mine).values(undone_at=now, undone_by=who)).rowcount
        == 1
    )
