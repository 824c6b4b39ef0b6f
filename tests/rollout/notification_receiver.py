"""A place where people are told: an HTTP receiver that keeps what it was sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Ear:
    """`url` for Apprise; `heard`: the messages in the order they came."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)

    def titles(self) -> list[str]:
        """The titles of all messages."""
        return [each["title"] for each in self.heard]


@contextmanager
def listening() -> Iterator[Ear]:
    """A receiver on a port of its own, until the end."""
    ear = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            ear.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ear.url = f"json://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield ear
        finally:
            server.shutdown()
            thread.join(5)
