"""The proxies of the environment, for all that we call: a real one notes what comes by."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from bridge.actions import outbound_http
from bridge.actions.notify import Notify
from bridge.bonding.client import Client
from bridge.bonding.client.proxy import keep_loopback_direct, proxy_for
from bridge.core.requests import NoticeRequest
from bridge.errors import BridgeError, Refused
from bridge.wiring import machine_time

SPELLINGS = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Passing(ThreadingHTTPServer):
    """A proxy for plain http that answers itself; `asked` is what went through it."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    """Notes the address, or for a direct call the path."""

    def do_GET(self) -> None:
        """Answer with an empty list."""
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET  # noqa: N815  the library's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Passing]:
    """A proxy that the environment names; nothing else of the machine's environment counts."""
    server = Passing()
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    ).start()
    for name in SPELLINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("NO_PROXY", "internal.example")
    monkeypatch.setenv("no_proxy", "internal.example")
    keep_loopback_direct()
    yield server
    server.shutdown()
    server.server_close()


def called(url: str) -> None:
    """Call there in each of our ways: a server, an outgoing webhook or ping, and a channel."""
    client = Client(url, ("u", "p"), now=machine_time, timeout=5)
    target = outbound_http.Target(
        httpx.URL(url), allow_private=True, timeout=5, trust=outbound_http.trusted(verify=True)
    )
    notice = NoticeRequest(to="noc", target=0, title="x", body="y")
    ways = (
        lambda: client.call("core.list", {}),
        lambda: target.post(b"{}", {}),
        lambda: Notify({"noc": [url.replace("http://", "json://")]}, {}, str).send("", notice),
    )
    for way in ways:
        try:
            way()
        except BridgeError:  # what there is to read at it is not the question
            continue
    client.close()


def test_all_that_we_call_goes_through_the_proxy(proxy: Passing) -> None:
    """A management server, a webhook and a channel, whose name only the proxy knows."""
    called("http://outside.invalid")
    assert len({each.partition("?")[0] for each in proxy.asked}) >= 2
    assert len(proxy.asked) >= 3
    assert all(each.startswith("http://outside.invalid") for each in proxy.asked)


def test_this_machine_and_what_the_environment_excepts_are_called_directly(proxy: Passing) -> None:
    """The receiver on this machine is called by its path, as nobody calls a proxy."""
    called(f"http://127.0.0.1:{proxy.server_port}")
    assert len(proxy.asked) >= 3
    assert all(each.startswith("/") for each in proxy.asked)
    assert proxy_for("http://internal.example/") is None
    assert proxy_for("http://outside.invalid/")
    assert "internal.example" in os.environ["NO_PROXY"]


def test_what_is_known_to_lead_inside_stays_refused(proxy: Passing) -> None:
    """A proxy is no way around the rule that webhooks go outside."""
    target = outbound_http.Target(
        httpx.URL("http://inside.invalid"),
        allow_private=False,
        timeout=5,
        trust=outbound_http.trusted(verify=True),
        lookup=lambda *_: ["10.0.0.1"],
    )
    with pytest.raises(Refused, match="no public address"):
        target.post(b"{}", {})
    assert proxy.asked == []
