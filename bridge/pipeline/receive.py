"""Receive: an incoming webhook becomes an event, stored before it is answered. The other way into the flow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from bridge.core import events
from bridge.core.model import Event
from bridge.store import events as event_store
from bridge.store.database import Database
from bridge.webhooks.platforms import PLATFORMS

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hook:
    """One incoming webhook; `tolerance` in seconds of machine time."""

    platform: str
    secret: str
    server: str
    tolerance: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """The event a delivery became, and whether it was new."""

    event: Event
    new: bool


class Receiver:
    """Takes deliveries. `now` is domain time, `machine` the machine's, which signatures are dated by."""

    def __init__(
        self, database: Database, hooks: Mapping[str, Hook], now: Callable[[], datetime], machine: Callable[[], datetime]
    ) -> None:
        self._database, self.hooks, self._now, self._machine = database, hooks, now, machine

    def take(self, name: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Check and store one request. Raises Refused (nothing stored), KeyError for a name nobody has set."""
        hook = self.hooks[name]
        machine = self._machine()
        delivery = PLATFORMS[hook.platform](headers, body, secret=hook.secret, now=machine, tolerance=hook.tolerance)
        now, row = self._now(), events.webhook(name)
        event = events.make(
            row, server=hook.server, subject=f"webhook/{name}", n=delivery.id, time=now, seen_at=now,
            data={"body": delivery.body},
        )  # fmt: skip
        with self._database.writing() as connection:
            new = bool(event_store.record(connection, [event]))
        log.info(f"webhook {name} received" if new else f"webhook {name} received again", id=event.id)
        return Receipt(event, new)
