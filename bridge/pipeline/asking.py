"""Asking people: a decision's jobs are held until somebody says yes or no, or nobody does in time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, RowMapping

from bridge.core import events
from bridge.core.asks import asks
from bridge.core.canonical import identity
from bridge.core.deciding import retry
from bridge.core.durations import spoken
from bridge.core.headlines import headline
from bridge.core.language.rule import Rule
from bridge.core.model import Body, Decision, Event, Job, JobState, Json, Reason, Ruling, Verdict
from bridge.core.rehearsing.rehearsal import UNANSWERED
from bridge.store import approvals, decisions
from bridge.store import events as event_store
from bridge.store import jobs as job_store
from bridge.store.database import Database

_SHOWN = 10

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about: a decision's jobs, and why."""

    decision: Decision
    jobs: Sequence[Job]
    verdict: Verdict


def ask(connection: Connection, about: Asked, rule: Rule | None, channels: Mapping[str, int], now: datetime) -> list[Event]:
    """Put the question: its row, its event, and a notice to each target of the channel that the rule asks."""
    wanted = rule.guard.approval if rule else None
    expires_at = now + timedelta(seconds=wanted.expires if wanted else UNANSWERED)
    to = wanted.to if wanted else None
    row = approvals.ask(connection, about.decision, about.jobs, about.verdict, to, now, expires_at)
    if row is None:
        return []
    if to is not None:
        job_store.add(connection, _notices(row, about, channels.get(to, 0), now))
    return event_store.record(connection, [_event("approval.asked", row, now, None)])


def _notices(row: RowMapping, about: Asked, targets: int, now: datetime) -> list[Job]:
    wanted = retry.default("notify", "approval.asked")
    first = about.jobs[0]
    texts = {"title": f"{row['rule']} asks: {row['detail']}", "body": _question(row, about.jobs, now)}
    return [
        Job(
            id=identity(row["id"], target),
            decision=first.decision,
            event=first.event,
            rule=first.rule,
            server=first.server,
            step=first.step,
            action="notify",
            request={"to": row["to"], "target": target, **texts},
            retry=wanted,
            due_at=now,
            not_after=row["expires_at"],
            parent=row["id"],
        )
        for target in range(targets)
    ]


def _question(row: RowMapping, jobs: Sequence[Job], now: datetime) -> str:
    calls = [said(job) for job in jobs if job.action == "call"]
    more = f"\n… and {len(calls) - _SHOWN} more" if len(calls) > _SHOWN else ""
    plan = "\n".join(calls[:_SHOWN])
    left = spoken((row["expires_at"] - now).total_seconds())
    name = row["id"][:8]
    return f"{plan}{more}\n\nyes: bondbridge approve {name}\nno: bondbridge deny {name}\nwithout an answer in {left}: no"


def said(job: Job) -> str:
    """`"bond.restart bond=3"`."""
    return asks(job.action, job.request)


@dataclass(frozen=True, slots=True)
class Answered:
    """How a question was answered, by whom and when; `first`: whether by the answer that was just given."""

    state: str
    who: str
    at: datetime | None
    first: bool


class Approver:
    """Takes people's answers. `now` is domain time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now

    def answer(self, name: str, *, yes: bool, who: str) -> str:
        """`granted` or `denied`, or how it was answered before: the first answer wins. Raises KeyError."""
        return self.decide(name, yes=yes, who=who).state

    def decide(self, name: str, *, yes: bool, who: str) -> Answered:
        """Answer a question; how it is answered now, which may be by somebody who was faster. Raises KeyError."""
        state, now = approvals.GRANTED if yes else approvals.DENIED, self._now()
        with self._database.writing() as connection:
            row = approvals.get(connection, name)
            if row is None:
                raise KeyError(name)
            if not approvals.settle(connection, name, state, who, now):
                return self._late(connection, row, now)
            self._carry_out(connection, row, state, who, now)
        return Answered(state, who, now, first=True)

    def expire(self) -> int:
        """Questions that nobody answered in time: that is a no. How many."""
        now = self._now()
        with self._database.reading() as connection:
            late = approvals.expiring(connection, now)
        for name in late:
            with self._database.writing() as connection:
                row = approvals.get(connection, name)
                if row is not None and approvals.settle(connection, name, approvals.EXPIRED, "nobody", now):
                    self._carry_out(connection, row, approvals.EXPIRED, "nobody", now)
        return len(late)

    def _late(self, connection: Connection, row: RowMapping, now: datetime) -> Answered:
        """An answer that came too late finds the question expired, whoever notes that first."""
        if approvals.settle(connection, row["id"], approvals.EXPIRED, "nobody", now):
            self._carry_out(connection, row, approvals.EXPIRED, "nobody", now)
        answered = approvals.get(connection, row["id"]) or row
        return Answered(answered["state"], answered["who"] or "nobody", answered["decided_at"], first=False)

    def _carry_out(self, connection: Connection, row: RowMapping, state: str, who: str, now: datetime) -> None:
        held = [job for job in job_store.of_decision(connection, row["decision"]) if job.state is JobState.HELD]
        if state == approvals.GRANTED:
            for job in held:
                verdict = Verdict(Ruling.ACT, Reason(row["reason"]), f"{who} said yes")
                decisions.add_verdict(connection, row["decision"], job.id, verdict, now)
            job_store.release(connection, row["decision"], now)
        else:
            reason = Reason.DENIED if state == approvals.DENIED else Reason.UNANSWERED
            verdict = Verdict(Ruling.SKIP, reason, f"{who} said no" if reason is Reason.DENIED else "nobody answered in time")
            job_store.end(connection, held, verdict, now)
            for job in held[:1]:  # what comes after them will never have its turn
                job_store.move_on(connection, job, now)
            decisions.end_cooldown(connection, row["decision"], now)
        for event in event_store.record(connection, [_event(f"approval.{state}", row, now, who)]):
            log.info(headline(event), id=event.id)


def _event(name: str, row: RowMapping, now: datetime, who: str | None) -> Event:
    noun: Mapping[str, Json] = {
        "id": row["id"], "rule": row["rule"], "reason": row["reason"], "detail": row["detail"], "to": row["to"],
        "expires": row["expires_at"].isoformat(), "who": who,
    }  # fmt: skip
    data: Body = {"approval": noun}
    return events.make(
        events.EVENTS[name], server=row["server"], subject=f"approval/{row['id']}", n=1, time=now, seen_at=now, data=data
    )
