"""Limits are never passed: two workers at once, restarts between, on both databases."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from bridge import config, wiring
from bridge.store.database import Database
from tests.pipeline.harness import Stage, staged

from .test_rollout import sent_of

RULES = """
- id: restart
  when: webhook.demo
  guard: {rate: {most: 3, every: 10m}}
  do:
    - call: bond.restart
      with: {bond: "${event.data.body.bond}"}
      retry: {on: [unreachable], every: 30s, until: 2h}
"""


# requests at once, by the tightest limit
_MANY = {3: 6, 2: 4, 1: 3}


def _both(stage: Stage, other: wiring.Bridge) -> None:
    """Two workers, each with a bridge of its own, do all that is due."""
    mine = Stage(stage.sim, other, stage.folder)
    threads = [threading.Thread(target=each.work) for each in (stage, mine)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("more", "most"),
    [
        ("", 3),
        ("limits: {server: {most: 2, every: 10m}}\n", 2),
        ("limits: {rule: {most: 1, every: 10m}}\n", 1),
    ],
)
def test_a_limit_is_never_passed(tmp_path: Path, database: Database, more: str, most: int) -> None:
    """Of several requests at once no more go in any ten minutes than the tightest limit lets; none
    is lost, none goes twice.
    """
    url = database.engine.url.render_as_string(hide_password=False)
    with staged(tmp_path / "stage", rules=RULES, database=url, more=more) as stage:
        for n in range(_MANY[most]):
            stage.webhook(n + 1, nonce=str(n))
        for _ in range({3: 6, 2: 10, 1: 14}[most]):
            # another process, made anew each time: what it knows is what the database says
            other = wiring.build(
                config.load(stage.folder / "bondbridge.yaml"), now=lambda: stage.sim.world.now
            )
            _both(stage, other)
            other.close()
            stage.sim.advance(150)
        moments = sent_of(stage, "bond.restart")
        window = timedelta(minutes=10)
        assert (
            max(sum(start <= at < start + window for at, _ in moments) for start, _ in moments)
            == most
        )
        assert sorted(bond for _, bond in moments) == list(range(1, _MANY[most] + 1))
