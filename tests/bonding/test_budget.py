"""The request budget, alone and through a real server of the Redis protocol."""

import subprocess
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest
import redis

from bridge.bonding.rate_limit import Budget
from bridge.cli.run.up import _broker_binary
from bridge.errors import Busy

# one request in a hundred seconds: no machine is so slow that a second one gets through meanwhile
RARE = 0.01


def no_nap(_: float) -> None:
    """Do not wait."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """A server of the Redis protocol on a socket of its own."""
    place = tmp_path / "b.sock"
    argv = [
        _broker_binary(),
        "--port",
        "0",
        "--unixsocket",
        str(place),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None
        said = list(takewhile(lambda line: "eady to accept connections" not in line, server.stdout))
        assert server.poll() is None, said
        yield f"redis+socket://{place}"
        server.terminate()


def test_within_the_budget_nobody_waits() -> None:
    """Tokens that are there are given at once."""
    naps: list[float] = []
    budget = Budget("hq", 5, sleep=naps.append)
    for _ in range(5):
        budget()
    assert naps == []


def test_who_waits_too_long_is_told_so() -> None:
    """Without room it is waited for, within bounds, and then nothing is sent."""
    naps: list[float] = []
    budget = Budget("hq", RARE, sleep=naps.append)
    budget()
    with pytest.raises(Busy, match="no room"):
        budget()
    assert 0 < sum(naps) <= 20.001


def test_processes_share_one_budget_through_the_broker(broker: str) -> None:
    """What one process takes another has not; another server's budget is its own."""
    first, second = (Budget("hq", RARE, broker=broker, sleep=no_nap) for _ in range(2))
    other = Budget("lab", RARE, broker=broker, sleep=no_nap)
    first()
    with pytest.raises(Busy):
        second()
    other()
    url = broker.replace("redis+socket://", "unix://")
    with redis.Redis.from_url(url) as seen:
        assert seen.dbsize() == 2


@pytest.mark.parametrize(
    "broker",
    [
        None,
        "redis+socket:///nowhere/b.sock",
        "redis://127.0.0.1:1/",
        "amqp://x/",
        "sentinel://x:1",
        "no url",
    ],
)
def test_without_a_broker_each_process_keeps_to_its_share(broker: str | None) -> None:
    """A broker that is away or no Redis costs nothing but precision: no error, and each takes its
    part of the rate.
    """
    first, second = (Budget("hq", 2, broker=broker, share=200, sleep=no_nap) for _ in range(2))
    first()
    second()
    with pytest.raises(Busy):
        first()


def test_a_broker_that_comes_back_is_asked_again(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while without it, the shared budget counts again."""
    monkeypatch.setattr("bridge.bonding.rate_limit._WITHOUT", 2)
    budget = Budget("hq", 1_000, broker=broker, share=1)
    shared = budget._shared  # noqa: SLF001
    assert shared is not None
    with monkeypatch.context() as broken:
        broken.setattr(shared, "hit", lambda *_: (_ for _ in ()).throw(redis.ConnectionError()))
        budget()
    url = broker.replace("redis+socket://", "unix://")
    with redis.Redis.from_url(url) as seen:
        assert seen.dbsize() == 0
        budget()
        budget()
        assert seen.dbsize() == 1
