"""How many of each kind of object a space has: itself, and with all spaces below it.

Source: the vendor's URI table, which names the counts of most kinds; the others have at least
`count`.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from bridge.simulator.world.entities import Bond, Record, Space
from bridge.simulator.world.vendor_timestamps import moment
from bridge.simulator.world.world import World

Counts = dict[str, Any]
_RECENT = timedelta(days=7)
_MODES = ("active", "idle", "offline")


def count(world: World, space: Space, what: str) -> dict[str, Counts]:
    """Give `{"local": counts, "including_child_spaces": counts}` of one of COUNTS."""
    counting = COUNTS[what]
    return {
        "local": counting(world, {space.key}),
        "including_child_spaces": counting(world, _subtree(world, space)),
    }


def _subtree(world: World, space: Space) -> set[str]:
    keys = {space.key}
    more = {space.key}
    while more:
        more = {it.key for it in world.spaces.values() if it.parent in more} - keys
        keys |= more
    return keys


def _bonds(world: World, keys: set[str]) -> list[Bond]:
    return [bond for bond in world.bonds.values() if bond.space in keys]


def _records(world: World, kind: str, within: Callable[[Record], bool]) -> list[dict[str, Any]]:
    """Give the fields of all records of a kind of which `within` says yes: those that differ from
    their defaults.
    """
    return [it.values for it in world.of(kind).values() if within(it)]


def _by_space(kind: str, **flags: str) -> Callable[[World, set[str]], Counts]:
    """Count records that have a space of their own; `flags`: the name of a count → the field that
    must be true.

    Those fields are true where nothing else is said.
    """

    def counted(world: World, keys: set[str]) -> Counts:
        found = _records(world, kind, lambda it: it.values.get("space", "root") in keys)
        return _flagged(found, flags)

    return counted


def _by_bond(kind: str, **flags: str) -> Callable[[World, set[str]], Counts]:
    """Count records that belong to a bond."""

    def counted(world: World, keys: set[str]) -> Counts:
        bonds = {bond.id for bond in _bonds(world, keys)}
        return _flagged(_records(world, kind, lambda it: it.parents.get("bond") in bonds), flags)

    return counted


def _flagged(found: list[dict[str, Any]], flags: dict[str, str]) -> Counts:
    return {
        "count": len(found),
        **{name: sum(it.get(flag, True) for it in found) for name, flag in flags.items()},
    }


def _nodes(world: World, nodes: Iterable[int]) -> Counts:
    listed = list(nodes)
    since = {
        node: moment(world.offline_nodes[node]) for node in listed if node in world.offline_nodes
    }
    gone = sum(world.now - away > _RECENT for away in since.values())
    return {"count": len(listed), "recent": len(listed) - gone}


def _legs(world: World, keys: set[str]) -> Counts:
    legs = [leg for bond in _bonds(world, keys) for leg in world.legs_of(bond)]
    modes = {mode: sum(leg.link_mode == mode for leg in legs) for mode in _MODES}
    mobile = sum(leg.type == "mobile_broadband" for leg in legs)
    return {
        "count": len(legs),
        "interface": len(legs) - mobile,
        "mobilebroadband": mobile,
        "link_mode": modes,
    }


def _speed_tests(world: World, keys: set[str]) -> Counts:
    bonds = {bond.id for bond in _bonds(world, keys)}
    tests = [test for test in world.speedtests.values() if test.bond in bonds]
    of_legs = sum(test.leg is not None for test in tests)
    return {"count": len(tests), "leg": of_legs, "bond": len(tests) - of_legs}


def _aggregators(world: World, keys: set[str]) -> Counts:
    return _nodes(world, (it.id for it in world.aggregators.values() if it.space in keys))


COUNTS: dict[str, Callable[[World, set[str]], Counts]] = {
    "users": _by_space("user", active="active"),
    "bonds": lambda world, keys: {"count": len(_bonds(world, keys))},
    "qos_profiles": _by_space("qos_profile"),
    "speed_tests": _speed_tests,
    "aggregators": _aggregators,
    "connected_ips": _by_bond("connected_ip", enabled="enabled"),
    "routes": _by_bond("route"),
    "cpe_nat_ips": _by_bond("cpe_nat_ip"),
    "legs": _legs,
    "bonders": lambda world, keys: _nodes(world, (bond.bonder for bond in _bonds(world, keys))),
}
