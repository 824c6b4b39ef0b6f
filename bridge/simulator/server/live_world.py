"""A world that lives: real time moves it, one lock guards it, a file remembers it."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bridge.simulator.behaviour import state_file
from bridge.simulator.world.world import World

TICK_SECONDS = 0.2
SAVE_SECONDS = 1.0
IDLE_SAVE_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Live:
    """The only way in for threads. World now = where it stood at the start + real time since, times
    speed.
    """

    def __init__(self, world: World, *, speed: float, state_file: Path | None = None) -> None:
        self.speed = speed
        self._world = world
        self._state_file = state_file
        self._lock = threading.RLock()
        self._base = world.now
        self._started = time.monotonic()
        self._saved_version = -1
        self._saved_at = 0.0
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="simulator-time", daemon=True)

    @contextmanager
    def now(self) -> Iterator[World]:
        """Hold the world, brought up to its present."""
        with self._lock:
            elapsed = (time.monotonic() - self._started) * self.speed
            self._world.advance_to(self._base + timedelta(seconds=elapsed))
            yield self._world

    def advance(self, seconds: float) -> None:
        """Let `seconds` of world time pass at once."""
        with self._lock:
            self._base += timedelta(seconds=seconds)
            with self.now():
                self.save()

    def save(self) -> None:
        """Write the state file, if there is one. Trouble with it is logged: the world goes on."""
        if self._state_file is None:
            return
        with self._lock:
            self._saved_at = time.monotonic()
            try:
                state_file.save(self._world, self._state_file)
            except OSError as error:
                _log.error("cannot save %s: %s", self._state_file, error)
            else:
                self._saved_version = self._world.version

    def start(self) -> None:
        """Begin to tick, so that time goes on with nobody asking. A file that cannot be written
        raises OSError here.
        """
        if self._state_file is not None:
            self._state_file.parent.mkdir(parents=True, exist_ok=True)
            state_file.save(self._world, self._state_file)
        self._ticker.start()

    def stop(self) -> None:
        """Stop to tick, and save where the world stands."""
        self._over.set()
        if (
            self._ticker.ident is not None
        ):  # it never began where the state file could not be written
            self._ticker.join()
            with self.now():
                self.save()

    def _tick(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            try:
                with self.now():
                    self._save_if_due()
            except Exception:  # noqa: BLE001 - one bad happening must not stop time
                _log.exception("a happening of the world failed")

    def _save_if_due(self) -> None:
        changed = self._world.version != self._saved_version
        since = time.monotonic() - self._saved_at
        # An unchanged world is saved for its clock alone, and only where time moves by itself.
        if since >= (SAVE_SECONDS if changed else IDLE_SAVE_SECONDS) and (changed or self.speed):
            self.save()
