"""The whole flow at once, on both databases."""

import threading
from pathlib import Path

from bridge.store.database import Database
from tests.pipeline.harness import RULES, Stage, staged

TELLING = RULES.replace(
    '      with: {bond: "${event.data.body.bond}"}',
    '      with: {bond: "${event.data.body.bond}"}\n    - notify: {to: noc, title: "bond'
    ' ${event.data.body.bond} restarted"}',
)


def _two_workers(stage: Stage) -> None:
    """Two workers at once do all that is due."""
    threads = [threading.Thread(target=stage.work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_workers_do_each_thing_once(tmp_path: Path, database: Database) -> None:
    """Outage, failover, recovery and requests, with two workers at everything: each event once,
    each call effective once.
    """
    url = database.engine.url.render_as_string(hide_password=False)
    with staged(tmp_path / "stage", rules=TELLING, database=url) as stage:
        stage.set("aggregator", 3, "broken", value=True)
        for _ in range(8):
            stage.sim.advance(30)
            for server, scope in stage.bridge.observer.due():
                stage.bridge.observer.poll(server, scope)
            for bond in (1, 2):
                stage.webhook(bond, str(stage.now()))
            _two_workers(stage)
        stage.set("aggregator", 3, "broken", value=False)
        for _ in range(14):
            stage.sim.advance(30)
            for server, scope in stage.bridge.observer.due():
                stage.bridge.observer.poll(server, scope)
            _two_workers(stage)
        moved = len(stage.events("bond.failed_over"))
        assert (
            moved
            == len(stage.events("bond.restored"))
            == stage.effective("bond.restore_to_primary_agg")
            == 2
        )
        assert stage.effective("bond.restart") == len(stage.ledger("bond.restart")) == 2
        ruled = [
            (each["rule"], each["reason"])
            for each in stage.decisions()
            if each["rule"] == "restart"
        ]
        assert ruled.count(("restart", None)) == 2
        assert ruled.count(("restart", "cooldown")) == len(ruled) - 2 == 14
        assert len({(each["event"], each["rule"]) for each in stage.decisions()}) == len(
            stage.decisions()
        )
