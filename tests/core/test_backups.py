"""Whether backups come when they should."""

import pytest

from bridge.core.model import Seen
from bridge.core.objects.backup_schedule import schedule

from .builders import NOW, body, later

DAY = 86400.0
GRACE = 7200.0


def backup(age: float | None, *, complete: bool = True, name: str = "b") -> Seen:
    """A backup made so many seconds ago; None for one that has no time."""
    created = None if age is None else later(-age).isoformat()
    return Seen("backup", name, body("backup", name=name, complete=complete, created=created))


@pytest.mark.parametrize(
    ("backups", "state", "newest"),
    [
        ([], "unknown", None),
        ([backup(0, complete=False)], "unknown", None),
        ([backup(None)], "unknown", None),
        ([backup(0)], "due", "b"),
        ([backup(DAY)], "due", "b"),
        ([backup(DAY + 1)], "pending", "b"),
        ([backup(DAY + GRACE)], "pending", "b"),
        ([backup(DAY + GRACE + 1)], "overdue", "b"),
        ([backup(100), backup(10, complete=False, name="c")], "pending", "b"),
        ([backup(DAY + GRACE + 1), backup(10, complete=False, name="c")], "overdue", "b"),
        (
            [backup(DAY * 3, name="old"), backup(5, name="new"), backup(DAY * 2, name="older")],
            "due",
            "new",
        ),
        ([backup(0.5, name="new"), backup(1, name="old")], "due", "new"),
        ([backup(None, name="x"), backup(5)], "due", "b"),
    ],
)
def test_the_state_of_the_schedule(backups: list[Seen], state: str, newest: str | None) -> None:
    """It counts from the newest finished backup; with none there is nothing to count from."""
    seen = schedule(backups, every=DAY, grace=GRACE, now=NOW)
    assert (seen.kind, seen.id) == ("backup_schedule", "backups")
    assert (seen.body["state"], seen.body["newest"]) == (state, newest)
    assert set(seen.body) == set(body("backup_schedule"))


def test_an_old_unfinished_backup_does_not_hold_the_schedule_for_ever() -> None:
    """A backup that broke off before the newest finished one says nothing about the next."""
    seen = schedule(
        [backup(DAY, complete=False, name="broken"), backup(100)], every=DAY, grace=GRACE, now=NOW
    )
    assert seen.body["state"] == "due"


def test_the_times_of_the_schedule() -> None:
    """When the next is due, and when it is overdue, stand there as text."""
    seen = schedule([backup(100)], every=DAY, grace=GRACE, now=NOW)
    assert seen.body["newest_at"] == later(-100).isoformat()
    assert seen.body["due_at"] == later(DAY - 100).isoformat()
    assert seen.body["overdue_at"] == later(DAY + GRACE - 100).isoformat()
