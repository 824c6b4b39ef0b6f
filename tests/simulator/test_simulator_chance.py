"""Stories that are left to chance; the world saved and loaded in the middle of everything; dynamics
over HTTP.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bridge.bonding.catalogue import ROOT
from bridge.simulator.api.runner import Running
from bridge.simulator.behaviour import (
    config_updates,
    prevented_downtime,
    scenarios,
    speed_tests,
    state_file,
    tunings,
)
from bridge.simulator.objects.manual_edits import edit
from bridge.simulator.world.world import World
from bridge.simulator.world_builder import make_world

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = 24 * 3600


def at(world: World, seconds: float) -> None:
    """Bring the world to so many seconds after its epoch."""
    world.advance_to(EPOCH + timedelta(seconds=seconds))


def outages(world: World) -> list[float]:
    """Give how long each outage of a leg lasted, in seconds, by the truth."""
    down: dict[int, datetime] = {}
    lasted = []
    for line in world.truth:
        if line["kind"] == "leg" and line["what"] == "state":
            moment = datetime.fromisoformat(line["at"])
            if line["to"] == "down":
                down[line["id"]] = moment
            elif line["id"] in down:
                lasted.append((moment - down.pop(line["id"])).total_seconds())
    return lasted


def test_random_faults_are_many_and_of_all_lengths() -> None:
    """In a day each leg fails about four times, for 3 s to 10 min, as often for less as for more
    than 42 s.
    """
    world = make_world(bonds=50, epoch=EPOCH)
    scenarios.begin(world, "random-faults")
    at(world, DAY)
    lasted = outages(world)
    assert 320 < len(lasted) < 480
    assert 2.99 < min(lasted) < 4
    assert 500 < max(lasted) < 600.01
    assert 0.4 < sum(seconds < 42 for seconds in lasted) / len(lasted) < 0.6
    assert world.stories["random-faults"].under_way


def test_random_faults_come_as_often_as_asked_and_end_mended(world: World) -> None:
    """The rate is faults per leg and day; quiet mends what was cut and nothing fails any more."""
    scenarios.begin(world, "random-faults", rate=200)
    at(world, 3600)
    assert 50 < len(outages(world)) < 130
    edit(world, "leg", 1, "state", "removed")
    cut = list(world.stories["random-faults"].cut)
    assert cut
    scenarios.begin(world, "quiet")
    assert {leg.id: leg.line for leg in world.legs.values() if leg.line != "up"} == {1: "removed"}
    length = len(world.truth)
    at(world, DAY / 4)
    assert len(world.truth) == length


def test_a_storm_flaps_one_leg_in_twenty_around_a_failover() -> None:
    """Thirty legs of six hundred flap, an aggregator fails and its bonds move, and in the end all
    is well.
    """
    world = make_world(bonds=300, epoch=EPOCH)
    scenarios.begin(world, "storm")
    at(world, 59)
    flapping = {line["id"] for line in world.truth if line["kind"] == "leg"}
    assert len(flapping) == 30
    at(world, 2000)
    assert not world.stories["storm"].under_way
    assert sum(line["what"] == "current_aggregator" for line in world.truth) == 100
    assert all(leg.state == "up" for leg in world.legs.values())
    calm = {line["id"] for line in world.truth if line["kind"] == "leg"} - flapping
    assert 150 < len(calm) <= 200


def test_chance_is_the_seeds() -> None:
    """Two worlds of one seed have the same storm and faults, in steps or at once; another seed has
    others.
    """
    one, other, third = (make_world(seed=seed, epoch=EPOCH) for seed in (7, 7, 8))
    for world in (one, other, third):
        for name in ("storm", "random-faults"):
            scenarios.begin(world, name, rate=100 if name == "random-faults" else None)
    for moment in range(0, 7200, 11):
        at(other, moment)
    for world in (one, other, third):
        at(world, 7200)
    assert one.truth == other.truth != third.truth


def test_a_world_with_everything_under_way_is_saved_whole(tmp_path: Path) -> None:
    """Loaded again and again, a world with tests, tunings, updates, outages and chance goes on like
    its twin.
    """
    file = tmp_path / "world.json"
    twin, world = (make_world(seed=3, epoch=EPOCH) for _ in range(2))
    for one in (twin, world):
        scenarios.begin(one, "random-faults", rate=60)
        scenarios.begin(one, "storm")
        edit(one, "node", 4, "away", value=True)
    for moment in (5, 60, 130, 200, 1000, 3000, 40_000, 9 * DAY):
        for one in (twin, world):
            at(one, moment)
            config_updates.queue(one, [4, 1])
            speed_tests.start(one, one.bonds[2], {})
            if not tunings.running(one, 3):
                tunings.start(
                    one, one.bonds[3], leg=one.legs_of(one.bonds[3])[0] if moment > 100 else None
                )
        state_file.save(world, file)
        world = state_file.load(file)
    assert state_file.to_plain(world) == state_file.to_plain(twin)
    assert json.loads(file.read_text())["past"]["outages"]
    assert prevented_downtime.report(world, world.bonds.values()) == prevented_downtime.report(
        twin, twin.bonds.values()
    )
    assert world.past.history(world.legs[1], world.now, born=EPOCH) == twin.past.history(
        twin.legs[1], twin.now, born=EPOCH
    )


def test_the_control_takes_a_rate(api: httpx.Client) -> None:
    """A story that is left to chance can be told how often; nonsense is refused."""
    assert api.post("/_sim/story", json={"name": "random-faults", "rate": 12}).json()["under_way"]
    for rate in (0, -1, "often", True, 10**6):
        assert api.post("/_sim/story", json={"name": "storm", "rate": rate}).status_code == 400


def test_a_speed_test_over_http(sim: Running, api: httpx.Client) -> None:
    """It is created, listed and read; its samples are many; wrong fields are named; it stands under
    its own bond.
    """
    tests = f"{ROOT}/bonds/1/speedtests/"
    leg = api.get(f"{ROOT}/legs/1/").json()["url"]
    created = api.post(
        tests, json={"leg": leg, "protocol": "udp", "description": "after the storm", "length": 20}
    )
    assert (created.status_code, created.headers["location"]) == (201, f"{sim.url}{tests}1/")
    assert created.json() | {"id": 0, "url": ""} == {
        "id": 0,
        "url": "",
        "leg": leg,
        "aggregator": f"{sim.url}{ROOT}/aggregators/1/",
        "protocol": "udp",
        "direction": "download",
        "length": 20,
        "rate_limit": None,
        "concurrency": 1,
        "description": "after the storm",
        "status": "queued",
        "created": "2026-03-01T12:00:00.000000Z",
        "started": None,
        "finished": None,
        "results": None,
        "progress_results": [],
    }
    sim.advance(30)
    (listed,) = api.get(tests).json()
    assert listed == api.get(f"{tests}1/").json()
    assert (listed["status"], len(listed["progress_results"])) == ("finished", 200)
    assert set(listed["results"]) == {
        "throughput",
        "packets_per_second",
        "latency",
        "send_queue",
        "packet_loss",
    }
    assert api.get(f"{ROOT}/bonds/2/speedtests/1/").status_code == 404
    refused = api.post(tests, json={"protocol": "icmp"})
    assert (refused.status_code, refused.json()) == (
        400,
        {"protocol": ['"icmp" is not a valid choice.']},
    )
    assert [entry["effective"] for entry in sim.world.ledger] == [True, False]


def test_documents_over_http(sim: Running, api: httpx.Client) -> None:
    """Each document of the dynamics is plain JSON at its address; what it belongs to must be
    there.
    """
    sim.advance(10)
    paths = {
        "/bonds/1/interface_legs/1/state_history/": ["state", "start", "end", "duration"],
        "/bonds/1/downtime_prevented/": ["week", "month"],
        "/system/status/downtime_prevented/": ["week", "month"],
        "/system/status/configupdates/": ["count", "failures", "status"],
        "/system/status/aggfailover/": ["success", "failure"],
        "/spaces/acme/statistics/speed_tests/": ["local", "including_child_spaces"],
    }
    for path, keys in paths.items():
        document = api.get(ROOT + path).json()
        assert list(document[0] if isinstance(document, list) else document) == keys, path
    for path in (
        "/bonds/99/downtime_prevented/",
        "/bonds/2/interface_legs/1/state_history/",
        "/spaces/no/statistics/legs/",
    ):
        assert api.get(ROOT + path).status_code == 404


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_a_leg_tuning_over_http(verb: str, sim: Running, api: httpx.Client) -> None:
    """A leg's tuning has its address under the leg, and can be decided there once."""
    tuners = f"{ROOT}/bonds/1/interface_legs/1/tuners/"
    created = api.post(tuners)
    assert (created.status_code, created.json()["url"]) == (201, f"{sim.url}{tuners}1/")
    assert api.post(tuners).status_code == api.post(f"{tuners}1/{verb}/").status_code == 400
    sim.advance(60)
    assert api.post(f"{tuners}1/{verb}/").json()["accepted"] is (verb == "accept")
    assert api.post(f"{tuners}1/{verb}/").status_code == 400
    assert api.get(f"{tuners}1/").json()["recommendations"]["legs"][0]["leg"] == 1
    assert api.get(f"{ROOT}/bonds/1/tuners/").json() == []
