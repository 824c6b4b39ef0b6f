"""Servers, scopes and what was seen in them."""

import pytest
import sqlalchemy as sa

from bridge.core.model import Known, Seen
from bridge.errors import LeaseLost
from bridge.store import tables as t
from bridge.store.database import Database
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import Walked

from .builders import LEASE, NOW, later, rows, together


def known(identifier: str = "7", **body: object) -> Known:
    """A leg as the store knows it."""
    return Known(
        Seen("leg", identifier, {"name": "cable", **body}, {"vendor": "é", "rate": 1.5}),
        {"leg.down": 2},
        NOW,
        gone=False,
    )


def prepared(database: Database, **scopes: float) -> None:
    """A server with these scopes, due so many seconds from now."""
    with database.writing() as connection:
        snapshots.ensure_server(connection, "main")
        for name, due in (scopes or {"legs": 0}).items():
            snapshots.ensure_scopes(connection, "main", {name: snapshots.TIMED}, later(due))


def take(database: Database, name: str = "legs") -> snapshots.Scope | None:
    """Claim a scope."""
    with database.writing() as connection:
        return snapshots.claim_scope(connection, "main", name, LEASE)


def save(database: Database, scope: snapshots.Scope, *objects: Known) -> None:
    """Make a walk the newest snapshot."""
    with database.writing() as connection:
        snapshots.save_walk(connection, scope, objects, Walked(NOW, NOW, 1.5))


def let_lapse(database: Database) -> None:
    """Let every lease on a scope run out."""
    with database.writing() as connection:
        connection.execute(sa.update(t.scopes).values(lease_until=1.0))


def test_preparing_twice_changes_nothing(database: Database) -> None:
    """Rows that are there keep what they know, and two who prepare at once do not disturb each
    other.
    """
    together(3, lambda _: prepared(database, legs=0, bonds=5))
    prepared(database, legs=99, bonds=99, backups=7)
    assert sorted((row["name"], row["due_at"]) for row in rows(database, t.scopes)) == [
        ("backups", later(7)),
        ("bonds", later(5)),
        ("legs", later(0)),
    ]
    assert len(rows(database, t.servers)) == 1


def test_scopes_are_due_in_order_and_only_those_nobody_polls(database: Database) -> None:
    """The longest due first; one that is being polled is not due until its lease ran out."""
    prepared(database, legs=0, bonds=-5, backups=1)
    with database.reading() as connection:
        assert snapshots.due_scopes(connection, "main", NOW) == ["bonds", "legs"]
        assert snapshots.due_scopes(connection, "other", NOW) == []
    assert take(database, "bonds").fence == 1
    assert take(database, "bonds") is None
    with database.reading() as connection:
        assert snapshots.due_scopes(connection, "main", NOW) == ["legs"]
    let_lapse(database)
    assert take(database, "bonds").fence == 2


def test_one_of_many_polls_a_scope(database: Database) -> None:
    """Anyone who reaches for a scope at once, one has it."""
    prepared(database)
    assert sorted(each is not None for each in together(6, lambda _: take(database))) == [
        False
    ] * 5 + [True]


def test_a_walk_is_what_is_known_from_then_on(database: Database) -> None:
    """Every object comes back as it was saved, and a later walk replaces it."""
    prepared(database)
    scope = take(database)
    save(database, scope, known(), known("8"))
    with database.reading() as connection:
        assert snapshots.objects_of(connection, "main", "legs") == {
            ("leg", "7"): known(),
            ("leg", "8"): known("8"),
        }
        assert snapshots.objects_of(connection, "main", "bonds") == {}
        (stands,) = snapshots.all_scopes(connection)
    assert (stands.version, stands.polled_at, stands.offset_seconds, stands.failures) == (
        1,
        NOW,
        1.5,
        0,
    )
    save(database, stands, known(name="fibre"))
    with database.reading() as connection:
        found = snapshots.objects_of(connection, "main", "legs")
    assert (found["leg", "7"].seen.body["name"], len(found)) == ("fibre", 2)


def test_two_walks_of_one_version_let_one_win(database: Database) -> None:
    """The second walk that began from the same snapshot is refused and changes nothing."""
    prepared(database)
    scope = take(database)
    save(database, scope, known(name="first"))
    with pytest.raises(LeaseLost, match="another poll of legs was quicker"):
        save(database, scope, known(name="second"))
    with database.reading() as connection:
        assert (
            snapshots.objects_of(connection, "main", "legs")["leg", "7"].seen.body["name"]
            == "first"
        )


def test_two_walks_saved_at_once_let_one_win(database: Database) -> None:
    """However close together they come, one walk is the snapshot and the other is told."""
    prepared(database)
    scope = take(database)

    def try_to(number: int) -> int | None:
        try:
            save(database, scope, known(name=str(number)))
        except LeaseLost:
            return None
        return number

    (winner,) = [each for each in together(4, try_to) if each is not None]
    with database.reading() as connection:
        assert snapshots.objects_of(connection, "main", "legs")["leg", "7"].seen.body[
            "name"
        ] == str(winner)


def test_a_poll_that_was_overtaken_neither_saves_nor_reschedules(database: Database) -> None:
    """Once somebody else polls the scope, the slow one's walk is refused and its next date is not
    written.
    """
    prepared(database)
    slow = take(database)
    let_lapse(database)
    quick = take(database)
    with pytest.raises(LeaseLost):
        save(database, slow, known())
    with database.writing() as connection:
        snapshots.reschedule(connection, slow, later(999), "too slow")
    (stands,) = rows(database, t.scopes)
    assert (stands["due_at"], stands["failures"], stands["fence"]) == (NOW, 0, quick.fence)
    assert stands["lease_until"] > 1.0


def test_failures_are_counted_until_a_walk_is_whole(database: Database) -> None:
    """Each problem counts, stands there to be read, and goes with the next good walk."""
    prepared(database)
    for n in (1, 2):
        scope = take(database)
        with database.writing() as connection:
            snapshots.reschedule(connection, scope, later(n), f"broken {n}")
    (stands,) = rows(database, t.scopes)
    assert (stands["failures"], stands["problem"], stands["due_at"], stands["lease_until"]) == (
        2,
        "broken 2",
        later(2),
        None,
    )
    save(database, take(database), known())
    assert [(row["failures"], row["problem"]) for row in rows(database, t.scopes)] == [(0, None)]


def test_only_failing_scopes_of_the_server_are_brought_forward(database: Database) -> None:
    """A server that answers again is asked at once about what failed, and only about that."""
    prepared(database, legs=0, bonds=300)
    scope = take(database)
    with database.writing() as connection:
        snapshots.reschedule(connection, scope, later(200), "broken")
        snapshots.bring_forward(connection, "other", NOW)
    assert {row["name"]: row["due_at"] for row in rows(database, t.scopes)} == {
        "legs": later(200),
        "bonds": later(300),
    }
    with database.writing() as connection:
        snapshots.bring_forward(connection, "main", NOW)
    assert {row["name"]: row["due_at"] for row in rows(database, t.scopes)} == {
        "legs": NOW,
        "bonds": later(300),
    }


def test_a_scope_is_dropped_with_all_that_was_in_it(database: Database) -> None:
    """Nothing of a dropped scope is left, and its neighbours stay."""
    prepared(database, legs=0, bonds=0)
    save(database, take(database), known())
    save(database, take(database, "bonds"), Known(Seen("bond", "3", {})))
    with database.writing() as connection:
        snapshots.drop_scope(connection, "main", "legs")
    assert [row["name"] for row in rows(database, t.scopes)] == ["bonds"]
    assert [row["kind"] for row in rows(database, t.objects)] == ["bond"]


def test_bodies_are_found_by_kind_and_id(database: Database) -> None:
    """As many as are asked for and known, however many that is, and none of another server."""
    prepared(database)
    save(database, take(database), *(known(str(n)) for n in range(450)))
    wanted = [("leg", str(n)) for n in range(500)] + [("bond", "7")]
    with database.reading() as connection:
        found = snapshots.bodies(connection, "main", wanted)
        assert snapshots.bodies(connection, "other", wanted) == {}
        assert snapshots.bodies(connection, "main", []) == {}
    assert set(found) == {("leg", str(n)) for n in range(450)}


def test_a_turn_of_health_is_told_once(database: Database) -> None:
    """Of those who notice at once that a server cannot be reached, one tells; the count of such
    turns goes on.
    """
    prepared(database)

    def notice(_: int) -> tuple[str, int] | None:
        with database.writing() as connection:
            return snapshots.turn_health(connection, "main", "unreachable")

    assert sorted(filter(None, together(2, notice))) == [("unknown", 1)]
    with database.writing() as connection:
        assert snapshots.turn_health(connection, "main", "unreachable") is None
        assert snapshots.turn_health(connection, "main", "ok") == ("unreachable", 1)
        assert snapshots.turn_health(connection, "main", "unreachable") == ("ok", 2)
        assert snapshots.health_of(connection) == {"main": "unreachable"}
