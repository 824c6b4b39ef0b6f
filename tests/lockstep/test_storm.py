"""A large aggregator fails while legs flap and a tuning runs: watched, or slept through."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bridge.simulator.world.world import World
from bridge.store.views import journal

from .expected_events import SECOND, differences, expected
from .harness import Days, days

FAILED = 3
SPARE = 2
OTHER = 1


def _shape(many: int) -> Callable[[World], None]:
    """So many bonds on one aggregator, all with the same secondary; the others on another."""

    def shaped(world: World) -> None:
        for bond in world.bonds.values():
            bond.primary = bond.current = FAILED if bond.id in _on_it(many) else OTHER
            bond.secondary = SPARE

    return shaped


def _on_it(many: int) -> range:
    """The bonds of the aggregator that fails: not the first two, which stories spare."""
    return range(3, many + 3)


@dataclass
class Storm:
    """A stage after the storm: `many` bonds were on the aggregator; `watched`: the bridge was at
    work meanwhile.
    """

    stage: Days
    many: int
    watched: bool
    tuned: tuple[int, ...]


@contextmanager
def _told(folder: Path, many: int, others: int, *, watched: bool) -> Iterator[Storm]:
    """The whole storm and what comes after it, either with the bridge at work or with it stopped
    for 20 minutes.
    """
    with days(folder, every=30, bonds=many + others, shape=_shape(many)) as stage:
        tuned = (1, 2, *range(many + 3, many + others + 1, 3))
        stage.live(60)
        for bond in tuned:
            stage.call("POST", f"/bonds/{bond}/tuners/")
        stage.post("story", name="storm")
        if watched:
            stage.live(20 * 60)
        else:
            stage.away(20 * 60)
        stage.live(8 * 60)
        stage.sweep()
        stage.live(5 * 60)
        yield Storm(stage, many, watched, tuned)


WAYS = pytest.mark.parametrize("watched", [True, False], ids=["watched", "slept through"])


@pytest.mark.takes(25)
@pytest.mark.timeout(1800)
@WAYS
def test_a_storm_is_told_as_what_it_is(tmp_path: Path, watched: bool) -> None:
    """One incident with its members, each flapping leg once, no outage for a tuning, each outage
    once with its true times.
    """
    with _told(tmp_path, 60, 40, watched=watched) as storm:
        _check(storm)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@WAYS
def test_a_storm_of_800_bonds(tmp_path: Path, watched: bool) -> None:
    """The same with an aggregator as large as they come."""
    with _told(tmp_path, 800, 50, watched=watched) as storm:
        _check(storm)


def _check(storm: Storm) -> None:
    told = storm.stage.events()
    _every_outage_once_and_in_time(storm, told)
    _one_incident(storm, told)
    _each_flapping_leg_once(storm, told)
    _no_outage_for_a_tuning(storm, told)


def _turns(storm: Storm) -> dict[int, list[str]]:
    """What each leg did, by the truth."""
    found: dict[int, list[str]] = {}
    for line in storm.stage.sim.world.truth:
        if (line["kind"], line["what"]) == ("leg", "state"):
            found.setdefault(line["id"], []).append(line["to"])
    return found


def _every_outage_once_and_in_time(storm: Storm, told: list[dict]) -> None:
    world = storm.stage.sim.world
    wanted = expected(
        world.truth, {bond.id: bond.primary for bond in world.bonds.values()}, storm.stage.since
    )
    if (
        not storm.watched
    ):  # an aggregator has no history: what came and went meanwhile shows in its bonds alone
        wanted = [each for each in wanted if not each.type.startswith("aggregator.")]
    wrong = differences(wanted, told)
    assert not wrong, f"{len(wrong)} of {len(wanted)}:\n" + "\n".join(wrong[:20])
    assert len({event["id"] for event in told}) == len(told)


def _one_incident(storm: Storm, told: list[dict]) -> None:
    opened = [
        event for event in told if event["type"] in ("aggregator.suspected", "incident.opened")
    ]
    assert [(event["type"], event["data"]["incident"]["key"]) for event in opened] == [
        ("aggregator.suspected", str(FAILED))
    ]
    (ended,) = [event for event in told if event["type"] == "incident.ended"]
    incident = ended["data"]["incident"]
    assert incident["id"] == opened[0]["data"]["incident"]["id"]
    assert incident["bonds"] == storm.many
    broke = next(
        line["at"]
        for line in storm.stage.sim.world.truth
        if line["what"] == "broken" and line["to"]
    )
    began = opened[0]["time"]
    # legs that flap may have gone down a little before it; and it is not over before its bonds are
    # back
    assert timedelta(0) <= datetime.fromisoformat(broke) - began <= timedelta(minutes=1) + SECOND
    with storm.stage.bridge.database.reading() as connection:
        members = journal.members_of(connection, incident["id"])
    downs = [event for event in members if event["type"] == "leg.down"]
    assert {event["data"]["bond"]["id"] for event in downs} == set(_on_it(storm.many))
    if storm.watched:
        # noticed at once, all of them: each knew at its decision what it belonged to
        first = min(
            event["seen_at"] for event in downs if event["time"] >= datetime.fromisoformat(broke)
        )
        assert all(
            event["known"]["incident"] == incident["id"]
            for event in downs
            if event["seen_at"] == first
        )


def _each_flapping_leg_once(storm: Storm, told: list[dict]) -> None:
    flapped = {leg for leg, states in _turns(storm).items() if states.count("down") >= 10}
    spells = Counter(
        event["data"]["leg"]["id"] for event in told if event["type"] == "leg.flapping"
    )
    calmed = Counter(event["data"]["leg"]["id"] for event in told if event["type"] == "leg.stable")
    assert flapped
    assert spells == calmed == dict.fromkeys(flapped, 1)


def _no_outage_for_a_tuning(storm: Storm, told: list[dict]) -> None:
    quiet = {leg for leg, states in _turns(storm).items() if set(states) == {"testing", "up"}}
    tested = {leg for leg in quiet if storm.stage.sim.world.legs[leg].bond in storm.tuned}
    assert len(tested) >= 4, "nothing was tested"
    spoken = {
        event["data"]["leg"]["id"]
        for event in told
        if event["type"] in ("leg.down", "leg.up", "leg.degraded")
    }
    assert not tested & spoken
    assert sum(event["type"] == "bond_tuning.finished" for event in told) == len(storm.tuned)
