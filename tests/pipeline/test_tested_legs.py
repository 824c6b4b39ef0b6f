"""Legs that turn shortly before they are tested, when no poll sees how they stand."""

from pathlib import Path

import pytest

from bridge.bonding.catalogue import OPERATIONS

from .multi_server_harness import Watch, watched

HISTORIES = [name for name in OPERATIONS if name.endswith("state_history")]


def _turns(watch: Watch) -> list[str]:
    return [event["type"] for event in watch.events("leg.*") if event["subject"] == "leg/1"]


@pytest.mark.parametrize("read", [True, False], ids=["history read at once", "history read later"])
@pytest.mark.parametrize(
    "seen_down", [True, False], ids=["a poll saw it down", "down and up between polls"]
)
def test_a_leg_that_is_up_again_and_then_tested_is_told_once(
    read: bool,
    seen_down: bool,
    tmp_path: Path,
) -> None:
    """Whether its history or the poll after the test says first that it is up."""
    with watched(tmp_path) as watch:
        watch.live(30)
        watch.set("leg", 1, "state", "down")
        if seen_down:
            watch.live(30)
        watch.sim.advance(6)
        watch.set("leg", 1, "state", "up")
        watch.sim.advance(6)
        watch.set("leg", 1, "state", "testing")
        if read:
            watch.live(60)
        else:  # the server has trouble with histories alone
            watch.sim.set_faults(errors=1.0, only=HISTORIES)
            watch.live(60)
        watch.set("leg", 1, "state", "up")
        watch.live(60)
        watch.prove(least=2)
        assert _turns(watch).count("leg.down") == _turns(watch).count("leg.up") == 1


def test_a_leg_that_falls_during_its_test_is_down_once(tmp_path: Path) -> None:
    """Up before the test, down after it, seen as both by polls and by its history."""
    with watched(tmp_path) as watch:
        watch.live(30)
        watch.set("leg", 1, "state", "down")
        watch.live(30)
        watch.set("leg", 1, "state", "up")
        watch.sim.advance(6)
        watch.set("leg", 1, "state", "testing")
        watch.live(60)
        watch.set("leg", 1, "state", "down")
        watch.live(60)
        watch.set("leg", 1, "state", "up")
        watch.live(60)
        watch.prove(least=4)
        assert _turns(watch).count("leg.down") == _turns(watch).count("leg.up") == 2


def test_a_history_that_was_brought_forward_and_failed_is_read_again_soon(tmp_path: Path) -> None:
    """The true time of what a poll saw does not wait for the rotation because the server stumbled
    once.
    """
    with watched(tmp_path) as watch:
        watch.live(30)
        watch.sim.set_faults(errors=1.0, only=HISTORIES, times=2)
        watch.set("leg", 1, "state", "down")
        watch.live(180)
        (down,) = watch.events("leg.down")
        assert down["exact"]
        watch.prove()
