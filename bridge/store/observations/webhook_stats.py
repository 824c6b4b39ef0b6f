"""What came in at webhooks, for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from bridge.store.tables import events

_CHAT = ("chat.command", "chat.refused")


@dataclass(frozen=True, slots=True)
class Received:
    """When the last delivery came, and how many have come of late."""

    last: datetime | None = None
    lately: int = 0


def received(
    connection: Connection, hooks: Sequence[str], since: datetime
) -> Mapping[str, Received]:
    """By the webhook's name, for those that anything came to; `since` begins what is of late.

    What other systems post is of a type of its own; what people say carries the webhook in its
    data.
    """
    found = {}
    for name in hooks:
        last, lately = _of(connection, events.c.type == f"webhook.{name}", since)
        if last is None:
            said = and_(
                events.c.type.in_(_CHAT), events.c.data["chat"]["webhook"].as_string() == name
            )
            last, lately = _of(connection, said, since)
        if last is not None:
            found[name] = Received(last, lately)
    return found


def _of(
    connection: Connection, mine: ColumnElement[bool], since: datetime
) -> tuple[datetime | None, int]:
    of_late = func.coalesce(func.sum(case((events.c.seen_at >= since, 1), else_=0)), 0)
    row = connection.execute(select(func.max(events.c.seen_at), of_late).where(mine)).one()
    return row[0], int(row[1])
