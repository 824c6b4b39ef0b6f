"""Claims: one conditional UPDATE with a lease from the database's clock, for every table that has lease columns (law 2)."""

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, or_, select, update

from bridge.errors import LeaseLost
from bridge.store.types import now_of_database


def claim(connection: Connection, table: Table, row: ColumnElement[bool], seconds: float) -> int | None:
    """Take the row for so many seconds if nobody holds it. The fencing number, or None if somebody does."""
    taken = claimed(connection, table, row, seconds)
    return int(taken["fence"]) if taken else None


def claimed(connection: Connection, table: Table, row: ColumnElement[bool], seconds: float) -> RowMapping | None:
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
    """Raises LeaseLost unless this fencing number still holds the row; nobody can take it before this transaction ends."""
    mine = select(table.c.fence).where(row, table.c.fence == fence, table.c.lease_until > now_of_database())
    if connection.execute(mine.with_for_update()).first() is None:
        msg = f"the lease on a row of {table.name} ran out"
        raise LeaseLost(msg)


def keep(connection: Connection, table: Table, row: ColumnElement[bool], fence: int, seconds: float) -> None:
    """As `check`, and it is ours for so long from now: work of many transactions keeps what it holds. Raises LeaseLost."""
    check(connection, table, row, fence)
    connection.execute(update(table).where(row).values(lease_until=now_of_database() + seconds))


def release(connection: Connection, table: Table, row: ColumnElement[bool], fence: int) -> None:
    """Give the row back; does nothing if somebody else has it by now."""
    connection.execute(update(table).where(row, table.c.fence == fence).values(lease_until=None))
