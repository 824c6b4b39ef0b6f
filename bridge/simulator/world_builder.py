"""A new world of a given size, with names that a person can tell apart."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from bridge.simulator import seed_data
from bridge.simulator.behaviour import backups, failover
from bridge.simulator.behaviour.event_registry import HAPPENINGS
from bridge.simulator.objects.factories import add_bonder, node_key
from bridge.simulator.world.entities import Aggregator, Bond, Leg, Space
from bridge.simulator.world.vendor_timestamps import real_now
from bridge.simulator.world.world import World

_SPACES = ("Acme", "Globex", "Initech", "Umbrella", "Hooli", "Vandelay", "Wonka", "Stark")
_AGGREGATORS = (
    "vancouver-1",
    "toronto-1",
    "seattle-1",
    "montreal-1",
    "calgary-1",
    "chicago-1",
    "dallas-1",
)
_TOWNS = (
    "vancouver",
    "kelowna",
    "victoria",
    "nanaimo",
    "surrey",
    "burnaby",
    "kamloops",
    "whistler",
    "richmond",
)
_SITES = (
    "hq",
    "branch",
    "warehouse",
    "clinic",
    "store",
    "depot",
    "school",
    "garage",
    "studio",
    "lab",
)
# note, type as the vendor spells it, whether it is kept in reserve, speeds down and up in Mbit/s
_LINES = (
    ("cable", "interface", False, 150.0, 15.0),
    ("fibre", "interface", False, 100.0, 100.0),
    ("lte", "mobile_broadband", True, 40.0, 10.0),
    ("dsl", "interface", False, 25.0, 5.0),
    ("satellite", "interface", True, 80.0, 8.0),
)
_LIMITS = {
    "bonds": (1, 5000),
    "legs_per_bond": (1, 16),
    "aggregators": (1, 200),
    "spaces": (0, 500),
}


class ImpossibleWorld(ValueError):
    """A world of this size cannot be built; the text names the value and what is possible."""


def make_world(
    *,
    bonds: int = 6,
    legs_per_bond: int = 2,
    aggregators: int = 3,
    spaces: int = 2,
    seed: int = 1,
    epoch: datetime | None = None,
) -> World:
    """Build a world; its time begins at `epoch` (aware; default: the real now). Raises
    ImpossibleWorld.

    `spaces` counts the customers' spaces; the root is there besides. Every bond starts on its
    primary aggregator and, when there are two or more, has another as secondary. Bond 1 is
    furnished with at least one object of every kind.
    """
    asked = {
        "bonds": bonds,
        "legs_per_bond": legs_per_bond,
        "aggregators": aggregators,
        "spaces": spaces,
    }
    for name, value in asked.items():
        least, most = _LIMITS[name]
        if not least <= value <= most:
            raise ImpossibleWorld(f"{name} cannot be {value}: give {least} to {most}")
    if epoch is not None and epoch.tzinfo is None:
        raise ImpossibleWorld("epoch has no time zone: give an aware datetime")
    world = World(seed=seed, epoch=epoch or real_now(), happenings=HAPPENINGS)
    nodes = count(1)
    _add_spaces(world, spaces)
    _add_aggregators(world, aggregators, nodes)
    _add_bonds(world, bonds, nodes)
    _add_legs(world, legs_per_bond)
    seed_data.lines(world)
    seed_data.server(world)
    seed_data.bond(world, world.bonds[1])
    failover.first_checks(world)
    backups.past(world)
    return world


def _add_spaces(world: World, wanted: int) -> None:
    world.spaces["root"] = Space(1, "Root", "root", None)
    for index in range(wanted):
        name = _nth(_SPACES, index, " ")
        key = name.lower().replace(" ", "-")
        world.spaces[key] = Space(index + 2, name, key, "root")


def _add_aggregators(world: World, wanted: int, nodes: Iterator[int]) -> None:
    for index in range(wanted):
        number = next(nodes)
        name = _nth(_AGGREGATORS, index, "-")
        ip = f"198.51.100.{10 + index}"  # a documentation network, RFC 5737
        world.aggregators[number] = Aggregator(number, name, ip, node_key(world, number))


def _add_bonds(world: World, wanted: int, nodes: Iterator[int]) -> None:
    aggregators = list(world.aggregators)
    homes = [key for key in world.spaces if key != "root"] or ["root"]
    names = [f"{town}-{site}" for site in _SITES for town in _TOWNS]
    for index in range(wanted):
        number = index + 1
        bonder = next(nodes)
        primary = aggregators[index % len(aggregators)]
        if len(aggregators) > 1:
            secondary = aggregators[(index + 1) % len(aggregators)]
        else:
            secondary = None
        world.bonds[number] = Bond(
            number,
            _nth(names, index, "-"),
            space=homes[index % len(homes)],
            bonder=bonder,
            bonder_key=node_key(world, bonder),
            primary=primary,
            secondary=secondary,
            current=primary,
            circuit_id=f"C-{1000 + number}",
            created=world.epoch - timedelta(days=30 + index % 300),
        )
        add_bonder(world, world.bonds[number])


def _add_legs(world: World, each: int) -> None:
    numbers = count(1)
    for bond in world.bonds:
        for index in range(each):
            number = next(numbers)
            _, kind, spare, down, up = _LINES[index % len(_LINES)]
            note = _nth(tuple(line[0] for line in _LINES), index, "-")
            world.legs[number] = Leg(
                number, bond, note, kind, failover=spare, down_speed=down, up_speed=up
            )


def _nth(names: tuple[str, ...] | list[str], index: int, joint: str) -> str:
    turn, place = divmod(index, len(names))
    if turn == 0:
        return names[place]
    return f"{names[place]}{joint}{turn + 1}"
