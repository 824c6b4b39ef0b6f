"""What is due in a scene, each in one query: the parts ask by themselves, one thing after the
other.
"""

import sqlalchemy as sa

from bridge.core.model import JobState
from bridge.store.column_types import Moment
from bridge.store.tables import (
    decisions,
    events,
    flaps,
    gatherings,
    incidents,
    jobs,
    outlets,
    rechecks,
    tellings,
)

DUE = (
    (flaps, "due_at"),
    (incidents, "due_at"),
    (decisions, "due_at"),
    (gatherings, "until"),
    (rechecks, "due_at"),
    (outlets, "again_at"),
    (tellings, "repeat_at"),
    (tellings, "escalate_at"),
)
_NOW = sa.bindparam("now", type_=Moment)
_OWED = (jobs.c.action == "notify", jobs.c.state == JobState.DUE)
NEXT = sa.union_all(
    *(sa.select(sa.func.min(table.c[name])).where(table.c[name] > _NOW) for table, name in DUE),
    sa.select(sa.func.min(jobs.c.due_at)).where(jobs.c.due_at > _NOW, *_OWED),
)
FOLLOW, DECIDE, TELL = range(3)
_MAIN = sa.literal("main").label("name")
_LASTS = (tellings.c.ended_at.is_(None), tellings.c.acked_at.is_(None))
_AGAIN = sa.or_(tellings.c.repeat_at <= _NOW, tellings.c.escalate_at <= _NOW)


def _named(what: int) -> sa.Label[int]:
    return sa.literal(what).label("what")


WORK = sa.union(
    sa.select(_named(FOLLOW), _MAIN).select_from(tellings).where(*_LASTS, _AGAIN),
    sa.select(_named(DECIDE), events.c.server.label("name")).where(events.c.decided.is_(False)),
    *(
        sa.select(_named(DECIDE), _MAIN).select_from(table).where(table.c[name] <= _NOW)
        for table, name in DUE[:5]
        if table is not gatherings
    ),
    sa.select(_named(DECIDE), _MAIN)
    .select_from(gatherings)
    .where(gatherings.c.until <= _NOW, gatherings.c.closed.is_(False)),
    sa.select(_named(TELL), jobs.c.target.label("name")).where(jobs.c.due_at <= _NOW, *_OWED),
)
