"""Letters: how many notices wait at each address of the channels, and how many nobody took."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from bridge.core.model import JobState
from bridge.store.tables import jobs


@dataclass(frozen=True, slots=True)
class Letters:
    """`waiting`: they are told once the address takes them; `dead`: nobody took them, and they stay until they are resent."""

    waiting: int = 0
    dead: int = 0


def by_address(connection: Connection) -> dict[str, Letters]:
    """By address, such as "noc/0": also of channels that the settings no longer have."""
    mine = and_(jobs.c.action == "notify", jobs.c.target != "", jobs.c.state.in_((JobState.DUE, JobState.FAILED)))
    wanted = select(jobs.c.target, jobs.c.state, func.count().label("many")).where(mine).group_by(jobs.c.target, jobs.c.state)
    counted: dict[str, dict[str, int]] = {}
    for row in connection.execute(wanted):
        counted.setdefault(row.target, {})[row.state] = row.many
    return {key: Letters(each.get(JobState.DUE, 0), each.get(JobState.FAILED, 0)) for key, each in counted.items()}
