"""Wake-up messages for the workers, sent by a thread of its own: no answer waits for a broker that
is slow, stopped or gone.
"""

import threading
from collections.abc import Callable

import structlog

from bridge.web.errors import shown

_MOST = 1_000  # that wait; what is dropped costs a second, since the next tick finds it

log = structlog.get_logger()


class Bell:
    """Calling it returns at once. The same message is sent once, however often it was asked for
    meanwhile.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._waiting: dict[tuple[str, ...], None] = {}
        self._there = threading.Condition()
        threading.Thread(target=self._run, name="bell", daemon=True).start()

    def __call__(self, task: str, *ids: str) -> None:
        """Have this task run soon."""
        with self._there:
            if len(self._waiting) < _MOST:
                self._waiting[(task, *ids)] = None
                self._there.notify()

    def _run(self) -> None:
        while True:
            with self._there:
                self._there.wait_for(lambda: self._waiting)
                message = next(iter(self._waiting))
                del self._waiting[message]
            try:
                self._send(*message)
            # the thread must go on, and the next tick does what this one could not
            except Exception as error:  # noqa: BLE001
                log.warning("the bell does not ring", why=shown(error))
