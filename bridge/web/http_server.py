"""The HTTP server: waitress, with our limits, our log and our errors.

One thread reads all connections and hands on only what came whole, so anyone who sends half a
request holds a connection and nothing else. Such a connection is closed after a while.
"""

import json
import logging
import resource
import signal
import socket
from types import FrameType
from typing import Any

import structlog
from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

_THREADS = 8
_WHOLE_WITHIN = 30  # seconds for one request to come, and for a connection to say something at all
_LOOK = 5  # seconds between two looks for connections that take longer
_CONNECTIONS = 3000
_FILES = 4096  # that one process may have open: connections, and what we read
_HEADERS = 32_768  # bytes
# What is a little too large is read and refused by the application; of what is larger a sender may
# only see that it is cut.
_MORE = 262_144

# by status: what is wrong and how to fix it, for what never reaches the application
_TOLD = {
    400: ("this request cannot be read", "send it as HTTP/1.1 says"),
    413: ("the body is too large", "send less, or raise web.largest_body in the settings"),
    431: ("the address or the headers are too large", "send fewer or shorter ones"),
}

log = structlog.get_logger()


def serve(app: Flask, listener: socket.socket, largest_body: int) -> None:
    """Serve until SIGTERM or Ctrl-C; what is under way is finished."""
    _open_files()
    for name in ("waitress", "waitress.queue"):  # more requests than threads is no news
        logging.getLogger(name).setLevel(logging.ERROR)
    server = create_server(
        app,
        sockets=[listener],
        threads=_THREADS,
        connection_limit=_CONNECTIONS,
        backlog=1024,
        channel_timeout=_WHOLE_WITHIN,
        cleanup_interval=_LOOK,
        asyncore_use_poll=True,  # select knows no more than 1,024 connections
        max_request_header_size=_HEADERS,
        max_request_body_size=largest_body + _MORE,
        ident=None,
        # a header of a proxy counts only where the settings name one: the application looks at that
        clear_untrusted_proxy_headers=False,
        log_socket_errors=False,
    )
    server.channel_class = _Channel
    signal.signal(signal.SIGTERM, _end)
    try:
        server.run()
    finally:
        server.close()


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(0)


def _open_files() -> None:
    """As many connections as we promise, whatever the shell allows by default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        wanted = _FILES
    else:
        wanted = min(_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Refusal(ErrorTask):  # type: ignore[misc]  # waitress ships no types
    """What waitress refuses, told in our shape."""

    def execute(self) -> None:
        """Answer, and close the connection: what else is on it cannot be told apart."""
        code = self.request.error.code
        what, mend = _TOLD.get(code, (self.request.error.reason.lower(), ""))
        body = json.dumps({"error": {"status": code, "what": what, "mend": mend}}).encode()
        log.warning(
            "request refused",
            why=what,
            status=code,
            path=_path(self.request),
            sender=_sender(self.channel),
        )
        self.status = f"{code} {self.request.error.reason}"
        self.response_headers += [
            ("Content-Type", "application/json"),
            ("Cache-Control", "no-store"),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]  # as above
    """One connection. A request that drips in keeps it alive no longer than one that does not come
    at all.
    """

    error_task_class = _Refusal
    request: Any = None
    last_activity: float = 0.0
    _began = 0.0

    def received(self, data: bytes) -> Any:
        """Take what came; an unfinished request counts from its first byte."""
        before = self.request
        now = self.last_activity
        found = super().received(data)
        if self.request is not None:
            if self.request is not before:
                self._began = now
            self.last_activity = self._began
        return found

    def handle_close(self) -> None:
        """Say so where a request was cut off."""
        if self.request is not None and self.request.headers_finished:
            log.warning("request cut off", path=_path(self.request), sender=_sender(self))
            self.request = None
        super().handle_close()


def _path(request: Any) -> str:
    """The path for the log: what begins a link of a question is a right, and is not shown."""
    first = [part for part in str(getattr(request, "path", "")).split("/") if part][:1]
    return ascii("/" + "".join(first))[1:-1][:80]


def _sender(channel: Any) -> str:
    if channel.addr:
        return str(channel.addr[0])
    return ""
