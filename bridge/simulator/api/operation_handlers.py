"""What each operation of the catalogue reads or does, in the world; no HTTP and no JSON here.

Objects of the table are listed and read by it (`reads`) and written by it (`crud`); here is what
they are not enough for.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from bridge.bonding.catalogue import OPERATIONS, Operation
from bridge.simulator.api import dynamic_operations, status_documents
from bridge.simulator.behaviour import failover, iso_images
from bridge.simulator.objects import queries
from bridge.simulator.schema import kinds
from bridge.simulator.world.entities import Aggregator, Bond, Leg, Thing
from bridge.simulator.world.operation_results import Done, Missing, get
from bridge.simulator.world.world import Arguments, World

RESTART_SECONDS = 20


Read = Callable[[World, Arguments], list[Any]]
Document = Callable[[World, Arguments], object]
One = Callable[[World, Arguments], Thing]
Write = Callable[[World, Arguments], Done]


def _aggregator(world: World, arguments: Arguments) -> Aggregator:
    return get(world.aggregators, arguments["aggregator"])


def _bond(world: World, arguments: Arguments) -> Bond:
    return get(world.bonds, arguments["bond"])


def _leg(world: World, arguments: Arguments) -> Leg:
    return get(world.legs, arguments["leg"])


def _node(world: World, arguments: Arguments) -> Thing:
    found = world.node(arguments["node"])
    if found is None:
        raise Missing
    return found


def _nodes(world: World, _: Arguments) -> list[Thing]:
    """List aggregators and bonders by their ids, which are one sequence."""
    nodes: list[Thing] = [*world.aggregators.values(), *world.of("bonder").values()]
    return sorted(nodes, key=kinds.id_of)


def _bonds_of_profile(world: World, arguments: Arguments) -> list[Thing]:
    profile = get(world.of("qos_profile"), arguments["profile"]).id
    return [bond for bond in world.bonds.values() if bond.values.get("qos_profile", 1) == profile]


def _bonds_by(role: str) -> Read:
    """List the bonds that have the aggregator as `role`: primary, secondary, current."""

    def listed(world: World, arguments: Arguments) -> list[Thing]:
        number = _aggregator(world, arguments).id
        return [bond for bond in world.bonds.values() if getattr(bond, role) == number]

    return listed


def _table_rows(verb: str) -> dict[str, tuple[kinds.Kind, Operation]]:
    rows = {
        row.name: (kinds.of_operation(row), row)
        for row in OPERATIONS.values()
        if row.name.endswith(verb)
    }
    return {name: (kind, row) for name, (kind, row) in rows.items() if kind is not None}


def _listed(kind: kinds.Kind, row: Operation, world: World, arguments: Arguments) -> list[Any]:
    return queries.list_of(world, kind, row, arguments)


def _found(kind: kinds.Kind, row: Operation, world: World, arguments: Arguments) -> Thing:
    return queries.object_of(world, kind, row, arguments)


LISTS: dict[str, Read] = {
    **{name: partial(_listed, *found) for name, found in _table_rows(".list").items()},
    "aggregator.bonds": _bonds_by("primary"),
    "aggregator.bonds_secondary": _bonds_by("secondary"),
    "aggregator.bonds_current": _bonds_by("current"),
    "qos_profile.bonds": _bonds_of_profile,
    "node.list": _nodes,
    "space.flat": lambda world, _: list(world.spaces.values()),
    "system.apns": status_documents.apns,
    "leg.list": lambda world, _: list(world.legs.values()),
    "backup.list": lambda world, _: list(world.backups),
    **dynamic_operations.LISTS,
}

GETS: dict[str, One] = {
    **{name: partial(_found, *found) for name, found in _table_rows(".get").items()},
    "node.get": _node,
    "leg.get": _leg,
    **dynamic_operations.GETS,
}

# operations that answer with plain JSON of their own
DOCUMENTS: dict[str, Document] = {**status_documents.DOCUMENTS, **dynamic_operations.DOCUMENTS}
FILES = dynamic_operations.FILES


def _restart(world: World, arguments: Arguments) -> Done:
    bond = _bond(world, arguments)
    world.interrupt(bond, RESTART_SECONDS)
    return Done(f"{bond.name} restarts")


def _restore(world: World, arguments: Arguments) -> Done:
    bond = _bond(world, arguments)
    if failover.restore(world, bond):
        return Done(f"{bond.name} moves to its primary aggregator")
    return Done(f"{bond.name} was on its primary aggregator already", effective=False)


def _createisos(world: World, _: Arguments) -> Done:
    iso_images.queue(world)
    return Done("the provisioning ISOs are to be created", status=202)


WRITES: dict[str, Write] = {
    "system.createisos": _createisos,
    "bond.restart": _restart,
    "bond.restore_to_primary_agg": _restore,
    **dynamic_operations.WRITES,
}
