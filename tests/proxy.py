"""A TCP proxy of ours that can freeze: as on a network that swallows everything, nothing passes and
nothing is closed.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_PIECE = 65_536


@dataclass
class Proxy:
    """Listens on `port`; `there` is a port on this machine or the path of a socket."""

    there: int | Path
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: list[socket.socket] = field(default_factory=list)
    _flow: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Let everything flow, and take connections."""
        self._flow.set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.listener.getsockname()[1])

    def freeze(self) -> None:
        """Whatever is connected now hears nothing more, for ever; who connects from now on is
        served.
        """
        self._flow.clear()
        self._flow = threading.Event()
        self._flow.set()

    def close(self) -> None:
        """Cut everything."""
        self.listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = self._connected()
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(*ends, self._flow), daemon=True).start()

    def _connected(self) -> socket.socket:
        if isinstance(self.there, int):
            return socket.create_connection(("127.0.0.1", self.there))
        far = socket.socket(socket.AF_UNIX)
        far.connect(str(self.there))
        return far


def _pump(source: socket.socket, sink: socket.socket, flow: threading.Event) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            if not flow.is_set():
                return  # swallowed, and neither side is told
            sink.sendall(piece)
    if flow.is_set():
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxying(there: int | Path) -> Iterator[Proxy]:
    """A proxy before this port or socket."""
    proxy = Proxy(there)
    try:
        yield proxy
    finally:
        proxy.close()
