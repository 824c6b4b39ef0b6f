"""A worker killed with SIGKILL at every boundary of what it does, then another that goes on."""

from pathlib import Path

import pytest

from tests.durability.scenarios import SCENES, let_leases_lapse, nothing_lost_or_twice, run_worker
from tests.pipeline.harness import staged

# the suite takes these shares of the way through a scene; `make soak` takes every boundary there is
_SHARES = (0.82, 0.9, 0.96)


def _kill_and_go_on(folder: Path, scene: str, kill_at: int) -> bool:
    """Play a scene with a kill; False if the worker came to its end before it."""
    play = SCENES[scene]
    with staged(folder) as stage:
        play.lead(stage)
        killed = run_worker(stage, kill_at) is None
        let_leases_lapse(stage)
        play.finish(stage)
        play.holds(stage)
        nothing_lost_or_twice(stage)
    return killed


def _boundaries(folder: Path, scene: str) -> int:
    with staged(folder) as stage:
        SCENES[scene].lead(stage)
        passed = run_worker(stage, 0)
        assert passed is not None
        return passed


@pytest.mark.takes(40)
@pytest.mark.parametrize("scene", SCENES)
def test_a_kill_changes_no_outcome(tmp_path: Path, scene: str) -> None:
    """Accept and restore are effective exactly once, a restart at most once and in doubt where
    unknown.
    """
    whole = _boundaries(tmp_path / "whole", scene)
    for share in _SHARES:
        assert _kill_and_go_on(tmp_path / str(share), scene, max(1, round(whole * share)))


@pytest.mark.soak
@pytest.mark.parametrize("scene", SCENES)
def test_a_kill_at_every_boundary_changes_no_outcome(tmp_path: Path, scene: str) -> None:
    """The same at each boundary there is, from the first to the last."""
    kill_at = 1
    while _kill_and_go_on(tmp_path / str(kill_at), scene, kill_at):
        kill_at += 1
    assert kill_at > 20
