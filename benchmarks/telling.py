"""How fast notices are told: `python -m benchmarks.telling [MESSAGES [MILLISECONDS]] [--profile]`.

So many notices are owed at one address and told one by one; beside it the same POSTs made by hand
to the same receiver. It answers at once, or after so many milliseconds, as a chat service far away
does.
"""

import cProfile
import json
import multiprocessing
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

import requests

from bridge import config, logging_setup, wiring
from bridge.core.model import Event
from bridge.store import migrate
from bridge.store.observations import events

SETTINGS = """
state_dir: {folder}/state
rules: {folder}/rules
servers: [{{name: hq, url: "http://127.0.0.1:9", user: nobody, password: {{env: BENCH_WORD}}}}]
channels: {{noc: {{urls: [{{env: BENCH_URL}}], rate: null}}}}
webhooks: {{demo: {{server: hq, secret: {{env: BENCH_WORD}}}}}}
"""
RULE = (
    "- {id: tell, when: webhook.demo, do: [{notify: {to: noc, title: 'bond"
    " ${event.data.body.bond}'}}]}\n"
)


def _receive(port: Connection, pause: float) -> None:
    """A receiver in a process of its own: it reads what comes and says yes."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(pause)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    port.send(server.server_address[1])
    server.serve_forever()


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _owed(folder: Path, count: int) -> wiring.Bridge:
    """A bridge that owes so many notices."""
    (folder / "rules").mkdir()
    (folder / "rules" / "tell.yaml").write_text(RULE, encoding="utf-8")
    path = folder / "bondbridge.yaml"
    path.write_text(SETTINGS.format(folder=folder), encoding="utf-8")
    bridge = wiring.build(config.load(path))
    migrate.migrate(bridge.database, config.shipped("migrations"))
    bridge.observer.prepare()
    now = bridge.now() - timedelta(seconds=30)
    with bridge.database.writing() as connection:
        made = [
            Event(f"e{n}", "webhook.demo", "hq", "webhook/demo", now, now, {"body": {"bond": n}})
            for n in range(count)
        ]
        events.record(connection, made)
    while bridge.decider.run("hq"):
        pass
    return bridge


def _tell(bridge: wiring.Bridge) -> None:
    while due := bridge.deliverer.due():
        for job in due:
            bridge.deliverer.run(job)


def _by_hand(url: str, count: int, *, keep: bool) -> None:
    """As Apprise does, each on a connection of its own, or all on one."""
    with requests.Session() as session:
        if keep:
            post = session.post
        else:
            post = requests.post
        for n in range(count):
            body = {
                "version": "1.0",
                "title": f"bond {n}",
                "message": f"bond {n}",
                "attachments": [],
                "type": "info",
            }
            post(url, data=json.dumps(body), timeout=4)


def _measured(count: int, port: int, *, profiled: bool) -> None:
    url = f"127.0.0.1:{port}/"
    os.environ.update(BENCH_WORD="word", BENCH_URL=f"json://{url}")
    with tempfile.TemporaryDirectory() as folder:
        bridge = _owed(Path(folder), count)
        kept = _timed(lambda: _by_hand(f"http://{url}", count, keep=True))
        plain = _timed(lambda: _by_hand(f"http://{url}", count, keep=False))
        profile = cProfile.Profile()
        told = _timed(lambda: profile.runcall(_tell, bridge) if profiled else _tell(bridge))
        bridge.close()
    for name, seconds in (
        ("by hand, one connection", kept),
        ("by hand, a connection each", plain),
        ("told", told),
    ):
        print(
            f"{name:28s} {seconds:6.2f} s   {count / seconds:6.0f} a second  "
            f" {seconds / plain:5.1f} x"
        )
    if profiled:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


def main() -> None:
    """Print what each took, and its ratio to the same POSTs by hand."""
    numbers = [int(each) for each in sys.argv[1:] if each.isdigit()]
    logging_setup.configure("WARNING")
    ours, theirs = multiprocessing.Pipe()
    count, pause = (*numbers, 2_000, 0)[:2] if len(numbers) != 1 else (numbers[0], 0)
    receiver = multiprocessing.get_context("spawn").Process(
        target=_receive, args=(theirs, pause / 1000), daemon=True
    )
    receiver.start()
    try:
        _measured(count, ours.recv(), profiled="--profile" in sys.argv)
    finally:
        receiver.terminate()
        receiver.join()


if __name__ == "__main__":
    main()
