"""The real worker under the real supervisor, killed with SIGKILL at random moments, twenty times in
each scene.
"""

import json
import os
import random
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.simulator.api.runner import Running, running
from bridge.simulator.world_builder import make_world
from tests.pipeline.harness import RULES
from tests.processes import Process
from tests.test_whole_stack import free_ports

_KILLS = int(os.environ.get("SOAK_KILLS", "20"))
_SPEED = 40
_SETTINGS = """
state_dir: {state}
rules: {rules}
web: {{port: {port}}}
servers:
  - name: demo
    url: "{url}"
    user: demo@example.com
    password: {{env: SOAK_PASSWORD}}
    requests_per_second: null
    poll: {{legs: 2m, placements: 40s, aggregators: 2m, bonds: 10m, tunings: 40s,
        tunings_running: 40s, backups: 10m}}
webhooks: {{demo: {{server: demo, secret: {{env: SOAK_HOOK}}}}}}
clock: {{machine: "{machine}", domain: "{domain}", speed: {speed}}}
"""


class Stack:
    """`bondbridge up` against a simulator of our own, and what to do to it."""

    def __init__(self, sim: Running, folder: Path, port: int) -> None:
        self.sim = sim
        self.folder = folder
        self.port = port
        self.process: Process
        self.api = httpx.Client(
            base_url=f"{sim.url}/api/v4", auth=("demo@example.com", "demo"), timeout=20
        )
        self._chance = random.Random(20)  # noqa: S311  moments, not secrets

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait for something to be true."""
        self.process.until(holds, what)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the bridge's database."""
        with closing(
            sqlite3.connect(self.folder / "state" / "bondbridge.sqlite3", timeout=20)
        ) as connection:
            return connection.execute(query).fetchall()

    def effective(self, operation: str) -> int:
        """How often the world did it."""
        entries = httpx.get(f"{self.sim.url}/_sim/ledger").json()
        return sum(each["effective"] for each in entries if each["operation"] == operation)

    def kill_worker(self) -> None:
        """SIGKILL to the worker and its pool, after a moment of chance; then its leases lapse."""
        time.sleep(self._chance.uniform(0.0, 1.6))
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                line = (entry / "cmdline").read_bytes()
                mine = str(self.folder).encode() in (entry / "environ").read_bytes()
            except OSError:
                continue
            if mine and b"bridge.worker\0worker" in line:
                with_children = os.getpgid(int(entry.name))
                os.killpg(with_children, signal.SIGKILL)
                break
        with (
            closing(
                sqlite3.connect(self.folder / "state" / "bondbridge.sqlite3", timeout=20)
            ) as connection,
            connection,
        ):
            for table in ("jobs", "servers", "scopes"):
                # fixed names
                connection.execute(f"UPDATE {table} SET lease_until = lease_until - 1000")  # noqa: S608


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A bridge that runs for the whole module."""
    folder = tmp_path_factory.mktemp("kills")
    (folder / "rules").mkdir()
    rules = re.sub(r"  guard: .*\n", "", RULES).replace("every: 3m", "every: 2m")
    # at this speed the two minutes of a webhook are three seconds, and a killed worker takes longer
    # to come back
    rules += "      retry: {on: [unreachable], every: 30s, until: 6h}\n"
    (folder / "rules" / "rules.yaml").write_text(rules, encoding="utf-8")
    port = free_ports(1)[0]
    with running(make_world(seed=1), speed=_SPEED) as sim, _up(sim, folder, port) as ready:
        ready.sim.set_faults(latency=0.15)
        yield ready


@contextmanager
def _up(sim: Running, folder: Path, port: int) -> Iterator[Stack]:
    stack = Stack(sim, folder, port)
    shown = httpx.get(f"{sim.url}/_sim/clock").json()["now"]
    machine = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    values = {
        "state": folder / "state",
        "rules": folder / "rules",
        "port": port,
        "url": sim.url,
        "speed": _SPEED,
    }
    settings = folder / "bondbridge.yaml"
    settings.write_text(_SETTINGS.format(**values, machine=machine, domain=shown), encoding="utf-8")
    env = {**os.environ, "SOAK_PASSWORD": "demo", "SOAK_HOOK": "hook"}
    argv = [sys.executable, "-m", "bridge.cli", "up", "--config", str(settings), "--workers", "2"]
    stack.process = Process(argv, env=env)
    try:
        stack.process.line("ready")
        stack.until(
            lambda: stack.rows("SELECT count(*) FROM scopes WHERE version > 0")[0][0] >= 11,
            "baseline",
        )
        yield stack
    finally:
        stack.process.end()
        stack.api.close()


def _told(stack: Stack, event: str) -> int:
    # our own words
    return len(stack.rows(f"SELECT 1 FROM events WHERE type = '{event}'"))  # noqa: S608


def _settled(stack: Stack) -> bool:
    return not stack.rows(
        "SELECT 1 FROM jobs WHERE state IN ('due', 'waiting')"
    ) and not stack.rows("SELECT 1 FROM events WHERE NOT decided")


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_accept_is_effective_once_however_the_worker_dies(stack: Stack) -> None:
    """Each tuning's recommendations are accepted exactly once."""
    for n in range(_KILLS):
        bond = n % 6 + 1
        stack.api.post(f"/bonds/{bond}/tuners/").raise_for_status()
        tuning = stack.api.get(f"/bonds/{bond}/tuners/").json()[-1]
        path = f"/bonds/{bond}/tuners/{tuning['id']}/"
        stack.until(lambda path=path: stack.api.get(path).json()["finished"], "the tuning finished")  # type: ignore[misc]
        stack.kill_worker()
        stack.until(lambda path=path: stack.api.get(path).json()["accepted"], "it is accepted")  # type: ignore[misc]
        stack.until(lambda: _settled(stack), "the jobs are done")
        assert stack.effective("bond_tuning.accept") == n + 1
    assert {row[0] for row in stack.rows("SELECT state FROM jobs WHERE rule = 'accept'")} == {
        "succeeded"
    }
    assert stack.rows("SELECT count(*) FROM decisions WHERE rule = 'accept'") == [(_KILLS,)]


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_restore_is_effective_once_however_the_worker_dies(stack: Stack) -> None:
    """Each bond that failed over is brought home exactly once."""
    with stack.sim.live.now() as world:
        bonds = len([bond for bond in world.bonds.values() if bond.primary == 3])
    for n in range(_KILLS):
        wanted = bonds * (n + 1)
        _break(stack, broken=True)
        # asked and answered in this turn
        stack.until(lambda: _told(stack, "bond.failed_over") == wanted, "over")  # noqa: B023
        _break(stack, broken=False)
        stack.kill_worker()
        # only what a completed poll saw is an event: the next failure waits until this return was
        # seen
        stack.until(lambda: _told(stack, "bond.restored") == wanted and _settled(stack), "home")  # noqa: B023
        assert stack.effective("bond.restore_to_primary_agg") == wanted
    assert {row[0] for row in stack.rows("SELECT state FROM jobs WHERE rule = 'restore'")} == {
        "succeeded"
    }


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_restart_happens_at_most_once_however_the_worker_dies(stack: Stack) -> None:
    """Each request restarts zero or one times; where nobody knows, the job is in doubt."""
    done = 0
    for n in range(_KILLS):
        _webhook(stack, n)
        stack.kill_worker()
        stack.until(lambda: _settled(stack), "settled")
        ((state,),) = stack.rows(
            "SELECT state FROM jobs WHERE rule = 'restart' ORDER BY seq DESC LIMIT 1"
        )
        now = stack.effective("bond.restart")
        assert now - done <= 1
        assert state == "in_doubt" or (state == "succeeded" and now == done + 1)
        done = now
    assert stack.rows("SELECT count(*) FROM jobs WHERE rule = 'restart'") == [(_KILLS,)]


def _break(stack: Stack, *, broken: bool) -> None:
    change = {"kind": "aggregator", "id": 3, "field": "broken", "value": broken}
    httpx.post(f"{stack.sim.url}/_sim/set", json=change).raise_for_status()


def _webhook(stack: Stack, n: int) -> None:
    from bridge.webhooks import generic_hmac  # noqa: PLC0415

    body = json.dumps({"action": "restart", "bond": n % 6 + 1, "nonce": n}).encode()
    stamp = int(time.mktime(time.localtime()))
    url = f"http://127.0.0.1:{stack.port}/webhooks/demo"
    headers = generic_hmac.signed(body, "hook", stamp)
    httpx.post(url, content=body, headers=headers).raise_for_status()
