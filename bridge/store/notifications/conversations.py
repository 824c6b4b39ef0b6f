"""Where what comes of a command is told, sealed: anyone who has such an address may write there."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, select

from bridge.store.column_types import insert_new
from bridge.store.tables import conversations


def begin(connection: Connection, event: str, webhook: str, address: str, until: datetime) -> None:
    """What comes of this event may be told there; `address` is sealed, `until` machine time."""
    insert_new(
        connection,
        conversations,
        {"event": event, "webhook": webhook, "address": address, "until": until},
    )


def over(connection: Connection, before: datetime, most: int) -> list[str]:
    """Some of those that took their last answers before then."""
    late = select(conversations.c.event).where(conversations.c.until < before).limit(most)
    return list(connection.execute(late).scalars())


def forget(connection: Connection, those: Collection[str]) -> None:
    """Where what comes of these events was told is nobody's matter any more."""
    connection.execute(delete(conversations).where(conversations.c.event.in_(list(those))))


def get(connection: Connection, event: str) -> RowMapping | None:
    """Where it is told; None where nowhere."""
    return (
        connection.execute(select(conversations).where(conversations.c.event == event))
        .mappings()
        .first()
    )
