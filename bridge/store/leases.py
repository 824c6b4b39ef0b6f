"""Claims: one conditional UPDATE with a lease from the database's clock, for every table that has
lease columns (law 2).
"""

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, or_, select, update

from bridge.errors import LeaseLost
from bridge.store.column_types import now_of_database


def claim(
    connection: Connection, table: Table, row: ColumnElement[bool], seconds: float
) -> int | None:
    """Take the row for so many seconds if nobody holds it. The fencing number, or None if somebody
    does.
    """
    taken = claimed(connection, table, row, seconds)
    if taken:
        return int(taken["fence"])
    return None


def claimed(
    connection: Connection, table: Table, row: ColumnElement[bool], seconds: float
) -> RowMapping | None:
    """As `claim`, and gives the whole row as it is now."""
    taken = connection.execute(
        update(table)
        .where(row, or_(table.c.lease_until.is_(None), table.c.lease_until < now_of_database()))
        .values(fence=table.c.fence + 1, lease_until=now_of_database() + seconds)
    )
    if taken.rowcount != 1:
        return None
    # not RETURNING: the SQLite of older systems has none
    return connection.execute(select(table).where(row)).mappings().one()


def check(connection: Connection, table: Table, row: ColumnElement[bool], fence: int) -> None:
    """Raises LeaseLost unless this fencing number still holds the row; nobody can take it before
    this transaction ends.
    """
    mine = select(table.c.fence).where(row, _held(table, fence))
    if connection.execute(mine.with_for_update()).first() is None:
        raise _lost(table)


def keep(
    connection: Connection,
    table: Table,
    row: ColumnElement[bool],
    fence: int,
    seconds: float,
    **values: object,
) -> None:
    """It is ours for so long from now: work of many transactions keeps what it holds. Raises
    LeaseLost.

    What ran out and nobody has taken is still ours, as the fencing number shows: a machine that is
    busy loses no work by it. `values`: what else is written of it.
    """
    mine = update(table).where(row, table.c.fence == fence)
    if (
        connection.execute(mine.values(lease_until=now_of_database() + seconds, **values)).rowcount
        != 1
    ):
        raise _lost(table)


def release(connection: Connection, table: Table, row: ColumnElement[bool], fence: int) -> None:
    """Give the row back; does nothing if somebody else has it by now."""
    connection.execute(update(table).where(row, table.c.fence == fence).values(lease_until=None))


def _held(table: Table, fence: int) -> ColumnElement[bool]:
    return and_(table.c.fence == fence, table.c.lease_until > now_of_database())


def _lost(table: Table) -> LeaseLost:
    return LeaseLost(f"the lease on a row of {table.name} ran out")
