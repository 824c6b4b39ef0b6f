"""The schema, and the values that databases do not share."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.config import shipped
from bridge.errors import BadInput
from bridge.store.column_types import Moment, insert_new, now_of_database, upsert
from bridge.store.database import Database
from bridge.store.decisions import fact_queries
from bridge.store.migrate import migrate
from bridge.store.tables import facts, metadata

from .builders import rows

MOMENTS = st.datetimes(
    timezones=st.sampled_from(
        [UTC, timezone(timedelta(hours=-8)), timezone(timedelta(hours=5, minutes=45))]
    )
)


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    """After all migrations nothing is left that the tables in code would add or drop."""
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A database that is at the newest revision stays as it is, with what is in it."""
    with database.writing() as connection:
        insert_new(connection, facts, {"hash": "h", "body": {}})
    migrate(database, shipped("migrations"))
    assert len(rows(database, facts)) == 1


def test_a_newer_database_is_refused(database: Database) -> None:
    """A revision that this version does not know stops the start and leaves the database alone."""
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BadInput, match="revision 9999, which this version does not know"):
        migrate(database, shipped("migrations"))
    with database.reading() as connection:
        assert (
            connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
            == "9999"
        )


def test_a_database_that_cannot_be_opened_is_bad_input(tmp_path: Path) -> None:
    """A wrong place or a wrong server is told with the place, and a password in its URL is not
    shown.
    """
    nowhere = Database(f"sqlite:///{tmp_path}/no/such/folder/x.sqlite3")
    with pytest.raises(BadInput, match="cannot be used: unable to open database file"):
        migrate(nowhere, shipped("migrations"))
    closed = Database("postgresql://user:hidden-word@127.0.0.1:1/x")
    with pytest.raises(BadInput, match="cannot be used") as caught:
        migrate(closed, shipped("migrations"))
    assert "hidden-word" not in str(caught.value)


def test_a_file_that_is_no_database_is_bad_input(tmp_path: Path) -> None:
    """Something else in the database's place is told, not overwritten."""
    (tmp_path / "x.sqlite3").write_bytes(b"these are somebody's notes, not a database" * 100)
    with pytest.raises(BadInput, match="file is not a database"):
        migrate(Database(f"sqlite:///{tmp_path}/x.sqlite3"), shipped("migrations"))
    assert (tmp_path / "x.sqlite3").read_bytes().startswith(b"these are")


@given(MOMENTS)
def test_a_moment_is_exact(moment: datetime) -> None:
    """Every moment comes back to the microsecond, in UTC, whatever zone it was written in."""
    column = Moment()
    dialect = sa.create_engine("sqlite://").dialect
    stored = column.process_bind_param(moment, dialect)
    assert isinstance(stored, int)
    back = column.process_result_value(stored, dialect)
    assert back == moment
    assert back.tzinfo is UTC


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_they_follow_each_other(one: datetime, other: datetime) -> None:
    """The numbers in the database are ordered as time is."""
    column = Moment()
    dialect = sa.create_engine("sqlite://").dialect
    as_numbers = column.process_bind_param(one, dialect) < column.process_bind_param(other, dialect)
    assert as_numbers == (one < other)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MOMENTS, min_size=1, max_size=5))
def test_moments_survive_the_database(database: Database, moments: list[datetime]) -> None:
    """Written and read through a real column, moments are equal and compare there as they do
    here.
    """
    with database.writing() as connection:
        for moment in moments:
            got = connection.execute(
                sa.select(sa.literal(moment, Moment), sa.literal(moment, Moment) > moments[0])
            ).one()
            assert got == (moment, moment > moments[0])


def test_the_databases_clock_is_seconds_since_1970(database: Database) -> None:
    """Both databases tell the same kind of time, near enough to the machine's for a lease."""
    with database.reading() as connection:
        told = connection.execute(sa.select(now_of_database())).scalar_one()
        again = connection.execute(sa.select(now_of_database())).scalar_one()
    assert abs(told - datetime.now(UTC).timestamp()) < 3600  # noqa: TID251
    assert again >= told


def test_a_new_row_is_written_once(database: Database) -> None:
    """The first to write a key writes it, and the next is told that it did not."""
    with database.writing() as connection:
        assert insert_new(connection, facts, {"hash": "h", "body": {"a": 1}})
        assert not insert_new(connection, facts, {"hash": "h", "body": {"a": 2}})
    assert rows(database, facts) == [{"hash": "h", "body": {"a": 1}}]


def test_an_upsert_writes_rows_whole(database: Database) -> None:
    """Rows that are there are replaced, others added, and none at all is nothing to do."""
    with database.writing() as connection:
        upsert(connection, facts, [])
        upsert(connection, facts, [{"hash": "a", "body": 1}, {"hash": "b", "body": 2}])
        upsert(connection, facts, [{"hash": "b", "body": 3}, {"hash": "c", "body": 4}])
    assert [(row["hash"], row["body"]) for row in rows(database, facts)] == [
        ("a", 1),
        ("b", 3),
        ("c", 4),
    ]


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    """What was written before an error is not there after it."""
    with pytest.raises(RuntimeError), database.writing() as connection:  # noqa: PT012
        insert_new(connection, facts, {"hash": "h", "body": {}})
        raise RuntimeError
    assert rows(database, facts) == []


def test_a_cooldown_goes_on_holding_after_an_upgrade(tmp_path: Path) -> None:
    """What held before there were servers in these tables is found for its server afterwards."""
    old = Database(f"sqlite:///{tmp_path}/old.sqlite3")
    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")))
    with old.made(), old.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in (
            "INSERT INTO facts VALUES ('f', '{}')",
            (
                "INSERT INTO events (id, type, server, subject, time, seen_at, data, decided) "
                "VALUES ('e', 'leg.down', 'main', 'leg/1', 0, 0, '{}', 1)"
            ),
            (
                "INSERT INTO decisions (id, event, rule, rulebook, facts, ruling, detail, at,"
                " trace, cooldown) VALUES ('d', 'e', 'r', 'b', 'f', 'act', '', 0, '[]', 'k')"
            ),
            "INSERT INTO cooldowns (key, decision, ended_at) VALUES ('k', 'd', NULL)",
        ):
            connection.exec_driver_sql(statement)
    migrate(old, shipped("migrations"))
    with old.reading() as connection:
        held = fact_queries.cooldowns_of(connection, "main", datetime(2026, 1, 1, tzinfo=UTC))
    old.close()
    assert {key: row["decision"] for key, row in held.items()} == {"k": "d"}
