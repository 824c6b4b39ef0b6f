"""Whether backups come when they should: the server only lists those it has, so what is missing is
ours to notice.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bridge.core.model import Body, Seen


def schedule(backups: Iterable[Seen], *, every: float, grace: float, now: datetime) -> Seen:
    """One object for the whole schedule: `due`, `pending` (past its time, or listed unfinished) or
    `overdue` (past grace).

    `every` and `grace` in seconds. With no backup there is nothing to count from: `unknown`.
    """
    bodies = [each.body for each in backups]
    finished = [body for body in bodies if body["complete"] and body["created"]]
    newest = max(finished, key=lambda body: str(body["created"]), default=None)
    if newest is None:
        return _seen(
            {
                "state": "unknown",
                "newest": None,
                "newest_at": None,
                "due_at": None,
                "overdue_at": None,
            }
        )
    due_at = datetime.fromisoformat(newest["created"]) + timedelta(seconds=every)
    overdue_at = due_at + timedelta(seconds=grace)
    unfinished = any(
        not body["complete"] and (body["created"] or newest["created"]) >= newest["created"]
        for body in bodies
    )
    state = "overdue" if now > overdue_at else "pending" if now > due_at or unfinished else "due"
    times = {
        "newest_at": newest["created"],
        "due_at": due_at.isoformat(),
        "overdue_at": overdue_at.isoformat(),
    }
    return _seen({"state": state, "newest": newest["name"], **times})


def _seen(body: Body) -> Seen:
    return Seen("backup_schedule", "backups", body)
