"""What happens to legs on a stage, decided and told at once, and time that passes there."""

import itertools

from bridge.core import events, schema
from bridge.core.bodies import BODIES
from bridge.core.events import EVENTS
from bridge.store import events as event_store
from tests.pipeline.stage import Stage

NUMBER = itertools.count(1)


def happens(stage: Stage, name: str, leg: int) -> str:
    """An event of a leg, decided and told; its id."""
    body = {**schema.blank(BODIES["leg"]), "id": leg}
    data = {"leg": body, "bond": events.bond_noun(1, None, None), "old": None, "new": body, "changed": [], "over": False}
    now = stage.now()
    event = events.make(
        EVENTS[name], server="demo", subject=f"leg/{leg}", n=next(NUMBER), time=now, seen_at=now,
        data={**data, "between": None},
    )  # fmt: skip
    with stage.bridge.database.writing() as connection:
        event_store.record(connection, [event])
    passes(stage, 0)
    return event.id


def passes(stage: Stage, seconds: float) -> None:
    """Let time pass, and what is due by then be done."""
    stage.sim.advance(seconds)
    stage.bridge.follower.run()
    stage.work()
