"""What each operation of the catalogue reads or does, in the world; no HTTP and no JSON here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bridge.simulator import failover, tunings
from bridge.simulator.things import Aggregator, Bond, Leg, Space, Thing, Tuning
from bridge.simulator.world import Arguments, World

RESTART_SECONDS = 20


class Missing(Exception):
    """An argument names an object that is not there."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a write: the object to show, if any; whether the world applied it; a short text about that."""

    effect: str
    effective: bool = True
    thing: Thing | None = None
    status: int = 200


Read = Callable[[World, Arguments], list[Thing]]
One = Callable[[World, Arguments], Thing]
Write = Callable[[World, Arguments], Done]
_T = TypeVar("_T")


def _get(things: Mapping[int, _T], number: int) -> _T:
    if number not in things:
        raise Missing
    return things[number]


def _space(world: World, arguments: Arguments) -> Space:
    if arguments["space"] not in world.spaces:
        raise Missing
    return world.spaces[arguments["space"]]


def _aggregator(world: World, arguments: Arguments) -> Aggregator:
    return _get(world.aggregators, arguments["aggregator"])


def _bond(world: World, arguments: Arguments) -> Bond:
    return _get(world.bonds, arguments["bond"])


def _leg(world: World, arguments: Arguments) -> Leg:
    return _get(world.legs, arguments["leg"])


def _tuning(world: World, arguments: Arguments) -> Tuning:
    tuning = _get(world.tunings, arguments["tuning"])
    if tuning.bond != _bond(world, arguments).id:
        raise Missing
    return tuning


def _bonds_by(role: str) -> Read:
    """List the bonds that have the aggregator as `role`: primary, secondary, current."""

    def listed(world: World, arguments: Arguments) -> list[Thing]:
        number = _aggregator(world, arguments).id
        return [bond for bond in world.bonds.values() if getattr(bond, role) == number]

    return listed


def _tunings(world: World, arguments: Arguments) -> list[Thing]:
    number = _bond(world, arguments).id
    return [tuning for tuning in world.tunings.values() if tuning.bond == number]


LISTS: dict[str, Read] = {
    "space.list": lambda world, _: list(world.spaces.values()),
    "aggregator.list": lambda world, _: list(world.aggregators.values()),
    "aggregator.bonds": _bonds_by("primary"),
    "aggregator.bonds_secondary": _bonds_by("secondary"),
    "aggregator.bonds_current": _bonds_by("current"),
    "bond.list": lambda world, _: list(world.bonds.values()),
    "bond_tuning.list": _tunings,
    "leg.list": lambda world, _: list(world.legs.values()),
    "backup.list": lambda world, _: list(world.backups),
}

GETS: dict[str, One] = {
    "space.get": _space,
    "aggregator.get": _aggregator,
    "bond.get": _bond,
    "bond_tuning.get": _tuning,
    "leg.get": _leg,
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


def _start(world: World, arguments: Arguments) -> Done:
    tuning = tunings.start(world, _bond(world, arguments))
    return Done(f"tuning {tuning.id} starts", thing=tuning, status=201)


def _cancel(world: World, arguments: Arguments) -> Done:
    tuning = _tuning(world, arguments)
    tunings.cancel(world, tuning)
    return Done(f"tuning {tuning.id} is canceled", thing=tuning)


def _accept(world: World, arguments: Arguments) -> Done:
    tuning = _tuning(world, arguments)
    tunings.decide(world, tuning, accepted=True)
    return Done(f"tuning {tuning.id} is accepted", thing=tuning)


def _decline(world: World, arguments: Arguments) -> Done:
    tuning = _tuning(world, arguments)
    tunings.decide(world, tuning, accepted=False)
    return Done(f"tuning {tuning.id} is declined", thing=tuning)


WRITES: dict[str, Write] = {
    "bond.restart": _restart,
    "bond.restore_to_primary_agg": _restore,
    "bond_tuning.start": _start,
    "bond_tuning.cancel": _cancel,
    "bond_tuning.accept": _accept,
    "bond_tuning.decline": _decline,
}
