"""Reading what happened: events, decisions, jobs, attempts, a page at a time, or one event's whole
story.

Plain dicts for pages, API and terminal; reading for people bypasses the domain on purpose. Pages
are keyed by `seq`, the recorded order, so a page stays the same page while new rows arrive.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, func, or_, select

from bridge.core.model import Body, JobState
from bridge.store.tables import (
    attempts,
    decisions,
    events,
    facts,
    incidents,
    jobs,
    members,
    scopes,
    tellings,
    verdicts,
)

MOST = 200
_TOLD = ("told_at", "repeated", "acked_by", "acked_at", "ended_at")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first unless `after` was asked for, and the `seq` to go on from; None at the
    end.
    """

    rows: tuple[Body, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """Which page: at most `limit` rows, older than `before` or, oldest first, newer than
    `after`.
    """

    limit: int = 50
    before: int | None = None
    after: int | None = None


def list_events(connection: Connection, window: Window, like: str | None = None) -> Page:
    """Events; `like` is a type or a glob such as `leg.*`."""
    wanted = select(events)
    if like:
        pattern = (
            like.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
        )
        wanted = wanted.where(events.c.type.like(pattern, escape="\\"))
    return _page(connection, events, wanted, window)


def list_decisions(connection: Connection, window: Window, ruling: str | None = None) -> Page:
    """Decisions; of one ruling if asked."""
    wanted = select(decisions)
    return _page(
        connection,
        decisions,
        wanted.where(decisions.c.ruling == ruling) if ruling else wanted,
        window,
    )


def list_jobs(connection: Connection, window: Window, state: str | None = None) -> Page:
    """Jobs; in one state if asked."""
    wanted = select(jobs)
    return _page(connection, jobs, wanted.where(jobs.c.state == state) if state else wanted, window)


def list_incidents(connection: Connection, window: Window, beginning: str = "") -> Page:
    """Incidents; those whose id begins so if asked."""
    wanted = select(incidents)
    return _page(
        connection,
        incidents,
        wanted.where(incidents.c.id.startswith(beginning)) if beginning else wanted,
        window,
    )


def members_of(connection: Connection, incident: str) -> list[Body]:
    """The events that an incident owns, in the order they happened."""
    owned = (
        select(events)
        .join(members, members.c.event == events.c.id)
        .where(members.c.incident == incident)
    )
    return [
        dict(row)
        for row in connection.execute(owned.order_by(events.c.time, events.c.seq)).mappings()
    ]


def find(connection: Connection, table: str, beginning: str) -> list[str]:
    """Ids of events, decisions or jobs that begin so; at most two, which is enough to know whether
    it is one.
    """
    column = {"events": events, "decisions": decisions, "jobs": jobs}[table].c.id
    if not beginning.isalnum():
        return []
    return list(
        connection.execute(select(column).where(column.startswith(beginning)).limit(2)).scalars()
    )


def story(connection: Connection, event: str) -> Body | None:
    """One event, every decision about it with its verdicts and facts, every job with its
    attempts.
    """
    row = connection.execute(select(events).where(events.c.id == event)).mappings().first()
    if row is None:
        return None
    made = select(decisions, facts.c.body.label("facts_read")).join(
        facts, facts.c.hash == decisions.c.facts
    )
    found = (
        connection.execute(made.where(decisions.c.event == event).order_by(decisions.c.seq))
        .mappings()
        .all()
    )
    # of an event that went with a group, its own turns of the group's steps stand under its own
    # decision
    of = {each["gathering"]: each["id"] for each in found if each["gathering"]} | {
        each["id"]: each["id"] for each in found
    }
    mine = or_(jobs.c.event == event, jobs.c.decision.in_([each["id"] for each in found]))
    owed = (
        connection.execute(select(jobs).where(mine).order_by(jobs.c.step, jobs.c.seq))
        .mappings()
        .all()
    )
    about = or_(
        verdicts.c.decision.in_([each["id"] for each in found]),
        verdicts.c.job.in_([each["id"] for each in owed]),
    )
    verdicts_of: dict[str, list[Body]] = {}
    for row_of in connection.execute(
        select(verdicts).where(about).order_by(verdicts.c.seq)
    ).mappings():
        verdicts_of.setdefault(of.get(row_of["decision"], ""), []).append(dict(row_of))
    tried = (
        select(attempts)
        .where(attempts.c.job.in_([each["id"] for each in owed]))
        .order_by(attempts.c.seq)
    )
    tries_of = _grouped(connection, tried, "job")
    jobs_of: dict[str, list[Body]] = {}
    for job in owed:
        jobs_of.setdefault(of.get(job["decision"], ""), []).append(
            {**job, "tried": tries_of.get(job["id"], [])}
        )
    told = [
        {**each, "verdicts": verdicts_of.get(each["id"], []), "jobs": jobs_of.get(each["id"], [])}
        for each in found
    ]
    return {**row, "decisions": told, "tellings": _tellings(connection, event)}


def _tellings(connection: Connection, event: str) -> list[Body]:
    """Where it was told and is followed, who has acknowledged it, since when it is over."""
    columns = (jobs.c.target.label("address"), *(tellings.c[name] for name in _TOLD))
    found = (
        select(*columns).join(jobs, jobs.c.id == tellings.c.job).where(tellings.c.event == event)
    )
    return [
        dict(row)
        for row in connection.execute(found.order_by(tellings.c.told_at, tellings.c.job)).mappings()
    ]


def read_by(connection: Connection, digests: Collection[str]) -> dict[str, Body]:
    """What verdicts were made from, by its hash."""
    wanted = select(facts).where(facts.c.hash.in_(sorted(digests)))
    return {row["hash"]: row["body"] for row in connection.execute(wanted).mappings()}


def event_of_decision(connection: Connection, decision: str) -> str:
    """The event that a decision is about."""
    return str(
        connection.execute(select(decisions.c.event).where(decisions.c.id == decision)).scalar_one()
    )


def ruled(connection: Connection, wanted: Sequence[str]) -> dict[str, list[Body]]:
    """The decisions about these events, by event, each with its jobs: two queries for a page of any
    length, no traces.
    """
    columns = ("id", "event", "rule", "ruling", "reason", "detail", "seq")
    made = (
        select(*(decisions.c[name] for name in columns))
        .where(decisions.c.event.in_(wanted))
        .order_by(decisions.c.seq)
    )
    columns = ("decision", "id", "step", "action", "request", "state", "seq")
    owed = (
        select(*(jobs.c[name] for name in columns))
        .where(jobs.c.event.in_(wanted))
        .order_by(jobs.c.step, jobs.c.seq)
    )
    by_decision = _grouped(connection, owed, "decision")
    by_event: dict[str, list[Body]] = {}
    for row in connection.execute(made).mappings():
        by_event.setdefault(row["event"], []).append(
            {**row, "jobs": by_decision.get(row["id"], [])}
        )
    return by_event


def counts(connection: Connection, now: datetime) -> Mapping[str, int]:
    """What waits: undecided events, jobs due, late, in doubt, failed; scopes whose last poll
    failed.
    """

    def count(table: Table, *where: Any) -> int:
        return int(
            connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
        )

    return {
        "events": count(events),
        "undecided": count(events, events.c.decided.is_(False)),
        "jobs_open": count(
            jobs, or_(jobs.c.state == JobState.DUE, jobs.c.state == JobState.WAITING)
        ),
        "jobs_late": count(jobs, jobs.c.state == JobState.DUE, jobs.c.not_after < now),
        "jobs_in_doubt": count(jobs, jobs.c.state == JobState.IN_DOUBT),
        "jobs_failed": count(jobs, jobs.c.state == JobState.FAILED),
        "scopes_failing": count(scopes, scopes.c.failures > 0),
    }


def _page(connection: Connection, table: Table, wanted: Select[Any], window: Window) -> Page:
    seq = table.c.seq
    limit = min(max(window.limit, 1), MOST)
    if window.after is not None:
        wanted = wanted.where(seq > window.after).order_by(seq)
    else:
        wanted = wanted.order_by(seq.desc())
        if window.before is not None:
            wanted = wanted.where(seq < window.before)
    rows = connection.execute(wanted.limit(limit + 1)).mappings().all()
    shown = rows[:limit]
    return Page(tuple(dict(row) for row in shown), shown[-1]["seq"] if len(rows) > limit else None)


def _grouped(connection: Connection, wanted: Select[Any], by: str) -> dict[str, list[Body]]:
    grouped: dict[str, list[Body]] = {}
    for row in connection.execute(wanted).mappings():
        grouped.setdefault(row[by], []).append(dict(row))
    return grouped
