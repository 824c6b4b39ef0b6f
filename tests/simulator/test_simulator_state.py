"""A world that outlives its process."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bridge.bonding.catalogue import ROOT
from bridge.simulator.api.operation_handlers import WRITES
from bridge.simulator.api.runner import running
from bridge.simulator.behaviour import scenarios, state_file
from bridge.simulator.world.world import World
from bridge.simulator.world_builder import make_world

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(world: World, seconds: float) -> None:
    """Bring the world to so many seconds after its epoch."""
    world.advance_to(EPOCH + timedelta(seconds=seconds))


def test_a_saved_world_goes_on_like_one_that_never_stopped(tmp_path: Path) -> None:
    """Saved and loaded in the middle of everything, a world ends up exactly as its uninterrupted
    twin.
    """
    file = tmp_path / "world.json"
    twin, world = (make_world(seed=3, epoch=EPOCH) for _ in range(2))
    for one in (twin, world):
        scenarios.begin(one, "tour")
    for moment in (0, 22, 50, 130, 200, 210, 3000, 3800):
        at(twin, moment)
        at(world, moment)
        for one in (twin, world):
            WRITES["bond.restart"](one, {"bond": 4})
            one.record({"operation": "bond.restart"})
        state_file.save(world, file)
        world = state_file.load(file)
    at(twin, 7500)
    at(world, 7500)
    assert state_file.to_plain(world) == state_file.to_plain(twin)
    assert len(world.truth) > 60


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "not a saved world"),
        ('{"format": "other"}', "not a saved world"),
        ('{"format": "bondbridge-simulator", "version": 99}', "version 99"),
        ('{"format": "bondbridge-simulator", "version": 2}', "damaged"),
    ],
)
def test_files_that_are_no_world_are_refused(text: str, says: str, tmp_path: Path) -> None:
    """A foreign, torn or newer file is refused with what is wrong about it."""
    file = tmp_path / "world.json"
    file.write_text(text)
    with pytest.raises(state_file.StateUnreadable, match=says):
        state_file.load(file)


def test_an_unknown_happening_is_damage(tmp_path: Path) -> None:
    """A saved agenda is checked when it is read, not when its moment comes."""
    plain = state_file.to_plain(make_world(epoch=EPOCH))
    plain["agenda"][0][2] = "moon.falls"
    file = tmp_path / "world.json"
    file.write_text(json.dumps(plain))
    with pytest.raises(state_file.StateUnreadable, match=r"moon\.falls"):
        state_file.load(file)


def test_what_was_answered_is_saved_already(tmp_path: Path) -> None:
    """Once a write, a set, a story or an advance is answered the file holds it; a stop and a start
    lose nothing.
    """
    file = tmp_path / "below" / "world.json"
    with running(make_world(epoch=EPOCH), speed=0, state_file=file) as sim:
        auth = ("demo@example.com", "demo")
        with httpx.Client(base_url=sim.url, auth=auth) as api:
            api.post(f"{ROOT}/bonds/1/restart/")
            assert len(state_file.load(file).ledger) == 1
            api.post("/_sim/set", json={"kind": "leg", "id": 3, "field": "state", "value": "down"})
            assert state_file.load(file).legs[3].state == "down"
            api.post("/_sim/story", json={"name": "tour"})
            assert state_file.load(file).stories["tour"].under_way
            api.post("/_sim/advance", json={"seconds": 130})
            assert state_file.load(file).now == EPOCH + timedelta(seconds=130)
    stopped = state_file.load(file)
    assert state_file.to_plain(stopped) == state_file.to_plain(sim.world)
    assert list(file.parent.iterdir()) == [file]
    with running(stopped, speed=0, state_file=file) as again:
        clock = httpx.get(f"{again.url}/_sim/clock").json()
    assert (clock["now"], clock["epoch"]) == (
        "2026-03-01T12:02:10.000000Z",
        "2026-03-01T12:00:00.000000Z",
    )


def test_what_clients_made_is_kept(tmp_path: Path) -> None:
    """Objects that were created, changed and deleted are so after a stop and a start, and ids go on
    counting.
    """
    file = tmp_path / "world.json"
    spaces = f"{ROOT}/spaces/"
    auth = ("demo@example.com", "demo")
    with (
        running(make_world(epoch=EPOCH), speed=0, state_file=file) as sim,
        httpx.Client(base_url=sim.url, auth=auth) as api,
    ):
        for key in ("one", "two"):
            assert api.post(spaces, json={"name": key, "key": key}).status_code == 201
        api.patch(f"{spaces}one/", json={"crm_id": "9"})
        api.delete(f"{spaces}two/")
        api.patch(f"{ROOT}/bonds/1/connected_ips/1/", json={"note": "kept"})
        before = {
            path: api.get(ROOT + path).json()
            for path in ("/spaces/", "/bonds/1/connected_ips/", "/users/", "/nodes/")
        }
        old = sim.url
    with (
        running(state_file.load(file), speed=0, state_file=file) as sim,
        httpx.Client(base_url=sim.url, auth=auth) as api,
    ):
        after = {
            path: json.loads(api.get(ROOT + path).text.replace(sim.url, old)) for path in before
        }
        assert after == before
        assert api.post(spaces, json={"name": "three", "key": "three"}).json()["id"] == 6


def test_changes_by_themselves_are_saved_within_a_second_or_so(tmp_path: Path) -> None:
    """With nobody asking, time goes on and what happens reaches the file."""
    file = tmp_path / "world.json"
    world = make_world(epoch=EPOCH)
    scenarios.begin(world, "flap")
    with running(world, speed=600, state_file=file):
        until = time.monotonic() + 5
        while len(state_file.load(file).truth) < 20 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(state_file.load(file).truth) >= 20
