"""Services as Apprise's own plug-ins speak to them, over real sockets: they take what is sent, or
fail as they are told.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

SECRET = "s3cretword0123456789abcdef"
# Apprise's limits for connecting and for the answer, in seconds
LIMITS = "rto=1&cto=1"


@dataclass
class Receiver:
    """`url` for Apprise; `heard`: what it took; `fault`: "" to take it, a status, "slow", "cut"."""

    url: str = ""
    fault: str = ""
    heard: list[Any] = field(default_factory=list)
    # what stood above the last of these, over HTTP
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    # a service repeats what it was asked with: none of this may be told on
    answer: Any = field(default_factory=lambda: {"error": f"error=404 timed out {SECRET}"})
    # ends what is slow, when the test does
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def web(form: str) -> Iterator[Receiver]:
    """A service over HTTP; `form`: its address in Apprise's words, with {at} where host and port
    go.
    """
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            fault = receiver.fault
            receiver.asked += 1
            if fault == "slow":
                receiver.over.wait(30)
            if fault in ("slow", "cut"):
                return
            if not fault:
                receiver.heard.append(json.loads(sent))
                receiver.headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(int(fault or 200))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(receiver.answer).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver.url = f"{form.format(at=f'127.0.0.1:{server.server_address[1]}')}?{LIMITS}"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield receiver
        finally:
            receiver.over.set()
            server.shutdown()
            thread.join(5)


class _Inbox:
    """What aiosmtpd asks at each step; a fault such as "550 rcpt" is the answer to that step, "… of
    NAME" for one.
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def _says(self, step: str, recipient: str = "") -> str | None:
        code, _, at = self._receiver.fault.partition(" ")
        at, _, only = at.partition(" of ")
        return f"{code} no, {SECRET}" if at == step and only in ("", recipient) else None

    async def handle_RCPT(  # noqa: N802  the name that aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if refused := self._says("rcpt", address):
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    # the same
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        self._receiver.asked += 1
        if refused := self._says("data"):
            return refused
        self._receiver.heard.append(
            message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
        )
        return "250 OK"


@contextmanager
def mail() -> Iterator[Receiver]:
    """A mail server that wants a user and a password."""
    receiver = Receiver()

    def known(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        del server, session, envelope, mechanism, given
        return AuthResult(success=not receiver.fault.endswith("auth"), handled=False)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(
        _Inbox(receiver),
        "127.0.0.1",
        port,
        authenticator=known,
        auth_require_tls=False,
        auth_required=True,
    )
    controller.start()
    receiver.url = _mail_at(port)
    try:
        yield receiver
    finally:
        controller.stop()


def _mail_at(port: int) -> str:
    return f"mailto://someone:{SECRET}@127.0.0.1:{port}/?from=bridge@example.com&to=ops@example.com&mode=insecure&{LIMITS}"


@contextmanager
def mute(form: Callable[[int], str] = _mail_at, *, cut: bool = False) -> Iterator[Receiver]:
    """A port that takes connections and says nothing, or hangs up at once."""
    receiver = Receiver()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        receiver.url = form(listener.getsockname()[1])

        def take() -> None:
            while True:
                try:
                    taken, _ = listener.accept()
                except OSError:  # the test is over
                    return
                with taken:
                    receiver.asked += 1
                    if not cut:
                        receiver.over.wait(30)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


@contextmanager
def log() -> Iterator[Receiver]:
    """A syslog server, over UDP."""
    receiver = Receiver()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.2)
        receiver.url = f"rsyslog://127.0.0.1:{listener.getsockname()[1]}/local3"

        def take() -> None:
            while not receiver.over.is_set():
                try:
                    receiver.heard.append(listener.recv(65_536).decode())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.over.set()
            thread.join(5)


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """The words of a mail, of one kind."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())
