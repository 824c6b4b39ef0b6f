"""Events, decisions and jobs as the tests of the store need them, and threads that start
together.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import sqlalchemy as sa

from bridge.core.model import Body, Decision, Event, Job, JobState, Outcome, Retry, Ruling, Verdict
from bridge.core.requests import request_of
from bridge.store.database import Database
from bridge.store.decisions import decisions
from bridge.store.observations import events
from bridge.store.tables import jobs

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LEASE = 60.0


def later(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def event(
    identifier: str = "e1", name: str = "leg.down", server: str = "main", data: Body | None = None
) -> Event:
    """One event."""
    return Event(identifier, name, server, "leg/7", later(-1), NOW, data or {"leg": {"id": 7}})


def job(
    identifier: str, step: int = 0, *, decision: str = "d1", action: str = "call", **given: Any
) -> Job:
    """One job of a decision: due if it is of the first step, waiting otherwise."""
    about: dict[str, Any] = {
        "event": "e1",
        "rule": "r1",
        "server": "main",
        "request": {"operation": "bond.restart", "arguments": {"bond": 3}},
        "retry": Retry(frozenset({Outcome.REFUSED, Outcome.UNREACHABLE}), 60.0, 900.0),
        "due_at": NOW,
        "not_after": later(900),
        "state": JobState.WAITING if step else JobState.DUE,
    }
    about |= given
    about["request"] = request_of(action, about["request"])
    return Job(id=identifier, decision=decision, step=step, action=action, **about)


def decision(
    *owed: Job, identifier: str = "d1", event_id: str = "e1", rule: str = "r1", **given: Any
) -> Decision:
    """One decision that owes these jobs."""
    about: dict[str, Any] = {
        "rulebook": "book",
        "server": "main",
        "verdict": Verdict(Ruling.ACT),
        "at": NOW,
        "trace": ({"step": "when"},),
        "facts": {"mode": "live"},
    }
    return Decision(id=identifier, event=event_id, rule=rule, jobs=owed, **{**about, **given})


def owe(database: Database, *owed: Job, **given: Any) -> None:
    """Write an event, its decision and its jobs."""
    with database.writing() as connection:
        events.record(connection, [event()])
        decisions.record(connection, [decision(*owed, **given)])


def lapse(database: Database, identifier: str) -> None:
    """Let the lease on a job run out, as if its worker had slept through it."""
    with database.writing() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == identifier).values(lease_until=1.0))


def rows(database: Database, table: sa.Table, **where: Any) -> list[dict[str, Any]]:
    """The rows of a table in recorded order."""
    order = table.c.seq if "seq" in table.c else next(iter(table.primary_key))
    wanted = sa.select(table).filter_by(**where).order_by(order)
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What each of so many threads gives, all of them let go at once."""
    gate = Barrier(count, timeout=120)

    def run(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
