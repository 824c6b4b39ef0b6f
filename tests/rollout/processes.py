"""`bondbridge up` as an operator runs it, against a fleet of the simulator's, and how all of it is
killed at once.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from bridge.simulator.api.runner import Running
from tests.processes import Process
from tests.test_whole_stack import free_ports

_SETTINGS = """
state_dir: {state}
rules: {rules}
web: {{port: {port}}}
servers:
  - name: demo
    url: "{url}"
    user: demo@example.com
    password: {{env: FLEET_PASSWORD}}
    requests_per_second: null
    poll:
      {{legs: 2m, placements: 30s, aggregators: 30s, bonds: 10m, tunings: 10m,
          tunings_running: 10m, backups: 10m, off: {off}}}
channels: {{noc: {{urls: [{{env: FLEET_CHANNEL}}]{telling}}}}}
clock: {{machine: "{machine}", domain: "{domain}", speed: {speed}}}
"""


class Processes:
    """Every process of one bridge; `killed` says how often all of them were."""

    def __init__(
        self,
        sim: Running,
        folder: Path,
        *,
        rules: str,
        channel: str,
        off: str,
        speed: float,
        telling: str = "",
    ) -> None:
        self.sim = sim
        self.folder = folder
        self.lines = list[str]()
        self.killed = 0
        (folder / "rules").mkdir()
        (folder / "rules" / "rules.yaml").write_text(rules, encoding="utf-8")
        shown = httpx.get(f"{sim.url}/_sim/clock").json()["now"]
        machine = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        values = {
            "state": folder / "state",
            "rules": folder / "rules",
            "port": free_ports(1)[0],
            "url": sim.url,
            "off": off,
        }
        values["telling"] = telling
        text = _SETTINGS.format(**values, machine=machine, domain=shown, speed=speed)
        (folder / "bondbridge.yaml").write_text(text, encoding="utf-8")
        self.env = {**os.environ, "FLEET_PASSWORD": "demo", "FLEET_CHANNEL": channel}
        self.up()

    def up(self) -> None:
        """Start them all, and wait until they are at work."""
        argv = [
            sys.executable,
            "-m",
            "bridge.cli",
            "up",
            "--config",
            str(self.folder / "bondbridge.yaml"),
            "--workers",
            "2",
        ]
        self.process = Process(argv, env=self.env, lines=self.lines)
        self.process.line("ready")

    def kill(self) -> None:
        """SIGKILL to every process, supervisor, worker, beat, web and Redis alike; then what they
        held lapses; start anew.
        """
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                mine = (
                    str(self.folder).encode()
                    in (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                )
            except OSError:
                continue
            if mine and int(entry.name) != os.getpid():
                os.kill(int(entry.name), signal.SIGKILL)
        self.process.ended(30)
        self.killed += 1
        with closing(self._connected()) as connection, connection:
            for table in ("jobs", "servers", "scopes", "outlets"):
                # fixed names
                connection.execute(f"UPDATE {table} SET lease_until = lease_until - 1000")  # noqa: S608
        self.up()

    def stop(self) -> None:
        """End them as Ctrl-C does."""
        self.process.end()

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait for something to be true."""
        self.process.until(holds, what, every=0.3)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the bridge's database."""
        with closing(self._connected()) as connection:
            return connection.execute(query).fetchall()

    def cli(self, *words: str) -> Any:
        """What a command says, as JSON where it is."""
        argv = [
            sys.executable,
            "-m",
            "bridge.cli",
            *words,
            "--config",
            str(self.folder / "bondbridge.yaml"),
        ]
        done = subprocess.run(  # noqa: S603
            argv, env=self.env, capture_output=True, text=True, check=True, timeout=300
        )
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout

    def restores(self) -> list[dict[str, Any]]:
        """What the world was asked to restore."""
        entries = httpx.get(f"{self.sim.url}/_sim/ledger", timeout=60).json()
        return [each for each in entries if each["operation"] == "bond.restore_to_primary_agg"]

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "state" / "bondbridge.sqlite3", timeout=60)
