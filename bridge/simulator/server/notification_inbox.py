"""The demo's receiver of notices: what Apprise's `json://` plug-in posts is kept, and shown on a
page.

A notice is `{"version", "title", "message", "type", …}`; kept is `{"at", "path", "body"}`, `at` in
real time.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from bridge.simulator.server.faulty_http_server import HttpPort
from bridge.simulator.world.vendor_timestamps import real_now, stamp

KEPT = 1000
BODY_LIMIT = 256 * 1024
JSON = "application/json"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5"><title>Inbox ({count})</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; color: #222; }}
body {{ padding: 0 1rem; }}
article {{ border-left: 4px solid #888; padding: .2rem 1rem; margin: 1rem 0; background: #f6f6f6; }}
article.success {{ border-color: #2a7; }} article.warning {{ border-color: #e90; }}
article.failure {{ border-color: #c33; }} article.info {{ border-color: #37c; }}
h2 {{ font-size: 1rem; margin: .3rem 0 0; }}
pre {{ white-space: pre-wrap; margin: .3rem 0; font: inherit; }}
time {{ color: #666; font-size: .85rem; }}
</style></head><body><h1>Inbox</h1><p>{count} messages, newest first.</p>
{articles}
</body></html>
"""


class Inbox:
    """The messages, newest last; with a state file (JSON lines) they outlive the process."""

    def __init__(self, state_file: Path | None = None) -> None:
        self._state_file = state_file
        self._lock = threading.Lock()
        self._messages: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._lines = 0
        if state_file is not None:
            self._open(state_file)

    def messages(self) -> list[dict[str, Any]]:
        """Give what arrived, oldest first."""
        with self._lock:
            return list(self._messages)

    def take(self, path: str, body: dict[str, Any]) -> None:
        """Keep one message with its time of arrival. Raises OSError."""
        message = {"at": stamp(real_now()), "path": path, "body": body}
        with self._lock:
            self._messages.append(message)
            if self._state_file is None:
                return
            with self._state_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(message) + "\n")
            self._lines += 1
            if self._lines >= 2 * KEPT:
                self._rewrite(self._state_file)

    def _open(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            with suppress(ValueError):  # a process killed while it wrote leaves half a line
                self._messages.append(json.loads(line))
        self._rewrite(path)

    def _rewrite(self, path: Path) -> None:
        draft = path.with_name(f".{path.name}.new")
        draft.write_text("".join(json.dumps(it) + "\n" for it in self._messages), encoding="utf-8")
        draft.replace(path)
        self._lines = len(self._messages)

    def answer(self, request: Request) -> Response:
        """Answer one request: POST anywhere keeps a message, GET / shows them, GET /messages lists
        them.
        """
        if request.method == "POST":
            return self._post(request)
        if request.method not in ("GET", "HEAD"):
            return _said(405, "only GET and POST")
        if request.path == "/messages":
            return Response(json.dumps(self.messages()) + "\n", content_type=JSON)
        if request.path != "/":
            return _said(404, "GET / or /messages, or POST a notice as JSON")
        newest_first = reversed(self.messages())
        articles = "\n".join(map(_article, newest_first))
        page = _PAGE.format(count=len(self.messages()), articles=articles)
        return Response(
            page,
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": _POLICY},
        )

    def _post(self, request: Request) -> Response:
        if request.mimetype != JSON:
            return _said(415, f"send JSON, with the header Content-Type: {JSON}")
        request.max_content_length = BODY_LIMIT
        try:
            body = json.loads(request.get_data())
        except RequestEntityTooLarge:
            return _said(413, f"at most {BODY_LIMIT} bytes")
        except (ValueError, RecursionError) as error:
            return _said(400, f"not JSON: {error}")
        if not isinstance(body, dict):
            return _said(400, "the body must be a JSON object")
        self.take(request.path, body)
        return Response('{"kept": true}\n', content_type=JSON)


def _said(status: int, text: str) -> Response:
    return Response(json.dumps({"error": text}) + "\n", status, content_type=JSON)


def _article(message: dict[str, Any]) -> str:
    body = message["body"]
    kind, title, text = (escape(str(body.get(name) or "")) for name in ("type", "title", "message"))
    if message["path"] == "/":
        place = ""
    else:
        place = f" &middot; {escape(message['path'])}"
    when = f"<time>{escape(message['at'])}{place}</time>"
    return (
        f'<article class="{kind}"><h2>{title or "(no title)"}</h2><pre>{text}</pre>{when}</article>'
    )


@dataclass(frozen=True, slots=True)
class Running:
    """An inbox that serves; `url` has no slash at the end."""

    url: str
    inbox: Inbox


@contextmanager
def running(
    *, host: str = "127.0.0.1", port: int = 0, state_file: Path | None = None
) -> Iterator[Running]:
    """Serve an inbox from threads of its own; port 0 takes a free one. Raises OSError (port, state
    file).
    """
    inbox = Inbox(state_file)
    door = HttpPort(Request.application(inbox.answer), host, port)
    try:
        door.open()
        yield Running(door.url, inbox)
    finally:
        door.close()


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8181,
    state_file: Path | None = None,
    on_ready: Callable[[str], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> None:
    """Serve until `stop` is set or this thread gets KeyboardInterrupt; `on_ready` is given the URL.
    Raises OSError.
    """
    with suppress(KeyboardInterrupt), running(host=host, port=port, state_file=state_file) as it:
        on_ready(it.url)
        (stop or threading.Event()).wait()
