"""Answers that are whole and strange: hidden objects, other types, another clock, too much, too
late.
"""

import tracemalloc
from pathlib import Path

import pytest

from bridge.bonding.client import pagination
from tests.pipeline.multi_server_harness import watched

_BIG = [{"bonds": 12}]
_LEGS = ["leg.list", "leg.get", "interface_leg.state_history", "mobile_broadband_leg.state_history"]


def test_a_500_on_page_3_is_no_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two good pages and an error change nothing; the next walk tells what happened, once."""
    monkeypatch.setattr(pagination, "PAGE_SIZE", 4)
    with watched(tmp_path) as watch:
        watch.live(30)
        for leg in (1, 11):  # on the first page, and on the third
            watch.set("leg", leg, "state", "down")
        watch.sim.set_faults(errors=1.0, only=["leg.list"], skip=2, times=1)
        watch.live(30)
        assert watch.events("leg.*") == []
        watch.live(60)
        watch.prove(least=2)


@pytest.mark.takes(15)
def test_half_the_list_hidden_is_told_once_and_removes_nothing(tmp_path: Path) -> None:
    """A changed permission hides half the legs for half an hour: `scope.shrunk` once; then what
    happened meanwhile is told.
    """
    with watched(tmp_path, sizes=_BIG) as watch:
        watch.live(30)
        watch.sim.set_faults(hidden=1.0, only=_LEGS)
        watch.live(60)
        for leg in (
            1,
            4,
        ):  # one that is shown, whose bond's other leg is hidden, and one that is hidden
            watch.set("leg", leg, "state", "down")
        watch.live(600)
        watch.set("leg", 6, "state", "down")
        watch.live(600)
        watch.set("leg", 6, "state", "up")  # nobody saw it fail
        watch.live(600)
        assert [event["subject"] for event in watch.events("leg.down")] == ["leg/1"]
        watch.prove("scope.shrunk", least=4)
        assert watch.types().count("scope.shrunk") == 1
        assert watch.events("bond.down") == []


def test_a_bond_in_two_current_lists_has_not_moved(tmp_path: Path) -> None:
    """A bond that stands in two lists at every walk is no snapshot and no event; when it has come
    to rest it is told once.
    """
    with watched(tmp_path, poll={"histories": "1d"}) as watch:
        watch.live(30)
        bond = watch.sim.world.bonds[1]
        asked = []
        home = bond.current
        other = bond.secondary

        def moves() -> None:
            """It is on its secondary, but for anyone who asks its primary."""
            asked.append(bond.current)
            bond.current = home if len(asked) % 2 else other

        watch.between(moves)
        watch.live(60)
        assert {home, other} <= set(asked)
        assert watch.events("bond.*") == []
        watch.between(lambda: None)
        bond.current = home
        watch.set("bond", 1, "current_aggregator", other)
        watch.live(60)
        watch.prove(least=1)


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_that_is_an_hour_off_gives_true_times(seconds: int, tmp_path: Path) -> None:
    """Ahead or behind, from one poll to the next: times of events, those out of histories too, are
    right by our clock.
    """
    with watched(tmp_path) as watch:
        watch.live(30)
        watch.set("leg", 1, "state", "down")
        watch.live(60)
        watch.sim.set_faults(skew=1.0, skew_seconds=seconds)
        watch.live(60)
        watch.set("leg", 1, "state", "up")
        watch.call("POST", "/bonds/2/tuners/")
        watch.live(20)
        watch.set("leg", 3, "state", "down")
        watch.sim.advance(7)
        watch.set("leg", 3, "state", "up")  # between two polls
        watch.live(900)
        watch.poll()
        watch.prove(least=6)


@pytest.mark.takes(12)
def test_other_types_and_references_are_the_same_objects(tmp_path: Path) -> None:
    """Numbers as strings, references in another form, in every scope: nothing has changed, and what
    changes is told.
    """
    with watched(tmp_path, off="[]") as watch:
        watch.live(30)
        watch.sim.set_faults(types=1.0)
        watch.poll()
        watch.set("leg", 1, "link_mode", "idle")
        watch.poll()
        watch.poll()
        watch.sim.set_faults()
        watch.poll()
        watch.prove()


def test_a_state_that_nobody_knows_is_no_outage(tmp_path: Path) -> None:
    """Legs in an unknown state stand as they stood; an outage during it is told from its history,
    once.
    """
    with watched(tmp_path) as watch:
        watch.live(30)
        watch.set("leg", 1, "state", "down")
        watch.live(30)
        watch.sim.set_faults(types=1.0, only=["leg.list"])
        watch.live(60)
        watch.set("leg", 1, "state", "up")
        watch.set("leg", 3, "state", "down")
        watch.live(60)
        watch.sim.set_faults()
        watch.live(60)
        watch.prove(least=3)


def test_a_stall_is_given_up_in_time(tmp_path: Path) -> None:
    """A server that stalls for 30 s costs one time-out a request and no event; what happened
    meanwhile is told.
    """
    with watched(tmp_path, timeout="1s", poll={"histories": "1d"}) as watch:
        watch.live(30)
        watch.sim.set_faults(stall=1.0, seconds=30, only=["leg.list"])
        watch.set("leg", 1, "state", "down")
        watch.live(60)
        watch.sim.set_faults()
        watch.live(60)
        watch.prove()


def test_a_body_of_200_megabytes_is_not_kept(tmp_path: Path) -> None:
    """Nothing near it is in memory; the poll fails, and what happened meanwhile is told."""
    with watched(tmp_path) as watch:
        watch.live(30)
        watch.sim.set_faults(huge=1.0, megabytes=200, only=["leg.list"])
        watch.set("leg", 1, "state", "down")
        tracemalloc.start()
        watch.live(30)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 150 * 2**20
        watch.sim.set_faults()
        watch.live(60)
        watch.prove()
