"""Objects come, change and go: what that does to the world besides, and the truth of it."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from bridge.simulator.behaviour import config_updates, failover
from bridge.simulator.behaviour.failover import Refused
from bridge.simulator.objects import factories
from bridge.simulator.objects.drafts import Draft
from bridge.simulator.schema import field_storage, kinds
from bridge.simulator.schema.computed_fields import space_of
from bridge.simulator.schema.field_types import Field
from bridge.simulator.world.entities import Aggregator, Bond, Leg, Record, Space, Thing
from bridge.simulator.world.world import World

_ON_AGENDA = frozenset(
    {"bond", "leg", "aggregator"}
)  # the kinds that happenings name, by these names


def add(draft: Draft) -> Thing:
    """Put a new object into the world, as its draft says, with everything that comes with it."""
    thing = factories.make(draft)
    draft.world.note(thing, "added", None, title(draft.world, thing))
    if isinstance(thing, Leg):
        draft.world.settle([thing])
    config_updates.queue(draft.world, field_storage.nodes_of(draft.world, thing))
    return thing


def change(draft: Draft, thing: Thing) -> bool:
    """Give an object the fields of its draft; False when it was so already."""
    named = [(draft.kind.field(name), value) for name, value in draft.given.items()]
    changed = [
        _put(draft.world, thing, field, value) for field, value in named if field is not None
    ]
    if any(changed):
        config_updates.queue(draft.world, field_storage.nodes_of(draft.world, thing))
    return any(changed)


def put(world: World, thing: Thing, field: Field, value: Any) -> bool:
    """Set one field, as `change` sets several; False when it was so already."""
    changed = _put(world, thing, field, value)
    if changed:
        config_updates.queue(world, field_storage.nodes_of(world, thing))
    return changed


def _put(world: World, thing: Thing, field: Field, value: Any) -> bool:
    """Set a field, and let the world move as it must when that one changes."""
    if isinstance(thing, Space) and field.name == "key":
        return _rename(world, thing, value)
    before = field_storage.get(world, thing, field)
    if not field_storage.put(world, thing, field, value):
        return False
    if isinstance(thing, Leg) and field.name == "link_mode":
        world.settle([thing])
    if isinstance(thing, Bond) and field.name == "aggregator" and thing.current == before:
        failover.move(world, thing, value, failover.MOVE_SECONDS)
    return True


def remove(world: World, thing: Thing) -> None:
    """Take an object out of the world, with all that stands under it. Refused while something else
    needs it.
    """
    nodes = field_storage.nodes_of(world, thing)
    gone = [thing, *_under(world, thing)]
    for each in gone:
        _check_unused(world, each, gone)
    for each in reversed(gone):
        world.note(each, "removed", title(world, each), None)
    for each in reversed(gone):
        _let_go(world, each)
        _drop(world, each)
    world.legs_changed()
    config_updates.queue(world, [number for number in nodes if world.node(number)])


def title(world: World, thing: Thing) -> str:
    """What an object is called; without a name, its kind and number."""
    kind = kinds.of(thing)
    field = kind.field("name") or kind.field("email") or kind.field("ip") or kind.field("network")
    if field is not None:
        name = field_storage.get(world, thing, field)
    else:
        name = ""
    return str(name or f"{kind.label} {kinds.id_of(thing)}")


def _rename(world: World, space: Space, key: str) -> bool:
    """Give a space another key: everything in it, and every space right below it, names it by the
    new one.
    """
    old = space.key
    if old == key:
        return False
    space.key = key
    world.spaces = {each.key: each for each in world.spaces.values()}
    for each in world.spaces.values():
        if each.parent == old:
            each.parent = key
    things: list[Bond | Aggregator] = [*world.bonds.values(), *world.aggregators.values()]
    for thing in things:
        if thing.space == old:
            thing.space = key
    for record in (it for kind in world.records.values() for it in kind.values()):
        for place in (record.parents, record.values):
            if place.get("space") == old:
                place["space"] = key
    world.note(space, "key", old, key)
    return True


# what hangs together


def _under(world: World, thing: Thing) -> list[Thing]:
    """List what goes with an object: what stands under it, and what makes no sense without it."""
    found: list[Thing] = [world.of("bonder")[thing.bonder]] if isinstance(thing, Bond) else []
    if thing.kind in {"aggregator", "bonder"}:
        place = "node"
    else:
        place = thing.kind
    for kind in kinds.KINDS.values():
        if kind.parent == place:
            found += [
                it
                for it in field_storage.all_of(world, kind)
                if kinds.parents_of(it).get(place) == kinds.id_of(thing)
            ]
    found += [it for it, _ in _naming(world, thing, "cascade") if it not in found]
    for each in tuple(found):
        found += [it for it in _under(world, each) if it not in found]
    return found


def _naming(world: World, thing: Thing, gone: str) -> Iterator[tuple[Thing, Field]]:
    """Find who names this object, and in which field, of those whose `gone` is as given."""
    name = kinds.of(thing).name
    number = kinds.id_of(thing)
    for kind in kinds.KINDS.values():
        for field in kind.fields:
            if field.type == "ref" and field.gone == gone and name in field.of:
                for other in field_storage.all_of(world, kind):
                    value = field_storage.get(world, other, field)
                    if value == number or (field.many and number in value):
                        yield other, field


def _check_unused(world: World, thing: Thing, gone: list[Thing]) -> None:
    if isinstance(thing, Space):
        inside = [
            it
            for kind in kinds.KINDS.values()
            for it in field_storage.all_of(world, kind)
            if it is not thing
        ]
        if any(space.parent == thing.key for space in world.spaces.values()):
            raise Refused("The space has child spaces.")
        if any(space_of(world, it) == thing.key for it in inside):
            raise Refused("The space is not empty.")
    if isinstance(thing, Aggregator) and any(
        bond.current == thing.id for bond in world.bonds.values()
    ):
        raise Refused("The aggregator is in use by bonds.")
    if thing.kind == "ip_allocation":
        _check_undelegated(world, thing)
    for other, _ in _naming(world, thing, "protect"):
        if other not in gone:
            raise Refused(
                f"This {kinds.of(thing).label} is in use by {kinds.of(other).label}"
                f" {kinds.id_of(other)}."
            )


def _check_undelegated(world: World, thing: Thing) -> None:
    network = ipaddress.ip_network(getattr(thing, "values", {})["network"])
    for other in world.of("delegated_ip_allocation").values():
        if ipaddress.ip_network(other.values["network"]).subnet_of(network):  # type: ignore[arg-type]
            raise Refused(f"Part of the network is delegated: {other.values['network']}.")


def _let_go(world: World, thing: Thing) -> None:
    """Anyone who only mentions the object does so no more."""
    for other, field in list(_naming(world, thing, "clear")):
        before = field_storage.get(world, other, field)
        field_storage.put(
            world,
            other,
            field,
            [it for it in before if it != kinds.id_of(thing)] if field.many else None,
        )
    if isinstance(thing, Leg):
        for tuning in world.tunings.values():
            tuning.legs = [number for number in tuning.legs if number != thing.id]
            for advice in [tuning.recommendations] if tuning.recommendations else []:
                advice["legs"] = [it for it in advice["legs"] if it["leg"] != thing.id]


def _drop(world: World, thing: Thing) -> None:
    if isinstance(thing, Space):
        del world.spaces[thing.key]
    elif isinstance(thing, Record):
        del world.of(thing.kind)[thing.id]
    elif isinstance(thing, Bond):
        del world.bonds[thing.id]
        world.tunings = {number: it for number, it in world.tunings.items() if it.bond != thing.id}
    elif isinstance(thing, Leg):
        del world.legs[thing.id]
    elif isinstance(thing, Aggregator):
        del world.aggregators[thing.id]
    if thing.kind in _ON_AGENDA:
        world.forget_about(thing.kind, kinds.id_of(thing))
