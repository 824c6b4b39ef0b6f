"""What somebody in chat may see: an event is where what it names is; what is nowhere is for those
who see everything.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bridge.core import spaces
from bridge.core.chat.principal import Principal
from bridge.core.chat.roles import Role
from bridge.core.model import Event, Job
from bridge.core.spaces import Space
from bridge.pipeline.approvals.eligibility import look_at, spaces_of_plan
from bridge.store.decisions import approvals
from bridge.store.decisions import jobs as job_store


def sees(connection: Connection, asker: Principal, event: Event, now: datetime) -> bool:
    """Whether this person may be told of the event; what they said themselves they may always be
    reminded of.
    """
    if asker.everywhere(Role.VIEWER) or (event.data.get("chat") or {}).get("who") == asker.who:
        return True
    return all(
        space is not None and asker.role(space) is not None
        for space in _spaces(connection, event, now)
    )


def operates(connection: Connection, asker: Principal, event: Event, now: datetime) -> bool:
    """Whether this person is an operator wherever the event is; of what is nowhere, whether they
    are one everywhere.
    """
    if asker.everywhere(Role.OPERATOR):
        return True
    roles = [
        asker.role(space) if space is not None else None
        for space in _spaces(connection, event, now)
    ]
    return all(role is not None and role >= Role.OPERATOR for role in roles)


def sees_all(
    connection: Connection, asker: Principal, server: str, jobs: Sequence[Job], now: datetime
) -> bool:
    """Whether everything that these calls touch may be seen."""
    found = spaces_of_plan(connection, server, jobs, now)
    return all(asker.role(space) is not None for space in found)


def _spaces(connection: Connection, event: Event, now: datetime) -> frozenset[Space]:
    """The spaces that the event is about; of a question those of its plan."""
    asked = event.data.get("approval")
    if not asked:
        return spaces.spaces_of(event, look_at(connection, event.server, now))
    row = approvals.get(connection, str(asked.get("id")))
    owed = job_store.of_decision(connection, row["decision"]) if row is not None else []
    plan = [job for job in owed if job.parent is None]
    return spaces_of_plan(connection, event.server, plan, now)
