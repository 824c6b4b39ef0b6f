"""What people are asked: a question about one decision's exact plan, answered once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, select, update

from bridge.core.canonical_json import canonical, identity
from bridge.core.model import Decision, Job, Verdict
from bridge.store.column_types import insert_new
from bridge.store.tables import approvals

ASKED = "asked"
GRANTED = "granted"
DENIED = "denied"
EXPIRED = "expired"
# who may answer: anyone who is asked, only who brought it about, anyone but them
ANYONE = "anyone"
ASKER = "asker"
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Terms:
    """Where a question goes (a channel), who brought it about, who may answer, and the role that
    it takes in chat.
    """

    to: str | None = None
    asker: str | None = None
    answered_by: str = ANYONE
    role: str = "operator"


def digest(jobs: Sequence[Job]) -> str:
    """Of what is to be done, exactly, in whatever order it is read."""
    return identity(sorted((job.id, job.action, canonical(job.request.stored())) for job in jobs))


def ask(
    connection: Connection,
    decision: Decision,
    jobs: Sequence[Job],
    verdict: Verdict,
    terms: Terms,
    now: datetime,
    expires_at: datetime,
    *,
    anew: bool = False,
) -> RowMapping | None:
    """Put the question; None if it has been put. `anew`: one that was withdrawn is another question
    when it is put again.
    """
    plan = digest(jobs)
    name = identity(
        "approval", decision.id, verdict.reason, plan, *([now.isoformat()] if anew else [])
    )
    row: dict[str, Any] = {
        "id": name,
        "decision": decision.id,
        "rule": decision.rule,
        "server": decision.server,
        "reason": verdict.reason,
        "detail": verdict.detail,
        "digest": plan,
        "to": terms.to,
        "asker": terms.asker,
        "answered_by": terms.answered_by,
        "role": terms.role,
        "asked_at": now,
        "expires_at": expires_at,
        "state": ASKED,
    }
    if insert_new(connection, approvals, row):
        return get(connection, row["id"])
    return None


def get(connection: Connection, name: str) -> RowMapping | None:
    """One question."""
    return connection.execute(select(approvals).where(approvals.c.id == name)).mappings().first()


def lock(connection: Connection, name: str) -> RowMapping | None:
    """One question, which nobody else can answer before this transaction ends."""
    return (
        connection.execute(select(approvals).where(approvals.c.id == name).with_for_update())
        .mappings()
        .first()
    )


def of_decision(connection: Connection, decision: str) -> RowMapping | None:
    """The newest question about a decision."""
    newest = (
        select(approvals)
        .where(approvals.c.decision == decision)
        .order_by(approvals.c.seq.desc())
        .limit(1)
    )
    return connection.execute(newest).mappings().first()


def find(connection: Connection, beginning: str) -> Sequence[RowMapping]:
    """Questions whose id begins so."""
    wanted = select(approvals).where(approvals.c.id.startswith(beginning, autoescape=True)).limit(2)
    return connection.execute(wanted).mappings().all()


def waiting(connection: Connection) -> Sequence[RowMapping]:
    """Questions without an answer, oldest first."""
    return (
        connection.execute(
            select(approvals).where(approvals.c.state == ASKED).order_by(approvals.c.seq)
        )
        .mappings()
        .all()
    )


def every(connection: Connection, most: int) -> Sequence[RowMapping]:
    """The newest questions, answered or not."""
    return (
        connection.execute(select(approvals).order_by(approvals.c.seq.desc()).limit(most))
        .mappings()
        .all()
    )


def expiring(connection: Connection, now: datetime) -> list[str]:
    """Questions whose time is over."""
    late = and_(approvals.c.state == ASKED, approvals.c.expires_at <= now)
    return list(
        connection.execute(select(approvals.c.id).where(late).order_by(approvals.c.seq)).scalars()
    )


def withdraw(connection: Connection, those: Collection[str], who: str, now: datetime) -> None:
    """Questions about these decisions need no answer any more: what they asked about has been given
    up.
    """
    open_ones = and_(approvals.c.decision.in_(list(those)), approvals.c.state == ASKED)
    connection.execute(
        update(approvals).where(open_ones).values(state=EXPIRED, who=who, decided_at=now)
    )


def withdrawn(connection: Connection, those: Collection[str], now: datetime) -> list[str]:
    """Questions about these decisions that were withdrawn at that moment."""
    just_now = and_(
        approvals.c.decision.in_(list(those)),
        approvals.c.state == EXPIRED,
        approvals.c.decided_at == now,
    )
    return list(
        connection.execute(
            select(approvals.c.id).where(just_now).order_by(approvals.c.seq)
        ).scalars()
    )


def settle(connection: Connection, name: str, state: str, who: str, now: datetime) -> bool:
    """The answer, or that there was none; the first one wins. A yes after the time is over is
    none.
    """
    open_one = and_(approvals.c.id == name, approvals.c.state == ASKED)
    if state != EXPIRED:
        open_one = and_(open_one, approvals.c.expires_at > now)
    return (
        connection.execute(
            update(approvals).where(open_one).values(state=state, who=who, decided_at=now)
        ).rowcount
        == 1
    )
