"""`python -m bridge.web`: serve pages, API and webhooks, as the settings say. Prints `ready URL`
once.
"""

import errno
import os
import socket
import sys
import threading
import time
from contextlib import closing, suppress

from flask import Flask

from bridge import config, logging_setup, wiring
from bridge.config.time_zones import use_newest
from bridge.errors import BadInput
from bridge.store.database import Away
from bridge.web import app_context
from bridge.web.app import create_app
from bridge.web.http_server import serve

# seconds: anyone who waits for an answer hears within five that the database cannot be used
_PATIENCE = 4.0
_LOOK = 5.0


def main() -> None:
    """Serve until told to stop. Ends with 2 where the settings or the port cannot be used."""
    use_newest()
    logging_setup.configure(os.environ.get(f"{config.PREFIX}LOG_LEVEL", "INFO"))
    try:
        settings = config.load(None)
        wiring.check_webhooks(settings)
        bridge = wiring.build(
            settings, patience=_PATIENCE
        )  # what is wrong shows here, before anything is served
        with suppress(Away):  # it says so in its answers until the database is there
            wiring.agree_on_key(settings, bridge.database)
        listener = _listen(settings.web.host, settings.web.port)
    except (BadInput, _NoPort) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    # it reads the settings at import, and brings Celery
    from bridge.worker import ring  # noqa: PLC0415

    with listener, closing(bridge):
        app = create_app(bridge, ring)
        threading.Thread(target=_watch, args=(app,), name="movement", daemon=True).start()
        # the supervisor waits for this line
        print(f"ready {settings.web.url}", flush=True)  # noqa: T201
        serve(app, listener, settings.web.largest_body)


def _watch(app: Flask) -> None:
    """Look whether the bridge moves, also while nobody asks: so anyone who asks hears for how long
    it stands still.
    """
    with app.app_context():
        while True:
            app_context.movement().look()
            time.sleep(_LOOK)


class _NoPort(Exception):
    """The port cannot be had; says why and what to do."""


def _listen(host: str, port: int) -> socket.socket:
    if ":" in host:
        family = socket.AF_INET6
    else:
        family = socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            msg = (
                f"port {port} is in use on {host}: stop what uses it, or set web.port in the"
                " settings"
            )
        else:
            msg = (
                f"cannot listen on {host} port {port}: {error.strerror}; set web.host and web.port"
                " in the settings"
            )
        raise _NoPort(msg) from error


if __name__ == "__main__":
    main()
