"""One worker's work in a process of its own, killed at the nth boundary: `python -m
tests.durability.runner SETTINGS SIM N`.

A boundary is the begin or the commit of a transaction, the moment before a request leaves or after
its answer came. N = 0 never kills. Prints how many boundaries it passed.
"""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

import httpx
from sqlalchemy import event

from bridge import config, wiring


class Boundaries:
    """Counts, and kills this process at the one asked for."""

    def __init__(self, kill_at: int) -> None:
        self.passed = 0
        self._kill_at = kill_at

    def __call__(self, *_: object) -> None:  # noqa: D102  said above
        self.passed += 1
        if self.passed == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def main(settings: str, simulator: str, kill_at: str) -> None:
    """Poll what is due, then decide and deliver until nothing is due."""
    clock = httpx.Client()  # one, since each reads all certificates there are

    def now() -> datetime:
        return datetime.fromisoformat(clock.get(f"{simulator}/_sim/clock").json()["now"])

    bridge = wiring.build(config.load(Path(settings)), now=now)
    boundary = Boundaries(int(kill_at))
    for name in ("begin", "commit"):
        event.listen(bridge.database.engine, name, boundary)
    for client in bridge.clients.values():
        # to be killed there
        client._http.event_hooks = {"request": [boundary], "response": [boundary]}  # noqa: SLF001
    for server, scope in bridge.observer.due():
        bridge.observer.poll(server, scope)
    for _ in range(10):
        for server in bridge.decider.waiting():
            bridge.decider.run(server)
        for job in bridge.deliverer.due():
            bridge.deliverer.run(job)
    print(boundary.passed)  # noqa: T201  the test reads it


if __name__ == "__main__":
    main(*sys.argv[1:])
