"""Where the tests take place: a simulator on a socket, and who asks it."""

import copy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from bridge.simulator.api.runner import Running, running
from bridge.simulator.schema.rest_framework import USUAL, ServerOptions
from bridge.simulator.world_builder import make_world

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
USER = ("demo@example.com", "demo")
TLS = (
    ssl.create_default_context()
)  # unused, but every client would make its own, which takes longer than most tests


@contextmanager
def speaking(ways: ServerOptions = USUAL) -> Iterator[tuple[Running, httpx.Client]]:
    """The usual world behind a socket, whose time only `advance` moves, and an administrator of
    it.
    """
    with (
        running(make_world(seed=1, epoch=EPOCH), speed=0, ways=ways) as sim,
        httpx.Client(base_url=sim.url, auth=USER, timeout=60, verify=TLS) as api,
    ):
        yield sim, api


class Again:
    """Puts a world back to where it stood: cheaper than another simulator for each test of a
    module.
    """

    def __init__(self, sim: Running) -> None:
        self._sim = sim
        self._kept = copy.deepcopy(vars(sim.world))

    def begin(self) -> None:
        """As it stood; only its clock goes on."""
        with self._sim.live.now() as world:
            vars(world).update(copy.deepcopy(self._kept))
        with self._sim.live.now():
            pass  # what is due by now has happened
