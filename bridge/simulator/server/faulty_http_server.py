"""Sockets: a threaded HTTP/1.1 server with keep-alive, whose port can be shut for a while, and that
can misbehave.

Werkzeug's own request handler closes the connection after each answer and writes the real date; a
client's connection pool, and a server with its own time, need neither.
"""

import errno
import io
import logging
import socket
import ssl
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from werkzeug.http import http_date
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from bridge.simulator.faults import corrupt_transport
from bridge.simulator.faults.switches import FaultDecision

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# in the environment of a request: a FaultDecision, which can make the socket misbehave
FATE = "bondbridge.fate"
BODY_LIMIT = 1 << 20
DRAIN_LIMIT = 16 << 20
IDLE_SECONDS = 75
POLL_SECONDS = 0.02
BACKLOG = 128

_log = logging.getLogger(__name__)


class _Handler(WSGIRequestHandler):
    """One connection: request after request, until either side has had enough."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: "_Server"

    def run_wsgi(self) -> None:
        """Answer one request."""
        self.server.busy.add(self.request)
        try:
            self._answer(self.make_environ())
        finally:
            self.server.busy.discard(self.request)

    def _answer(self, environ: dict[str, Any]) -> None:
        try:
            self._read_body(environ)
        except OSError as error:
            self.send_error(400, str(error))
            return
        status, headers, body = self._asked(environ)
        fate = environ.get(FATE) or FaultDecision()
        if fate.kind == "drop":
            self._reset()
            return
        if self.server.closing or corrupt_transport.ends(fate):
            self.close_connection = True
        self._send(status, headers, body, fate)

    def _send(
        self, status: str, headers: list[tuple[str, str]], body: bytes, fate: FaultDecision
    ) -> None:
        kept = corrupt_transport.headers(fate, headers, body)
        if "date" not in {name.lower() for name, _ in kept}:
            kept.append(("Date", http_date()))
        kept.append(("Connection", "close" if self.close_connection else "keep-alive"))
        head = "".join(f"{name}: {value}\r\n" for name, value in kept)
        written = f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1")
        for piece in corrupt_transport.pieces(fate, body):
            if isinstance(piece, float):
                self.server.over.wait(piece)
            else:
                self.wfile.write(written + piece)
                written = b""
            if self.server.closing and fate.kind == "endless_zip":
                return

    def _read_body(self, environ: dict[str, Any]) -> None:
        """Take the body off the connection, so that the next request starts where it should.

        Of a body above the limit the rest is thrown away (the application sees a length it
        refuses), and the connection ends after the answer. Raises OSError when the body is not
        whole: such a request must do nothing.
        """
        source = environ["wsgi.input"]
        length = environ.get("CONTENT_LENGTH", "") or "0"
        chunked = environ.pop("wsgi.input_terminated", False)
        environ.pop(
            "HTTP_TRANSFER_ENCODING", None
        )  # what the application gets is whole, and has a length
        if not chunked and not (length.isascii() and length.isdigit()):
            raise OSError("the length of the body is no number")
        body, size = self._taken(source, None if chunked else int(length))
        if chunked or size > BODY_LIMIT:
            self.close_connection = True
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(size)

    def _taken(self, source: Any, wanted: int | None) -> tuple[bytes, int]:
        """Read `wanted` bytes, or to the end; gives the beginning, as far as it may be kept, and
        how much there was.
        """
        kept = io.BytesIO()
        size = 0
        if wanted is None:
            most = DRAIN_LIMIT
        else:
            most = min(wanted, DRAIN_LIMIT)
        while size < most:
            part = source.read(min(most - size, 1 << 16))
            if not part:
                break
            if size < BODY_LIMIT:
                kept.write(part)
            size += len(part)
        if wanted is not None and size < most:
            raise OSError("the body ends too early")
        return kept.getvalue(), size if wanted is None else wanted

    def _asked(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        status = "500 Internal Server Error"
        headers = [("Content-Type", "text/plain")]

        def start(line: str, named: list[tuple[str, str]], _: object = None) -> Any:
            nonlocal status, headers
            status = line
            headers = list(named)

        try:
            answer = self.server.app(environ, cast("Any", start))
            body = b"".join(answer)
            if hasattr(answer, "close"):
                answer.close()
        except Exception:  # noqa: BLE001 - whatever it was, the client must be told
            _log.exception("a request failed: %s", self.path)
            return (
                "500 Internal Server Error",
                [("Content-Type", "text/plain")],
                b"the simulator failed; see its log\n",
            )
        return status, headers, body

    def _reset(self) -> None:
        """Leave without a word: closing with a linger of 0 s sends a reset instead of an orderly
        end.
        """
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.resets.add(self.request)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - as Werkzeug names it
        """Keep the log of requests for those who ask for it."""
        del type
        _log.debug(message.rstrip(), *args)


class _Server(ThreadedWSGIServer):
    """A listening socket and its connections."""

    def __init__(
        self, bound: socket.socket, app: "WSGIApplication", tls: ssl.SSLContext | None
    ) -> None:
        host, port = bound.getsockname()[:2]
        super().__init__(host, port, app, _Handler, fd=bound.fileno())
        self.ssl_context = tls
        self.resets: set[Any] = set()
        self.busy: set[Any] = set()
        self.closing = False
        self.over = threading.Event()
        self._open: set[Any] = set()

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection; the handshake is left to its own thread, so that a slow one holds up
        nobody.
        """
        connection, address = super().get_request()
        if self.ssl_context is not None:
            connection = self.ssl_context.wrap_socket(
                connection,
                server_side=True,
                do_handshake_on_connect=False,
                suppress_ragged_eofs=True,
            )
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection while it is open."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection; one that is to be reset must not be ended in an orderly way first."""
        self._open.discard(request)
        if request in self.resets:
            self.resets.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def leave(self) -> None:
        """Stop to accept; waiting connections end now, one with an answer on its way ends after
        it.
        """
        self.closing = True
        self.over.set()
        self.shutdown()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD if connection in self.busy else socket.SHUT_RDWR)


class HttpPort:
    """A port with a WSGI application behind it, with `tls` spoken in TLS. Raises OSError when the
    port cannot be had.
    """

    def __init__(
        self, app: "WSGIApplication", host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> None:
        self._app = app
        self._tls = tls
        self._host = host
        self._bound: socket.socket | None = _bind(host, port)
        self.port: int = self._bound.getsockname()[1]
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._gone = False

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end: `http://127.0.0.1:8180`."""
        if self._tls:
            scheme = "https"
        else:
            scheme = "http"
        if ":" in self._host:
            host = f"[{self._host}]"
        else:
            host = self._host
        return f"{scheme}://{host}:{self.port}"

    def open(self) -> None:
        """Begin to accept connections."""
        with self._lock:
            if self._gone or self._bound is None:
                return
            bound = self._bound
            self._bound = None
            bound.listen(BACKLOG)
            self._server = _Server(bound, self._app, self._tls)
            bound.close()  # the server holds its own copy
            self._thread = threading.Thread(
                target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True
            )
            self._thread.start()

    def refuse(self, seconds: float) -> None:
        """Refuse connections for that long, truly: nobody listens, though the port stays ours."""
        with self._lock:
            if self._gone:
                return
            if self._timer is not None:
                self._timer.cancel()
            self._leave()
            self._bound = self._bound or _bind(self._host, self.port, patience=2)
            self._timer = threading.Timer(seconds, self.open)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """Be gone, at once."""
        with self._lock:
            self._gone = True
            if self._timer is not None:
                self._timer.cancel()
            self._leave()
            if self._bound is not None:
                self._bound.close()

    def _leave(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.leave()
            self._thread.join()
            self._server = self._thread = None


def _bind(host: str, port: int, *, patience: float = 0) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
    except UnicodeError:
        raise OSError(errno.EINVAL, "no such host") from None
    until = time.monotonic() + patience
    while True:
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except OSError:
            bound.close()
            if time.monotonic() >= until:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return bound
