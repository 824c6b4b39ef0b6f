"""The usual world, for tests that change it."""

from collections.abc import Iterator

import httpx
import pytest

from bridge.simulator.api.runner import Running
from tests.api.simulator_server import speaking


@pytest.fixture
def place() -> Iterator[tuple[Running, httpx.Client]]:
    """A simulator of its own, and an administrator of it."""
    with speaking() as ready:
        yield ready


@pytest.fixture
def sim(place: tuple[Running, httpx.Client]) -> Running:
    """The simulator."""
    return place[0]


@pytest.fixture
def api(place: tuple[Running, httpx.Client]) -> httpx.Client:
    """The administrator."""
    return place[1]
