"""A management server that says exactly what it is told to, over a real socket."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bridge.bonding.client import Client


@dataclass(frozen=True)
class Reply:
    """One answer. `cut`: so many bytes fewer are sent than were promised; `silent`: hang up without
    a word.
    """

    body: Any = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cut: int = 0
    silent: bool = False

    def content(self) -> bytes:
        """The body as it is sent: bytes as they are, everything else as JSON."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    """One request that arrived."""

    method: str
    path: str
    params: dict[str, str]
    headers: Message
    body: bytes = b""


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def client_of(url: str, **more: Any) -> Client:
    """A client of such a server."""
    return Client(url, ("main", "word"), now=lambda: NOW, timeout=30, **more)


@dataclass
class Scripted:
    """What to say, and what was asked."""

    say: Callable[[Asked], Reply]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(
    say: Reply | Callable[[Asked], Reply] | list[Reply], context: ssl.SSLContext | None = None
) -> Iterator[Scripted]:
    """Serve one reply for everything, replies in turn, or whatever a function makes of each
    request; over TLS if asked.
    """
    if isinstance(say, list):
        turns = iter(say)
        scripted = Scripted(lambda _: next(turns))
    else:
        scripted = Scripted(say if callable(say) else lambda _: say)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            params = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, parts.path, params, self.headers, sent)
            scripted.asked.append(asked)
            reply = scripted.say(asked)
            if reply.silent:
                return
            content = reply.content()
            self.send_response_only(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            if reply.status != HTTPStatus.NO_CONTENT:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) - reply.cut])

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    scripted.url = f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}"
    try:
        yield scripted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def met(say: Reply | Callable[[Asked], Reply] | list[Reply]) -> Iterator[tuple[Client, Scripted]]:
    """A client and the scripted server it talks to."""
    with serving(say) as server:
        client = client_of(server.url)
        try:
            yield client, server
        finally:
            client.close()
