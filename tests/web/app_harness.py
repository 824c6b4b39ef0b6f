"""The real application on a real socket, over a real database, and what tests put into it."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from werkzeug.serving import make_server

from bridge import config, wiring
from bridge.core.decisions.retry import Next
from bridge.core.events import builder
from bridge.core.model import Event, Job, JobState, Outcome, Reason, Ruling, Verdict
from bridge.store import tokens
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions import jobs as job_store
from bridge.store.observations import events as event_store
from bridge.web import create_app
from bridge.webhooks import generic_hmac
from bridge.wiring import Bridge

TLS = ssl.create_default_context()  # unused, but every client would make its own
EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
MACHINE = datetime(2026, 7, 1, 8, tzinfo=UTC)
SECRET = "of the door"

SETTINGS = """
state_dir: {folder}
rules: {folder}/rules
web: {{port: {port}, largest_body: 2000{web}}}
servers:
  - {{name: hq, url: "http://127.0.0.1:9/", user: demo, password: {{env: HQ_PASSWORD}},
        verify: false}}
channels:
  noc: {{urls: [{{env: NOC_URL}}]}}
webhooks:
  door: {{secret: {{env: DOOR_SECRET}}, server: hq}}
"""

RULES = """
- id: restart
  description: Restart a bond whose leg is down.
  when: leg.down
  mode: live
  guard: {cooldown: {every: 10m, per: leg}}
  do: [{call: bond.restart, with: {bond: "${bond.id}"}}, {notify: {to: noc,
      title: "restarted ${bond.name}"}}]
  examples: [{given: [{type: leg.down, data: {leg: {id: 1}}}], then: {verdict: act}}]
- id: only-says
  description: Would restart it as well.
  when: leg.down
  mode: dry_run
  do: [{call: bond.restart, with: {bond: "${bond.id}"}}]
  examples: [{given: [{type: leg.down, data: {leg: {id: 1}}}], then: {verdict: skip,
      reason: dry_run}}]
- id: never
  description: Has a condition that does not hold.
  when: leg.down
  if: leg.name == 'nobody'
  mode: live
  do: [{call: bond.restart, with: {bond: "${bond.id}"}}]
  examples: [{given: [{type: leg.down, data: {leg: {name: cable}}}], then: {verdict: skip,
      reason: condition}}]
"""


def write_settings(folder: Path, *, port: int = 8080, web: str = "") -> Path:
    """Write settings and rules; the path of the settings."""
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "rules.yaml").write_text(RULES)
    path = folder / "bondbridge.yaml"
    path.write_text(SETTINGS.format(folder=folder, port=port, web=web))
    return path


@dataclass
class House:
    """The application that serves at `url`; `machine` is what the machine's clock shows, `rung`
    which bells were rung.
    """

    bridge: Bridge
    url: str = ""
    machine: datetime = MACHINE
    rung: list[tuple[str, ...]] = field(default_factory=list)

    def token(
        self, name: str = "tests", *, once: bool = False, lasts: timedelta | None = None
    ) -> str:
        """Make a token."""
        with self.bridge.database.writing() as connection:
            made = tokens.create(
                connection, name, expires_at=self.machine + lasts if lasts else None, once=once
            )
        assert made is not None
        return made

    def visitor(self, token: str | None = None, **more: Any) -> httpx.Client:
        """A client that shows this token, or none; redirects are not followed."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, verify=TLS, timeout=60, **more)

    def happen(self, *happened: Event) -> None:
        """Record events."""
        with self.bridge.database.writing() as connection:
            event_store.record(connection, happened)

    def deliver(
        self, body: bytes, *, name: str = "door", at: datetime | None = None, signed: str = ""
    ) -> httpx.Response:
        """Send a webhook."""
        stamp = int((at or self.machine).timestamp())
        headers = generic_hmac.signed(body, SECRET, stamp) | (
            {generic_hmac.SIGNATURE: signed} if signed else {}
        )
        with self.visitor() as client:
            return client.post(f"/webhooks/{name}", content=body, headers=headers)

    def doubt(self, job: Job) -> None:
        """Let the one attempt of this job end so that nobody knows whether it took effect."""
        verdict = Verdict(Ruling.ASK, Reason.IN_DOUBT, "the answer never came")
        now = self.bridge.now()
        with self.bridge.database.writing() as connection:
            claimed = job_store.claim(connection, job.id, now, 60)
            assert claimed is not None
            claimed = job_store.begin(connection, claimed, "send", now, 60)
            decision_store.add_verdict(connection, job.decision, job.id, Verdict(Ruling.ACT), now)
            job_store.end_attempt(
                connection,
                claimed,
                Outcome.UNKNOWN,
                "the answer never came",
                now + timedelta(seconds=10),
            )
            job_store.settle(connection, claimed, Next(JobState.IN_DOUBT, doubt=True), now)
            decision_store.add_verdict(connection, job.decision, job.id, verdict, now)


@contextmanager
def serving(settings: config.Settings) -> Iterator[House]:
    """Serve these settings from a thread; time stands still."""
    house = House(wiring.build(settings, now=lambda: EPOCH, machine=lambda: house.machine))
    house.bridge.observer.prepare()
    app = create_app(house.bridge, lambda *bell: house.rung.append(bell))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    house.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield house
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        house.bridge.close()


def leg_down(n: int = 1, *, leg: str = "cable", bond: str = "vancouver", seconds: int = 0) -> Event:
    """The nth time that this leg went down."""
    old = {"id": 12, "name": leg, "bond": 3, "state": "up", "class": "up", "standing": "up"}
    new = {**old, "state": "Down", "class": "down", "standing": "down"}
    data = {"old": old, "new": new, "leg": new, "bond": {"id": 3, "name": bond}}
    return an_event("leg.down", n, data, subject="leg/12", seconds=seconds)


def an_event(
    name: str, n: int, data: dict[str, Any], *, subject: str = "scope/legs", seconds: int = 0
) -> Event:
    """Any event of server hq."""
    at = EPOCH + timedelta(seconds=seconds)
    return builder.make(
        builder.EVENTS[name], server="hq", subject=subject, n=n, time=at, seen_at=at, data=data
    )


def until(true: Any, seconds: float = 60) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
