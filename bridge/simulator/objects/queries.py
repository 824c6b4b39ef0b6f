"""Which objects an operation of the table is about, by the arguments of its path; no HTTP and no
JSON here.
"""

from typing import Any

from bridge.bonding.catalogue import Operation
from bridge.simulator.schema import field_storage, kinds
from bridge.simulator.world.entities import Record, Space, Thing
from bridge.simulator.world.operation_results import Missing
from bridge.simulator.world.world import Arguments, World

_OF_NODES = frozenset({"bonder", "node"})


def parents(world: World, row: Operation, arguments: Arguments) -> dict[str, Any]:
    """Give what a list's objects stand under: `{"bond": 3}`. Raises Missing."""
    found = {}
    for name in row.arguments:
        if name in {"bond", "space", *_OF_NODES} and not row.name.startswith(f"{name}."):
            above(world, row, arguments)
            found["node" if name in _OF_NODES else name] = arguments[name]
    return found


def above(world: World, row: Operation, arguments: Arguments) -> Thing | None:
    """Find the object that the first argument of a path names; None without arguments. Raises
    Missing.
    """
    if not row.arguments:
        return None
    name = row.arguments[0]
    number = arguments[name]
    if name in _OF_NODES:
        found: Thing | None = (
            world.node(number) if name == "node" else world.of("bonder").get(number)
        )
    elif name == "leg":
        found = world.legs.get(number)
    else:
        kind = kinds.KINDS.get(name) or kinds.of_operation(row)
        if kind:
            found = field_storage.find(world, kind, number)
        else:
            found = None
    if row.name.startswith("qos_profile."):
        found = world.of("qos_profile").get(number)
    if found is None:
        raise Missing
    return found


def list_of(world: World, kind: kinds.Kind, row: Operation, arguments: Arguments) -> list[Thing]:
    """List the objects of a kind that stand under what the path names. Raises Missing."""
    place = parents(world, row, arguments)
    if kind.about == "leg":
        return [leg for leg in world.legs_of(world.bonds[place["bond"]]) if kinds.of(leg) is kind]
    things = field_storage.all_of(world, kind)
    if place:
        return [thing for thing in things if isinstance(thing, Record) and thing.parents == place]
    return things


def object_of(world: World, kind: kinds.Kind, row: Operation, arguments: Arguments) -> Thing:
    """Find the object that a path names. Raises Missing, also where it stands under another one."""
    if row.arguments:
        number = arguments[row.arguments[-1]]
    else:
        number = 1
    thing = field_storage.find(world, kind, number)
    if thing is None or (
        not isinstance(thing, Space) and parents(world, row, arguments) != _own(thing)
    ):
        raise Missing
    return thing


def _own(thing: Thing) -> dict[str, object]:
    if thing.kind == "bonder":
        return {}
    return kinds.parents_of(thing)
