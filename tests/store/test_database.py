"""Transactions."""

from pathlib import Path

import pytest

from bridge.errors import Bug
from bridge.store.database import Away, Database

from .builders import together


def test_a_transaction_inside_another_is_told_at_once(database: Database) -> None:
    """It could only wait for itself; the one around it is left as it was, and the next one is begun
    as ever.
    """
    with database.writing(), pytest.raises(Bug, match="inside another"), database.writing():
        pytest.fail("it was begun")
    with database.writing() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1


def test_others_write_in_turn(database: Database) -> None:
    """Each thread has transactions of its own."""

    def write(number: int) -> int:
        with database.writing() as connection:
            return int(connection.exec_driver_sql(f"SELECT {number}").scalar_one())

    assert together(4, write) == [0, 1, 2, 3]


def test_a_file_that_was_moved_away_is_not_made_anew(sqlite_pattern: Path, tmp_path: Path) -> None:
    """Only anyone who makes tables makes it: what SQLite would put beside an empty one would spoil
    the one that is put back.
    """
    path = tmp_path / "bondbridge.sqlite3"
    elsewhere = tmp_path / "elsewhere"
    path.write_bytes(sqlite_pattern.read_bytes())
    path.rename(elsewhere)
    opened = Database(f"sqlite:///{path}")
    with pytest.raises(Away, match="is gone"), opened.writing():
        pytest.fail("it was opened")
    assert list(tmp_path.iterdir()) == [elsewhere]
    elsewhere.rename(path)
    with opened.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one() == 0
    opened.close()
