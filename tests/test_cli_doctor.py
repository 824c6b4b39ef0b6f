"""`bondbridge doctor` looks and makes nothing: of the database that there should be, and of addresses that lead nowhere."""

import json
import secrets
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from bridge.store.database import Database
from tests.pipeline.stage import Stage
from tests.test_cli import Run, run, stage

__all__ = ["run", "stage"]


def found(run: Run) -> dict[str, tuple[bool, str]]:
    """What the doctor found, by what was looked at."""
    return {each["what"]: (each["good"], each["says"]) for each in json.loads(run("doctor", "--json").out)}


def uses(stage: Stage, database: str) -> None:
    """The settings name this database from now on."""
    path = stage.folder / "bondbridge.yaml"
    path.write_text(f"database: {database}\n{path.read_text('utf-8')}", encoding="utf-8")


@pytest.fixture
def without_tables(postgresql_server: sa.URL) -> Iterator[str]:
    """A database of PostgreSQL's that nobody has migrated."""
    name = f"t{secrets.token_hex(6)}"
    control = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with control.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield postgresql_server.set(database=name).render_as_string(hide_password=False)
    with control.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("named", [False, True])
def test_a_database_that_was_moved_away_is_bad_and_none_is_made(stage: Stage, run: Run, *, named: bool) -> None:
    """It says where there is none and that it may have been moved, also of one that is named; then nothing is there still."""
    stage.bridge.database.close()
    there = stage.folder / "state"
    if named:
        uses(stage, f"sqlite:///{there / 'bondbridge.sqlite3'}")
    for path in there.glob("bondbridge.sqlite3*"):
        path.rename(stage.folder / path.name)
    before = sorted(there.iterdir())
    good, says = found(run)["database"]
    assert not good
    assert f"there is none at {there / 'bondbridge.sqlite3'}, though a bridge has been here (was it moved?" in says
    assert sorted(there.iterdir()) == before


def test_where_no_bridge_ever_was_nothing_is_made(stage: Stage, run: Run) -> None:
    """All is good before the first start: `up` will make state folder, key and database, and what looks makes none of them."""
    fresh = stage.folder / "fresh"
    path = stage.folder / "bondbridge.yaml"
    path.write_text(path.read_text("utf-8").replace(str(stage.folder / "state"), str(fresh)), encoding="utf-8")
    for _ in range(2):
        good, says = found(run)["database"]
        assert (good, says) == (True, f"there is none at {fresh / 'bondbridge.sqlite3'} yet: `bondbridge up` makes it")
        assert run("doctor").code == 0
    run("channels", "test")
    assert not fresh.exists()
    assert run("token", "list").code == 0


def test_a_named_database_in_no_folder_is_bad(stage: Stage, run: Run) -> None:
    """Nobody makes a folder for it, so it would not be made by `up` either."""
    fresh = stage.folder / "fresh"
    path = stage.folder / "bondbridge.yaml"
    path.write_text(path.read_text("utf-8").replace(str(stage.folder / "state"), str(fresh)), encoding="utf-8")
    uses(stage, f"sqlite:///{stage.folder}/none/x.sqlite3")
    good, says = found(run)["database"]
    assert (good, "unable to open database file" in says) == (False, True)


def test_an_older_database_is_bad_and_stays_as_it_is(stage: Stage, run: Run) -> None:
    """It names the command that brings it up to date, and does not do it."""
    with stage.bridge.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
    good, says = found(run)["database"]
    assert (good, "older version (bring them up to date with `bondbridge migrate`" in says) == (False, True)
    with stage.bridge.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "0004"


def test_a_database_of_a_server_without_tables(stage: Stage, run: Run, without_tables: str) -> None:
    """Where a bridge has been it is bad, where none ever was `up` makes the tables; the doctor makes none."""
    uses(stage, without_tables)
    good, says = found(run)["database"]
    assert (good, "has no tables, though a bridge has been here" in says) == (False, True)
    (stage.folder / "state" / "digest.key").unlink()
    good, says = found(run)["database"]
    assert (good, "has no tables yet: `bondbridge up` makes them" in says) == (True, True)
    with (database := Database(without_tables)).reading() as connection:
        assert sa.inspect(connection).get_table_names() == []
    database.close()


def test_a_database_that_does_not_answer_is_one_line(stage: Stage, run: Run) -> None:
    """The rest is looked at all the same."""
    uses(stage, "postgresql://user:hidden-word@127.0.0.1:1/x")
    told = found(run)
    assert [what for what, (good, _) in told.items() if not good] == ["database"]
    assert "cannot be used" in told["database"][1]
    assert "hidden-word" not in str(told)


def test_a_wrong_address_is_said_with_its_place_and_its_secret(stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `up` says it: file, line, key, what is meant and which secret to mend, of channels and of the watchdog."""
    monkeypatch.setenv("STAGE_CHANNEL", "jsn://hidden-word@h/")
    path = stage.folder / "bondbridge.yaml"
    path.write_text("watchdog: {tell: [{env: STAGE_CHANNEL}]}\n" + path.read_text("utf-8"), encoding="utf-8")
    line = path.read_text("utf-8").splitlines().index("channels: {noc: {urls: [{env: STAGE_CHANNEL}]}}") + 1
    told = found(run)
    mend = "no service is written jsn://; did you mean json://? (mend the secret that stands in STAGE_CHANNEL)"
    assert told["channel noc"] == (False, f"bondbridge.yaml:{line}:25: channels.noc.urls.0: {mend}")
    assert told["watchdog"] == (False, f"bondbridge.yaml:1:19: watchdog.tell.0: {mend}")
