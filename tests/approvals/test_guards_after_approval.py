"""A yes lets through nothing that has come to stand against it since it was asked for."""

from pathlib import Path

import pytest

from .harness import RULES, scene

RESTORE = RULES.replace("call: bond.restart", "call: bond.restore_to_primary_agg")


def test_what_is_so_by_then_is_not_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the question and the yes the bond has come home by itself: the job is skipped, and
    says so.
    """
    with scene(tmp_path, monkeypatch, rules=RESTORE) as here:
        bond = here.stage.sim.world.bonds[3]
        with here.stage.sim.live.now():
            bond.current = next(
                each for each in here.stage.sim.world.aggregators if each != bond.primary
            )
        here.stage.live(60)
        here.ask()
        assert [each["type"] for each in here.stage.events("bond.failed_over")]
        with here.stage.sim.live.now():
            bond.current = bond.primary
        here.press(here.buttons()["Yes, do it"])
        here.stage.work()
        (job,) = [each for each in here.stage.jobs() if each["action"] == "call"]
        told = here.stage.story(job["event"])["decisions"][0]
        assert (here.question()["state"], job["state"]) == ("granted", "skipped")
        assert "bond 3 is on its primary aggregator already" in str(told)
        assert here.stage.ledger("bond.restore_to_primary_agg") == []


def test_guards_are_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All acting was paused meanwhile: a yes waits like everything else, and is done when it goes
    on.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        here.stage.bridge.steering.pause("", "root", "works")
        here.press(here.buttons()["Yes, do it"])
        assert here.restarts() == 0
        here.stage.bridge.steering.resume("", "root")
        here.stage.live(61, 61)
        assert here.restarts() == 1
