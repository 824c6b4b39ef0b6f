"""`python -m bridge.web`: serve pages, API and webhooks with gunicorn, as the settings say. Prints `ready URL` once.

One process with eight threads: the work is reading a database, and what must not be lost stands in it.
"""

import errno
import os
import socket
import sys
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from bridge import config, log, wiring
from bridge.config import Settings
from bridge.config.time_zones import use_newest
from bridge.errors import BadInput
from bridge.web.app import create_app

_GRACE = 3  # seconds for what is under way when we are told to stop


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn, set up here and nowhere else. `listener`: a descriptor that is bound already."""

    def __init__(self, settings: Settings, listener: int) -> None:
        self._settings, self._listener = settings, listener
        super().__init__()

    def load_config(self) -> None:
        """Take our values; gunicorn's own files, variables and arguments are not read."""
        wanted = {
            "bind": f"fd://{self._listener}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": 8,
            "graceful_timeout": _GRACE,
            "loglevel": "warning",
            "control_socket_disable": True,
            "on_starting": _log_as_we_do,
            "post_worker_init": self._say_ready,
        }
        for name, value in wanted.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application; called after the fork, which no connection must cross."""
        from bridge.worker import ring  # noqa: PLC0415  it reads the settings at import, and brings Celery

        return create_app(wiring.build(self._settings), ring)

    def _say_ready(self, worker: Any) -> None:
        if worker.age == 1:  # one that replaces it is no news
            print(f"ready {self._settings.web.url}", flush=True)  # noqa: T201  the supervisor waits for this line


def main() -> None:
    """Serve until told to stop. Ends with 2 where the settings or the port cannot be used."""
    use_newest()
    log.configure(os.environ.get(f"{config.PREFIX}LOG_LEVEL", "INFO"))
    try:
        settings = config.load(None)
        wiring.check_webhooks(settings)
        wiring.build(settings).close()  # what is wrong shows here, before anything is served
        listener = _listen(settings.web.host, settings.web.port)
    except (BadInput, _NoPort) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    _Server(settings, listener).run()


class _NoPort(Exception):
    """The port cannot be had; says why and what to do."""


def _listen(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256).detach()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            msg = f"port {port} is in use on {host}: stop what uses it, or set web.port in the settings"
        else:
            msg = f"cannot listen on {host} port {port}: {error.strerror}; set web.host and web.port in the settings"
        raise _NoPort(msg) from error


def _log_as_we_do(arbiter: Any) -> None:
    """Let gunicorn's few lines go where ours go."""
    arbiter.log.error_log.handlers.clear()
    arbiter.log.error_log.propagate = True


if __name__ == "__main__":
    main()
