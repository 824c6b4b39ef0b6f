"""What the journal says of what people did."""

from collections.abc import Mapping

from bridge.core.headlines import headline
from bridge.core.model import Body
from bridge.store import events as event_store
from bridge.store.journal import Window, list_events
from bridge.wiring import Bridge


def deeds(bridge: Bridge) -> list[Mapping[str, str | None]]:
    """Every `operator.*` event, oldest first: its noun, its type and what it is about."""
    with bridge.database.reading() as connection:
        rows = list_events(connection, Window(100), "operator.*").rows
        found = event_store.several(connection, [row["id"] for row in rows])
    assert all("?" not in headline(event) for event in found)
    return [{**_noun(event.data), "type": event.type, "subject": event.subject} for event in found]


def _noun(data: Body) -> Body:
    noun: Body = data["operator"]
    return noun
