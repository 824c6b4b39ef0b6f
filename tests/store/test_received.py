from datetime import UTC, datetime, timedelta

from bridge.core.events import builder
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.observations.webhook_stats import Received, received

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_what_came_at_each_webhook_is_counted_by_how_it_came(database: Database) -> None:
    """What systems post is of the webhook's own type, what people say names it; the newest and the
    last day are told.
    """
    posted = builder.webhook("door")
    said = builder.EVENTS["chat.command"]
    happened = []
    for n, hours in enumerate((1, 2, 30)):
        at = NOW - timedelta(hours=hours)
        told = {"chat": {"webhook": "room"}}
        made = {"server": "hq", "n": n, "time": at, "seen_at": at}
        happened.append(
            builder.make(posted, subject="webhook/door", data={"body": {}, "reach": None}, **made)
        )
        happened.append(
            builder.make(
                said,
                subject="chat/room",
                data=told if n else {"chat": {"webhook": "other"}},
                **made,
            )
        )
    with database.writing() as connection:
        event_store.record(connection, happened)
    with database.reading() as connection:
        came = received(connection, ["door", "room", "nobody's"], NOW - timedelta(days=1))
    assert came == {
        "door": Received(NOW - timedelta(hours=1), 2),
        "room": Received(NOW - timedelta(hours=2), 1),
    }
