"""A stage for the flow: the simulator on a socket, whose time only moves when told to, and a bridge
beside it.
"""

import os
from collections.abc import Iterator, Sequence
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
from bridge.store.views import journal
from bridge.store.views.journal import Window
from bridge.web import health
from bridge.web.app import create_app
from tests.shared_fixtures import migrated

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)
HOOK_SECRET = "the secret of the webhook"

SETTINGS = """
state_dir: {state}
rules: {rules}
servers:
  - name: demo
    url: "{url}"
    user: demo@example.com
    password: {{env: STAGE_PASSWORD}}
    timeout: 30s
    requests_per_second: null
    force_live: {live}
    poll:
      {{legs: 30s, placements: 30s, aggregators: 30s, bonds: 30s, tunings: 30s,
          tunings_running: 30s, backups: 30s, off: {off}}}
    backups: {backups}
channels: {{noc: {{urls: [{{env: STAGE_CHANNEL}}]{telling}}}}}
webhooks:
  demo: {{server: demo, secret: {{env: STAGE_HOOK}}}}
"""

# what most tests of the flow are not about
QUIET = """[bonders, spaces, users, groups, ssh_keys, qos, isos, versions, statistics,
    repositories, mobile_provider_profiles,
  'dynamic_routing/*', 'nodes*', 'spaces/*', 'bonds/*_ips', 'bonds/*/routes', 'bonds/*_services',
      'bonds/*_addressings',
  'bonds/*_legs/*', 'bonds/*/speedtests', tlsinfo, configupdates, aggfailover, settings,
      downtime_prevented, bondingversion]"""
# what those are not about either whose rules know no tuning: half of what is left
UNTUNED = QUIET.rstrip("]") + ", 'bonds/*/tuners']"

RULES = """
- id: accept
  when: bond_tuning.recommended
  do:
    - call: bond_tuning.accept
      with: {bond: "${bond.id}", tuning: "${tuning.id}"}
- id: restore
  when: bond.failed_over
  guard: {cooldown: {every: 30m, per: bond}}
  do:
    - call: bond.restore_to_primary_agg
      with: {bond: "${bond.id}"}
      retry: {on: [refused], every: 3m, until: 6h}
- id: restart
  when: webhook.demo
  guard: {cooldown: {every: 10m, per: event.data.body.bond}}
  do:
    - call: bond.restart
      with: {bond: "${event.data.body.bond}"}
"""


@dataclass
class Stage:
    """The simulator, a bridge, and what tests do with them."""

    sim: Running
    bridge: wiring.Bridge
    folder: Path
    stamps: dict[bytes, int] = field(default_factory=dict)

    def now(self) -> datetime:
        """The world's time, which is the bridge's too."""
        return self.sim.world.now

    def round(self) -> None:
        """Poll what is due, decide what happened, do what is owed."""
        for server, scope in self.bridge.observer.due():
            self.bridge.observer.poll(server, scope)
        self.work()

    def work(self) -> None:
        """Decide and deliver until nothing is due."""
        for _ in range(20):
            for server in self.bridge.decider.waiting():
                self.bridge.decider.run(server)
            due = self.bridge.deliverer.due()
            for job in due:
                self.bridge.deliverer.run(job)
            if not due and not self.bridge.decider.waiting():
                return

    def live(self, seconds: float, step: float = 30.0) -> None:
        """Let world time pass, a round every `step` seconds of it."""
        end = self.now() + timedelta(seconds=seconds)
        while self.now() < end:
            self.sim.advance(step)
            self.round()

    def set(self, kind: str, identifier: int, field: str, value: object) -> None:
        """Change one field of one object of the world, now."""
        change = {"kind": kind, "id": identifier, "field": field, "value": value}
        httpx.post(f"{self.sim.url}/_sim/set", json=change).raise_for_status()

    def tell(self, story: str) -> None:
        """Begin a story of the simulator's."""
        httpx.post(f"{self.sim.url}/_sim/story", json={"name": story}).raise_for_status()

    def read(self, path: str) -> Any:
        """What the server itself says, as `GET` gives it."""
        return httpx.get(f"{self.sim.url}/api/v4{path}", auth=("demo@example.com", "demo")).json()

    def ledger(self, operation: str | None = None) -> list[dict[str, Any]]:
        """What the world was asked to do."""
        entries = httpx.get(f"{self.sim.url}/_sim/ledger").json()
        return [each for each in entries if operation in (None, each["operation"])]

    def effective(self, operation: str) -> int:
        """How often the world did it."""
        return sum(each["effective"] for each in self.ledger(operation))

    def events(self, like: str | None = None) -> list[dict[str, Any]]:
        """Recorded events, oldest first."""
        with self.bridge.database.reading() as connection:
            return [
                dict(row)
                for row in journal.list_events(connection, Window(200, after=0), like).rows
            ]

    def types(self) -> list[str]:
        """Their types, without the baselines."""
        return [event["type"] for event in self.events() if event["type"] != "scope.baseline"]

    def jobs(self) -> list[dict[str, Any]]:
        """Every job, oldest first."""
        with self.bridge.database.reading() as connection:
            return [dict(row) for row in journal.list_jobs(connection, Window(200, after=0)).rows]

    def decisions(self) -> list[dict[str, Any]]:
        """Every decision, oldest first."""
        with self.bridge.database.reading() as connection:
            return [
                dict(row) for row in journal.list_decisions(connection, Window(200, after=0)).rows
            ]

    def story(self, event: str) -> dict[str, Any]:
        """One event's story."""
        with self.bridge.database.reading() as connection:
            told = journal.story(connection, event)
        assert told is not None
        return dict(told)

    def health(self) -> dict[str, Any]:
        """What the web says of how everything stands."""
        with create_app(self.bridge, lambda *_: None).app_context():
            return dict(health.report(self.bridge))

    def webhook(self, bond: int, nonce: str = "a") -> str:
        """A webhook that asks for a restart, as if it had come in; its event's id."""
        from bridge.webhooks import generic_hmac  # noqa: PLC0415

        body = b'{"action": "restart", "bond": %d, "nonce": "%s"}' % (bond, nonce.encode())
        # the same again is signed as it was, though it is another second by now
        stamp = self.stamps.setdefault(body, int(self.bridge.machine().timestamp()))
        receiver = self.bridge.receiver
        reading = receiver.read("demo", generic_hmac.signed(body, HOOK_SECRET, stamp), body)
        return receiver.take("demo", reading).taken[0].event.id


@contextmanager
def staged(
    folder: Path,
    *,
    rules: str = RULES,
    live: bool = True,
    channel: str = "json://127.0.0.1:9/",
    backups: str = "{every: 24h, grace: 2h}",
    server: str = "",
    database: str = "",
    off: str | None = None,
    allow: Sequence[str] = (),
    world: World | None = None,
    more: str = "",
    hooks: str = "",
    telling: str = "",
) -> Iterator[Stage]:
    """A stage whose baseline has been polled; `off`: globs of scopes that are not, or else what
    most tests are not about; `allow`: what rules may call besides.

    `world`: another than the usual small one; `more`: further settings; `hooks`: further incoming
    webhooks; `telling`: of the channel, after a comma.
    """
    if off is None:
        off = QUIET if "tuning" in rules else UNTUNED
    os.environ.update(STAGE_PASSWORD="demo", STAGE_CHANNEL=channel, STAGE_HOOK=HOOK_SECRET)
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "rules" / "rules.yaml").write_text(rules, encoding="utf-8")
    with running(world or make_world(seed=1, epoch=EPOCH), speed=0) as sim:
        path = folder / "bondbridge.yaml"
        values = {
            "state": folder / "state",
            "rules": folder / "rules",
            "url": server or sim.url,
            "live": str(live).lower(),
        }
        where = f"allow: [{', '.join(allow)}]\n" + (f"database: {database}\n" if database else "")
        written = SETTINGS.format(**values, backups=backups, off=off, telling=telling)
        path.write_text(where + more + written + hooks, encoding="utf-8")
        bridge = wiring.build(config.load(path), now=lambda: sim.world.now)
        try:
            migrated(bridge.database)
            bridge.observer.prepare()
            stage = Stage(sim, bridge, folder)
            stage.round()
            stage.round()
            yield stage
        finally:
            bridge.close()
