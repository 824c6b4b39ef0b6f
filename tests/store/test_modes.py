"""Who may read what the bridge keeps: the user it runs as, and nobody else, unless a person says
otherwise.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.config import private, shipped
from bridge.store.database import Database
from bridge.store.migrate import migrate


def mode(path: Path) -> int:
    """Who may do what with it."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def generous() -> Iterator[None]:
    """What most machines start people with: all may read what one makes."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_database_and_what_stands_beside_it_are_ours_alone(tmp_path: Path) -> None:
    """The journal of what is written, too: SQLite makes it as the file that it finds."""
    path = tmp_path / "bondbridge.sqlite3"
    database = Database(f"sqlite:///{path}")
    migrate(database, shipped("migrations"))
    with database.reading() as connection:
        connection.exec_driver_sql("SELECT 1 FROM events")
        modes = {each.name: mode(each) for each in tmp_path.iterdir()}
    database.close()
    assert modes == dict.fromkeys(
        ("bondbridge.sqlite3", "bondbridge.sqlite3-wal", "bondbridge.sqlite3-shm"), 0o600
    )


def test_what_a_person_opened_stays_open(tmp_path: Path) -> None:
    """A database and a folder that are there keep the mode that they have."""
    path = tmp_path / "bondbridge.sqlite3"
    path.touch(mode=0o644)
    path.chmod(0o644)
    database = Database(f"sqlite:///{path}")
    migrate(database, shipped("migrations"))
    database.close()
    tmp_path.chmod(0o755)
    private(tmp_path)
    assert (mode(path), mode(tmp_path)) == (0o644, 0o755)


def test_folders_that_are_made_are_ours_alone(tmp_path: Path) -> None:
    """Those above it that were missing, too: the state folder may be made for what stands deeper in
    it.
    """
    private(tmp_path / "state" / "secrets")
    private(tmp_path / "state" / "secrets")
    assert [mode(tmp_path / "state"), mode(tmp_path / "state" / "secrets")] == [0o700, 0o700]
