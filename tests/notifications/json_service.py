"""A chat service as Apprise's JSON plug-in speaks to it: it hears, or fails in the way that it is
told to.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Service:
    """`url` for Apprise; `heard` what it took; `status` what it answers; `slow` seconds before it
    does; `asked` how often.
    """

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    slow: float = 0.0
    asked: int = 0

    def titles(self) -> list[str]:
        """The titles of what it took, in order."""
        return [each["title"] for each in self.heard]

    def texts(self) -> list[str]:
        """Title and body of what it took, in order."""
        return [f"{each['title']}\n{each['message']}" for each in self.heard]


@contextmanager
def serving() -> Iterator[Service]:
    """A service on a port of its own, until the end."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service.asked += 1
            status = service.status
            time.sleep(service.slow)
            if status == 200:
                service.heard.append(body)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        service.url = f"json://127.0.0.1:{server.server_address[1]}/?rto=1&cto=1"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join(5)
