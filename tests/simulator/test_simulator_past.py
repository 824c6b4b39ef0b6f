"""Histories of legs, prevented downtime, statistics, configuration updates: what the world
remembers and counts.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.simulator.api.operation_handlers import DOCUMENTS
from bridge.simulator.behaviour import config_updates, prevented_downtime, statistics, tunings
from bridge.simulator.objects.manual_edits import edit
from bridge.simulator.world.entities import Leg
from bridge.simulator.world.operation_results import Missing
from bridge.simulator.world.world import World
from bridge.simulator.world_builder import make_world

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)  # a Sunday
DAY = 24 * 3600


def at(world: World, seconds: float) -> None:
    """Bring the world to so many seconds after its epoch."""
    world.advance_to(EPOCH + timedelta(seconds=seconds))


def history(
    world: World, leg: int, *, kind: str = "interface"
) -> list[tuple[str, float, float | None]]:
    """Read a leg's history as `(state, start, end)`, in seconds after the epoch."""
    runs: Any = DOCUMENTS[f"{kind}_leg.state_history"](
        world, {"bond": world.legs[leg].bond, "leg": leg}
    )
    return [(run["state"], *(_seconds(run[name]) for name in ("start", "end"))) for run in runs]  # type: ignore[misc]


def _seconds(text: str | None) -> float | None:
    return None if text is None else (datetime.fromisoformat(text) - EPOCH).total_seconds()


def cut(world: World, leg: int, begin: float, end: float) -> None:
    """Cut a leg's line for a while."""
    for moment, state in ((begin, "down"), (end, "up")):
        at(world, moment)
        edit(world, "leg", leg, "state", state)


def prevented(world: World, *bonds: int) -> dict[str, tuple[int, int]]:
    """Read the report as `(duration, count)` of week and month."""
    report = prevented_downtime.report(world, [world.bonds[number] for number in bonds])
    return {name: (span["duration"], span["count"]) for name, span in report.items()}


def test_a_history_is_contiguous_and_its_start_slides(world: World) -> None:
    """Runs follow each other without a gap, the last is open, and the first starts where the window
    of a day does.
    """
    assert history(world, 1) == [("up", -DAY, None)]
    cut(world, 1, 100, 160)
    edit(world, "leg", 1, "link_mode", "idle")
    at(world, 200)
    assert history(world, 1) == [("up", 200 - DAY, 100), ("down", 100, 160), ("idle", 160, None)]
    oldest, *_ = DOCUMENTS["interface_leg.state_history"](world, {"bond": 1, "leg": 1})  # type: ignore[misc]
    assert oldest["duration"] == DAY - 100
    at(world, DAY + 130)
    assert history(world, 1) == [("down", 130, 160), ("idle", 160, None)]
    at(world, 2 * DAY)
    assert history(world, 1) == [("idle", DAY, None)]


def test_only_what_is_within_the_window_is_kept(world: World) -> None:
    """A leg that flaps for two days leaves a window's worth of runs, and a shorter window fewer."""
    world.past.window = 3600
    for turn in range(0, 2 * DAY, 600):
        cut(world, 1, turn, turn + 300)
    assert len(world.past.runs[1]) <= 14
    assert history(world, 1)[0][1] == 2 * DAY - 300 - 3600


def test_a_state_that_lasts_no_time_is_no_run(world: World) -> None:
    """Two changes in the same moment leave one run, or none where the leg is back where it was."""
    cut(world, 1, 50, 50)
    assert history(world, 1) == [("up", 50 - DAY, None)]


def test_a_leg_added_later_has_no_past(world: World) -> None:
    """The history of a new leg begins when it is added; one that is removed is forgotten."""
    at(world, 500)
    leg = Leg(99, 1, "new", "interface", failover=False, down_speed=1, up_speed=1)
    world.legs[99] = leg
    world.note(leg, "added", None, "new")
    at(world, 700)
    assert history(world, 99) == [("up", 500, None)]
    world.note(leg, "removed", "new", None)
    assert 99 not in world.past.runs


def test_a_history_stands_under_its_own_type_and_bond(world: World) -> None:
    """The address of another type or bond is no address of the leg."""
    world.legs[2].type = "mobile_broadband"
    assert history(world, 2, kind="mobile_broadband")
    for kind, bond in (("interface", 1), ("mobile_broadband", 2)):
        with pytest.raises(Missing):
            DOCUMENTS[f"{kind}_leg.state_history"](world, {"bond": bond, "leg": 2})


def test_downtime_counts_by_the_vendors_rule(world: World) -> None:
    """Overlapping outages of a bond are one and add up; short ones, failover and idle legs are left
    out; bonds sum up.
    """
    world.legs[8].failover = True
    world.legs[9].link_mode = "idle"
    cut(world, 1, 0, 29)
    for moment, leg, state in ((100, 1, "down"), (150, 2, "down"), (200, 1, "up"), (300, 2, "up")):
        at(world, moment)
        edit(world, "leg", leg, "state", state)
    cut(world, 1, 1000, 1060)
    cut(world, 3, 2000, 2100)
    cut(world, 8, 3000, 3100)
    cut(world, 9, 3000, 3100)
    at(world, 7 * DAY)
    assert prevented(world, 1)["week"] == (100 + 150 + 60, 2)
    assert prevented(world, 4)["week"] == (0, 0)
    assert prevented(world, *world.bonds)["week"] == (410, 3)
    assert prevented(world, *world.bonds)["month"] == (0, 0)
    at(world, 31 * DAY)
    report = prevented_downtime.report(world, world.bonds.values())
    assert report["month"] == {
        "start": "2026-03-01T00:00:00.000000Z",
        "end": "2026-04-01T00:00:00.000000Z",
        "duration": 410,
        "count": 3,
    }
    assert report["week"]["start"] == "2026-03-22T00:00:00.000000Z"


def test_downtime_is_clipped_to_the_week(world: World) -> None:
    """An outage that goes on is counted so far, and only its part within the week."""
    at(world, 6.5 * DAY - 100)  # the next Sunday begins half a day after the sixth day
    edit(world, "leg", 1, "state", "down")
    at(world, 6.5 * DAY + 50)
    assert prevented(world, 1)["week"] == (100, 1)
    at(world, 14 * DAY)
    assert prevented(world, 1)["week"] == (7 * DAY, 1)


def test_old_outages_are_dropped(world: World) -> None:
    """What lies before the previous month is not kept."""
    cut(world, 1, 0, 60)
    cut(world, 1, 70 * DAY, 70 * DAY + 60)
    assert len(world.past.outages[1]) == 1


def test_updates_arrive_in_order_and_are_tried_again(world: World) -> None:
    """A node gets one change after the other; one that is away makes the first fail again and
    again, the others wait.
    """
    empty = config_updates.summary(world)
    assert empty == {
        "count": 0,
        "failures": 0,
        "status": {"pending": 0, "sent": 0, "complete": 0, "failed": 0},
    }
    edit(world, "node", 4, "away", value=True)
    for _ in range(2):
        config_updates.queue(world, [4, 1, 4])
    at(world, 3)
    assert config_updates.summary(world)["status"] == {
        "pending": 2,
        "sent": 1,
        "complete": 0,
        "failed": 1,
    }
    at(world, 64)
    summary = config_updates.summary(world)
    assert (summary["count"], summary["failures"]) == (4, 3)
    assert summary["status"] == {"pending": 1, "sent": 0, "complete": 2, "failed": 1}
    edit(world, "node", 4, "away", value=False)
    at(world, 120)
    assert config_updates.summary(world) == {
        "count": 4,
        "failures": 3,
        "status": {"pending": 0, "sent": 0, "complete": 4, "failed": 0},
    }
    assert [(line["kind"], line["id"], line["to"]) for line in world.truth] == [
        ("node", 4, True),
        ("node", 4, False),
    ]


def test_an_update_under_way_to_a_node_that_leaves_fails(world: World) -> None:
    """Sent is not arrived: the node that goes away in between gets it later."""
    config_updates.queue(world, [4])
    at(world, 4)
    edit(world, "node", 4, "away", value=True)
    at(world, 10)
    assert config_updates.summary(world)["status"]["failed"] == 1


def test_checks_of_aggregators_are_counted(world: World) -> None:
    """Each check is a success or a failure."""
    edit(world, "aggregator", 1, "broken", value=True)
    at(world, 300)
    assert DOCUMENTS["failover_checks.get"](world, {}) == {"success": 20, "failure": 10}


@pytest.mark.parametrize(
    ("values", "moves"),
    [
        ({}, True),
        ({"aggregator_failover_maintenance_mode": True}, False),
        ({"aggregator_failover_suspension_percentage": 20}, False),
        (
            {
                "aggregator_failover_suspension_percentage": 20,
                "aggregator_failover_suspension": False,
            },
            True,
        ),
    ],
)
def test_failover_obeys_the_settings(values: dict[str, Any], *, moves: bool, world: World) -> None:
    """In maintenance, and while too many aggregators look failed, they still count as failed but no
    bond is moved.
    """
    settings = type("Settings", (), {"values": values})()
    world.records = {"settings": {1: settings}}  # type: ignore[attr-defined]
    edit(world, "aggregator", 1, "broken", value=True)
    at(world, 200)
    assert world.aggregators[1].status == "down"
    assert (world.bonds[1].current != 1) is moves


def test_statistics_count_a_space_and_those_below_it() -> None:
    """The root has no bonds of its own but all of them below; legs go by type and mode, nodes by
    when they were seen.
    """
    world = make_world(seed=1, epoch=EPOCH)
    world.legs[1].link_mode = "idle"
    world.legs[2].type = "mobile_broadband"
    acme = world.spaces["acme"]
    root = world.spaces["root"]
    assert statistics.count(world, root, "bonds") == {
        "local": {"count": 0},
        "including_child_spaces": {"count": 6},
    }
    assert statistics.count(world, acme, "legs")["local"] == {
        "count": 6,
        "interface": 5,
        "mobilebroadband": 1,
        "link_mode": {"active": 5, "idle": 1, "offline": 0},
    }
    edit(world, "node", 4, "away", value=True)
    assert statistics.count(world, acme, "bonders")["local"] == {"count": 3, "recent": 3}
    at(world, 8 * DAY)
    assert statistics.count(world, acme, "bonders")["local"] == {"count": 3, "recent": 2}
    assert statistics.count(world, root, "aggregators")["local"] == {"count": 3, "recent": 3}


def test_statistics_count_records_by_their_space_and_bond() -> None:
    """Other kinds are counted by the space or bond they belong to, with those that are switched
    on.
    """

    class Record:
        """As the configured objects of the world are."""

        def __init__(self, parents: dict[str, Any], values: dict[str, Any]) -> None:
            self.parents = parents
            self.values = values

    world = make_world(seed=1, epoch=EPOCH)
    world.records = {  # type: ignore[attr-defined]
        "user": {
            1: Record({}, {"space": "acme", "active": False}),
            2: Record({}, {"space": "acme"}),
        },
        "connected_ip": {
            1: Record({"bond": 1}, {}),
            2: Record({"bond": 2}, {}),
            3: Record({"bond": 1}, {"enabled": False}),
        },
    }
    acme = world.spaces["acme"]
    root = world.spaces["root"]
    assert statistics.count(world, acme, "users")["local"] == {"count": 2, "active": 1}
    assert statistics.count(world, acme, "connected_ips")["local"] == {"count": 2, "enabled": 1}
    assert statistics.count(world, root, "connected_ips")["including_child_spaces"] == {
        "count": 3,
        "enabled": 2,
    }
    assert statistics.count(world, root, "routes")["local"] == {"count": 0}


def test_an_accepted_tuning_queues_updates(world: World) -> None:
    """New speeds are sent to the bonder and to the aggregator."""
    tuning = tunings.start(world, world.bonds[1])
    at(world, 200)
    tunings.decide(world, tuning, accepted=True)
    assert config_updates.summary(world)["count"] == 2
