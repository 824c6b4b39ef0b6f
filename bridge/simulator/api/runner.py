"""The simulator on a socket: `serve` until it is told to stop, `running` for the length of a
`with`.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from werkzeug.wrappers import Request, Response

from bridge.simulator.api import admin_api
from bridge.simulator.api.admin_api import Control
from bridge.simulator.api.app import Vendor
from bridge.simulator.behaviour import certificate
from bridge.simulator.behaviour.certificate import Served
from bridge.simulator.faults.switches import Faults, read_faults
from bridge.simulator.schema.accounts import USERS, User, ensure
from bridge.simulator.schema.rest_framework import USUAL, ServerOptions
from bridge.simulator.server.faulty_http_server import HttpPort
from bridge.simulator.server.live_world import Live
from bridge.simulator.world.world import World


@dataclass(frozen=True, slots=True)
class Running:
    """A simulator that serves. `url` has no slash at the end; look at `world` only while nobody
    else asks.

    `certificate`: where it speaks TLS, what a client must trust (`path` of a PEM file, `pem`).
    """

    url: str
    world: World
    live: Live
    _control: Control
    certificate: Served | None = None

    def advance(self, seconds: float) -> None:
        """Let world time pass at once, as `POST /_sim/advance` does."""
        self.live.advance(seconds)

    def set_faults(self, **wanted: object) -> None:
        """Replace all faults, as `POST /_sim/faults` does; without arguments, end them. `refuse` is
        for HTTP only.
        """
        self._control.faults = read_faults(wanted)


class _Site:
    """Everything on the port: the vendor's API, the controls beside it, and a word at the door."""

    def __init__(self, live: Live, ways: ServerOptions) -> None:
        self.refuse: Callable[[float], None] = lambda _: None
        self.control = Control(live, self._refuse)
        self._vendor = Vendor(live, self._faults, ways)

    def _refuse(self, seconds: float) -> None:
        self.refuse(seconds)  # the door comes later than what is behind it

    def _faults(self) -> Faults:
        return self.control.faults

    def answer(self, request: Request) -> Response:
        if request.path.startswith("/api/"):
            return self._vendor.answer(request)
        if request.path.startswith(admin_api.ROOT):
            return self.control.answer(request)
        if request.path != "/":
            return Response("<h1>Not Found</h1>\n", 404, content_type="text/html")
        about = {
            "what": "a stand-in management server",
            "api": "/api/v4/",
            "controls": admin_api.ROOT,
        }
        return Response(json.dumps(about) + "\n", content_type="application/json")


@dataclass(frozen=True, slots=True)
class Tls:
    """How to speak TLS: with the certificate in `path`, made there if need be; without one, in a
    place of its own.

    `days`: how long one that is made is valid from now on; below 0 it is over already.
    """

    path: Path | None = None
    days: float = 365.0


@contextmanager
def running(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float = 1.0,
    users: Sequence[User] = USERS,
    ways: ServerOptions = USUAL,
    state_file: Path | None = None,
    tls: bool | Tls = False,
) -> Iterator[Running]:
    """Serve a world from threads of its own; port 0 takes a free one, speed 0 leaves time to
    `advance`.

    `users` may log in whatever the world says, besides those it has; `ways` is how this server
    differs from the usual. Raises OSError when the port cannot be had or a file cannot be read or
    written, ValueError for a file of another kind.
    """
    with _certificate(Tls() if tls is True else tls or None, host) as served:
        ensure(world, users)
        if served is not None:
            world.certificate = served.about
        live = Live(world, speed=speed, state_file=state_file)
        site = _Site(live, ways)
        door = HttpPort(
            Request.application(site.answer), host, port, served.context() if served else None
        )
        site.refuse = door.refuse
        try:
            live.start()
            door.open()
            yield Running(door.url, world, live, site.control, served)
        finally:
            door.close()
            live.stop()


@contextmanager
def _certificate(tls: Tls | None, host: str) -> Iterator[Served | None]:
    if tls is None:
        yield None
    elif tls.path is not None:
        yield certificate.at(tls.path, host, days=tls.days)
    else:
        with TemporaryDirectory() as folder:
            yield certificate.at(Path(folder) / "simulator.pem", host, days=tls.days)


def serve(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 8180,
    speed: float = 1.0,
    users: Sequence[User] = USERS,
    ways: ServerOptions = USUAL,
    state_file: Path | None = None,
    tls: bool | Tls = False,
    on_ready: Callable[[str], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> None:
    """Serve until `stop` is set or this thread gets KeyboardInterrupt; `on_ready` is given the URL.
    Raises as `running`.
    """
    with (
        suppress(KeyboardInterrupt),
        running(
            world,
            host=host,
            port=port,
            speed=speed,
            users=users,
            ways=ways,
            state_file=state_file,
            tls=tls,
        ) as sim,
    ):
        on_ready(sim.url)
        (stop or threading.Event()).wait()
