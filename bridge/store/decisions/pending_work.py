"""What still waits of rules as they were: for when one of them is edited or taken away."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, or_, select, update

from bridge.core.model import OPEN, Job, JobState, Reason, Ruling
from bridge.store.column_types import now_of_database
from bridge.store.decisions.decisions import WRITTEN, job_row
from bridge.store.decisions.groups import occasions, swept
from bridge.store.tables import decisions, facts, gatherings, jobs

# the line of `sweeps` that says for which rulebook what waits was last looked at
_EVERY_RULE = ""
_LEFT = sorted({JobState.WAITING, JobState.HELD, JobState.DUE})


def looked_for(connection: Connection, server: str) -> str | None:
    """The rulebook for which what waits was last looked at."""
    return occasions(connection, server).get(_EVERY_RULE)


def looked(connection: Connection, server: str, rulebook: str, now: datetime) -> None:
    """All that waits has been looked at."""
    swept(connection, _EVERY_RULE, server, rulebook, now)


def unlooked(connection: Connection, server: str, decision: str, rule: str, rulebook: str) -> bool:
    """Whether a decision was made by a rule that is another now, and what it left has not been
    looked at since.
    """
    if looked_for(connection, server) in (None, rulebook):
        return False
    written = (
        select(WRITTEN)
        .join(decisions, decisions.c.facts == facts.c.hash)
        .where(decisions.c.id == decision)
    )
    return connection.execute(written).scalar_one_or_none() not in (None, rule)


def waiting(connection: Connection, server: str, rulebook: str) -> Sequence[RowMapping]:
    """Decisions of other rulebooks that are judged again some day: `id`, `rule`, and its hash as it
    was `written`.
    """
    mine = and_(
        decisions.c.server == server,
        decisions.c.due_at.is_not(None),
        decisions.c.rulebook != rulebook,
    )
    return _of(connection, mine)


def grouped(connection: Connection, server: str) -> Sequence[RowMapping]:
    """The members of groups that are open yet: `id`, `rule`, `gathering`, and the rule's hash as it
    was `written`.
    """
    still = select(gatherings.c.id).where(
        gatherings.c.server == server, gatherings.c.closed.is_(False)
    )
    joined = and_(decisions.c.gathering.in_(still), decisions.c.id != decisions.c.gathering)
    return _of(connection, joined)


def counting(
    connection: Connection, server: str, rule: str, since: datetime
) -> Sequence[RowMapping]:
    """What a rule that counts has counted since then, and whether that is all that came of it."""
    mine = and_(decisions.c.server == server, decisions.c.rule == rule, decisions.c.at >= since)
    counts = or_(
        decisions.c.reason == Reason.COUNT,
        decisions.c.ruling != Ruling.SKIP,
        decisions.c.reason == Reason.DRY_RUN,
    )
    return _of(connection, and_(mine, counts))


def unfinished(connection: Connection, server: str, rulebook: str) -> Sequence[RowMapping]:
    """Decisions of other rulebooks with jobs that an edit can still change."""
    mine = and_(jobs.c.server == server, jobs.c.parent.is_(None), jobs.c.state.in_(_LEFT))
    left = select(jobs.c.decision).where(
        mine, or_(jobs.c.action != "notify", jobs.c.state != JobState.DUE)
    )
    return _of(connection, and_(decisions.c.id.in_(left), decisions.c.rulebook != rulebook))


def _of(connection: Connection, mine: object) -> Sequence[RowMapping]:
    columns = (
        decisions.c.id,
        decisions.c.event,
        decisions.c.rule,
        decisions.c.gathering,
        decisions.c.reason,
        WRITTEN,
    )
    wanted = select(*columns).join(facts, facts.c.hash == decisions.c.facts).where(mine)  # type: ignore[arg-type]
    return connection.execute(wanted.order_by(decisions.c.seq)).mappings().all()


def bring_forward(connection: Connection, those: Collection[str], now: datetime) -> None:
    """They are judged again at once, out of whatever group they wait in."""
    mine = and_(decisions.c.id.in_(list(those)))
    connection.execute(update(decisions).where(mine).values(due_at=now))


def take_apart(connection: Connection, groups: Collection[str], now: datetime) -> None:
    """Groups are none any more: each of their members is judged again at once."""
    members = and_(decisions.c.gathering.in_(list(groups)), decisions.c.id != decisions.c.gathering)
    connection.execute(update(decisions).where(members).values(due_at=now, gathering=None))
    connection.execute(
        update(gatherings).where(gatherings.c.id.in_(list(groups))).values(closed=True)
    )


def count_by(connection: Connection, keys: Mapping[str, str]) -> None:
    """What each decision counts by from now on."""
    for name, about in keys.items():
        connection.execute(update(decisions).where(decisions.c.id == name).values(about=about))


def refit(connection: Connection, kept: Collection[Job]) -> None:
    """Jobs as they are from now on; one that somebody is at work on stays as it is."""
    free = or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < now_of_database())
    names = ("step", "request", "retry", "verify", "rollout", "due_at", "not_after")
    for job in kept:
        row = job_row(job)
        values = {name: row[name] for name in names}
        if job.state not in OPEN:
            values = {"step": row["step"], "rollout": row["rollout"]}
        mine = and_(jobs.c.id == job.id, jobs.c.state == job.state, free)
        connection.execute(update(jobs).where(mine).values(**values))


def hold(connection: Connection, those: Collection[str]) -> None:
    """They wait for a person's yes."""
    mine = and_(jobs.c.id.in_(list(those)), jobs.c.state.in_(_LEFT))
    connection.execute(update(jobs).where(mine).values(state=JobState.HELD))
