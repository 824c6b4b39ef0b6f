"""Scopes of a server that fail alike: so that one trouble is said once, whichever of them and
whichever process meets it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, func, select

from bridge.store.tables import scopes, servers

# what a scope remembers of its failures, see poll_failures: which answer it was, when that was
# last logged for the server, and whether its event was recorded
ANSWER, LOGGED_AT, NOTIFIED = "answer", "logged_at", "notified"


@dataclass(frozen=True, slots=True)
class Alike:
    """How many scopes fail alike, when that was last logged, whether its event was recorded."""

    scopes: int
    logged_at: datetime | None
    notified: bool

    def is_logged(self, now: datetime, every: timedelta) -> bool:
        """Whether it was logged so lately that it is not worth another line."""
        return self.logged_at is not None and now - every < self.logged_at <= now


def failing_alike(connection: Connection, server: str, answer: str) -> Alike:
    """The scopes of a server whose newest poll failed with this kind of answer. Until the
    transaction ends nobody else asks the same.
    """
    connection.execute(select(servers.c.name).where(servers.c.name == server).with_for_update())
    failing = scopes.c.failures > 0
    wanted = select(
        func.coalesce(func.sum(case((failing, 1), else_=0)), 0).label("many"),
        func.max(scopes.c.memo[LOGGED_AT].as_string()).label("logged_at"),
        func.coalesce(
            func.sum(case((and_(failing, scopes.c.memo[NOTIFIED].as_boolean()), 1), else_=0)), 0
        ).label("notified"),
    ).where(scopes.c.server == server, scopes.c.memo[ANSWER].as_string() == answer)
    row = connection.execute(wanted).one()
    logged_at = datetime.fromisoformat(row.logged_at) if row.logged_at else None
    return Alike(row.many, logged_at, bool(row.notified))
