"""The audit trail: what a person does is an event, written in the transaction that does it."""

from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection

from bridge.core.events.operator_events import Deed, event_of
from bridge.core.model import Body, Event
from bridge.store.observations import events


def record(
    connection: Connection,
    deed: Deed,
    now: datetime,
    n: object = None,
    nouns: Body = MappingProxyType({}),
) -> Event:
    """Write what a person has done; its event. `n`: of the same `n` only the first is written."""
    event = event_of(deed, now, n, nouns)
    events.record(connection, [event])
    return event
