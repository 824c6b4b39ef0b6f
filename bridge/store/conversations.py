"""Where what comes of a command is told, sealed: whoever has such an address may write there."""

from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from bridge.store.tables import conversations
from bridge.store.types import insert_new


def begin(connection: Connection, event: str, webhook: str, address: str, until: datetime) -> None:
    """What comes of this event may be told there; `address` is sealed, `until` machine time."""
    insert_new(connection, conversations, {"event": event, "webhook": webhook, "address": address, "until": until})


def get(connection: Connection, event: str) -> RowMapping | None:
    """Where it is told; None where nowhere."""
    return connection.execute(select(conversations).where(conversations.c.event == event)).mappings().first()
