"""Outlets: the addresses of a channel. What is to be told at one of them is told in order, by one
worker at a time.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from bridge.core.model import Job, JobState, Ruling, Verdict
from bridge.core.requests import NoticeRequest
from bridge.core.spaces import Space, spaces_of
from bridge.store.column_types import insert_new, now_of_database
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions.jobs import job_of
from bridge.store.leases import Leases
from bridge.store.observations import events as event_store
from bridge.store.tables import attempts, decisions, jobs, outlets

_LEASES = Leases(outlets, outlets.c.key)
_ONE = select(outlets).where(outlets.c.key == bindparam("key"))
_PLAIN = ("gathers_since", "failures", "failing_since", "again_at", "said", "told")
_MINE = and_(jobs.c.action == "notify", jobs.c.state == JobState.DUE)
_PENDING = (
    select(jobs)
    .where(_MINE, jobs.c.target == bindparam("key"), jobs.c.due_at <= bindparam("now"))
    .order_by(jobs.c.since, jobs.c.seq)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Destination:
    """One address, and how it is doing; `key` such as "noc/0"."""

    key: str
    gathers_since: datetime | None = None
    recent: tuple[datetime, ...] = ()
    failures: int = 0
    failing_since: datetime | None = None
    again_at: datetime | None = None
    said: str | None = None
    told: bool = False

    @property
    def is_failing(self) -> bool:
        """Whether it did not take the newest message."""
        return self.failures > 0 or self.failing_since is not None

    @property
    def channel(self) -> str:
        """Whose it is."""
        return self.key.rpartition("/")[0]

    @property
    def target(self) -> int:
        """Which of the channel's."""
        return int(self.key.rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice that is due, the type of its event, the spaces that it speaks of (None: one that is
    not known), since when.
    """

    job: Job
    type: str
    spaces: frozenset[Space] = field(default=frozenset())
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """`waiting`: they are told once the address takes them; `dead`: nobody took them, and they stay
    until they are resent.
    """

    waiting: int = 0
    dead: int = 0


def due(connection: Connection, now: datetime) -> list[str]:
    """For each outlet that something is due at, the oldest such job."""
    wanted = (
        select(jobs.c.target, jobs.c.id)
        .outerjoin(outlets, outlets.c.key == jobs.c.target)
        .where(
            _MINE,
            jobs.c.due_at <= now,
            or_(outlets.c.lease_until.is_(None), outlets.c.lease_until < now_of_database()),
        )
        .order_by(jobs.c.since.desc(), jobs.c.seq.desc())
    )
    return sorted({row.target: row.id for row in connection.execute(wanted)}.values())


def claim(connection: Connection, key: str, seconds: float) -> int | None:
    """Take an outlet for so long; the fencing number, or None while somebody else is at it."""
    insert_new(connection, outlets, {"key": key, "recent": [], "failures": 0, "fence": 0})
    return _LEASES.claim(connection, seconds, key)


def extend(connection: Connection, key: str, fence: int, seconds: float) -> None:
    """Keep it for so long from now. Raises LeaseLost."""
    _LEASES.keep(connection, fence, seconds, key)


def check(connection: Connection, key: str, fence: int) -> None:
    """Raises LeaseLost if somebody else is at it by now."""
    _LEASES.check(connection, fence, key)


def release(connection: Connection, key: str, fence: int) -> None:
    """Let others at it."""
    _LEASES.release(connection, fence, key)


def get(connection: Connection, key: str) -> Destination:
    """How it is doing."""
    row = connection.execute(_ONE, {"key": key}).mappings().first()
    if row is None:
        return Destination(key)
    return Destination(
        key,
        recent=tuple(map(datetime.fromisoformat, row["recent"])),
        **{name: row[name] for name in _PLAIN},
    )


def every(connection: Connection) -> list[Destination]:
    """All that anything was ever told at."""
    keys = connection.execute(select(outlets.c.key).order_by(outlets.c.key)).scalars()
    return [get(connection, key) for key in list(keys)]


def put(connection: Connection, outlet: Destination) -> None:
    """Remember how it is doing."""
    values = {name: getattr(outlet, name) for name in _PLAIN} | {
        "recent": [each.isoformat() for each in outlet.recent]
    }
    connection.execute(update(outlets).where(outlets.c.key == outlet.key).values(**values))


def pending(connection: Connection, key: str, now: datetime, most: int) -> list[Pending]:
    """What is due at this outlet, in the order in which it would have been told had nothing had to
    wait.
    """
    rows = connection.execute(_PENDING, {"key": key, "now": now, "most": most})
    found = [job_of(row) for row in rows.mappings()]
    members = _members(connection, found)
    wanted = {event for each in members.values() for event in each}
    known = {event.id: event for event in event_store.several(connection, sorted(wanted))}
    return [
        Pending(
            job,
            known[job.event].type,
            spaces_of(known[event] for event in members[job.id]),
            known[job.event].time,
        )
        for job in found
    ]


def put_off(connection: Connection, job: Job, until: datetime, fresh: timedelta) -> None:
    """It waits until then, and is worth telling for so long after it, or for as long as it was."""
    values = {"due_at": until, "not_after": max(job.not_after, until + fresh)}
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(**values))


def of_job(connection: Connection, job: str) -> str | None:
    """Where a notice is told; None for a job that is none."""
    wanted = select(jobs.c.target).where(jobs.c.id == job, jobs.c.action == "notify")
    return connection.execute(wanted).scalar_one_or_none()


def queue_depths(connection: Connection) -> dict[str, QueueDepth]:
    """By address, such as "noc/0": also of channels that the settings no longer have."""
    mine = and_(
        jobs.c.action == "notify",
        jobs.c.target != "",
        jobs.c.state.in_((JobState.DUE, JobState.FAILED)),
    )
    wanted = (
        select(jobs.c.target, jobs.c.state, func.count().label("many"))
        .where(mine)
        .group_by(jobs.c.target, jobs.c.state)
    )
    counted: dict[str, dict[str, int]] = {}
    for row in connection.execute(wanted):
        counted.setdefault(row.target, {})[row.state] = row.many
    return {
        key: QueueDepth(each.get(JobState.DUE, 0), each.get(JobState.FAILED, 0))
        for key, each in counted.items()
    }


def dead(connection: Connection) -> list[dict[str, Any]]:
    """What nobody took, oldest first: `{"id", "address", "due_at", "title", "event", "rule",
    "why"}`.
    """
    failed = and_(jobs.c.action == "notify", jobs.c.state == JobState.FAILED)
    last = and_(attempts.c.job == jobs.c.id, attempts.c.n == jobs.c.attempts)
    columns = (
        jobs.c.id,
        jobs.c.target,
        jobs.c.due_at,
        jobs.c.request,
        jobs.c.event,
        jobs.c.rule,
        attempts.c.detail,
    )
    rows = connection.execute(
        select(*columns).outerjoin(attempts, last).where(failed).order_by(jobs.c.seq)
    )
    return [
        {
            "id": row.id,
            "address": row.target,
            "due_at": row.due_at,
            "title": NoticeRequest.of(row.request).title,
            "event": row.event,
            "rule": row.rule,
            "why": row.detail or "it was not told in time",
        }
        for row in rows
    ]


def resend(connection: Connection, those: Collection[str], who: str, now: datetime) -> None:
    """A person has them told once more, fresh from now on."""
    for row in list(connection.execute(select(jobs).where(jobs.c.id.in_(list(those)))).mappings()):
        job = job_of(row)
        fresh = {"state": JobState.DUE, "due_at": now, "since": now}
        fresh["not_after"] = now + timedelta(seconds=job.retry.until)
        connection.execute(
            update(jobs).where(jobs.c.id == job.id, jobs.c.state == JobState.FAILED).values(**fresh)
        )
        decision_store.add_verdict(
            connection,
            job.decision,
            job.id,
            Verdict(Ruling.ACT, None, f"{who} had it sent again"),
            now,
        )


def _members(connection: Connection, found: Sequence[Job]) -> dict[str, list[str]]:
    """By job: the events that its decision was about."""
    wanted = select(decisions.c.id, decisions.c.events).where(
        decisions.c.id.in_({job.decision for job in found})
    )
    of = {row.id: row.events for row in connection.execute(wanted)}
    return {job.id: sorted({job.event, *(of.get(job.decision) or ())}) for job in found}
