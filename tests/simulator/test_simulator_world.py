"""The world by itself: time, failover, restarts, tunings, stories; no HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.simulator.api.operation_handlers import WRITES
from bridge.simulator.behaviour import failover, scenarios, tunings
from bridge.simulator.behaviour.failover import Refused
from bridge.simulator.objects.manual_edits import edit
from bridge.simulator.world.world import World
from bridge.simulator.world_builder import ImpossibleWorld, make_world

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(world: World, seconds: float) -> None:
    """Bring the world to so many seconds after its epoch."""
    world.advance_to(EPOCH + timedelta(seconds=seconds))


def states(world: World, bond: int) -> list[str]:
    """Give what the legs of a bond show."""
    return [leg.state for leg in world.legs_of(world.bonds[bond])]


def seen(world: World, **wanted: object) -> list[tuple[float, Any, Any]]:
    """Find lines of truth: `(seconds after the epoch, from, to)`."""
    lines = [
        line
        for line in world.truth
        if all(line.get(name) == value for name, value in wanted.items())
    ]
    return [
        ((datetime.fromisoformat(it["at"]) - EPOCH).total_seconds(), it["from"], it["to"])
        for it in lines
    ]


def test_bonds_move_at_the_third_miss_and_not_before(world: World) -> None:
    """Legs fall with their aggregator at once; at the third miss, not a moment before, its bonds
    move.
    """
    at(world, 10)
    edit(world, "aggregator", 1, "broken", value=True)
    assert (states(world, 1), states(world, 2)) == (["down", "down"], ["up", "up"])
    at(world, 85.9)  # its checks come at 26 s, 56 s, 86 s
    assert (world.aggregators[1].status, world.bonds[1].current) == ("up", 1)
    at(world, 86)
    assert (world.aggregators[1].status, world.bonds[1].current, world.bonds[4].current) == (
        "down",
        2,
        2,
    )
    assert seen(world, kind="bond", what="current_aggregator") == [(86, 1, 2), (86, 1, 2)]
    at(world, 105.9)
    assert states(world, 1) == ["down", "down"]
    at(world, 106)
    assert states(world, 1) == ["up", "up"]


def test_nothing_returns_by_itself(world: World) -> None:
    """A repaired aggregator is up at its next good check, but its bonds stay where they are."""
    edit(world, "aggregator", 1, "broken", value=True)
    at(world, 100)
    edit(world, "aggregator", 1, "broken", value=False)
    assert world.aggregators[1].status == "down"
    at(world, 4000)
    assert seen(world, kind="aggregator", what="status") == [
        (86, "up", "down"),
        (116, "down", "up"),
    ]
    assert world.bonds[1].current == 2


def test_restore_is_refused_then_moves_then_has_no_effect(world: World) -> None:
    """Refused while the primary counts as failed; after its next good check it moves; again it does
    nothing.
    """
    restore = WRITES["bond.restore_to_primary_agg"]
    edit(world, "aggregator", 1, "broken", value=True)
    at(world, 100)
    edit(world, "aggregator", 1, "broken", value=False)
    with pytest.raises(Refused, match="still failed"):
        restore(world, {"bond": 1})
    at(world, 116)
    assert restore(world, {"bond": 1}).effective
    assert (world.bonds[1].current, states(world, 1)) == (1, ["down", "down"])
    at(world, 126)
    assert states(world, 1) == ["up", "up"]
    again = restore(world, {"bond": 1})
    assert (again.status, again.effective, states(world, 1)) == (200, False, ["up", "up"])


def test_a_bond_stays_where_there_is_no_better_place(world: World) -> None:
    """Without a secondary a bond stays until it is given one; with both failed it stays on the
    second.
    """
    edit(world, "bond", 1, "secondary_aggregator", None)
    edit(world, "aggregator", 1, "broken", value=True)
    at(world, 100)
    assert (world.bonds[1].current, world.bonds[4].current) == (1, 2)
    edit(world, "bond", 1, "secondary_aggregator", 3)
    at(world, 130)
    assert world.bonds[1].current == 3
    edit(world, "aggregator", 2, "broken", value=True)
    at(world, 400)
    assert (world.bonds[4].current, states(world, 4)) == (2, ["down", "down"])
    edit(world, "aggregator", 1, "broken", value=False)
    at(world, 800)
    assert world.bonds[4].current == 2


def test_a_cut_line_and_a_broken_aggregator_do_not_heal_each_other(world: World) -> None:
    """A leg whose line is cut stays down when its aggregator works again, and the other way
    round.
    """
    edit(world, "leg", 1, "state", "down")
    edit(world, "aggregator", 1, "broken", value=True)
    edit(world, "aggregator", 1, "broken", value=False)
    assert states(world, 1) == ["down", "up"]
    edit(world, "aggregator", 1, "broken", value=True)
    edit(world, "leg", 1, "state", "up")
    assert states(world, 1) == ["down", "down"]
    edit(world, "aggregator", 1, "broken", value=False)
    assert states(world, 1) == ["up", "up"]


def test_every_restart_has_effect(world: World) -> None:
    """A restart takes the active legs down for 20 s, and a second one in between takes them down
    for longer.
    """
    edit(world, "leg", 2, "link_mode", "idle")
    assert WRITES["bond.restart"](world, {"bond": 1}).effective
    assert states(world, 1) == ["down", "idle"]
    at(world, 15)
    assert WRITES["bond.restart"](world, {"bond": 1}).effective
    at(world, 34.9)
    assert states(world, 1) == ["down", "idle"]
    at(world, 35)
    assert states(world, 1) == ["up", "idle"]


def test_a_tuning_tests_leg_by_leg_and_recommends(world: World) -> None:
    """Pending, running, each leg testing in its turn, then the bond, then finished with speeds near
    the configured.
    """
    tuning = tunings.start(world, world.bonds[1])
    with pytest.raises(Refused, match="in progress"):
        tunings.start(world, world.bonds[1])
    life = []
    for moment in (0, 5, 50, 95, 140):
        at(world, moment)
        life.append((tuning.status, *states(world, 1)))
    assert life == [
        ("pending", "up", "up"),
        ("running", "testing", "up"),
        ("running", "up", "testing"),
        ("running", "up", "up"),
        ("finished", "up", "up"),
    ]
    assert (tuning.success, tuning.accepted) == (True, None)
    assert tuning.recommendations is not None
    for advice in tuning.recommendations["legs"]:
        configured = world.legs[advice["leg"]].down_speed
        assert advice["down_speed"] != configured
        assert advice["down_speed"] == pytest.approx(configured, rel=0.15)
    tunings.start(world, world.bonds[1])


def test_a_leg_that_is_down_fails_the_tuning(world: World) -> None:
    """A leg down before or during its test fails the job, unless it is a failover leg: that one is
    passed over.
    """
    edit(world, "leg", 2, "state", "down")
    before = tunings.start(world, world.bonds[1])
    during = tunings.start(world, world.bonds[2])
    edit(world, "leg", 6, "failover", value=True)
    edit(world, "leg", 6, "state", "down")
    spare = tunings.start(world, world.bonds[3])
    at(world, 20)
    edit(world, "leg", 3, "state", "down")
    at(world, 200)
    assert [(it.status, it.success) for it in (before, during, spare)] == [
        ("failed", False),
        ("failed", False),
        ("finished", True),
    ]
    assert not any(leg.testing for leg in world.legs.values())
    with pytest.raises(Refused):
        tunings.decide(world, before, accepted=True)


def test_accepting_twice_has_effect_once(world: World) -> None:
    """The first yes sets the legs' speeds; a second yes, or a late no, is refused, and so is a late
    cancel.
    """
    tuning = tunings.start(world, world.bonds[1])
    with pytest.raises(Refused):
        tunings.decide(world, tuning, accepted=True)
    at(world, 140)
    with pytest.raises(Refused):
        tunings.cancel(world, tuning)
    tunings.decide(world, tuning, accepted=True)
    assert tuning.recommendations is not None
    assert world.legs[1].down_speed == tuning.recommendations["legs"][0]["down_speed"]
    for choice in (True, False):
        with pytest.raises(Refused, match="already been accepted"):
            tunings.decide(world, tuning, accepted=choice)
    other = tunings.start(world, world.bonds[1])
    at(world, 150)
    tunings.cancel(world, other)
    assert (other.status, states(world, 1)) == ("canceled", ["up", "up"])
    assert seen(world, kind="bond_tuning", what="accepted") == [(140, None, True)]


def test_the_tour_goes_as_told_and_begins_again(world: World) -> None:
    """Every step of the tour happens at its second, on the objects it is about, and an hour later
    once more.
    """
    scenarios.begin(world, "tour")
    at(world, 3600 + 1000)
    assert seen(world, kind="leg", id=1) == [
        (60, "up", "down"),
        (240, "down", "up"),
        (3660, "up", "down"),
        (3840, "down", "up"),
    ]
    assert seen(world, kind="aggregator", what="broken")[:2] == [
        (120, False, True),
        (1200, True, False),
    ]
    assert seen(world, kind="aggregator", what="status")[:2] == [
        (208, "up", "down"),
        (1228, "down", "up"),
    ]
    assert {line["id"] for line in world.truth if line["what"] == "current_aggregator"} == {3, 6}
    assert [when for when, _, _ in seen(world, kind="backup")] == [0, 1500, 2100, 2700, 3300, 3600]
    (begun, _, _), *_, (ended, _, status) = seen(world, kind="bond_tuning", id=1)
    assert (begun, round(ended), status, world.tunings[1].bond) == (20, 320, "finished", 2)
    assert world.tunings[1].recommendations is not None


def test_flap_and_outage_end_and_quiet_mends(world: World) -> None:
    """Flap moves one leg thirty times each way; quiet ends an outage under way and mends what it
    broke.
    """
    scenarios.begin(world, "flap")
    at(world, 1300)
    assert (
        len(seen(world, kind="leg", id=1, to="down"))
        == len(seen(world, kind="leg", id=1, to="up"))
        == 30
    )
    assert not world.stories["flap"].under_way
    scenarios.begin(world, "outage")
    at(world, 1400)
    with pytest.raises(scenarios.StoryUnderWay):
        scenarios.begin(world, "outage")
    scenarios.begin(world, "quiet")
    assert not any(aggregator.broken for aggregator in world.aggregators.values())
    at(world, 5000)
    assert [when for when, _, _ in seen(world, kind="aggregator", what="broken")] == [1300, 1400]


def test_backups_come_daily_until_a_story_takes_them_over(world: World) -> None:
    """By itself the server completes one backup a day; under the tour only the tour's."""
    assert [backup.created.hour for backup in world.backups] == [0, 0, 0]
    at(world, 2 * 24 * 3600)
    assert [when / 3600 for when, _, _ in seen(world, kind="backup")] == [12, 36]


def test_equal_worlds_go_the_same_way() -> None:
    """Two worlds of one seed and epoch have equal truth after an hour of tour, in steps or at
    once.
    """
    one, other = (make_world(seed=7, epoch=EPOCH) for _ in range(2))
    for world in (one, other):
        scenarios.begin(world, "tour")
    at(one, 3600)
    for moment in range(0, 3601, 7):
        at(other, moment)
    at(other, 3600)
    assert one.truth == other.truth
    assert len(one.truth) > 20


def test_worlds_of_all_sizes_live_through_the_tour() -> None:
    """One bond and one aggregator, or many of each, are enough for every story; nonsense sizes are
    refused by name.
    """
    for sizes in (
        {"bonds": 1, "aggregators": 1, "legs_per_bond": 1, "spaces": 0},
        {"bonds": 400, "aggregators": 20},
    ):
        world = make_world(**sizes, epoch=EPOCH)
        for story in scenarios.STORIES:
            scenarios.begin(world, story)
        at(world, 1000)
        names = [bond.name for bond in world.bonds.values()]
        assert len(set(names)) == len(names)
    with pytest.raises(ImpossibleWorld, match="bonds cannot be 0: give 1 to"):
        make_world(bonds=0)


def test_a_story_spares_the_first_two_bonds(world: World) -> None:
    """The aggregator a story breaks is some bond's primary, but not bond 1's or 2's; a tiny world
    has none such.
    """
    chosen = failover.chosen(world)
    assert chosen is not None
    assert chosen.id == world.bonds[3].primary
    assert chosen.id not in {world.bonds[1].primary, world.bonds[2].primary}
    assert failover.chosen(make_world(bonds=2, epoch=EPOCH)) is None
