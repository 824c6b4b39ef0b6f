"""A broker that hangs, behind a network that swallows everything or stopped, below the whole
stack.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from bridge.wiring import machine_time
from tests.bonding.test_budget import _broker_binary  # type: ignore[attr-defined]
from tests.processes import Process
from tests.proxy import proxying
from tests.test_whole_stack import Stack, free_ports, started


@contextmanager
def broker(folder: Path) -> Iterator[tuple[Process, int]]:
    """A server of the Redis protocol on a port of its own."""
    (port,) = free_ports(1)
    process = Process([_broker_binary(), "--port", str(port), "--save", "", "--dir", folder])
    try:
        process.until(
            lambda: any("eady to accept connections" in line for line in process.lines),
            "the broker is up",
        )
        yield process, port
    finally:
        process.end()


def polled_after(stack: Stack, moment: datetime) -> bool:
    """Whether the legs were polled since then, by the machine's clock that the demo's world runs
    with.
    """
    legs = next((each for each in stack.api("health")["scopes"] if each["name"] == "legs"), None)
    return bool(legs and legs["polled_at"] and datetime.fromisoformat(legs["polled_at"]) > moment)


@pytest.mark.takes(90)
@pytest.mark.timeout(1800)
def test_a_broker_that_hangs_stops_no_answer_and_the_bridge_goes_on_by_itself(
    tmp_path: Path,
) -> None:
    """Frozen connections are given up within a minute; while it is stopped webhooks and health
    checks are answered.
    """
    with broker(tmp_path) as (server, port), proxying(port) as proxy:
        more = {
            "BONDBRIDGE_BROKER": f"redis://127.0.0.1:{proxy.port}/0",
            "BONDBRIDGE_DEMO_SPEED": "1",
        }
        with started(tmp_path, free_ports(3), **more) as stack:
            url = f"http://127.0.0.1:{stack.ports[0]}"
            stack.until(lambda: stack.events("scope.baseline"), "it polls")
            frozen = datetime.fromisoformat(stack.api("health")["now"])
            proxy.freeze()
            stack.until(
                lambda: polled_after(stack, frozen), "it polls again over connections of its own"
            )

            os.kill(server.pid, signal.SIGSTOP)
            try:
                for _ in range(20):
                    assert httpx.get(f"{url}/healthz", timeout=10).text == "ok\n"
                    assert (
                        httpx.post(f"{url}/webhooks/nobody", content=b"{}", timeout=10).status_code
                        == 404
                    )
                stopped = datetime.fromisoformat(stack.api("health")["now"])
            finally:
                os.kill(server.pid, signal.SIGCONT)
            stack.until(lambda: polled_after(stack, stopped), "it goes on")
            assert machine_time() > stopped
        assert sum("Traceback" in line for line in stack.lines) == 0, stack.lines[-40:]
        assert sum("Connection" in line or "broker" in line for line in stack.lines) < 40, (
            stack.lines[-80:]
        )
