"""How the server watches its aggregators and moves bonds away from a failed one.

Source: the vendor's pages on aggregator failover (every 30 s; failed at the third miss in a row; a
bond without a secondary stays; nothing returns by itself; maintenance mode and suspension in the
settings) and the note on `restore_to_primary_agg` in its URI table.
"""

from bridge.simulator.world.entities import Aggregator, Bond
from bridge.simulator.world.server_settings import setting
from bridge.simulator.world.world import Arguments, World

CHECK_EVERY = 30
MISSES = 3
MOVE_SECONDS = 20
RESTORE_SECONDS = 10


class Refused(Exception):
    """The server says no, and why: 400 with this text as `detail`."""


def first_checks(world: World) -> None:
    """Begin to watch; the aggregators are asked one second after the other, not all in the same
    moment.
    """
    for aggregator in world.aggregators.values():
        world.after(
            CHECK_EVERY - 5 + aggregator.id % 5, "aggregator.check", aggregator=aggregator.id
        )


def check(world: World, arguments: Arguments) -> None:
    """Happening: one check of one aggregator, and the next is put on the agenda."""
    aggregator = world.aggregators.get(arguments["aggregator"])
    if aggregator is None:
        return
    world.after(CHECK_EVERY, "aggregator.check", aggregator=aggregator.id)
    if not aggregator.values.get("failover_monitoring", True):
        return
    world.failover_checks["failure" if aggregator.broken else "success"] += 1
    if not aggregator.broken:
        aggregator.misses = 0
        world.put(aggregator, "status", "up")
        return
    aggregator.misses += 1
    if aggregator.misses >= MISSES:
        just_failed = world.put(aggregator, "status", "down")
        for bond in () if _held(world) else world.bonds_on(aggregator):
            # Later misses still help a bond off its primary (it may have been given a secondary, or
            # that one is back), but never take it back there: returning is for a person to ask.
            if just_failed or bond.current == bond.primary:
                _flee(world, bond)


def _held(world: World) -> bool:
    """Say whether no bond may be moved now: in maintenance, or while so many look failed that it
    must be the server.
    """
    if setting(world, "aggregator_failover_maintenance_mode"):
        return True
    failed = sum(aggregator.misses >= MISSES for aggregator in world.aggregators.values())
    share = 100 * failed / len(world.aggregators)
    return bool(setting(world, "aggregator_failover_suspension")) and share > setting(
        world, "aggregator_failover_suspension_percentage"
    )


def _flee(world: World, bond: Bond) -> None:
    if bond.current == bond.primary:
        other = bond.secondary
    else:
        other = bond.primary
    if other is not None and world.aggregators[other].status != "down":
        move(world, bond, other, MOVE_SECONDS)


def move(world: World, bond: Bond, aggregator: int, seconds: float) -> bool:
    """Move a bond, its legs down for some seconds; False when it is there already."""
    moved = world.put(bond, "current", aggregator, what="current_aggregator")
    if moved:
        world.interrupt(bond, seconds)
    return moved


def restore(world: World, bond: Bond) -> bool:
    """Move a bond back to its primary. False: it is there already. Refused while the primary is
    failed.
    """
    primary = world.aggregators[bond.primary]
    if primary.status == "down":
        raise Refused(f"The primary aggregator {primary.name} is still failed.")
    return move(world, bond, primary.id, RESTORE_SECONDS)


def put_broken(world: World, aggregator: Aggregator, *, broken: bool) -> bool:
    """Break an aggregator or make it work. The legs that run through it show it at once, the server
    only later.
    """
    changed = world.put(aggregator, "broken", broken)
    for bond in world.bonds_on(aggregator):
        world.settle(world.legs_of(bond))
    return changed


def breaks(world: World, arguments: Arguments) -> None:
    """Happening: the aggregator that `chosen` picks breaks, or works again, as `broken` says."""
    aggregator = chosen(world)
    if aggregator is not None:
        put_broken(world, aggregator, broken=arguments["broken"])


def chosen(world: World) -> Aggregator | None:
    """Pick the aggregator that stories break: some bond's primary, but neither bond 1's nor bond
    2's.

    Those two are left to the other parts of a story. None in a world too small to have such an
    aggregator. Only the configuration decides, so that the one that is mended is the one that was
    broken.
    """
    spared = {bond.primary for bond in world.bonds.values() if bond.id in {1, 2}}
    primaries = [bond.primary for bond in world.bonds.values() if bond.primary not in spared]
    if primaries:
        return world.aggregators[primaries[0]]
    return None
