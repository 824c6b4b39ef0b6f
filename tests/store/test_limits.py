"""Limits on calls: counted under a lock, so that of two workers one gets the last place."""

from datetime import datetime

import pytest

from bridge.store import tables as t
from bridge.store.database import Database
from bridge.store.decisions import call_limits
from bridge.store.decisions.call_limits import Limit

from .builders import later, rows, together

THREE = Limit("rule/a", 3, 600)


def spend(
    database: Database, *wanted: Limit, job: str = "j", at: float = 0
) -> tuple[Limit, datetime] | None:
    """Want one place under all of these."""
    with database.writing() as connection:
        return call_limits.spend(connection, wanted, job, later(at))


def used(database: Database, limit: Limit, at: float = 0) -> int:
    """How many places are taken."""
    with database.reading() as connection:
        return call_limits.used(connection, limit, later(at))


def test_a_place_is_free_again_when_the_call_before_it_is_old(database: Database) -> None:
    """After three calls there is no place until the first of them is ten minutes old, to the
    moment.
    """
    assert [spend(database, THREE, at=at) for at in (0, 10, 20)] == [None] * 3
    assert spend(database, THREE, at=30) == (THREE, later(600))
    assert spend(database, THREE, at=599) == (THREE, later(600))
    assert spend(database, THREE, at=600) is None
    assert spend(database, THREE, at=600) == (THREE, later(610))


def test_what_is_refused_takes_no_place(database: Database) -> None:
    """A call that one limit stops is not counted by the others, nor by the one that stops it."""
    tight = Limit("global", 1, 60)
    wide = Limit("server/main", 9, 60)
    assert spend(database, wide, tight) is None
    assert spend(database, tight, wide) == (tight, later(60))
    assert (used(database, tight), used(database, wide)) == (1, 1)


def test_a_call_counts_from_its_answer_on(database: Database) -> None:
    """The server may have taken it at any moment until then; of two calls of one job the newer has
    been answered.
    """
    for at in (0, 20):
        spend(database, THREE, job="j1", at=at)
    spend(database, THREE, job="j2", at=30)
    with database.writing() as connection:
        call_limits.answered(connection, "j1", later(45))
        call_limits.answered(connection, "nobody", later(50))
    assert [row["at"] for row in rows(database, t.spendings)] == [later(0), later(45), later(30)]
    assert spend(database, THREE, at=610) is None
    assert spend(database, THREE, at=620) == (THREE, later(630))


def test_limits_are_counted_by_their_keys(database: Database) -> None:
    """Another key has places of its own; a job is written down once under each."""
    other = Limit("rule/b", 3, 600)
    spend(database, THREE, job="j1")
    spend(database, THREE, other, job="j2")
    assert [(row["key"], row["job"]) for row in rows(database, t.spendings)] == [
        ("rule/a", "j1"),
        ("rule/a", "j2"),
        ("rule/b", "j2"),
    ]


def test_a_limit_that_was_made_tighter_waits_for_enough_places(database: Database) -> None:
    """With five calls made and one allowed, there is a place when the newest of them is old."""
    for at in range(3):
        spend(database, THREE, at=at)
    one = Limit(THREE.key, 1, 600)
    assert spend(database, one, at=5) == (one, later(602))


@pytest.mark.parametrize("most", [1, 3])
def test_of_many_who_want_the_last_places_so_many_get_one(database: Database, most: int) -> None:
    """Eight workers at once: exactly as many calls as the limit allows."""
    limit = Limit("global", most, 60)
    got = together(
        8, lambda number: spend(database, limit, Limit(f"job/{number}", 1, 60), job=f"j{number}")
    )
    assert sum(each is None for each in got) == most
    assert used(database, limit) == most


def test_without_limits_everything_may_go(database: Database) -> None:
    """No limit, no row."""
    assert spend(database) is None
    assert rows(database, t.spendings) == []
