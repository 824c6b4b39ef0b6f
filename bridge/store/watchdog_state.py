"""What the watcher remembers: a file of its own, because it must remember while the database is
away.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from bridge.core.watchdog.messages import OpenStall
from bridge.core.watchdog.stall_detection import StalledMarker

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WatchdogState:
    """When it last looked, what stands still since when, and by address what was told and when the
    day's line was.
    """

    looked: datetime | None = None
    still: Mapping[str, StalledMarker] = field(default_factory=dict)
    told: Mapping[str, Mapping[str, OpenStall]] = field(default_factory=dict)
    daily: Mapping[str, datetime] = field(default_factory=dict)


_SHAPE = TypeAdapter(WatchdogState)


class MemoryFile:
    """One file, always whole: written beside it and moved over it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> WatchdogState:
        """What was kept; nothing where nothing can be read of it."""
        try:
            return _SHAPE.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return WatchdogState()
        except (OSError, ValidationError) as error:
            log.warning(
                "what was told cannot be read: it may be told again",
                file=str(self._path),
                why=type(error).__name__,
            )
            return WatchdogState()

    def keep(self, memory: WatchdogState) -> None:
        """Where it cannot be written it is told again after a restart: that is better than not to
        tell.
        """
        fresh = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        try:
            fresh.touch(mode=0o600)
            fresh.write_bytes(_SHAPE.dump_json(memory))
            os.replace(fresh, self._path)  # noqa: PTH105  atomic, and says so
        except OSError as error:
            log.warning(
                "what was told cannot be kept", file=str(self._path), why=str(error.strerror)
            )
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
