"""A watch: simulators on sockets that share one clock, and a bridge that looks at all of them; only
tests move time.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bridge import config, wiring
from bridge.simulator.api.runner import Running, Tls, running
from bridge.simulator.schema.rest_framework import USUAL, ServerOptions
from bridge.simulator.world_builder import make_world
from bridge.store.observations import snapshots
from bridge.store.views import journal
from bridge.store.views.journal import Window
from tests.lockstep.expected_events import TYPES, differences, expected
from tests.shared_fixtures import migrated

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)

# the scopes in which most of a day happens, and what tells the true times
LINES = """[bonders, spaces, users, groups, ssh_keys, qos, isos, versions, repositories,
    mobile_provider_profiles,
  'dynamic_routing/*', 'nodes*', 'spaces/*', 'bonds/*_ips', 'bonds/*/routes', 'bonds/*_services',
      'bonds/*_addressings',
  'bonds/*_legs/*/tuners', 'bonds/*/speedtests', tlsinfo, configupdates, aggfailover, settings,
      downtime_prevented,
  bondingversion, statistics]"""

POLL = {
    "legs": "30s",
    "placements": "30s",
    "aggregators": "30s",
    "bonds": "30s",
    "tunings": "60s",
    "tunings_running": "30s",
}

_SERVER = """
  - name: {name}
    url: "{url}"
    user: {user}
    password: {{env: WATCH_PASSWORD}}
    timeout: {timeout}
    requests_per_second: null
    {poll}
    {more}
"""
_SETTINGS = "state_dir: {state}\nrules: {rules}\nservers:"

# what follows from what happened, or is said of the server as a whole
FOLLOWING = frozenset(
    {
        "scope.baseline",
        "leg.changed",
        "bond.down",
        "bond.degraded",
        "bond.up",
        "bond.on_failover_leg",
        "backup.pending",
    }
)


@dataclass
class Watch:
    """The simulators, a bridge, and what tests do with them; `sim` is the first."""

    sims: Sequence[Running]
    bridge: wiring.Bridge
    folder: Path
    since: list[datetime] = field(default_factory=list)

    @property
    def sim(self) -> Running:
        """The first simulator, or the only one."""
        return self.sims[0]

    def now(self) -> datetime:
        """The one time there is."""
        return self.sim.world.now

    def live(self, seconds: float, step: float = 30.0) -> None:
        """Let world time pass, and the bridge look at what is due after each step of it."""
        end = self.now() + timedelta(seconds=seconds)
        while self.now() < end:
            for sim in self.sims:
                sim.advance(step)
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

    def poll(self, pattern: str = "%") -> None:
        """Look once at every scope whose name is like that, whether or not it is due."""
        with self.bridge.database.writing() as connection:
            for name in self.bridge.observer.servers:
                snapshots.forward_like(connection, name, pattern, self.now())
        self.look()

    def post(self, what: str, sim: int = 0, **body: Any) -> None:
        """Meddle with a world."""
        httpx.post(f"{self.sims[sim].url}/_sim/{what}", json=body).raise_for_status()

    def set(self, kind: str, identifier: int, name: str, value: object, sim: int = 0) -> None:
        """Change one field of one object, now."""
        self.post("set", sim, kind=kind, id=identifier, field=name, value=value)

    def call(self, method: str, path: str, **body: Any) -> Any:
        """What a person does on the server's own pages."""
        auth = ("demo@example.com", "demo")
        given = {"json": body} if body else {}
        answer = httpx.request(
            method, f"{self.sim.url}/api/v4{path}", auth=auth, timeout=30, **given
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def between(self, happens: Any) -> None:
        """From now on, before each request of the bridge to the first server, this is called."""
        # the one place that each request passes
        next(iter(self.bridge.clients.values()))._budget = happens  # noqa: SLF001

    def events(self, like: str | None = None, server: str | None = None) -> list[dict[str, Any]]:
        """Recorded events, oldest first."""
        found: list[dict[str, Any]] = []
        with self.bridge.database.reading() as connection:
            while rows := journal.list_events(
                connection, Window(200, after=found[-1]["seq"] if found else 0), like
            ).rows:
                found += [dict(row) for row in rows]
        return [event for event in found if server in (None, event["server"])]

    def types(self, *, without: Iterable[str] = ()) -> list[str]:
        """Their types, without the baselines."""
        return [
            event["type"]
            for event in self.events()
            if event["type"] not in {"scope.baseline", *without}
        ]

    def told(self) -> list[tuple[str, str]]:
        """(type, subject) of each event but the baselines."""
        return [
            (event["type"], event["subject"])
            for event in self.events()
            if event["type"] != "scope.baseline"
        ]

    def prove(self, *besides: str, least: int = 1) -> None:
        """After a last look: each thing that happened is told once, at its time, and nothing else
        but `besides` is.
        """
        for sim in self.sims:
            sim.set_faults()
        for _ in range(3):
            for sim in self.sims:
                sim.advance(65)
            self.poll()
        for sim, since, server in zip(self.sims, self.since, self.bridge.clients, strict=True):
            primaries = {bond.id: bond.primary for bond in sim.world.bonds.values()}
            wanted = expected(sim.world.truth, primaries, since)
            told = self.events(server=server)
            assert len(wanted) >= least, wanted
            assert differences(wanted, told) == []
            others = [
                event for event in told if event["type"] not in TYPES | FOLLOWING | {*besides}
            ]
            assert not others, [
                (event["type"], event["subject"], event["data"].get("problem")) for event in others
            ]


@contextmanager
def watched(
    folder: Path,
    *,
    sizes: Sequence[Mapping[str, int]] = ({},),
    poll: Mapping[str, str] = {},
    off: str = LINES,
    timeout: str = "30s",
    ways: ServerOptions = USUAL,
    tls: bool | Tls = False,
    faults: Mapping[str, object] = {},
    user: str = "demo@example.com",
    more: str = "",
    epoch: datetime = EPOCH,
) -> Iterator[Watch]:
    """Worlds of these sizes whose baselines have been polled: servers `one`, `two` and `three`.

    `poll`: intervals over POLL; `off`: globs of scopes not polled; `faults` are there from the
    beginning.
    """
    os.environ.update(WATCH_PASSWORD="demo")
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        worlds = [make_world(seed=1, epoch=epoch, **size) for size in sizes]
        sims = [
            stack.enter_context(running(world, speed=0, ways=ways, tls=tls)) for world in worlds
        ]
        settings = _SETTINGS.format(state=folder / "state", rules=folder / "rules")
        times = (
            "{"
            + ", ".join(f"{name}: {value}" for name, value in {**POLL, **poll}.items())
            + f", off: {off}"
            + "}"
        )
        for name, sim in zip(("one", "two", "three"), sims, strict=False):
            trust = f"verify: {sim.certificate.path}\n    {more}" if sim.certificate else more
            settings += _SERVER.format(
                name=name,
                url=sim.url,
                user=user,
                timeout=timeout,
                poll=f"poll: {times}",
                more=trust,
            )
            sim.set_faults(**faults)
        (folder / "bondbridge.yaml").write_text(settings, encoding="utf-8")
        bridge = wiring.build(
            config.load(folder / "bondbridge.yaml"), now=lambda: sims[0].world.now
        )
        stack.callback(bridge.close)
        migrated(bridge.database)
        bridge.observer.prepare()
        watch = Watch(sims, bridge, folder)
        watch.look()
        watch.since = [sim.world.now for sim in sims]
        yield watch
