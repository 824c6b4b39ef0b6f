"""Sockets, processes, the command line."""

import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import CliRunner

from bridge.bonding.catalogue import ROOT
from bridge.cli.run.simulate import inbox, simulate
from bridge.simulator.api import runner as room
from bridge.simulator.api.runner import Running
from bridge.simulator.behaviour import state_file
from bridge.simulator.world_builder import make_world
from tests.processes import Process

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
APPS = {"simulate": typer.Typer(), "inbox": typer.Typer()}
APPS["simulate"].command()(simulate)
APPS["inbox"].command()(inbox)


def command(*options: str, name: str = "simulate") -> list[str]:
    """Give the command line that runs one of the two commands, whatever the project's own command
    line has by now.
    """
    body = f"import typer; from bridge.cli.run.simulate import {name}; typer.run({name})"
    return [sys.executable, "-c", body, *options]


@contextmanager
def process(*options: str, name: str = "simulate") -> Iterator[tuple[Process, str]]:
    """Run a command until its ready line; gives the process and the URL."""
    started = Process(command(*options, name=name))
    try:
        yield started, started.line("ready").split()[1].rstrip("/")
    finally:
        started.end(signal.SIGKILL)


def refused(*options: str, name: str = "simulate") -> str:
    """Run a command that must fail: exit code 2, nothing on stdout, one line on stderr, which is
    given.
    """
    done = CliRunner().invoke(APPS[name], list(options))
    assert (done.exit_code, done.stdout) == (2, ""), done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_connections_are_kept_alive(sim: Running) -> None:
    """Requests follow each other on one connection, also after a refused body that nobody read."""
    with socket.create_connection(sim.url.removeprefix("http://").split(":")) as raw:  # type: ignore[arg-type]
        for _ in range(3):
            raw.sendall(b"POST /_sim/advance HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345")
            answer = raw.recv(4096)
            assert answer.startswith(b"HTTP/1.1 415 ")
            assert b"Connection: keep-alive" in answer


def test_the_command_line_sets_a_servers_ways() -> None:
    """With its two switches, the command serves the vendor's table to the letter and other names
    for what is guessed.
    """
    legs = f"{ROOT}/bonds/1/interface_legs/"
    with process("--port", "0", "--speed", "0", "--literal-docs", "--rename-guessed") as (_, url):
        answer = httpx.get(url + legs, auth=("demo@example.com", "demo"))
    assert "PATCH" in answer.headers["allow"]
    assert "x_failover" in answer.json()[0]


def test_half_a_request_does_nothing(sim: Running) -> None:
    """A body shorter than announced, or of no sensible length, is 400 and does nothing; chunks are
    joined.
    """
    head = b"POST /_sim/advance HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for rest in (
        b"Content-Length: 99\r\n\r\n{}",
        b"Content-Length: -1\r\n\r\n{}",
        b"Content-Length: x\r\n\r\n{}",
    ):
        with socket.create_connection(sim.url.removeprefix("http://").split(":")) as raw:  # type: ignore[arg-type]
            raw.sendall(head + rest)
            raw.shutdown(socket.SHUT_WR)
            assert raw.recv(4096).startswith(b"HTTP/1.1 400 ")
    chunks = iter([b'{"sec', b'onds"', b": 5}"])
    moved = httpx.post(
        f"{sim.url}/_sim/advance", content=chunks, headers={"Content-Type": "application/json"}
    )
    assert moved.json()["now"] == "2026-03-01T12:00:05.000000Z"


def test_stopping_is_prompt_with_connections_open() -> None:
    """A client that keeps its connection open does not hold up the end of the server."""
    stop = threading.Event()
    ready = threading.Event()
    urls: list[str] = []
    serving = threading.Thread(
        target=room.serve,
        args=(make_world(epoch=EPOCH),),
        kwargs={
            "port": 0,
            "speed": 0,
            "stop": stop,
            "on_ready": lambda url: (urls.append(url), ready.set()),
        },
    )
    serving.start()
    assert ready.wait(5)
    with httpx.Client(base_url=urls[0]) as client:
        client.get("/_sim/clock")
        begun = time.monotonic()
        stop.set()
        serving.join(5)
        assert time.monotonic() - begun < 1
        with pytest.raises(httpx.ConnectError):
            client.get("/_sim/clock")


def test_many_clients_at_once_lose_no_write(sim: Running) -> None:
    """Writes from several threads are each applied and entered once."""

    def restart() -> None:
        with httpx.Client(base_url=sim.url, auth=("demo@example.com", "demo")) as client:
            for _ in range(10):
                client.post(f"{ROOT}/bonds/1/restart/").raise_for_status()

    threads = [threading.Thread(target=restart) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry["effective"] for entry in sim.world.ledger] == [True] * 40


def test_the_command_serves_and_ends_cleanly(tmp_path: Path) -> None:
    """One ready line; its own login works and the default one does not; SIGTERM ends it with 0 and
    saves the world.
    """
    file = tmp_path / "world.json"
    login = ("--user", "me@example.com", "--password", "secret")
    size = ("--bonds", "4", "--legs-per-bond", "3", "--epoch", "2026-03-01T12:00:00Z")
    with process("--port", "0", "--speed", "0", "--state", str(file), *size, *login) as (
        simulator,
        url,
    ):
        bonds = httpx.get(f"{url}{ROOT}/bonds/", auth=("me@example.com", "secret")).json()
        assert len(bonds) == 4
        assert (
            httpx.get(f"{url}{ROOT}/bonds/", auth=("demo@example.com", "demo")).status_code == 401
        )
        httpx.post(f"{url}/_sim/advance", json={"seconds": 60})
        assert simulator.end(signal.SIGTERM) == 0
        assert simulator.lines == [f"ready {url}/"]
    assert (len(state_file.load(file).legs), state_file.load(file).now.minute) == (12, 1)


def test_a_killed_simulator_goes_on_with_its_story(tmp_path: Path) -> None:
    """After SIGKILL the same command goes on: the effective write is there, and the tour is not
    begun again.
    """
    file = tmp_path / "world.json"
    options = ("--port", "0", "--speed", "0", "--state", str(file), "--story", "tour")
    with process(*options) as (simulator, url):
        httpx.post(f"{url}/_sim/advance", json={"seconds": 30})
        httpx.post(
            f"{url}{ROOT}/bonds/1/restart/", auth=("demo@example.com", "demo")
        ).raise_for_status()
        before = httpx.get(f"{url}/_sim/truth").json()
        simulator.end(signal.SIGKILL)
    with process(*options) as (_, url):
        assert httpx.get(f"{url}/_sim/truth").json() == before
        assert [entry["operation"] for entry in httpx.get(f"{url}/_sim/ledger").json()] == [
            "bond.restart"
        ]
        httpx.post(f"{url}/_sim/advance", json={"seconds": 40})
        lines = httpx.get(f"{url}/_sim/truth", params={"since": len(before)}).json()
        assert [line["to"] for line in lines if line["id"] == 1 and line["kind"] == "leg"] == [
            "up",
            "down",
        ]


@pytest.mark.parametrize("name", ["simulate", "inbox"])
def test_a_port_in_use_is_one_clear_line(name: str) -> None:
    """A port that another program has is told in one line, with exit code 2 and no traceback."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert refused("--port", port, name=name).startswith(
            f"port {port} is in use on 127.0.0.1: "
        )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--bonds", "0"), "bonds cannot be 0: give 1 to"),
        (("--speed", "-1"), "--speed -1: give a number from 0"),
        (("--speed", "nan"), "--speed nan"),
        (("--story", "epic"), "use one of quiet, tour, flap, outage"),
        (("--epoch", "soon"), "--epoch soon: give a date and time such as"),
        (("--port", "70000"), "--port 70000: give a number from 0 to 65535"),
        (("--host", "192.0.2.1"), "cannot listen on 192.0.2.1 port 0: "),
        (("--host", f"{'a' * 70}.example"), "no such host; give others with --host"),
    ],
)
def test_nonsense_options_are_one_clear_line(options: tuple[str, ...], says: str) -> None:
    """What cannot be is told in one line that says what can."""
    assert says in refused("--port", "0", *options)


def test_bad_state_files_are_one_clear_line(tmp_path: Path) -> None:
    """A foreign file is not overwritten, a folder that cannot be is named; each in one line."""
    foreign = tmp_path / "notes.json"
    foreign.write_text('{"mine": 1}')
    assert "name another file with --state" in refused("--port", "0", "--state", str(foreign))
    assert foreign.read_text() == '{"mine": 1}'
    for name in ("simulate", "inbox"):
        below = str(foreign / "world.json")
        assert below in refused("--port", "0", "--state", below, name=name)
        assert str(tmp_path) in refused("--port", "0", "--state", str(tmp_path), name=name)


def test_the_help_gives_an_example() -> None:
    """Both commands show how they are used."""
    for name in ("simulate", "inbox"):
        shown = CliRunner().invoke(APPS[name], ["--help"])
        assert "Example: bondbridge" in shown.stdout
