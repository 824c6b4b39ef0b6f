"""Our clock is set back."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bridge.store import clock_steps
from bridge.store import tables as t
from bridge.store.database import Database
from bridge.store.observations import snapshots

from .builders import NOW, job, later, owe, together

HOURS = timedelta(hours=2)


def ticked(database: Database, seconds: float) -> timedelta | None:
    """What is noticed at that moment."""
    with database.writing() as connection:
        return clock_steps.tick(connection, later(seconds))


def prepared(database: Database) -> None:
    """A server whose scope and a job are due in a minute, and a silence that ends in a minute."""
    owe(database, job("j1", due_at=later(60)))
    with database.writing() as connection:
        snapshots.ensure_server(connection, "main")
        snapshots.ensure_scopes(connection, "main", {"legs": 0}, later(60))
        clock_steps.tick(connection, NOW)


def waits(database: Database) -> tuple[object, object]:
    """When the scope and the job are due."""
    with database.reading() as connection:
        found = (sa.select(table.c.due_at) for table in (t.scopes, t.jobs))
        one, other = (connection.execute(each).scalar_one() for each in found)
        return one, other


def test_nothing_waits_for_longer_when_the_clock_is_set_back(database: Database) -> None:
    """What was due in a minute is due in a minute, once however many notice it."""
    prepared(database)
    told = together(2, lambda _: ticked(database, -7200))
    assert sorted(filter(None, told)) == [HOURS]
    assert waits(database) == (later(60 - 7200), later(60 - 7200))
    assert ticked(database, -7195) is None


@pytest.mark.parametrize("seconds", [-20.0, 0.0, 20.0, 7200.0])
def test_a_clock_that_goes_on_or_differs_a_little_moves_nothing(
    seconds: float, database: Database
) -> None:
    """Two machines of one installation are never quite alike; forward, all is due by itself."""
    prepared(database)
    assert ticked(database, seconds) is None
    assert waits(database) == (later(60), later(60))


def test_the_lease_of_one_who_died_before_the_clock_was_set_is_free(database: Database) -> None:
    """It would have lasted for as long as the clock was set back, else."""
    prepared(database)
    with database.writing() as connection:
        snapshots.claim_scope(connection, "main", "legs", 7260)
    ticked(database, -7200)
    with database.writing() as connection:
        assert snapshots.claim_scope(connection, "main", "legs", 60) is not None
