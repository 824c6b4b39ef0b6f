"""The bridge's events against the simulator's truth."""

from pathlib import Path

import pytest

from .expected_events import TYPES, differences, expected
from .harness import Days, days

# each a share of requests; together one in fifty
FAULTS = {"errors": 0.006, "cut": 0.004, "drop": 0.004, "html": 0.003, "half": 0.003}

# what follows from what happened, and what the bridge says of itself
BESIDES = frozenset(
    {
        "scope.baseline",
        "leg.changed",
        "leg.flapping",
        "leg.stable",
        "bond.down",
        "bond.degraded",
        "bond.up",
        "bond.on_failover_leg",
        "aggregator.suspected",
        "incident.opened",
        "incident.ended",
        "settings.changed",
        "aggregator.checks_failing",
        "aggregator.checks_passing",
        "backup.pending",
        "report.downtime_prevented",
    }
)


def _an_hour(stage: Days, number: int) -> None:
    """An hour in which, besides the legs that fail at random, one of everything else happens."""
    bond = number % 400 + 1
    leg = (number % 400 + 1) * 2
    aggregator = number % 3 + 1
    stage.live(600)
    stage.call("POST", f"/bonds/{bond}/tuners/")
    stage.live(600)
    stage.post("set", kind="aggregator", id=aggregator, field="broken", value=True)
    stage.live(600)
    stage.post("set", kind="aggregator", id=aggregator, field="broken", value=False)
    stage.post("set", kind="leg", id=leg, field="link_mode", value="idle")
    stage.live(900)
    stage.post("set", kind="leg", id=leg, field="link_mode", value="active")
    stage.live(900)


def _check(stage: Days) -> None:
    stage.post(
        "story", name="quiet"
    )  # what happens after the last look at the legs cannot be told yet
    stage.live(60)
    stage.sweep()
    world = stage.sim.world
    told = stage.events()
    primaries = {bond.id: bond.primary for bond in world.bonds.values()}
    wanted = expected(world.truth, primaries, stage.since)
    wrong = differences(wanted, told)
    assert not wrong, f"{len(wrong)} of {len(wanted)}:\n" + "\n".join(wrong[:30])
    assert len({event["id"] for event in told}) == len(told)
    others = {event["type"] for event in told} - TYPES
    assert others <= BESIDES, [
        event["data"].get("problem") for event in told if event["type"] not in TYPES | BESIDES
    ]
    short = [each for each in wanted if each.type == "leg.down"]
    assert len(short) > 50, "too little happened for this to prove anything"


@pytest.mark.takes(150)
@pytest.mark.timeout(1800)  # busy machines are slow
def test_an_hour_of_500_bonds(tmp_path: Path) -> None:
    """None missed, none invented, none twice, each at its time: an hour of failing legs, with a
    server that fails, too.
    """
    with days(tmp_path, every=30) as stage:
        stage.post("story", name="random-faults")
        stage.fail(**FAULTS)
        _an_hour(stage, 0)
        _check(stage)


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
def test_a_day_of_500_bonds(tmp_path: Path) -> None:
    """As the hour, for a day."""
    with days(tmp_path, every=30) as stage:
        stage.post("story", name="random-faults")
        stage.fail(**FAULTS)
        for number in range(24):
            _an_hour(stage, number)
        _check(stage)
