"""What the databases do not share: moments, the database's own clock, and writing a row that may be
there already.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Dialect, Float, Insert, Integer, String, Table, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from bridge.core.json_safety import bounded, fits, storable

_DIGITS = 20  # that no number of 64 bits has
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC as whole microseconds since 1970: exact and sortable on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        del dialect
        if value is None:
            return None
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        del dialect
        if value is None:
            return None
        return _EPOCH + timedelta(microseconds=value)


class Words(TypeDecorator[str]):
    """Text that others wrote: what no database stores in a text column becomes �."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database."""
        del dialect
        if value is None:
            return None
        return storable(value)


class Label(TypeDecorator[str]):
    """A key that others chose, such as a space's: what is too long for an index is cut, and told
    apart by a digest.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """SQLite keeps no length, and what is declared there stays as it was."""
        if dialect.name == "sqlite":
            return String(128)
        return self.impl_instance

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database."""
        del dialect
        if value is None:
            return None
        return bounded(storable(value))


# Of any length, as it is; on SQLite what is declared stays as it was.
Long = Text().with_variant(String(128), "sqlite")


class Number(TypeDecorator[int]):
    """A whole number that others chose; one that no database stores, or a word, is none that is
    there.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """On SQLite every whole number has 64 bits, and what is declared there stays as it was."""
        if dialect.name == "sqlite":
            return Integer()
        return self.impl_instance

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> int | None:
        """To the database."""
        del dialect
        if isinstance(value, str) and value.isdecimal():
            if len(value) < _DIGITS:
                value = int(value)
            else:
                value = None
        if fits(value):
            return value
        return None


class now_of_database(FunctionElement[float]):  # noqa: N801  it reads as the SQL function it is
    """Seconds since 1970 by the database's clock: the one clock all workers share, and the only one
    leases trust.
    """

    type = Float()
    inherit_cache = True


@compiles(now_of_database, "sqlite")
def _sqlite_now(element: now_of_database, compiler: SQLCompiler, **kw: Any) -> str:
    del element, compiler, kw
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now_of_database, "postgresql")
def _postgresql_now(element: now_of_database, compiler: SQLCompiler, **kw: Any) -> str:
    del element, compiler, kw
    return "extract(epoch from clock_timestamp())::float8"


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows whole, by primary key, whether or not they are there."""
    if rows:
        statement = _upsert(connection.dialect.name, table, tuple(rows[0]))
        connection.execute(statement, list(rows))


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Write a row unless one with the same unique key is there; True if it was written."""
    return connection.execute(_insert_new(connection.dialect.name, table), row).rowcount == 1


# Each is put together once: that takes longer than to write a row.
@cache
def _upsert(dialect: str, table: Table, names: Sequence[str]) -> Insert:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


@cache
def _insert_new(dialect: str, table: Table) -> Insert:
    # of an INSERT the count is kept only when asked for
    statement = _insert(dialect, table).on_conflict_do_nothing()
    return statement.execution_options(preserve_rowcount=True)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
