"""Transactions."""

import pytest

from bridge.errors import Bug
from bridge.store.database import Database

from .rows import together


def test_a_transaction_inside_another_is_told_at_once(database: Database) -> None:
    """It could only wait for itself; the one around it is left as it was, and the next one is begun as ever."""
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
