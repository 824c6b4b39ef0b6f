"""What guards ask of the past: what runs, what was done, what came, what ended."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, func, or_, select

from bridge.core.model import OPEN, Event, Job, JobState, Reason
from bridge.store.decisions.jobs import job_of
from bridge.store.observations.events import event_of
from bridge.store.tables import (
    attempts,
    cooldowns,
    decisions,
    events,
    incidents,
    jobs,
    objects,
    scopes,
)


def cooldowns_of(connection: Connection, server: str, since: datetime) -> dict[str, RowMapping]:
    """Cooldowns that can still hold, by key: those at work, and those ended since then."""
    held = or_(cooldowns.c.ended_at.is_(None), cooldowns.c.ended_at >= since)
    rows = connection.execute(select(cooldowns).where(cooldowns.c.server == server, held))
    return {row["key"]: row for row in rows.mappings()}


def running(
    connection: Connection, server: str, rules: Collection[str]
) -> dict[tuple[str, str], list[str]]:
    """Decisions of these rules whose jobs are not all over, by (rule, what they are about), oldest
    first.
    """
    under_way = select(jobs.c.decision).where(
        jobs.c.state.in_(sorted(OPEN)), jobs.c.rule.in_(list(rules))
    )
    mine = and_(
        decisions.c.server == server,
        decisions.c.rule.in_(list(rules)),
        decisions.c.id.in_(under_way),
    )
    found: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(
        select(decisions).where(mine).order_by(decisions.c.seq)
    ).mappings():
        found.setdefault((row["rule"], row["about"]), []).append(row["id"])
    return found


def remedied(connection: Connection, rule: str, server: str, subject: str, since: datetime) -> int:
    """How many decisions of the rule about this object made a call that worked, since then."""
    worked = and_(
        jobs.c.action == "call", jobs.c.state == JobState.SUCCEEDED, jobs.c.parent.is_(None)
    )
    made = (
        select(func.count(decisions.c.id.distinct()))
        .join(events, events.c.id == decisions.c.event)
        .join(jobs, jobs.c.decision == decisions.c.id)
        .where(decisions.c.rule == rule, decisions.c.server == server, decisions.c.at >= since)
        .where(events.c.subject == subject, worked)
    )
    return int(connection.execute(made).scalar_one())


def touched(connection: Connection, rule: str, server: str, since: datetime) -> list[Job]:
    """The rule's calls that were tried since then, or are still to be."""
    alive = or_(jobs.c.state.in_(sorted(OPEN)), and_(jobs.c.attempts > 0, jobs.c.due_at >= since))
    mine = and_(jobs.c.rule == rule, jobs.c.server == server, jobs.c.action == "call")
    return [job_of(row) for row in connection.execute(select(jobs).where(mine, alive)).mappings()]


def counted(
    connection: Connection, server: str, rules: Collection[str], since: datetime
) -> dict[tuple[str, str], list[tuple[datetime, bool]]]:
    """For rules that count: when each event counted, and whether it led to acting, by (rule, what
    is counted by).
    """
    columns = select(decisions.c.rule, decisions.c.about, decisions.c.reason, events.c.time)
    used = or_(
        decisions.c.reason.is_(None),
        decisions.c.ruling != "skip",
        decisions.c.reason == Reason.DRY_RUN,
    )
    counting = or_(decisions.c.reason == Reason.COUNT, used)
    mine = and_(
        decisions.c.server == server, decisions.c.rule.in_(list(rules)), decisions.c.about != ""
    )
    joined = columns.join(events, events.c.id == decisions.c.event).where(
        mine, decisions.c.at >= since, counting
    )
    found: dict[tuple[str, str], list[tuple[datetime, bool]]] = {}
    for row in connection.execute(joined.order_by(decisions.c.seq)):
        found.setdefault((row.rule, row.about), []).append((row.time, row.reason != Reason.COUNT))
    return found


def between(
    connection: Connection, server: str, types: Iterable[str], since: datetime, until: datetime
) -> list[Event]:
    """Events of these types that happened after `since` and not after `until`."""
    wanted = and_(
        events.c.server == server,
        events.c.type.in_(sorted(types)),
        events.c.time > since,
        events.c.time <= until,
    )
    rows = connection.execute(
        select(events).where(wanted).order_by(events.c.time, events.c.id)
    ).mappings()
    return [event_of(dict(row)) for row in rows]


def first_end(
    connection: Connection, event: Event, ends: Mapping[str, str | None]
) -> datetime | None:
    """When the first of these events came: see `end_of`."""
    found = end_of(connection, event, ends)
    if found:
        return found.time
    return None


def end_of(connection: Connection, event: Event, ends: Mapping[str, str | None]) -> Event | None:
    """The first of these events, at or after this one. `ends`: by type the subject, None for
    any.
    """
    each = [
        (
            and_(events.c.type == name, events.c.subject == subject)
            if subject
            else events.c.type == name
        )
        for name, subject in ends.items()
    ]
    mine = and_(
        events.c.server == event.server,
        or_(*each),
        events.c.time >= event.time,
        events.c.id != event.id,
    )
    wanted = select(events).where(mine).order_by(events.c.time, events.c.seq).limit(1)
    row = connection.execute(wanted).mappings().first()
    if row:
        return event_of(dict(row))
    return None


def seen_one(connection: Connection, server: str, kind: str, identifier: str) -> datetime | None:
    """When the scope that shows one object was last read whole; the beginning of that walk."""
    one = and_(objects.c.server == server, objects.c.kind == kind, objects.c.id == identifier)
    joined = select(scopes.c.began_at).join(
        objects, and_(scopes.c.server == objects.c.server, scopes.c.name == objects.c.scope)
    )
    found = connection.execute(joined.where(one)).scalar_one_or_none()
    if isinstance(found, datetime):
        return found
    return None


def scope_of_object(connection: Connection, server: str, kind: str, identifier: str) -> str | None:
    """The scope that shows an object."""
    one = and_(objects.c.server == server, objects.c.kind == kind, objects.c.id == identifier)
    return connection.execute(select(objects.c.scope).where(one)).scalar_one_or_none()


def size(connection: Connection, server: str, kind: str) -> int:
    """How many objects of a kind there are."""
    mine = and_(objects.c.server == server, objects.c.kind == kind, objects.c.gone.is_(False))
    return int(
        connection.execute(select(func.count()).select_from(objects).where(mine)).scalar_one()
    )


def incident(connection: Connection, name: str) -> RowMapping | None:
    """One incident."""
    return connection.execute(select(incidents).where(incidents.c.id == name)).mappings().first()


def open_calls(connection: Connection, server: str) -> list[RowMapping]:
    """Calls that are not over, and what they touch."""
    under_way = and_(
        jobs.c.server == server,
        jobs.c.action == "call",
        jobs.c.state.in_(sorted(OPEN)),
        jobs.c.target != "",
    )
    return list(connection.execute(select(jobs).where(under_way).order_by(jobs.c.seq)).mappings())


def has_begun(connection: Connection, decision: str, event: str) -> bool:
    """Whether anything that a decision does about this event has been sent."""
    mine = and_(jobs.c.decision == decision, jobs.c.event == event, jobs.c.action == "call")
    sent = and_(mine, attempts.c.what == "send")
    found = select(attempts.c.seq).join(jobs, jobs.c.id == attempts.c.job).where(sent).limit(1)
    return connection.execute(found).first() is not None
