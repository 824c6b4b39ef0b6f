"""World time in lock-step: the bridge and the simulator share a clock that moves only when told
to.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bridge import config, wiring
from bridge.simulator.api.runner import Running, running
from bridge.simulator.world.world import World
from bridge.simulator.world_builder import make_world
from bridge.store.observations import snapshots
from bridge.store.views import journal
from bridge.store.views.journal import Window
from tests.shared_fixtures import migrated

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)

SETTINGS = """
state_dir: {state}
rules: {rules}
servers:
  - name: demo
    url: "{url}"
    user: demo@example.com
    password: {{env: LOCKSTEP_PASSWORD}}
    timeout: 30s
    requests_per_second: null
    poll:
      legs: {every}
      placements: 30s
      bonds: 2m
      aggregators: 30s
      tunings: 30m
      tunings_running: {every}
      histories: 30m
      statistics: 10m
      off: ['bonds/*_ips', 'bonds/*/routes', 'bonds/*_services', 'bonds/*_addressings',
          'nodes/*', 'spaces/*',
        'bonds/*_legs/*/tuners', 'bonds/*/speedtests']
"""


@dataclass
class Days:
    """The world, a bridge, and time between them."""

    sim: Running
    bridge: wiring.Bridge
    folder: Path
    every: float
    since: datetime
    clock: Callable[[datetime], datetime]
    faults: dict[str, float] = field(default_factory=dict)

    def now(self) -> datetime:
        """The one time there is."""
        return self.sim.world.now

    def live(self, seconds: float) -> None:
        """Let world time pass, and the bridge look at all that is due after each step of it."""
        end = self.now() + timedelta(seconds=seconds)
        while self.now() < end:
            self.sim.advance(self.every)
            self.look()

    def look(self) -> None:
        """Poll all that is due, until nothing is; decide what was found."""
        for _ in range(20):
            due = self.bridge.observer.due()
            for server, scope in due:
                self.bridge.observer.poll(server, scope)
            if not due:
                break
        for server in self.bridge.decider.waiting():
            self.bridge.decider.run(server)

    def sweep(self) -> None:
        """Look at everything once more, with nothing going wrong: what no poll has come to yet is
        found now.
        """
        self.fail()
        for pattern in (
            "%tuners",
            "legs",
            "placements",
            "aggregators",
            "backups",
            "%state_history",
        ):
            self.sim.advance(self.every / 5)
            with self.bridge.database.writing() as connection:
                snapshots.forward_like(connection, "demo", pattern, self.clock(self.now()))
            self.look()

    def post(self, what: str, **body: Any) -> None:
        """Meddle with the world."""
        httpx.post(f"{self.sim.url}/_sim/{what}", json=body).raise_for_status()

    def fail(self, **faults: float) -> None:
        """From now on so large a share of the bridge's requests goes wrong."""
        self.faults = faults
        self.sim.set_faults(**faults)

    def call(self, method: str, path: str, **body: Any) -> None:
        """What a person does on the server's own pages, and tries again until it works."""
        self.sim.set_faults()
        auth = ("demo@example.com", "demo")
        httpx.request(
            method, f"{self.sim.url}/api/v4{path}", json=body, auth=auth, timeout=120
        ).raise_for_status()
        self.sim.set_faults(**self.faults)

    def away(self, seconds: float) -> None:
        """Let world time pass with the bridge stopped, and start it again."""
        end = self.now() + timedelta(seconds=seconds)
        while self.now() < end:
            self.sim.advance(self.every)
        self.restart()

    def restart(self) -> None:
        """Stop the bridge and start another on the same database."""
        self.bridge.close()
        self.bridge = _bridge(self.folder, self.sim, self.clock)
        self.bridge.observer.prepare()

    def events(self, like: str | None = None) -> list[dict[str, Any]]:
        """Recorded events, oldest first."""
        found: list[dict[str, Any]] = []
        with self.bridge.database.reading() as connection:
            while rows := journal.list_events(
                connection, Window(200, after=found[-1]["seq"] if found else 0), like
            ).rows:
                found += [dict(row) for row in rows]
        return found


def _same(moment: datetime) -> datetime:
    return moment


def _bridge(folder: Path, sim: Running, clock: Callable[[datetime], datetime]) -> wiring.Bridge:
    bridge = wiring.build(config.load(folder / "bondbridge.yaml"), now=lambda: clock(sim.world.now))
    migrated(bridge.database)
    return bridge


@contextmanager
def days(
    folder: Path,
    *,
    every: float,
    bonds: int = 500,
    shape: Callable[[World], None] = lambda _: None,
    clock: Callable[[datetime], datetime] = _same,
) -> Iterator[Days]:
    """A world of that size, shaped before it is served, whose baseline has been polled, every scope
    of it.

    `clock`: what the bridge's clock shows when the server's shows this.
    """
    os.environ.update(LOCKSTEP_PASSWORD="demo")
    (folder / "rules").mkdir()
    world = make_world(seed=1, epoch=EPOCH, bonds=bonds)
    shape(world)
    with running(world, speed=0) as sim:
        values = {
            "state": folder / "state",
            "rules": folder / "rules",
            "url": sim.url,
            "every": f"{every:g}s",
        }
        (folder / "bondbridge.yaml").write_text(SETTINGS.format(**values), encoding="utf-8")
        stage = Days(sim, _bridge(folder, sim, clock), folder, every, EPOCH, clock)
        try:
            stage.bridge.observer.prepare()
            stage.look()
            stage.since = stage.now()
            yield stage
        finally:
            stage.bridge.close()
