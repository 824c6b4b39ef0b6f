"""Ids, keys and names that others chose, however large: all else goes on as if they were not there,
and it is told.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.core.json_safety import LONGEST_ID, LONGEST_KEY, bounded
from bridge.errors import BadInput
from bridge.simulator.world.world import World
from bridge.simulator.world_builder import make_world
from bridge.store.database import Database
from bridge.store.observations import incidents, snapshots
from bridge.webhooks import generic_hmac
from tests.pipeline.harness import EPOCH, HOOK_SECRET, QUIET, Stage, staged

RULES = """
- id: told
  when: [leg.down, leg.up]
  do: [{notify: {to: noc, title: "${leg.id}"}}]
- id: calls
  when: webhook.demo
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
- id: troubles
  when: internal.error
  do: [{notify: {to: noc, title: "${fault.about}"}}]
"""
NUMBERS = (2**31, 2**40, 2**63 - 1, 2**63, 2**64, 10**30)
# keys of spaces: longer than a name was thought to be, than an index takes, and than any address
KEYS = ("k" * 129, "q" * 280, "é" * 10_000)
NAME = "n" * 10_000


def _odd_world() -> World:
    """Legs with numbers of every size, spaces with keys of every length, a bond with a name of ten
    thousand characters.
    """
    world = make_world(seed=1, epoch=EPOCH, bonds=4)
    for number, leg in zip(
        NUMBERS, sorted(world.legs.values(), key=lambda each: each.id)[2:], strict=True
    ):
        del world.legs[leg.id]
        leg.id = number
        world.legs[number] = leg
    world.bonds[4].name = NAME
    root = next(iter(world.spaces.values()))
    for number, key in enumerate(KEYS):
        world.spaces[key] = replace(root, id=900 + number, key=key, name=key, parent=root.key)
    world.legs_changed()
    return world


@pytest.fixture
def stage(tmp_path: Path, database: Database) -> Iterator[Stage]:
    """Such a world, with its spaces and what is in them, on both databases."""
    url = database.engine.url.render_as_string(hide_password=False)
    off = QUIET.replace("spaces, ", "").replace("'spaces/*', ", "")
    with staged(
        tmp_path / "stage", rules=RULES, database=url, off=off, world=_odd_world()
    ) as ready:
        yield ready


def _problems(stage: Stage) -> dict[str, str | None]:
    with stage.bridge.database.reading() as connection:
        return {
            scope.name: scope.problem
            for scope in snapshots.all_scopes(connection, "demo")
            if scope.failures
        }


def _faults(stage: Stage) -> set[str]:
    return {each["data"]["fault"]["about"] for each in stage.events("internal.error")}


def test_legs_are_polled_and_told_whatever_their_numbers(stage: Stage) -> None:
    """Every leg goes down and comes up: each is told, no poll fails, the small ones flap as
    ever.
    """
    legs = sorted(stage.sim.world.legs)
    for state in ("down", "up"):
        for leg in legs:
            stage.set("leg", leg, "state", state)
        stage.live(60)
    for name in ("leg.down", "leg.up"):
        assert sorted(each["data"]["leg"]["id"] for each in stage.events(name)) == legs
    assert sum(each["rule"] == "told" for each in stage.jobs()) == 2 * len(legs)
    assert _faults(stage) == {"what is below keys that are too long to be polled by"}
    assert _problems(stage) == {}


def test_spaces_are_polled_whatever_their_keys(stage: Stage) -> None:
    """Added, changed and removed with the whole key; what is in it is polled, but where no address
    could name it.
    """
    root = next(iter(stage.sim.world.spaces.values()))
    for key in KEYS:
        stage.sim.world.spaces[key] = replace(stage.sim.world.spaces[key], name="changed")
    added = "z" * 150
    stage.sim.world.spaces[added] = replace(root, id=990, key=added, name=added, parent=root.key)
    stage.live(3600, step=600)
    assert sorted(each["data"]["space"]["key"] for each in stage.events("space.changed")) == sorted(
        KEYS
    )
    assert [each["data"]["space"]["key"] for each in stage.events("space.added")] == [added]
    with stage.bridge.database.reading() as connection:
        names = {scope.name for scope in snapshots.all_scopes(connection, "demo")}
        found = snapshots.bodies(connection, "demo", {("space", key) for key in KEYS})
    assert {key for _, key in found} == set(KEYS)
    assert any(KEYS[0] in name for name in names)
    assert not any(KEYS[1] in name for name in names)
    assert not any(name.startswith("spaces/é") for name in names)
    assert _problems(stage) == {}
    del stage.sim.world.spaces[added]
    stage.live(7200, step=600)
    assert [each["data"]["space"]["key"] for each in stage.events("space.removed")] == [added]


def test_what_a_webhook_names_may_be_anything(stage: Stage) -> None:
    """Each is decided and tried, none twice, and the one beside them that is a bond is restarted;
    nothing waits for ever.
    """
    strange = [
        9 * 10**150,
        "9" * 150,
        "x" * 10_000,
        2**40,
        2**63,
        -(2**64),
        "",
        None,
        [1],
        {"a": 1},
        1.5,
        True,
        "1/../2",
    ]
    for number, bond in enumerate((*strange, 1)):
        body = json.dumps({"bond": bond, "nonce": number}).encode()
        headers = generic_hmac.signed(body, HOOK_SECRET, int(stage.bridge.machine().timestamp()))
        receiver = stage.bridge.receiver
        receiver.take("demo", receiver.read("demo", headers, body))
    stage.work()
    stage.live(180, step=60)
    assert stage.bridge.decider.waiting() == []
    jobs = [each for each in stage.jobs() if each["rule"] == "calls"]
    assert (
        len(jobs)
        + sum(each["ruling"] == "skip" for each in stage.decisions() if each["rule"] == "calls")
        >= len(strange) + 1
    )
    assert {each["state"] for each in jobs} <= {"failed", "succeeded", "skipped", "unverified"}
    assert stage.effective("bond.restart") >= 1
    assert _faults(stage) == {"what is below keys that are too long to be polled by"}


def test_a_bond_that_cannot_be_is_nothing_to_keep_hands_off(stage: Stage) -> None:
    """Refused with a sentence, and the question whether one is held says no."""
    with pytest.raises(BadInput, match="there is no bond 18446744073709551616"):
        stage.bridge.steering.hands_off("demo", 2**64, "1h", "ana", "")
    stage.bridge.steering.hands_off("demo", 2**40, "1h", "ana", "")
    with stage.bridge.database.reading() as connection:
        assert set(incidents.held(connection, "demo", stage.now())) == {2**40}
        for leg in (2**64, "9" * 150, "leg"):
            assert incidents.calm_at(connection, "demo", leg) is None  # type: ignore[arg-type]


def test_a_bounded_key_is_its_own() -> None:
    """Two that differ anywhere differ; one that is bounded stays; what fits is left alone."""
    one = "k" * 400 + "a"
    other = "k" * 400 + "b"
    assert len({one, other, bounded(one), bounded(other)}) == 4
    assert bounded(bounded(one)) == bounded(one)
    assert len(bounded(one)) == LONGEST_KEY
    assert bounded("k" * LONGEST_KEY) == "k" * LONGEST_KEY
    assert bounded(bounded(one), LONGEST_ID) == bounded(bounded(bounded(one), LONGEST_ID))
