"""`bondbridge simulate` and `bondbridge inbox`: the stand-in management server, and the demo's
receiver of notices.
"""

import errno
import math
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bridge.bonding.catalogue import LITERAL, OPERATIONS
from bridge.simulator.api import runner as simulator_room
from bridge.simulator.behaviour import certificate, scenarios, state_file
from bridge.simulator.schema.accounts import USERS, User
from bridge.simulator.schema.rest_framework import ServerOptions
from bridge.simulator.server import notification_inbox as inbox_room
from bridge.simulator.world.vendor_timestamps import moment, stamp
from bridge.simulator.world.world import World
from bridge.simulator.world_builder import ImpossibleWorld, make_world

_LITERALLY = ", ".join(name for name, row in OPERATIONS.items() if LITERAL.get(name) != row)
_FASTEST = 100_000  # a day in about a second
_LAST_PORT = 65535
_MOST_DAYS = 10_000

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")]


def simulate(
    host: Host = "127.0.0.1",
    port: Port = 8180,
    bonds: Annotated[int, typer.Option(help="Bonds in a new world.")] = 6,
    legs_per_bond: Annotated[int, typer.Option(help="Legs of each bond in a new world.")] = 2,
    aggregators: Annotated[int, typer.Option(help="Aggregators in a new world.")] = 3,
    spaces: Annotated[
        int, typer.Option(help="Customers' spaces in a new world, beside the root.")
    ] = 2,
    seed: Annotated[int, typer.Option(help="What a new world's chance is worked out from.")] = 1,
    story: Annotated[
        str, typer.Option(help=f"Story to tell: {', '.join(scenarios.STORIES)}.")
    ] = "",
    speed: Annotated[
        float, typer.Option(help="World seconds per real second; 0: only POST /_sim/advance.")
    ] = 1.0,
    user: Annotated[str, typer.Option(help="Who may log in to the API.")] = USERS[0].name,
    password: Annotated[str, typer.Option(help="Their password.")] = USERS[0].password,
    epoch: Annotated[
        str, typer.Option(help="When a new world begins, ISO 8601; default: now.")
    ] = "",
    state_file: Annotated[
        Path | None,
        typer.Option("--state", help="File to keep the world in; one that exists goes on."),
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="Serve HTTPS with a self-signed certificate.")
    ] = False,
    tls_file: Annotated[
        Path,
        typer.Option(
            help="PEM file of the certificate, for clients to trust; made if it is not there."
        ),
    ] = Path("simulator.pem"),
    tls_days: Annotated[
        float, typer.Option(help="Days a new certificate is valid; below 0: over already.")
    ] = 365.0,
    literal_docs: Annotated[
        bool,
        typer.Option(
            "--literal-docs",
            help=(
                "Read the vendor's table to the letter, where two of its rows are swapped."
                f" Changes: {_LITERALLY}."
            ),
        ),
    ] = False,
    rename_guessed: Annotated[
        bool,
        typer.Option(
            "--rename-guessed", help="Give every field whose name is a guess another name."
        ),
    ] = False,
) -> None:
    """Run a stand-in management server that speaks the REST API v4.

    Prints "ready URL" once it serves; Ctrl-C or SIGTERM end it. A second login, viewer@example.com
    with the password demo, may only read. GET /_sim/ lists how to look into the world and meddle
    with it.

    Example: bondbridge simulate --story tour --speed 10 --state state/simulator.json
    """
    _check(host, port, user)
    if not (math.isfinite(speed) and 0 <= speed <= _FASTEST):
        _fail(f"--speed {speed:g}: give a number from 0 to {_FASTEST}")
    if story and story not in scenarios.STORIES:
        _fail(f"--story {story}: there is no such story; use one of {', '.join(scenarios.STORIES)}")
    world = _saved(state_file)
    if world is None:
        sizes = {
            "bonds": bonds,
            "legs_per_bond": legs_per_bond,
            "aggregators": aggregators,
            "spaces": spaces,
        }
        world = _new(sizes, seed, _moment(epoch))
    if story:
        scenarios.go_on(world, story)
    users = (User(user, password), *(it for it in USERS if it.read_only))
    ways = ServerOptions(literal=literal_docs, rename_guessed=rename_guessed)
    spoken = _tls(tls_file, host, tls_days) if tls else False
    with _clear_errors(host, port, state_file), _ended_by_sigterm():
        simulator_room.serve(
            world,
            host=host,
            port=port,
            speed=speed,
            users=users,
            ways=ways,
            state_file=state_file,
            tls=spoken,
            on_ready=_ready,
        )


def inbox(
    host: Host = "127.0.0.1",
    port: Port = 8181,
    state_file: Annotated[
        Path | None, typer.Option("--state", help="File (JSON lines) for the messages.")
    ] = None,
) -> None:
    """Run a small inbox that shows what Apprise's json:// posts to it.

    Prints "ready URL" once it serves; Ctrl-C or SIGTERM end it. The page is at /, the same as JSON
    at /messages.

    Example: bondbridge inbox --port 8181, and a channel json://127.0.0.1:8181/
    """
    _check(host, port, "-")
    with _clear_errors(host, port, state_file), _ended_by_sigterm():
        inbox_room.serve(host=host, port=port, state_file=state_file, on_ready=_ready)


def _ready(url: str) -> None:
    typer.echo(f"ready {url}/")


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(2)


def _check(host: str, port: int, user: str) -> None:
    if not host:
        _fail("--host is empty: give an address, such as 127.0.0.1")
    if not 0 <= port <= _LAST_PORT:
        _fail(f"--port {port}: give a number from 0 to {_LAST_PORT}")
    if not user or ":" in user:
        _fail(f"--user {user!r}: give a name without a colon")


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return moment(text)
    except (ValueError, OverflowError):
        _fail(f"--epoch {text}: give a date and time such as 2026-03-01T12:00:00Z")


def _tls(path: Path, host: str, days: float) -> simulator_room.Tls:
    if not (math.isfinite(days) and abs(days) <= _MOST_DAYS):
        _fail(f"--tls-days {days:g}: give a number from -{_MOST_DAYS} to {_MOST_DAYS}")
    folder = next((each for each in reversed(path.parents) if not each.exists()), None)
    fresh = not path.exists()
    try:
        certificate.at(path, host, days=days).context()
    except OSError as error:
        _fail(f"cannot use {path}: {error.strerror}; name another file with --tls-file")
    except ValueError:
        _fail(
            f"{path} holds no certificate with its key: name another file with --tls-file, or move"
            " this one away"
        )
    if fresh:
        if folder:
            made = f" in the new folder {path.parent}"
        else:
            made = ""
        typer.echo(f"made a certificate for {days:g} days: {path}{made}", err=True)
    return simulator_room.Tls(path, days)


def _new(sizes: dict[str, int], seed: int, epoch: datetime | None) -> World:
    try:
        return make_world(**sizes, seed=seed, epoch=epoch)
    except ImpossibleWorld as error:
        _fail(f"{error} (options --bonds, --legs-per-bond, --aggregators, --spaces)")


def _saved(path: Path | None) -> World | None:
    if path is None:
        return None
    try:
        world = state_file.load(path)
    except FileNotFoundError:
        return None
    except state_file.StateUnreadable as error:
        _fail(f"{error}: name another file with --state, or move this one away")
    except OSError as error:
        _fail(f"cannot read {path}: {error.strerror}; name another file with --state")
    typer.echo(f"going on with the world of {path}, where it is {stamp(world.now)}", err=True)
    return world


@contextmanager
def _clear_errors(host: str, port: int, path: Path | None) -> Iterator[None]:
    """Turn what can go wrong at the start into one line."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            _fail(
                f"port {port} is in use on {host}: stop what uses it, or give another with --port"
            )
        if path is not None and error.filename is not None:
            _fail(f"cannot write {path}: {error.strerror}; name another file with --state")
        _fail(
            f"cannot listen on {host} port {port}: {error.strerror}; give others with --host and"
            " --port"
        )


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the program as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not cut the saving short
        raise KeyboardInterrupt

    before: Callable[..., object] | int | None = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
