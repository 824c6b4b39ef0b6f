"""Speed tests and tunings of legs; no HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.simulator.api.operation_handlers import GETS, LISTS, WRITES
from bridge.simulator.behaviour import speed_tests, tunings
from bridge.simulator.behaviour.failover import Refused
from bridge.simulator.objects.manual_edits import Unfit, edit
from bridge.simulator.world.operation_results import Invalid, Missing
from bridge.simulator.world.world import World

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEG = {"bond": 1, "leg": 1}


def at(world: World, seconds: float) -> None:
    """Bring the world to so many seconds after its epoch."""
    world.advance_to(EPOCH + timedelta(seconds=seconds))


def state(world: World, leg: int) -> str:
    """Give what a leg shows."""
    return world.legs[leg].state


def test_speed_tests_of_a_bond_run_one_after_the_other(world: World) -> None:
    """The second waits for the first and starts by itself; another bond's runs at once; nothing
    goes down for them.
    """
    first, second, other = (
        speed_tests.start(world, world.bonds[number], {}) for number in (1, 1, 2)
    )
    life = []
    for moment in (0, 2, 11.9, 12, 22):
        at(world, moment)
        life.append((first.status, second.status, other.status, state(world, 1)))
    assert life == [
        ("queued", "queued", "queued", "up"),
        ("running", "queued", "running", "up"),
        ("running", "queued", "running", "up"),
        ("finished", "running", "finished", "up"),
        ("finished", "finished", "finished", "up"),
    ]
    assert [
        (line["id"], line["from"], line["to"]) for line in world.truth if line["id"] == second.id
    ] == [
        (2, None, "queued"),
        (2, "queued", "running"),
        (2, "running", "finished"),
    ]


def test_a_leg_under_test_leaves_the_bond(world: World) -> None:
    """The leg shows testing while its test runs; the result is near what the leg is configured for,
    one way or the other.
    """
    test = speed_tests.start(
        world,
        world.bonds[1],
        {"leg": "https://x.example/api/v4/bonds/1/interface_legs/1/", "length": 30},
    )
    at(world, 10)
    assert (state(world, 1), state(world, 2)) == ("testing", "up")
    at(world, 40)
    assert (state(world, 1), test.status) == ("up", "finished")
    assert test.results is not None
    assert test.results["throughput"] == pytest.approx(150, rel=0.15)
    limited = speed_tests.start(
        world, world.bonds[1], {"leg": 1, "direction": "upload", "rate_limit": 2.5}
    )
    at(world, 80)
    assert limited.results is not None
    assert limited.results["throughput"] == 2.5


def test_a_test_without_a_line_fails(world: World) -> None:
    """A leg that fails during its test, and a bond with no leg left, have no result."""
    of_leg = speed_tests.start(world, world.bonds[1], {"leg": 1})
    of_bond = speed_tests.start(world, world.bonds[2], {})
    at(world, 5)
    for leg in (1, 3, 4):
        edit(world, "leg", leg, "state", "down")
    at(world, 20)
    assert (of_leg.status, of_leg.results, of_bond.status) == ("failed", None, "failed")
    assert not world.legs[1].testing


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"leg": 3}, "leg"),
        ({"leg": "/api/v4/bonds/1/interface_legs/x/"}, "leg"),
        ({"leg": 2}, "leg"),
        ({"protocol": "icmp"}, "protocol"),
        ({"direction": 1}, "direction"),
        ({"length": 0}, "length"),
        ({"length": "1.5"}, "length"),
        ({"length": 1e9}, "length"),
        ({"concurrency": "many"}, "concurrency"),
        ({"concurrency": True}, "concurrency"),
        ({"rate_limit": -1}, "rate_limit"),
        ({"rate_limit": "nan"}, "rate_limit"),
        ({"description": []}, "description"),
    ],
)
def test_a_test_that_cannot_be_is_refused_by_field(
    wanted: dict[str, Any], names: str, world: World
) -> None:
    """Another bond's leg, one that is not up, and options that make no sense are refused with the
    field's name.
    """
    edit(world, "leg", 2, "state", "down")
    with pytest.raises(Invalid) as refusal:
        speed_tests.start(world, world.bonds[1], wanted)
    assert list(refusal.value.fields) == [names]
    assert world.speedtests == {}


def test_a_form_asks_with_text(world: World) -> None:
    """Numbers that come as text, as forms send them, are numbers; what is left empty is not
    limited.
    """
    test = speed_tests.start(
        world, world.bonds[1], {"length": "20", "concurrency": "4", "rate_limit": "", "leg": "2"}
    )
    assert (test.length, test.concurrency, test.rate_limit, test.leg) == (20, 4, None, 2)


def test_a_leg_that_is_not_active_cannot_be_tested(world: World) -> None:
    """An idle leg is refused, though it is reachable."""
    edit(world, "leg", 1, "link_mode", "idle")
    with pytest.raises(Invalid, match="active mode and up"):
        speed_tests.start(world, world.bonds[1], {"leg": {"id": 1}})


def test_a_test_waits_for_a_tuning(world: World) -> None:
    """Tests and tunings of a bond never run at the same time, whichever comes first."""
    tuning = tunings.start(world, world.bonds[1])
    test = speed_tests.start(world, world.bonds[1], {"length": 100})
    at(world, 100)
    assert (tuning.status, test.status) == ("running", "queued")
    at(world, 160)
    assert (tuning.status, test.status) == ("finished", "running")
    later = tunings.start(world, world.bonds[1])
    at(world, 170)
    assert later.status == "waiting"
    at(world, 300)
    assert (test.status, later.status) == ("finished", "running")


@pytest.mark.parametrize("kind", ["interface", "mobile_broadband"])
def test_a_leg_is_tuned_like_a_bond(kind: str, world: World) -> None:
    """The leg alone leaves the bond, gets advice of its own, and takes it when a person says
    yes.
    """
    world.legs[1].type = kind
    done = WRITES[f"{kind}_leg_tuning.start"](world, LEG)
    tuning = done.thing
    assert tuning is not None
    assert (done.status, tuning.kind, world.truth[-1]["leg"]) == (201, "leg_tuning", 1)
    at(world, 10)
    assert (state(world, 1), state(world, 2), tunings.running(world, 1)) == ("testing", "up", True)
    at(world, 60)
    assert (state(world, 1), tunings.running(world, 1)) == ("up", False)
    where = {**LEG, "tuning": tuning.id}
    assert (
        LISTS[f"{kind}_leg_tuning.list"](world, LEG)
        == [GETS[f"{kind}_leg_tuning.get"](world, where)]
        == [tuning]
    )
    assert LISTS["bond_tuning.list"](world, {"bond": 1}) == []
    with pytest.raises(Missing):
        GETS["bond_tuning.get"](world, {"bond": 1, "tuning": tuning.id})
    WRITES[f"{kind}_leg_tuning.accept"](world, where)
    assert world.legs[1].down_speed < 150
    for verb in ("accept", "decline", "cancel"):
        with pytest.raises(Refused):
            WRITES[f"{kind}_leg_tuning.{verb}"](world, where)


def test_an_offline_leg_makes_its_tuning_wait(world: World) -> None:
    """The job waits while the leg is offline or down, runs once it is back, and can be canceled
    meanwhile.
    """
    edit(world, "leg", 1, "link_mode", "offline")
    tuning = tunings.start(world, world.bonds[1], leg=world.legs[1])
    at(world, 100)
    assert (tuning.status, tunings.running(world, 1)) == ("waiting", False)
    edit(world, "leg", 1, "link_mode", "idle")
    at(world, 110)
    assert (tuning.status, state(world, 1)) == ("running", "testing")
    at(world, 160)
    assert (tuning.status, tuning.success) == ("finished", True)
    edit(world, "leg", 1, "state", "down")
    other = tunings.start(world, world.bonds[1], leg=world.legs[1])
    at(world, 200)
    tunings.cancel(world, other)
    at(world, 300)
    assert [
        line["to"]
        for line in world.truth
        if line["id"] == other.id and line["kind"] == "leg_tuning"
    ] == [
        "pending",
        "waiting",
        "canceled",
    ]


def test_a_leg_that_fails_while_it_is_tuned_fails_the_job(world: World) -> None:
    """A failover leg is no exception when the job is about it alone."""
    world.legs[1].failover = True
    tuning = tunings.start(world, world.bonds[1], leg=world.legs[1])
    at(world, 20)
    edit(world, "leg", 1, "state", "down")
    at(world, 60)
    assert (tuning.status, tuning.recommendations, world.legs[1].testing) == ("failed", None, False)


def test_jobs_on_the_same_legs_exclude_each_other(world: World) -> None:
    """A bond's tuning and its legs' cannot be started together; those of two legs can, and take
    turns.
    """
    one, two = (tunings.start(world, world.bonds[1], leg=world.legs[number]) for number in (1, 2))
    for leg in (None, world.legs[1]):
        with pytest.raises(Refused, match="in progress"):
            tunings.start(world, world.bonds[1], leg=leg)
    at(world, 10)
    assert (one.status, two.status) == ("running", "waiting")
    at(world, 200)
    assert (one.status, two.status) == ("finished", "finished")
    tunings.start(world, world.bonds[1])
    with pytest.raises(Refused):
        tunings.start(world, world.bonds[1], leg=world.legs[2])


@pytest.mark.parametrize(
    ("name", "arguments", "effect"),
    [
        ("bond.detect_leg_mtus", {"bond": 1}, "vancouver-hq detects the MTUs of cable, fibre"),
        ("interface_leg.detect_mtus", LEG, "vancouver-hq detects the MTUs of cable"),
    ],
)
def test_detecting_mtus_is_accepted(
    name: str, arguments: dict[str, int], effect: str, world: World
) -> None:
    """The detection is asked for, and nothing else changes."""
    done = WRITES[name](world, arguments)
    assert (done.effective, done.effect, world.truth) == (True, effect, [])
    with pytest.raises(Missing):
        WRITES[name](world, arguments | {"bond": 99})


def test_a_leg_tuning_can_be_given_a_status_by_hand(world: World) -> None:
    """`set` knows leg tunings and bond tunings apart; one that is ended frees its leg."""
    tuning = tunings.start(world, world.bonds[1], leg=world.legs[1])
    at(world, 10)
    with pytest.raises(Unfit, match="no bond_tuning has the id 1"):
        edit(world, "bond_tuning", tuning.id, "status", "failed")
    assert edit(world, "leg_tuning", tuning.id, "status", "failed")
    assert (tuning.success, state(world, 1)) == (False, "up")


def test_a_tuning_that_waits_fails_without_its_leg(world: World) -> None:
    """A leg that is removed meanwhile cannot be waited for."""
    edit(world, "leg", 1, "state", "down")
    tuning = tunings.start(world, world.bonds[1], leg=world.legs[1])
    at(world, 60)
    del world.legs[1]
    at(world, 80)
    assert (tuning.status, tuning.success) == ("failed", False)
