import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from bridge.webhooks.generic_hmac import signed
from bridge.wiring import machine_time
from tests.processes import Process
from tests.web.app_harness import SECRET, TLS, write_settings

COMMAND = [sys.executable, "-m", "bridge.web"]


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def started(settings: Path, **more: str) -> Iterator[Process]:
    """Run the entry with these settings."""
    environment = {
        **os.environ,
        "BONDBRIDGE_CONFIG": str(settings),
        "BONDBRIDGE_BROKER": "memory://",
        **more,
    }
    process = Process(COMMAND, env=environment)
    try:
        yield process
    finally:
        process.end(signal.SIGKILL)


def test_ready_and_stop(settings_file: Path) -> None:
    """The entry says once that it is ready, serves, stores a webhook, and ends when told to,
    quickly and without a word.
    """
    port = free_port()
    settings = write_settings(settings_file.parent, port=port)
    with started(settings) as process:
        url = f"http://127.0.0.1:{port}/"
        assert process.line("") == f"ready {url}"
        with httpx.Client(base_url=url, verify=TLS) as client:
            assert client.get("/healthz").text == "ok\n"
            assert client.get("/").headers["Location"] == "/sign-in"
            stamp = int(machine_time().timestamp())
            headers = signed(b"{}", SECRET, stamp)
            assert client.post("/webhooks/door", content=b"{}", headers=headers).status_code == 202
            large = client.post("/webhooks/door", content=(b"x" * 900 for _ in range(9)))
            assert (large.status_code, large.json()["error"]["what"]) == (
                413,
                "the body is too large",
            )
            assert process.end(signal.SIGTERM) == 0  # although this client keeps its connection
        assert process.errors == []
        assert [line for line in process.lines if "ready" in line or "Traceback" in line] == [
            f"ready {url}"
        ]


def answer_of(port: int) -> tuple[int, bytes]:
    """Status and body of a health check, as an honest client sees it."""
    answer = httpx.get(f"http://127.0.0.1:{port}/healthz", verify=TLS, timeout=60)
    return answer.status_code, answer.content


def test_it_serves_while_hundreds_of_slow_clients_hold_connections_open(
    settings_file: Path,
) -> None:
    """500 of them say nothing, half a header, half a body or a byte now and then; honest ones are
    answered beside them.
    """
    port = free_port()
    half = b"POST /webhooks/door HTTP/1.1\r\nHost: here\r\nContent-Length: 500\r\n"
    with started(write_settings(settings_file.parent, port=port)) as process, ExitStack() as stack:
        process.line("ready ")
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(500)
        ]
        for number, each in enumerate(slow):
            each.sendall((b"", half[:40], half, half + b"\r\nhalf")[number % 4])
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", verify=TLS, timeout=60) as honest:
            for _ in range(20):
                for each in slow[1::4]:
                    each.sendall(b"x")
                assert honest.get("/healthz").status_code == 200
                stamp = int(machine_time().timestamp())
                body = b"{}"
                answer = honest.post(
                    "/webhooks/door", content=body, headers=signed(body, SECRET, stamp)
                )
                assert answer.status_code in (200, 202)
        assert answer_of(port) == (200, b"ok\n")


def test_a_request_that_drips_in_is_closed_after_a_while() -> None:
    """It counts from its first byte, so that a byte now and then does not keep a connection for
    ever.
    """
    body = (
        "from bridge.web import http_server as server; server._WHOLE_WITHIN, server._LOOK = 1, 0.1;"
        " import socket, flask;"
    )
    body += (
        "there = socket.create_server(('127.0.0.1', 0)); print('ready', there.getsockname()[1],"
        " flush=True);"
    )
    body += (
        "app = flask.Flask('x'); app.add_url_rule('/', view_func=lambda: 'ok'); server.serve(app,"
        " there, 1000)"
    )
    process = Process([sys.executable, "-c", body])
    try:
        port = int(process.line("ready").split()[1])
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: ")
            slow.setblocking(False)  # noqa: FBT003
            process.until(lambda: dripped(slow), "it is closed")
    finally:
        process.end(signal.SIGTERM)


def dripped(slow: socket.socket) -> bool:
    """Send one byte more; whether the connection is closed by now."""
    try:
        slow.sendall(b"x")
        return slow.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_headers_that_are_too_large_are_told_as_a_problem(settings_file: Path) -> None:
    """As every other error is, and in the log."""
    port = free_port()
    with started(write_settings(settings_file.parent, port=port)) as process:
        process.line("ready ")
        answer = httpx.get(
            f"http://127.0.0.1:{port}/healthz",
            verify=TLS,
            headers={"X-Long": "x" * 40_000},
            timeout=60,
        )
        assert (answer.status_code, answer.headers["Content-Type"]) == (431, "application/json")
        assert answer.json()["error"]["what"] == "the address or the headers are too large"
        process.until(
            lambda: any("request refused" in line for line in process.lines), "it is in the log"
        )


def test_port_in_use(settings_file: Path) -> None:
    """A port that is taken is one line that names it, and status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(write_settings(settings_file.parent, port=port)) as process:
            assert process.ended() == 2
    assert process.errors == [
        f"port {port} is in use on 127.0.0.1: stop what uses it, or set web.port in the settings"
    ]
    assert process.lines == process.errors


def test_bad_settings(settings_file: Path) -> None:
    """Settings that cannot be used are told with file, line and key, and status 2."""
    settings_file.write_text(settings_file.read_text().replace("user: demo", "usr: demo"))
    with started(settings_file) as process:
        assert process.ended() == 2
    errors = "\n".join(process.errors)
    assert process.lines == process.errors
    assert f"{settings_file}:" in errors
    assert "usr" in errors
    assert "Traceback" not in errors
