"""`bondbridge doctor` looks and makes nothing: of the database that there should be, and of
addresses that lead nowhere.
"""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bridge.simulator.api.runner import running
from bridge.simulator.world_builder import make_world
from bridge.store.database import Database
from tests.pipeline.harness import Stage
from tests.test_cli import Run, run, stage
from tests.web.test_unusable_database import fill, small_disk

__all__ = ["run", "small_disk", "stage"]


def found(run: Run) -> dict[str, tuple[bool, str]]:
    """What the doctor found, by what was looked at."""
    return {
        each["what"]: (each["good"], each["says"])
        for each in json.loads(run("doctor", "--json").out)
    }


def uses(stage: Stage, database: str) -> None:
    """The settings name this database from now on."""
    path = stage.folder / "bondbridge.yaml"
    path.write_text(f"database: {database}\n{path.read_text('utf-8')}", encoding="utf-8")


@pytest.fixture
def without_tables(postgresql_server: sa.URL) -> Iterator[str]:
    """A database of PostgreSQL's that nobody has migrated."""
    name = f"t{secrets.token_hex(6)}"
    control = sa.create_engine(
        postgresql_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with control.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield postgresql_server.set(database=name).render_as_string(hide_password=False)
    with control.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("named", [False, True])
def test_a_database_that_was_moved_away_is_bad_and_none_is_made(
    stage: Stage, run: Run, *, named: bool
) -> None:
    """It says where there is none and that it may have been moved, also of one that is named; then
    nothing is there still.
    """
    stage.bridge.database.close()
    there = stage.folder / "state"
    if named:
        uses(stage, f"sqlite:///{there / 'bondbridge.sqlite3'}")
    for path in there.glob("bondbridge.sqlite3*"):
        path.rename(stage.folder / path.name)
    before = sorted(there.iterdir())
    good, says = found(run)["database"]
    assert not good
    assert (
        f"there is none at {there / 'bondbridge.sqlite3'}, though a bridge has been here (was it"
        " moved?" in says
    )
    assert sorted(there.iterdir()) == before


def test_where_no_bridge_ever_was_nothing_is_made(stage: Stage, run: Run) -> None:
    """All is good before the first start: `up` will make state folder, key and database, and what
    looks makes none of them.
    """
    fresh = stage.folder / "fresh"
    path = stage.folder / "bondbridge.yaml"
    path.write_text(
        path.read_text("utf-8").replace(str(stage.folder / "state"), str(fresh)), encoding="utf-8"
    )
    for _ in range(2):
        good, says = found(run)["database"]
        assert (good, says) == (
            True,
            f"there is none at {fresh / 'bondbridge.sqlite3'} yet: `bondbridge up` makes it",
        )
        assert run("doctor").code == 0
    run("channels", "test")
    assert not fresh.exists()
    assert run("token", "list").code == 0


def test_a_named_database_in_no_folder_is_bad(stage: Stage, run: Run) -> None:
    """Nobody makes a folder for it, so it would not be made by `up` either."""
    fresh = stage.folder / "fresh"
    path = stage.folder / "bondbridge.yaml"
    path.write_text(
        path.read_text("utf-8").replace(str(stage.folder / "state"), str(fresh)), encoding="utf-8"
    )
    uses(stage, f"sqlite:///{stage.folder}/none/x.sqlite3")
    good, says = found(run)["database"]
    assert (good, "unable to open database file" in says) == (False, True)


def test_an_older_database_is_bad_and_stays_as_it_is(stage: Stage, run: Run) -> None:
    """It names the command that brings it up to date, and does not do it."""
    with stage.bridge.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
    good, says = found(run)["database"]
    assert (good, "older version (bring them up to date with `bondbridge migrate`" in says) == (
        False,
        True,
    )
    with stage.bridge.database.reading() as connection:
        assert (
            connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
            == "0004"
        )


def test_a_database_of_a_server_without_tables(stage: Stage, run: Run, without_tables: str) -> None:
    """Where a bridge has been it is bad, where none ever was `up` makes the tables; the doctor
    makes none.
    """
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


def test_a_wrong_address_is_said_with_its_place_and_its_secret(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `up` says it: file, line, key, what is meant and which secret to mend, of channels and of
    the watchdog.
    """
    monkeypatch.setenv("STAGE_CHANNEL", "jsn://hidden-word@h/")
    path = stage.folder / "bondbridge.yaml"
    path.write_text(
        "watchdog: {tell: [{env: STAGE_CHANNEL}]}\n" + path.read_text("utf-8"), encoding="utf-8"
    )
    line = (
        path.read_text("utf-8")
        .splitlines()
        .index("channels: {noc: {urls: [{env: STAGE_CHANNEL}]}}")
        + 1
    )
    told = found(run)
    mend = (
        "no service is written jsn://; did you mean json://? (mend the secret that stands in"
        " STAGE_CHANNEL)"
    )
    assert told["channel noc"] == (False, f"bondbridge.yaml:{line}:25: channels.noc.urls.0: {mend}")
    assert told["watchdog"] == (False, f"bondbridge.yaml:1:19: watchdog.tell.0: {mend}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("json://nowhere.invalid/hook", "the name nowhere.invalid cannot be looked up"),
        ("jsons://127.0.0.1:1/hook", "127.0.0.1 takes no connection at port 1"),
        (
            "mailto://noc:word@nowhere.invalid?to=noc@example.com",
            "the name nowhere.invalid cannot be looked up",
        ),
        ("ntfys://127.0.0.1:1/noc", "127.0.0.1 takes no connection at port 1"),
        (
            "mmosts://127.0.0.1:1/3ccdd113474722377935511fc85d3dd4",
            "127.0.0.1 takes no connection at port 1",
        ),
    ],
)
def test_a_channel_whose_host_is_wrong_is_bad(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    """Its address is well-formed and leads nowhere: that is said with its place, without its
    secrets.
    """
    del stage
    monkeypatch.setenv("STAGE_CHANNEL", url)
    good, says = found(run)["channel noc"]
    assert (good, said in says, "channels.noc.urls.0" in says, "STAGE_CHANNEL" in says) == (
        False,
        True,
        True,
        True,
    )
    assert "word" not in says
    assert "3ccdd" not in says


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    "url", ["slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", "ntfy://noc"]
)
def test_a_service_whose_host_is_its_own_business_is_not_called(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """The address names a team or a topic, and no host."""
    monkeypatch.setenv("STAGE_CHANNEL", url)
    assert found(run)["channel noc"] == (True, "1 target")


def test_a_state_folder_on_a_full_disk_is_bad(stage: Stage, run: Run, small_disk: Path) -> None:
    """There is a folder that may be written, and no room in it."""
    path = stage.folder / "bondbridge.yaml"
    text = path.read_text("utf-8").replace(
        f"state_dir: {stage.folder / 'state'}", f"state_dir: {small_disk}"
    )
    path.write_text(f"database: {stage.bridge.settings.database_url}\n{text}", encoding="utf-8")
    fill(small_disk / "filler")
    good, says = found(run)["state folder"]
    assert (good, "No space left on device" in says, "make room on its disk" in says) == (
        False,
        True,
        True,
    )


def keeps_state_in(stage: Stage, folder: Path) -> None:
    """The settings name this state folder from now on."""
    path = stage.folder / "bondbridge.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace(f"state_dir: {stage.folder / 'state'}", f"state_dir: {folder}"),
        encoding="utf-8",
    )


def test_a_state_folder_that_cannot_be_made_is_bad(stage: Stage, run: Run) -> None:
    """Being root is not enough everywhere: it is tried, and no database is promised there."""
    keeps_state_in(stage, Path("/proc/nope/state"))
    told = found(run)
    good, says = told["state folder"]
    assert (good, says.partition(":")[0]) == (False, "/proc/nope/state cannot be made")
    good, says = told["database"]
    assert (good, "none can be made here" in says) == (False, True)


@pytest.mark.parametrize("below", ["", "state", "deep/state"])
def test_a_state_folder_that_is_or_is_in_a_file_is_bad_once(
    stage: Stage, run: Run, below: str
) -> None:
    """The file is named, in one line, and stays as it is."""
    file = stage.folder / "file"
    file.write_text("mine", encoding="utf-8")
    keeps_state_in(stage, file / below)
    bad = {what: says for what, (good, says) in found(run).items() if not good}
    assert list(bad) == ["state folder"]
    assert f"cannot be made: {file} is a file, not a folder; " in bad["state folder"]
    assert file.read_text("utf-8") == "mine"


def test_a_state_folder_yet_to_be_made_is_tried_and_nothing_is_left(
    stage: Stage, run: Run, small_disk: Path
) -> None:
    """On a disk with room it is good, on a full one it is not; neither leaves anything there."""
    keeps_state_in(stage, small_disk / "a" / "b")
    assert found(run)["state folder"][0]
    assert list(small_disk.iterdir()) == []
    fill(small_disk / "filler")
    good, says = found(run)["state folder"]
    assert (good, "No space left on device" in says) == (False, True)
    assert [each.name for each in small_disk.iterdir()] == ["filler"]


def test_a_certificate_that_nobody_vouches_for_is_bad_and_its_fix_is_said(
    stage: Stage, run: Run
) -> None:
    """It says that the server's own authority can be named; with that it is good."""
    path = stage.folder / "bondbridge.yaml"
    text = path.read_text("utf-8")
    with running(make_world(seed=1), speed=0, tls=True) as sim:
        assert sim.certificate
        path.write_text(
            text.replace(stage.sim.url, sim.url).replace("force_live: true", "force_live: false"),
            encoding="utf-8",
        )
        good, says = found(run)["server demo"]
        assert (good, "`verify: FILE`" in says) == (False, True)
        trusting = path.read_text("utf-8").replace(
            "user:", f"verify: {sim.certificate.path}\n    user:"
        )
        path.write_text(trusting, encoding="utf-8")
        assert found(run)["server demo"][0]


def test_a_server_whose_name_cannot_be_looked_up_is_bad_and_its_fix_is_said(
    stage: Stage, run: Run
) -> None:
    """For the server itself as for its certificate."""
    path = stage.folder / "bondbridge.yaml"
    path.write_text(
        path.read_text("utf-8").replace(stage.sim.url, "https://nowhere.invalid"), encoding="utf-8"
    )
    told = found(run)
    for what in ("server demo", "server demo: certificate"):
        good, says = told[what]
        assert (good, "check the name in `url`" in says) == (False, True)


def test_http_for_https_and_https_for_http_are_bad_and_named(stage: Stage, run: Run) -> None:
    """Each way round it says which of the two to write."""
    path = stage.folder / "bondbridge.yaml"
    text = path.read_text("utf-8").replace("force_live: true", "force_live: false")
    with running(make_world(seed=1), speed=0, tls=True) as sim:
        path.write_text(
            text.replace(stage.sim.url, sim.url.replace("https://", "http://")), encoding="utf-8"
        )
        good, says = found(run)["server demo"]
        assert (good, "does it want https://?" in says) == (False, True)
    path.write_text(text.replace("http://", "https://"), encoding="utf-8")
    good, says = found(run)["server demo"]
    assert (good, "does it want http://?" in says) == (False, True)
