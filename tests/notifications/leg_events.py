"""What happens to legs on a stage, decided and told at once, and time that passes there."""

import itertools
from datetime import timedelta

from bridge.core.events import builder, schema
from bridge.core.events.builder import EVENTS
from bridge.core.model import Event
from bridge.core.objects.object_schemas import BODIES
from bridge.store.observations import events as event_store
from tests.pipeline.harness import Stage

NUMBER = itertools.count(1)


def happens(stage: Stage, name: str, leg: int) -> str:
    """An event of a leg, decided and told; its id."""
    event = occurs(stage, name, leg)
    recorded(stage, event)
    return event.id


def occurs(stage: Stage, name: str, leg: int, seconds: float = 0.0) -> Event:
    """An event of a leg as a poll finds it now; it came about so many seconds from now."""
    body = {**schema.blank(BODIES["leg"]), "id": leg}
    data = {
        "leg": body,
        "bond": builder.bond_noun(1, None, None),
        "old": None,
        "new": body,
        "changed": [],
        "over": False,
    }
    now = stage.now()
    return builder.make(
        EVENTS[name],
        server="demo",
        subject=f"leg/{leg}",
        n=next(NUMBER),
        time=now + timedelta(seconds=seconds),
        seen_at=now,
        data={**data, "between": None},
    )


def recorded(stage: Stage, *found: Event) -> None:
    """What one poll found, decided and told."""
    with stage.bridge.database.writing() as connection:
        event_store.record(connection, found)
    passes(stage, 0)


def passes(stage: Stage, seconds: float) -> None:
    """Let time pass, and what is due by then be done."""
    stage.sim.advance(seconds)
    stage.bridge.follower.run()
    stage.work()
