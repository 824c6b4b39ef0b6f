"""Which nodes have a change of their configuration to come."""

from collections.abc import Iterable

from bridge.simulator.world import World


def queue(world: World, nodes: Iterable[int]) -> None:
    """Note that the configuration of these nodes has changed."""
    world.version += len(set(nodes))
