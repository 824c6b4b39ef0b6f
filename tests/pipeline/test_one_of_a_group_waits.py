"""What holds one member of a group back holds that one back, and the others go."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.core.model import JobState
from bridge.store import controls
from bridge.store.observations import incidents as incident_store
from tests.pipeline.harness import Stage, staged

RULES = """
- id: together
  when: leg.down
  group: {wait: 20s}
  mode: live
  do: [{call: bond.restart, each: bond, with: {bond: "${bond.id}"}}]
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A simulator that is running, and a rule that gathers legs that go down."""
    with staged(tmp_path, rules=RULES) as ready:
        yield ready


def hands_off(stage: Stage) -> None:
    """Somebody works on bond 1."""
    with stage.bridge.database.writing() as connection:
        until = stage.now() + timedelta(minutes=5)
        incident_store.hold(connection, "demo", 1, until, "alice", "new bonder")


def silence(stage: Stage) -> None:
    """Acting on bond 1 is held back."""
    with stage.bridge.database.writing() as connection:
        now = stage.now()
        until = now + timedelta(minutes=5)
        controls.silence(
            connection, "demo", ["*"], "bond/1", now, until, "alice", "works", acts=True
        )


@pytest.mark.parametrize(("hold", "reason"), [(hands_off, "hands_off"), (silence, "silenced")])
@pytest.mark.parametrize("legs", [(1, 3), (3, 1)], ids=["held first", "held last"])
def test_only_the_bond_that_is_held_waits(
    stage: Stage, hold: Callable[[Stage], None], reason: str, legs: tuple[int, int]
) -> None:
    """Of a group of two bonds the other is restarted; the reason names the one that waits, and it
    goes in its turn.
    """
    for leg in legs:
        stage.set("leg", leg, "state", "down")
        stage.live(5, 5)
    hold(stage)
    stage.live(60)
    assert [each["arguments"] for each in stage.ledger("bond.restart")] == [{"bond": 2}]
    held, gone = sorted(stage.jobs(), key=lambda job: job["target"])
    assert (held["state"], held["attempts"]) == (JobState.DUE, 0)
    assert gone["state"] in (JobState.VERIFYING, JobState.SUCCEEDED)
    (decision,) = stage.story(held["event"])["decisions"]
    (told,) = [
        each for each in stage.story(decision["event"])["decisions"] if each["rule"] == "together"
    ]
    verdict = [each for each in told["verdicts"] if each["job"] == held["id"]][-1]
    assert (verdict["ruling"], verdict["reason"]) == ("wait", reason)
    assert "bond 1 (vancouver-hq)" in verdict["detail"]
    stage.live(300)
    assert stage.effective("bond.restart") == 2
