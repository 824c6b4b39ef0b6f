"""Limits on calls: each call is written down, and anyone who wants to make one counts under a
lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from bridge.store.column_types import insert_new
from bridge.store.tables import meters, spendings


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` calls in `every` seconds under this key; `pauses`: passing it stops
    everything.
    """

    key: str
    most: int
    every: float
    pauses: bool = False


def spend(
    connection: Connection, limits: Sequence[Limit], job: str, now: datetime
) -> tuple[Limit, datetime] | None:
    """Write one call down under all of these limits; or the one that has no place left, and when it
    has one again.

    The rows of the limits stay locked until the transaction ends, in the order of their keys: two
    workers count in turn.
    """
    ordered = sorted(limits, key=lambda limit: limit.key)
    for limit in ordered:
        insert_new(connection, meters, {"key": limit.key, "taken": 0})
        connection.execute(
            update(meters).where(meters.c.key == limit.key).values(taken=meters.c.taken + 1)
        )
    for limit in ordered:
        free_at = full_until(connection, limit, now)
        if free_at is not None:
            return limit, free_at
    if ordered:
        connection.execute(
            insert(spendings), [{"key": limit.key, "at": now, "job": job} for limit in ordered]
        )
    return None


def answered(connection: Connection, job: str, now: datetime) -> None:
    """The newest call of this job is counted from its answer on: the server may have taken it at
    any moment until then.
    """
    newest = select(func.max(spendings.c.at)).where(spendings.c.job == job).scalar_subquery()
    connection.execute(
        update(spendings).where(spendings.c.job == job, spendings.c.at == newest).values(at=now)
    )


def full_until(connection: Connection, limit: Limit, now: datetime) -> datetime | None:
    """When there is a place again; None if there is one now."""
    since = now - timedelta(seconds=limit.every)
    recent = (spendings.c.key == limit.key, spendings.c.at > since)
    if used(connection, limit, now) < limit.most:
        return None
    newest = (
        select(spendings.c.at)
        .where(*recent)
        .order_by(spendings.c.at.desc())
        .offset(max(limit.most - 1, 0))
        .limit(1)
    )
    at = connection.execute(newest).scalar_one_or_none()
    return (at if isinstance(at, datetime) else now) + timedelta(seconds=limit.every)


def used(connection: Connection, limit: Limit, now: datetime) -> int:
    """How many calls count against it now."""
    since = now - timedelta(seconds=limit.every)
    counted = (
        select(func.count())
        .select_from(spendings)
        .where(spendings.c.key == limit.key, spendings.c.at > since)
    )
    return int(connection.execute(counted).scalar_one())
