"""Configuration updates: each change is sent to the nodes it concerns, in order per node, again and
again until it arrives.

Source: the vendor's page on configuration updates and its URI table. Kept are counts, and per node
that still has something to get `[status of the first, how many wait, with the first]`; the names of
the statuses are our guess.
"""

from collections.abc import Iterable
from typing import Any

from bridge.simulator.world.entities import Bond
from bridge.simulator.world.vendor_timestamps import stamp
from bridge.simulator.world.world import Arguments, World

SEND_SECONDS = 3
ARRIVE_SECONDS = 2
RETRY_SECONDS = 30


def nodes_of(bond: Bond) -> list[int]:
    """List the nodes that a change of this bond concerns: its bonder, and the aggregator it is
    on.
    """
    return [bond.bonder, bond.current]


def queue(world: World, nodes: Iterable[int]) -> None:
    """Take in one change that concerns these nodes; each gets one record, behind those it still
    waits for.
    """
    for node in dict.fromkeys(nodes):
        waiting = world.config_updates["queues"].setdefault(str(node), ["pending", 0])
        waiting[1] += 1
        if waiting[1] == 1:
            world.after(SEND_SECONDS, "update.send", node=node)
    world.version += 1


def send(world: World, arguments: Arguments) -> None:
    """Happening: the first record of a node is sent; to one that is away it fails, and is sent
    again later.
    """
    _try(world, arguments["node"], "sent", ARRIVE_SECONDS, "update.arrive")


def arrive(world: World, arguments: Arguments) -> None:
    """Happening: the node has it, unless it has gone away meanwhile; then it is the next one's
    turn.
    """
    node = arguments["node"]
    if not _try(world, node, "pending", SEND_SECONDS, "update.send"):
        return
    updates = world.config_updates
    updates["complete"] += 1
    updates["queues"][str(node)][1] -= 1
    if not updates["queues"][str(node)][1]:
        del updates["queues"][str(node)]


def _try(world: World, node: int, status: str, seconds: float, then: str) -> bool:
    """Give the node's first record a status and put on the agenda what comes `then`; False where
    the node is away.
    """
    waiting = world.config_updates["queues"].get(str(node))
    if waiting is None:
        return False
    away = node in world.offline_nodes
    if away:
        waiting[0] = "failed"
    else:
        waiting[0] = status
    world.config_updates["failures"] += away
    world.after(RETRY_SECONDS if away else seconds, "update.send" if away else then, node=node)
    return not away


def summary(world: World) -> dict[str, Any]:
    """Give `{"count", "failures", "status": {"pending", "sent", "complete", "failed"}}`; failures
    summed over all records.
    """
    updates = world.config_updates
    status = {"pending": 0, "sent": 0, "complete": updates["complete"], "failed": 0}
    for first, waiting in updates["queues"].values():
        status[first] += 1
        status["pending"] += waiting - 1
    return {"count": sum(status.values()), "failures": updates["failures"], "status": status}


def put_away(world: World, node: int, *, away: bool) -> bool:
    """Let a node lose touch with the server, or come back; False when it is so already."""
    if away == (node in world.offline_nodes):
        return False
    if away:
        world.offline_nodes[node] = stamp(world.now)
    else:
        del world.offline_nodes[node]
    world.tell("node", node, "away", not away, away)
    return True
