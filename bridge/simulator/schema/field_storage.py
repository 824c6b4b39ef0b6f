"""Where the fields of things are kept, whatever their class: read one, put one with the truth of
it.
"""

from typing import Any

from bridge.simulator.schema import kinds
from bridge.simulator.schema.field_types import Field
from bridge.simulator.world.entities import Bond, Leg, Record, Thing
from bridge.simulator.world.world import World

# where the things of a class of their own are in the world
_HELD = {
    "bond": "bonds",
    "aggregator": "aggregators",
    "space": "spaces",
    "interface_leg": "legs",
    "mobile_broadband_leg": "legs",
}


def get(world: World, thing: Any, field: Field) -> Any:
    """Give what a field holds now: an id for a reference, a key for a space."""
    if field.worked_out is not None:
        return field.worked_out(world, thing)
    if field.attribute:
        return getattr(_holder(world, thing), field.attribute)
    value = thing.values.get(field.name, field.default)
    if isinstance(value, tuple):
        return list(value)
    return value


def put(world: World, thing: Any, field: Field, value: Any) -> bool:
    """Set a field and write the truth of it, without what is secret; False and no truth when it is
    so already.
    """
    old = get(world, thing, field)
    if old == value:
        return False
    keep(world, thing, field, value)
    if field.secret:
        shown = (None, None)
    else:
        shown = (old, value)
    for each in _who_shows(world, thing, field):
        world.note(each, field.name, *shown)
    return True


def keep(world: World, thing: Any, field: Field, value: Any) -> None:
    """Set a field of an object that nobody has seen yet: no truth."""
    if field.attribute:
        setattr(_holder(world, thing), field.attribute, value)
    else:
        thing.values[field.name] = value


def _things(world: World, kind: kinds.Kind) -> dict[Any, Any]:
    held = _HELD.get(kind.name)
    found: dict[Any, Any] = world.of(kind.name) if held is None else getattr(world, held)
    return found


def all_of(world: World, kind: kinds.Kind) -> list[Thing]:
    """List the things of a kind, by id."""
    things = _things(world, kind).values()
    if kind.about == "leg":
        return [leg for leg in things if kinds.of(leg) is kind]
    return list(things)


def find(world: World, kind: kinds.Kind, number: Any) -> Thing | None:
    """Find one thing of a kind by its id, a space by its key."""
    thing: Thing | None = _things(world, kind).get(number)
    if thing is None or kind.about != "leg" or kinds.of(thing) is kind:
        return thing
    return None


def _holder(world: World, thing: Any) -> Any:
    """A bonder's name and key are its bond's: there is one of each."""
    if isinstance(thing, Record) and thing.kind == "bonder":
        return world.bonds[thing.parents["bond"]]
    return thing


def _who_shows(world: World, thing: Thing, field: Field) -> list[Thing]:
    if field.name != "name" or not field.attribute:
        return [thing]
    if isinstance(thing, Bond):
        return [thing, world.of("bonder")[thing.bonder]]
    if isinstance(thing, Record) and thing.kind == "bonder":
        return [thing, world.bonds[thing.parents["bond"]]]
    return [thing]


def nodes_of(world: World, thing: Thing) -> list[int]:
    """List the nodes whose configuration a change to a thing touches: its bond's bonder and current
    aggregator.
    """
    if thing.kind in {"aggregator", "bonder"}:
        number = thing.id  # type: ignore[union-attr]
        return [number] if isinstance(number, int) else []
    parents = kinds.parents_of(thing)
    bond = thing if isinstance(thing, Bond) else world.bonds.get(parents.get("bond", 0))  # type: ignore[call-overload]
    if bond is not None:
        return [bond.bonder, bond.current]
    if isinstance(thing, Record | Leg):
        values = thing.values
    else:
        values = {}
    node = parents.get("node") or values.get("aggregator") or values.get("bonder")
    if isinstance(node, int):
        return [node]
    return []
