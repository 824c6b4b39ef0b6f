"""A backlog takes many times as long as the lease on deciding, and is decided all the same,
once.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.core.events import builder
from bridge.core.model import Event
from bridge.errors import LeaseLost
from bridge.pipeline.server_lease import Lease
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.observations import snapshots
from tests.pipeline.harness import Stage, staged

MANY = 100
RULES = "".join(
    f"""
- id: rule-{number}
  when: webhook.demo
  if: event.data.body.bond == {number}
  do: [{{notify: {{to: noc, title: "bond {number}"}}}}]
"""
    for number in range(MANY)
)


@pytest.fixture
def stage(tmp_path: Path, database: Database) -> Iterator[Stage]:
    """A hundred rules that listen to one type of event, on both databases."""
    url = database.engine.url.render_as_string(hide_password=False)
    with staged(tmp_path / "stage", rules=RULES, database=url) as ready:
        yield ready


def _recorded(stage: Stage, count: int) -> None:
    now = stage.now()
    made: list[Event] = [
        builder.make(
            builder.webhook("demo"),
            server="demo",
            subject="webhook/demo",
            n=number,
            time=now,
            seen_at=now,
            data={"body": {"bond": number % MANY}, "reach": None},
        )
        for number in range(count)
    ]
    with stage.bridge.database.writing() as connection:
        event_store.record(connection, made)


def _undecided(stage: Stage) -> int:
    with stage.bridge.database.reading() as connection:
        return len(event_store.undecided(connection, "demo", 1000))


@pytest.mark.takes(20)
def test_a_backlog_of_many_leases_is_decided_once_by_two_workers(stage: Stage) -> None:
    """A hundred rules meet each event, and a lease lasts a moment: neither of two workers begins
    the same again for ever.
    """
    # a seam for this test alone would be one more argument everywhere
    stage.bridge.decider._lease = 0.3  # noqa: SLF001
    _recorded(stage, 60)
    lost = []

    def work() -> None:
        for _ in range(1000):
            if not _undecided(stage):
                return
            try:
                stage.bridge.decider.run("demo")
            except LeaseLost as error:
                lost.append(error)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert _undecided(stage) == 0
    with stage.bridge.database.reading() as connection:
        made = connection.exec_driver_sql(
            "SELECT count(*), count(DISTINCT id) FROM decisions"
        ).one()
        acted = connection.exec_driver_sql(
            "SELECT count(*) FROM decisions WHERE ruling = 'act'"
        ).scalar_one()
    assert tuple(made) == (60 * MANY, 60 * MANY)
    assert acted == 60


def test_the_lease_is_kept_by_the_clock(database: Database) -> None:
    """Renewed between pieces when a while has passed and not before; what another has taken is
    lost, and says so.
    """
    with database.writing() as connection:
        snapshots.ensure_server(connection, "main")
        fence = event_store.claim_deciding(connection, "main", 15.0)
    assert fence is not None
    clock = [0.0]
    lease = Lease(database, "main", fence, 15.0, lambda: clock[0])
    assert (lease.enough(), lease.over()) == (False, False)
    with database.writing() as connection:  # somebody else has it by now
        event_store.keep_deciding(connection, "main", fence, -1)
        assert event_store.claim_deciding(connection, "main", 15.0) is not None
    clock[0] = 2.9
    lease.keep()
    assert lease.enough()
    clock[0] = 3.0
    with pytest.raises(LeaseLost):
        lease.keep()
    lease.begin()
    assert not lease.enough()
    clock[0] = 10.0
    assert lease.over()
    lease.turn()
    assert not lease.over()
