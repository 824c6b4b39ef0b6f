"""New objects, each with what comes with it: a bond with its bonder, a node with its key, a leg
with its speeds.
"""

import string
from collections.abc import Callable

from bridge.simulator.behaviour import failover
from bridge.simulator.objects.drafts import Draft
from bridge.simulator.schema import field_storage
from bridge.simulator.schema import kinds as table
from bridge.simulator.world.entities import Aggregator, Bond, Leg, Record, Space, Thing
from bridge.simulator.world.world import World

_SPEED = 10.0
_CHARACTERS = string.ascii_lowercase + string.digits


def make(draft: Draft) -> Thing:
    """Put into the world what a draft describes, with the fields that it gives."""
    thing = _MAKERS.get(draft.kind.name, _record)(draft)
    for name, value in draft.given.items():
        field = draft.kind.field(name)
        if field is not None:
            field_storage.keep(draft.world, thing, field, value)
    return thing


def node_key(world: World, node: int) -> str:
    """Make a node's secret, in the vendor's form: four groups of five capitals and digits."""
    dice = world.dice("key", node)
    letters = string.ascii_uppercase + string.digits
    return "-".join("".join(dice.choices(letters, k=5)) for _ in range(4))


def next_id(world: World, sequence: str) -> int:
    """Give the next id of a sequence, which several kinds may share."""
    kinds = [kind for kind in table.KINDS.values() if kind.sequence == sequence]
    return world.number(
        sequence,
        (table.id_of(thing) for kind in kinds for thing in field_storage.all_of(world, kind)),
    )


def add_bonder(world: World, bond: Bond) -> Record:
    """Put a bond's bonder into the world: its name, key and space are those of the bond."""
    made = Record("bonder", bond.bonder, {"bond": bond.id})
    world.of("bonder")[made.id] = made
    return made


def _record(draft: Draft) -> Record:
    made = Record(draft.kind.name, next_id(draft.world, draft.kind.sequence), dict(draft.parents))
    if (found := draft.kind.field("space")) is not None and not found.read_only:
        made.values["space"] = draft.space
    draft.world.of(draft.kind.name)[made.id] = made
    return made


def _aggregator(draft: Draft) -> Aggregator:
    world = draft.world
    given = draft.given
    number = next_id(world, "node")
    made = Aggregator(
        number, given["name"], given["ip"], node_key(world, number), space=draft.space
    )
    world.aggregators[number] = made
    world.after(failover.CHECK_EVERY, "aggregator.check", aggregator=number)
    return made


def _bond(draft: Draft) -> Bond:
    """Make a bond and its bonder, named by chance where no name is given."""
    world = draft.world
    given = draft.given
    number = next_id(world, "bond")
    node = next_id(world, "node")
    name = (
        given.get("name")
        or f"default-{''.join(world.dice('bonder', node).choices(_CHARACTERS, k=8))}"
    )
    given["name"] = name
    primary = given["aggregator"]
    made = Bond(
        number,
        name,
        draft.space,
        node,
        node_key(world, node),
        primary,
        None,
        primary,
        "",
        world.now,
    )
    world.bonds[number] = made
    world.note(add_bonder(world, made), "added", None, name)
    return made


def _leg(draft: Draft) -> Leg:
    world = draft.world
    settings = world.of("settings").get(1)
    down, up = (
        (settings.values if settings else {}).get(f"default_leg_{way}_speed", _SPEED)
        for way in ("down", "up")
    )
    kind = draft.kind.name.removesuffix("_leg")
    made = Leg(
        next_id(world, "leg"),
        draft.parents["bond"],
        "",
        kind,
        failover=False,
        down_speed=down,
        up_speed=up,
    )
    world.legs[made.id] = made
    world.legs_changed()
    return made


def _space(draft: Draft) -> Space:
    given = draft.given
    given["parent"] = given.get("parent") or draft.asker.home
    made = Space(next_id(draft.world, "space"), given["name"], given["key"], given["parent"])
    draft.world.spaces[made.key] = made
    return made


_MAKERS: dict[str, Callable[[Draft], Thing]] = {
    "aggregator": _aggregator,
    "bond": _bond,
    "interface_leg": _leg,
    "mobile_broadband_leg": _leg,
    "space": _space,
}
