"""The real web process, killed with SIGKILL at random moments while signed webhooks arrive from
several senders.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import pytest

from bridge import wiring
from bridge.webhooks.standard_webhooks import signed
from tests.bonding.test_budget import broker
from tests.processes import PATIENCE, Process
from tests.test_whole_stack import free_ports

__all__ = ["broker"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_SENDERS = 6
_SETTINGS = """
state_dir: {folder}
broker: {broker}
rules: {folder}/rules
web: {{port: {port}}}
servers: [{{name: demo, url: "http://127.0.0.1:9/", user: demo, password: {{env: KILLS_SECRET}}}}]
webhooks: {{door: {{platform: standard, server: demo, secret: {{env: KILLS_SECRET}}, rate: null}}}}
"""


@dataclass
class Web:
    """The process that serves webhooks, by itself, and how often it was killed."""

    folder: Path
    port: int
    process: Process | None = None
    kills: int = 0

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        env = {
            **os.environ,
            "BONDBRIDGE_CONFIG": str(self.folder / "bondbridge.yaml"),
            "KILLS_SECRET": SECRET,
        }
        self.process = Process([sys.executable, "-m", "bridge.web"], env=env, group=True)
        self.process.until(self._answers, "it answers", every=0.05)

    def kill(self) -> None:
        """SIGKILL to it and what it forked."""
        assert self.process is not None
        self.process.end(signal.SIGKILL, 20)
        self.kills += 1

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).is_success
        except httpx.HTTPError:
            return False


@dataclass
class Senders:
    """Several at once, each sends a delivery until it is answered 2xx, signed anew and with
    the same id.
    """

    url: str
    many: int
    answers: dict[int, str] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)

    def run(self, web: Web, chance: random.Random, every: tuple[int, int]) -> None:
        """Send everything, and meanwhile kill and restart the process each time so many more were
        answered.
        """
        numbers = count()
        threads = [
            threading.Thread(target=self._send_all, args=(numbers,)) for _ in range(_SENDERS)
        ]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                self._wait(threads, len(self.answers) + chance.randint(*every))
                # not only right after an answer
                time.sleep(chance.uniform(0.0, 0.02))
                web.kill()
                web.start()
        finally:
            self.many = 0
            for thread in threads:
                thread.join(PATIENCE)

    def _wait(self, threads: list[threading.Thread], answered: int) -> None:
        while len(self.answers) < answered and any(thread.is_alive() for thread in threads):
            time.sleep(0.002)

    def _send_all(self, numbers: Iterator[int]) -> None:
        with httpx.Client(timeout=120) as client:
            while (n := next(numbers)) < self.many:
                body = json.dumps({"n": n}).encode()
                while n not in self.answers and self.many:
                    self._send(client, n, body)

    def _send(self, client: httpx.Client, n: int, body: bytes) -> None:
        headers = signed(body, SECRET, f"msg_{n}", int(wiring.machine_time().timestamp()))
        try:
            answer = client.post(
                f"{self.url}/webhooks/door",
                content=body,
                headers={"content-type": "application/json", **headers},
            )
        except httpx.HTTPError:
            time.sleep(0.02)
            return
        if answer.is_success:
            self.answers[n] = answer.json()["event"]
        else:
            self.strange.append(f"{answer.status_code} {answer.text[:200]}")
            time.sleep(0.02)


@pytest.fixture
def web(tmp_path: Path, sqlite_pattern: Path, broker: str) -> Iterator[Web]:
    """It, over a database of its own, with a broker whose bells nobody hears."""
    (tmp_path / "rules").mkdir()
    shutil.copy(sqlite_pattern, tmp_path / "bondbridge.sqlite3")
    (port,) = free_ports(1)
    (tmp_path / "bondbridge.yaml").write_text(
        _SETTINGS.format(folder=tmp_path, port=port, broker=broker), encoding="utf-8"
    )
    with _standing(Web(tmp_path, port)) as standing:
        yield standing


@contextmanager
def _standing(web: Web) -> Iterator[Web]:
    try:
        web.start()
        yield web
    finally:
        web.kill()


def stored(folder: Path) -> list[tuple[int, str]]:
    """The number and the event of every delivery in the journal."""
    with closing(sqlite3.connect(folder / "bondbridge.sqlite3", timeout=20)) as connection:
        rows = connection.execute(
            "SELECT data, id FROM events WHERE type = 'webhook.door'"
        ).fetchall()
    return [(json.loads(data)["body"]["n"], event) for data, event in rows]


@pytest.mark.parametrize(
    ("many", "every"),
    [
        pytest.param(300, (40, 80), id="300", marks=pytest.mark.timeout(1800)),
        pytest.param(
            5000, (50, 150), id="5000", marks=[pytest.mark.soak, pytest.mark.timeout(3000)]
        ),
    ],
)
@pytest.mark.takes(14)
def test_what_was_answered_is_stored_once_and_the_rest_is_sent_again(
    web: Web, many: int, every: tuple[int, int]
) -> None:
    """Every delivery answered 2xx is in the journal exactly once, under the event that was
    answered; at the end all are.
    """
    senders = Senders(web.url, many)
    senders.run(web, random.Random(many), every)  # noqa: S311  moments, not secrets
    assert senders.strange == []
    assert web.kills >= 3
    assert sorted(stored(web.folder)) == sorted(senders.answers.items())
    assert len(senders.answers) == many
