"""Which scopes are polled next: ranks, limits, and what is brought forward."""

from bridge.core.model import Known, Seen
from bridge.store import tables as t
from bridge.store.database import Database
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import FORWARD, ROTATING, TIMED, Walked

from .builders import LEASE, NOW, later, rows, together


def prepared(database: Database, **ranks: int) -> None:
    """A server with scopes of these ranks, all due now."""
    with database.writing() as connection:
        snapshots.ensure_server(connection, "main")
        snapshots.ensure_scopes(connection, "main", ranks, NOW)


def claimed(database: Database, name: str, **limits: object) -> snapshots.Scope | None:
    """Claim a scope."""
    with database.writing() as connection:
        return snapshots.claim_scope(connection, "main", name, LEASE, **limits)


def due(database: Database, most: int | None = None, seconds: float = 0) -> list[str]:
    """Scopes that are due, in order."""
    with database.reading() as connection:
        return snapshots.due_scopes(connection, "main", later(seconds), most)


def test_what_keeps_to_its_interval_comes_before_the_rotation(database: Database) -> None:
    """Timed ones first, then those brought forward, then the rotation, however long that has been
    due.
    """
    prepared(database, users=ROTATING, legs=TIMED, bonds=TIMED, groups=ROTATING)
    with database.writing() as connection:
        snapshots.forward(connection, "main", ["groups"], later(5))
    assert due(database, seconds=9) == ["bonds", "legs", "groups", "users"] or due(
        database, seconds=9
    ) == [
        "legs",
        "bonds",
        "groups",
        "users",
    ]
    assert due(database, 2, seconds=9)[:2] == due(database, seconds=9)[:2]
    assert due(database, seconds=4)[-1] == "users", "what is brought forward is due from then on"


def test_polls_under_way_are_limited_over_all_workers(database: Database) -> None:
    """Of six that are claimed at once with room for two, two are; when one is given back another
    fits.
    """
    prepared(database, **{f"s{i}": TIMED for i in range(6)})
    taken = [each for each in together(6, lambda i: claimed(database, f"s{i}", most=2)) if each]
    assert len(taken) == 2
    with database.writing() as connection:
        snapshots.reschedule(connection, taken[0], later(30))
    assert claimed(database, taken[0].name, most=2) is not None
    assert (
        claimed(
            database,
            next(f"s{i}" for i in range(6) if f"s{i}" not in {x.name for x in taken}),
            most=2,
        )
        is None
    )


def test_a_scope_is_claimed_only_when_it_is_due(database: Database) -> None:
    """A worker that comes late finds that it was polled meanwhile, unless it polls anyway."""
    prepared(database, legs=TIMED)
    scope = claimed(database, "legs", due=NOW)
    assert scope is not None
    with database.writing() as connection:
        snapshots.reschedule(connection, scope, later(30))
    assert claimed(database, "legs", due=later(29)) is None
    assert claimed(database, "legs", due=later(30)) is not None


def test_what_is_brought_forward_while_it_is_polled_is_polled_again(database: Database) -> None:
    """The poll that is under way may have come too early: its own next time does not replace the
    one asked for.
    """
    prepared(database, users=ROTATING, groups=ROTATING)
    scopes = [claimed(database, name) for name in ("users", "groups")]
    with database.writing() as connection:
        snapshots.forward(connection, "main", ["users"], later(1))
        for scope in scopes:
            assert scope is not None
            snapshots.reschedule(connection, scope, later(600), rank=ROTATING)
    found = {row["name"]: (row["rank"], row["due_at"]) for row in rows(database, t.scopes)}
    assert found == {"users": (FORWARD, later(1)), "groups": (ROTATING, later(600))}


def test_scopes_are_brought_forward_by_pattern_and_dropped_with_their_objects(
    database: Database,
) -> None:
    """What a count speaks for is found by LIKE; a scope that is dropped leaves no object behind."""
    prepared(
        database,
        **{"bonds/1/routes": ROTATING, "bonds/2/routes": ROTATING, "bonds/1/tuners": ROTATING},
    )
    with database.writing() as connection:
        snapshots.forward_like(connection, "main", "bonds/%/routes", later(1))
    ranks = {row["name"]: row["rank"] for row in rows(database, t.scopes)}
    assert ranks == {
        "bonds/1/routes": FORWARD,
        "bonds/2/routes": FORWARD,
        "bonds/1/tuners": ROTATING,
    }
    scope = claimed(database, "bonds/1/routes")
    assert scope is not None
    with database.writing() as connection:
        snapshots.save_walk(
            connection, scope, [Known(Seen("route", "4", {"id": 4}))], Walked(NOW, NOW, 0.0)
        )
        assert snapshots.scope_sizes(connection, "main") == {"bonds/1/routes": 1}
        snapshots.drop_scope(connection, "main", "bonds/1/routes")
        assert snapshots.scope_sizes(connection, "main") == {}
    assert len(rows(database, t.scopes)) == 2
