"""A world whose time stands still, and the same behind a real socket."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from bridge.simulator.api.runner import Running, running
from bridge.simulator.world.world import World
from bridge.simulator.world_builder import make_world

TLS = (
    ssl.create_default_context()
)  # unused, but every client would make its own, which takes longer than most tests
EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    """Build the usual world: six bonds of two legs, three aggregators."""
    return make_world(seed=1, epoch=EPOCH)


@pytest.fixture
def sim(world: World) -> Iterator[Running]:
    """Serve that world; only `advance` moves its time."""
    with running(world, speed=0) as served:
        yield served


@pytest.fixture
def api(sim: Running) -> Iterator[httpx.Client]:
    """Speak to the vendor's API, and to the controls beside it, as the demo user."""
    with httpx.Client(
        base_url=sim.url, auth=("demo@example.com", "demo"), timeout=60, verify=TLS
    ) as client:
        yield client
