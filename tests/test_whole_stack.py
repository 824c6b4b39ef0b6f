"""The whole stack as a user starts it: supervisor, broker, worker, beat, web, simulator and inbox,
all real processes.
"""

import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes import Process

# slow enough that a starved machine meets the deadlines of the world: at 40 the two minutes of a
# webhook were three seconds
_SPEED = "8"


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass
class Stack:
    """A running `bondbridge up` and what a user can see of it."""

    process: Process
    folder: Path
    ports: list[int]
    mark: str
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def until(self, holds: Callable[[], object], what: str) -> Any:
        """Wait for something to be true; its value."""
        return self.process.until(holds, what, every=0.7)

    @property
    def lines(self) -> list[str]:
        """What it said so far."""
        return self.process.lines

    def sign_in(self) -> None:
        """Open the one-time link of the `ready` line."""
        link = self.until(
            lambda: next(
                (m[1] for m in (re.search(r"(http\S+token=\S+)", x) for x in self.lines) if m), None
            ),
            "ready",
        )
        address, _, token = link.partition("?token=")
        answer = httpx.post(address, data={"link": token, "name": "ana"})
        assert answer.status_code == 303
        self.cookies = answer.cookies

    def api(self, path: str, **params: str) -> Any:
        """The JSON API, signed in."""
        url = f"http://127.0.0.1:{self.ports[0]}/api/v1/{path}"
        return (
            httpx.get(url, params=params, cookies=self.cookies, timeout=120)
            .raise_for_status()
            .json()
        )

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Events of one type."""
        return list(self.api("events", type=kind, limit="200")["items"])

    def story(self, kind: str, rule: str) -> dict[str, Any] | None:
        """The decision of a rule about the first event of a type that it met."""
        for event in reversed(self.events(kind)):
            for decision in self.api(f"events/{event['id']}")["decisions"]:
                if decision["rule"] == rule:
                    return dict(decision)
        return None

    def ledger(self, operation: str) -> list[dict[str, Any]]:
        """What the simulator was asked to do."""
        entries = httpx.get(f"http://127.0.0.1:{self.ports[1]}/_sim/ledger").json()
        return [each for each in entries if each["operation"] == operation]

    def told(self) -> list[str]:
        """Titles that arrived in the inbox."""
        messages = httpx.get(f"http://127.0.0.1:{self.ports[2]}/messages").json()
        return [message["body"]["title"] for message in messages]

    def left_behind(self) -> list[str]:
        """Processes that carry this run's mark."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:  # it ended meanwhile, or is not ours
                continue
        return found


@contextmanager
def started(folder: Path, ports: list[int], **more: str) -> Iterator[Stack]:
    """`bondbridge demo`. `more` goes into its environment."""
    mark = f"stack-{os.getpid()}-{time.monotonic_ns()}"
    names = ("BONDBRIDGE_DEMO_PORT", "BONDBRIDGE_DEMO_SIMULATOR_PORT", "BONDBRIDGE_DEMO_INBOX_PORT")
    env = {
        **os.environ,
        **dict(zip(names, map(str, ports), strict=True)),
        "BONDBRIDGE_DEMO_SPEED": _SPEED,
        "STACK_MARK": mark,
    }
    env |= more
    env.pop("BONDBRIDGE_CONFIG", None)
    process = Process([sys.executable, "-m", "bridge.cli", "demo"], cwd=folder, env=env)
    stack = Stack(process, folder, ports, mark)
    try:
        stack.sign_in()
        yield stack
    finally:
        process.end(seconds=60)


def _jobs(stack: Stack, kind: str, rule: str) -> list[dict[str, Any]]:
    decision = stack.story(kind, rule)
    return list(decision["jobs"]) if decision else []


@pytest.mark.takes(200)
@pytest.mark.timeout(1800)
def test_the_demo_shows_its_six_scenes_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Polls, events, rules, calls, notices, a webhook and a cooldown, seen through API, ledger and
    inbox; then a second run.
    """
    ports = free_ports(3)
    with started(tmp_path, ports) as stack:
        stack.until(
            lambda: stack.events("leg.down") and stack.events("leg.up"), "1: a leg down and up"
        )
        stack.until(
            lambda: any("cable of vancouver-hq is down" in title for title in stack.told()),
            "1: the notice",
        )

        stack.until(
            lambda: (
                [each["state"] for each in _jobs(stack, "webhook.demo", "restart-on-request")][:1]
                == ["succeeded"]
            ),
            "5",
        )
        skipped = stack.until(
            lambda: [
                d
                for d in stack.api("decisions", ruling="skip")["items"]
                if d["reason"] == "cooldown"
            ],
            "6: a cooldown",
        )
        assert "at most one in" in skipped[0]["detail"]
        page = (
            httpx.get(f"http://127.0.0.1:{ports[0]}/", cookies=stack.cookies)
            .raise_for_status()
            .text
        )
        assert "restart-on-request" in page

        stack.until(
            lambda: any("was accepted" in title for title in stack.told()), "2: tuning accepted"
        )
        assert [each["effective"] for each in stack.ledger("bond_tuning.accept")] == [True]

        stack.until(lambda: len(stack.events("bond.restored")) == 2, "3: bonds are home")
        restores = stack.ledger("bond.restore_to_primary_agg")
        # refused while the aggregator is broken, unless a slow machine asks for the first time when
        # it is well again
        (well, *_) = [
            datetime.fromisoformat(each["time"]) for each in stack.events("aggregator.recovered")
        ]
        late = datetime.fromisoformat(restores[0]["at"]) > well - timedelta(minutes=1)
        assert restores[0]["status"] == 400 or late
        assert sorted(each["arguments"]["bond"] for each in restores if each["effective"]) == [3, 6]

        stack.until(
            lambda: stack.events("backup.pending") and stack.events("backup.overdue"),
            "4: a backup is late",
        )
        stack.until(
            lambda: any(title.endswith("is overdue") for title in stack.told()), "4: the notice"
        )

        before = [event["id"] for event in stack.api("events", limit="200")["items"]]
        asked = len(stack.ledger("bond_tuning.accept"))
    assert stack.process.popen.returncode == 0
    assert stack.left_behind() == []

    with started(tmp_path, ports) as again:
        after = [event["id"] for event in again.api("events", limit="200")["items"]]
        assert set(before) <= set(after)
        assert len(again.ledger("bond_tuning.accept")) >= asked
        again.until(lambda: any("goes on" in line for line in again.lines), "the story goes on")
    assert again.left_behind() == []
