"""Claims: one conditional UPDATE with a lease from the database's clock, for every table that has
lease columns (law 2).
"""

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    RowMapping,
    Table,
    and_,
    bindparam,
    or_,
    select,
    true,
    update,
)

from bridge.errors import LeaseLost
from bridge.store.column_types import now_of_database


class Leases:
    """Those on the rows of a table, each told by its values of these columns.

    `ready`: what must hold besides of a row that is claimed; its parameters are given by name. What
    is asked is put together once: that takes longer than to answer it.
    """

    def __init__(
        self, table: Table, *key: Column[str], ready: ColumnElement[bool] | None = None
    ) -> None:
        self._table = table
        mine = and_(*(column == bindparam(f"key_{n}") for n, column in enumerate(key)))
        taken = and_(mine, true() if ready is None else ready)
        free = or_(table.c.lease_until.is_(None), table.c.lease_until < now_of_database())
        ours = and_(mine, table.c.fence == bindparam("its_fence"))
        until = now_of_database() + bindparam("seconds", type_=Float)
        self._claim = (
            update(table).where(taken, free).values(fence=table.c.fence + 1, lease_until=until)
        )
        # not RETURNING: the SQLite of older systems has none
        self._claimed = select(table).where(taken)
        self._check = (
            select(table.c.fence)
            .where(ours, table.c.lease_until > now_of_database())
            .with_for_update()
        )
        self._keep = update(table).where(ours).values(lease_until=until)
        self._release = update(table).where(ours).values(lease_until=None)

    def claim(self, connection: Connection, seconds: float, *key: str) -> int | None:
        """Take the row for so many seconds if nobody holds it. The fencing number, or None if
        somebody does.
        """
        taken = self.claimed(connection, seconds, *key)
        if taken:
            return int(taken["fence"])
        return None

    def claimed(
        self, connection: Connection, seconds: float, *key: str, **ready: object
    ) -> RowMapping | None:
        """As `claim`, and gives the whole row as it is now."""
        row = {**_named(key), **ready}
        if connection.execute(self._claim, {**row, "seconds": seconds}).rowcount != 1:
            return None
        return connection.execute(self._claimed, row).mappings().one()

    def check(self, connection: Connection, fence: int, *key: str) -> None:
        """Raises LeaseLost unless this fencing number still holds the row; nobody can take it
        before this transaction ends.
        """
        if connection.execute(self._check, {**_named(key), "its_fence": fence}).first() is None:
            raise self._lost()

    def keep(
        self, connection: Connection, fence: int, seconds: float, *key: str, **values: object
    ) -> None:
        """It is ours for so long from now: work of many transactions keeps what it holds. Raises
        LeaseLost.

        What ran out and nobody has taken is still ours, as the fencing number shows: a machine that
        is busy loses no work by it. `values`: what else is written of it.
        """
        if values:
            statement = self._keep.values(**values)
        else:
            statement = self._keep
        given = {**_named(key), "its_fence": fence, "seconds": seconds}
        if connection.execute(statement, given).rowcount != 1:
            raise self._lost()

    def release(self, connection: Connection, fence: int, *key: str) -> None:
        """Give the row back; does nothing if somebody else has it by now."""
        connection.execute(self._release, {**_named(key), "its_fence": fence})

    def _lost(self) -> LeaseLost:
        return LeaseLost(f"the lease on a row of {self._table.name} ran out")


def _named(key: tuple[str, ...]) -> dict[str, object]:
    return {f"key_{n}": value for n, value in enumerate(key)}
