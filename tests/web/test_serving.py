import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bridge.webhooks.hmac import signed
from bridge.wiring import machine_time
from tests.processes import Process
from tests.web.house import SECRET, TLS, write_settings

COMMAND = [sys.executable, "-m", "bridge.web"]


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def started(settings: Path, **more: str) -> Iterator[Process]:
    """Run the entry with these settings."""
    environment = {**os.environ, "BONDBRIDGE_CONFIG": str(settings), "BONDBRIDGE_BROKER": "memory://", **more}
    process = Process(COMMAND, env=environment)
    try:
        yield process
    finally:
        process.end(signal.SIGKILL)


def test_ready_and_stop(settings_file: Path) -> None:
    """The entry says once that it is ready, serves, stores a webhook, and ends when told to, quickly and without a word."""
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
            assert (large.status_code, large.json()["error"]["what"]) == (413, "the body is too large")
            assert process.end(signal.SIGTERM) == 0  # although this client keeps its connection
        assert process.errors == []
        assert [line for line in process.lines if "ready" in line or "Traceback" in line] == [f"ready {url}"]


def test_survives_its_worker(settings_file: Path) -> None:
    """When the process that serves is killed another takes its place, and does not say ready again; Ctrl-C ends both."""
    port = free_port()
    with started(write_settings(settings_file.parent, port=port)) as process:
        assert process.line("").startswith("ready ")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if not children.exists():
            pytest.skip("this machine does not show whose child a process is")
        (first,) = children.read_text().split()
        os.kill(int(first), signal.SIGKILL)
        process.until(lambda: children.read_text().split() not in ([], [first]), "another child")
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", verify=TLS, timeout=60).status_code == 200
        process.send(signal.SIGINT)
        os.kill(int(children.read_text()), signal.SIGINT)  # a terminal sends it to all of them
        assert process.ended() == 0
        assert [line.partition(" ")[0] for line in process.lines].count("ready") == 1
        assert "Traceback" not in "\n".join(process.lines)


def test_port_in_use(settings_file: Path) -> None:
    """A port that is taken is one line that names it, and status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(write_settings(settings_file.parent, port=port)) as process:
            assert process.ended() == 2
    assert process.errors == [f"port {port} is in use on 127.0.0.1: stop what uses it, or set web.port in the settings"]
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
