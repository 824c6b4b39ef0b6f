"""What each operation of the catalogue reads or does, in the world; no HTTP and no JSON here."""

from collections.abc import Callable

from bridge.simulator import dynamics, failover
from bridge.simulator.outcomes import Done, Missing, get
from bridge.simulator.things import Aggregator, Bond, Leg, Space, Thing
from bridge.simulator.world import Arguments, World

RESTART_SECONDS = 20

Read = Callable[[World, Arguments], list[Thing]]
One = Callable[[World, Arguments], Thing]
Write = Callable[[World, Arguments], Done]
Document = Callable[[World, Arguments], object]


def _space(world: World, arguments: Arguments) -> Space:
    if arguments["space"] not in world.spaces:
        raise Missing
    return world.spaces[arguments["space"]]


def _aggregator(world: World, arguments: Arguments) -> Aggregator:
    return get(world.aggregators, arguments["aggregator"])


def _bond(world: World, arguments: Arguments) -> Bond:
    return get(world.bonds, arguments["bond"])


def _leg(world: World, arguments: Arguments) -> Leg:
    return get(world.legs, arguments["leg"])


def _bonds_by(role: str) -> Read:
    """List the bonds that have the aggregator as `role`: primary, secondary, current."""

    def listed(world: World, arguments: Arguments) -> list[Thing]:
        number = _aggregator(world, arguments).id
        return [bond for bond in world.bonds.values() if getattr(bond, role) == number]

    return listed


LISTS: dict[str, Read] = {
    "space.list": lambda world, _: list(world.spaces.values()),
    "aggregator.list": lambda world, _: list(world.aggregators.values()),
    "aggregator.bonds": _bonds_by("primary"),
    "aggregator.bonds_secondary": _bonds_by("secondary"),
    "aggregator.bonds_current": _bonds_by("current"),
    "bond.list": lambda world, _: list(world.bonds.values()),
    "leg.list": lambda world, _: list(world.legs.values()),
    "backup.list": lambda world, _: list(world.backups),
    **dynamics.LISTS,
}

GETS: dict[str, One] = {
    "space.get": _space,
    "aggregator.get": _aggregator,
    "bond.get": _bond,
    "leg.get": _leg,
    **dynamics.GETS,
}


def _restart(world: World, arguments: Arguments) -> Done:
    bond = _bond(world, arguments)
    world.interrupt(bond, RESTART_SECONDS)
    return Done(f"{bond.name} restarts")


def _restore(world: World, arguments: Arguments) -> Done:
    bond = _bond(world, arguments)
    if failover.restore(world, bond):
        return Done(f"{bond.name} moves to its primary aggregator")
    return Done(f"{bond.name} was on its primary aggregator already", effective=False)


WRITES: dict[str, Write] = {
    "bond.restart": _restart,
    "bond.restore_to_primary_agg": _restore,
    **dynamics.WRITES,
}

DOCUMENTS: dict[str, Document] = {**dynamics.DOCUMENTS}
FILES = dynamics.FILES
