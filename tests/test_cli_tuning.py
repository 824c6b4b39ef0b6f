"""What an accepted tuning changed is listed and put back, by hand, once."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.harness import Stage, staged
from tests.test_cli import Run, standing
from tests.test_cli import run as plain

__all__ = ["plain"]

# however odd what it recommends looks, the rule is asked nothing: this is about what comes after
RULES = """
- id: accept
  when: bond_tuning.recommended
  guard: {tuning: {largest_change: 10000%, stable: 0s, least: 0.001, most: 100000}}
  do:
    - call: bond_tuning.accept
      with: {bond: "${bond.id}", tuning: "${tuning.id}"}
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A simulator that is running, and settings for it in the folder we stand in."""
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path, rules=RULES) as ready:
        yield ready


@pytest.fixture
def run(stage: Stage, plain: Run) -> Run:
    """Run a command whose clock shows the world's time, and stands still."""
    return standing(stage, plain)


def _speeds(stage: Stage) -> dict[int, tuple[float, float]]:
    """What the server says of every leg."""
    legs = [stage.read(f"/legs/{number}/") for number in range(1, 13)]
    return {leg["id"]: (leg["down_speed"], leg["up_speed"]) for leg in legs}


def test_a_tuning_is_undone_once(stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The legs are as they were, old and new are said before, and who comes second is told who was
    first.
    """
    assert run("tuning", "list").out == "no tuning was accepted\n"
    before = _speeds(stage)
    stage.bridge.clients["demo"].call("bond_tuning.start", {"bond": 2})
    for _ in range(30):
        stage.live(30)
        if stage.effective("bond_tuning.accept"):
            break
    accepted = _speeds(stage)
    assert accepted != before
    (listed,) = json.loads(run("tuning", "list", "--json").out)
    assert (listed["rule"], listed["called"]["operation"], listed["undone_at"]) == (
        "accept",
        "bond_tuning.accept",
        None,
    )
    assert listed["job"] in run("tuning", "list").out
    monkeypatch.setattr("typer.confirm", lambda *_said, **_more: False)
    unsure = run("tuning", "undo", listed["job"][:8])
    assert (unsure.code, " → " in unsure.err, _speeds(stage)) == (1, True, accepted)
    done = run("tuning", "undo", listed["job"][:8], "--yes")
    assert (done.code, done.out) == (
        0,
        f"{listed['job']} is undone: {len(listed['before'])} legs are as they were before it\n",
    )
    assert _speeds(stage) == before
    again = run("tuning", "undo", listed["job"], "--yes")
    assert (again.code, " put it back at " in again.err) == (1, True)
    assert json.loads(run("tuning", "list", "--json").out)[0]["undone_by"]


def test_what_was_not_accepted_is_not_put_back(run: Run) -> None:
    """An id that is none is one clear line."""
    ran = run("tuning", "undo", "ffff")
    assert (ran.code, "see `bondbridge tuning list`" in ran.err) == (2, True)
