"""Events against the truth after a while in which the database could not be written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, update
from sqlalchemy.exc import DBAPIError

from bridge.errors import BridgeError
from bridge.store.tables import scopes, servers

from .expected_events import differences, expected
from .harness import Days, days


@contextmanager
def _full(engine: Engine) -> Iterator[None]:
    """The database file cannot grow, as on a disk that is full."""
    engine.dispose()

    def bound(connection: object, *_: object) -> None:
        # SQLite takes what there is
        connection.execute("PRAGMA max_page_count=1")  # type: ignore[attr-defined]

    event.listen(engine, "connect", bound)
    try:
        yield
    finally:
        event.remove(engine, "connect", bound)
        engine.dispose()


def _struggle(stage: Days, seconds: float) -> int:
    """Let time pass and the bridge try; how often it could not."""
    failed = 0
    for _ in range(round(seconds / stage.every)):
        stage.sim.advance(stage.every)
        try:
            stage.look()
        except (DBAPIError, BridgeError):
            failed += 1
    return failed


@pytest.mark.takes(20)
@pytest.mark.timeout(600)
def test_what_happened_while_the_disk_was_full_is_told_soon_after(tmp_path: Path) -> None:
    """All of it, once, at its time: the histories are read when the polls succeed again, not in
    their turn.
    """
    with days(tmp_path, every=15, bonds=40) as stage:
        stage.post("story", name="random-faults", rate=200)
        stage.live(2 * 60)
        with _full(stage.bridge.database.engine):
            assert _struggle(stage, 45) > 0
        with stage.bridge.database.writing() as connection:  # the leases of who died have run out
            for table in (scopes, servers):
                connection.execute(update(table).values(lease_until=None))
        stage.post("story", name="quiet")
        stage.live(3 * 60)
        world = stage.sim.world
        wanted = expected(
            world.truth, {bond.id: bond.primary for bond in world.bonds.values()}, stage.since
        )
        wrong = differences(wanted, stage.events())
        assert not wrong, f"{len(wrong)} of {len(wanted)}:\n" + "\n".join(wrong[:30])
        assert len([each for each in wanted if each.type == "leg.down"]) > 10, "too little happened"
