"""Asking people: a decision's jobs are held until somebody says yes or no, or nobody does in
time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, RowMapping

from bridge.core.chat.roles import Role
from bridge.core.decisions import guards
from bridge.core.events import builder
from bridge.core.events.headlines import headline
from bridge.core.model import Body, Decision, Event, Job, JobState, Json, Reason, Ruling, Verdict
from bridge.core.rules.rule import Chat, Rule
from bridge.pipeline.approvals import eligibility
from bridge.pipeline.approvals.eligibility import Answered, Answerer
from bridge.pipeline.internal_errors import Faults
from bridge.pipeline.messages import command_updates, plan_view, question_jobs
from bridge.pipeline.messages.question_jobs import NOBODY, ChannelSize, Shown
from bridge.store.database import Database
from bridge.store.decisions import approvals, decisions
from bridge.store.decisions import jobs as job_store
from bridge.store.decisions.approvals import Terms
from bridge.store.observations import events as event_store

__all__ = ["Answered", "Answerer", "ApprovalTargets", "Approver", "Asked", "ask"]

_SURE = 120.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ApprovalTargets:
    """Who can be asked: where each channel is told, and the channel for approvals of rules
    that name none.
    """

    channels: Mapping[str, ChannelSize]
    usual: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about: a decision's jobs, and why."""

    decision: Decision
    jobs: Sequence[Job]
    verdict: Verdict


def ask(
    connection: Connection,
    about: Asked,
    rule: Rule | None,
    targets: ApprovalTargets,
    now: datetime,
    *,
    anew: bool = False,
) -> list[Event]:
    """Put the question: its row, its event, and what tells each place of the channel that the rule
    asks.

    `anew`: it was withdrawn before, since its rule was edited.
    """
    expires_at, terms = (
        now + timedelta(seconds=_lasts(about, rule)),
        terms_of(connection, about, rule, targets.usual),
    )
    row = approvals.ask(
        connection, about.decision, about.jobs, about.verdict, terms, now, expires_at, anew=anew
    )
    if row is None:
        return []
    if row["to"] is not None:
        shown = Shown(
            plan_view.shown(connection, about.jobs), plan_view.cause(connection, about.jobs)
        )
        job_store.add(
            connection,
            question_jobs.put(
                row, about.jobs, shown, targets.channels.get(row["to"], ChannelSize()), now
            ),
        )
    return event_store.record(connection, [_event("approval.asked", row, now, None)])


def same(
    connection: Connection, row: RowMapping, about: Asked, rule: Rule, targets: ApprovalTargets
) -> bool:
    """Whether the question that stands is the one that would be put now."""
    terms, lasts = (
        terms_of(connection, about, rule, targets.usual),
        timedelta(seconds=_lasts(about, rule)),
    )
    wanted = (
        terms.to,
        terms.answered_by,
        terms.role,
        about.verdict.reason,
        approvals.digest(about.jobs),
    )
    stands = tuple(row[name] for name in ("to", "answered_by", "role", "reason", "digest"))
    return wanted == stands and row["expires_at"] - row["asked_at"] == lasts


def _lasts(about: Asked, rule: Rule | None) -> float:
    """How long it stands; the person who has just said it need not think long whether they are
    sure.
    """
    if about.verdict.reason is Reason.CONFIRMATION:
        return _SURE
    return guards.expires_after(rule)


def terms_of(connection: Connection, about: Asked, rule: Rule | None, usual: str | None) -> Terms:
    """Where it goes and who may answer, as the rule says; what a guard asks for a rule that names
    nobody goes to `usual`.
    """
    if rule:
        wanted = rule.guard.approval
    else:
        wanted = None
    asker = eligibility.asker_of(
        event_store.several(connection, about.decision.events or (about.decision.event,))
    )
    if rule and isinstance(rule.shape, Chat):
        role = rule.shape.role
    else:
        role = Role.OPERATOR
    if about.verdict.reason is Reason.CONFIRMATION:
        return Terms(asker=asker, answered_by=approvals.ASKER, role=role.word)
    if wanted is None:
        return Terms(usual, asker, role=max(role, Role.OPERATOR).word)
    return Terms(
        wanted.to, asker, approvals.OTHERS if wanted.not_by_asker else approvals.ANYONE, wanted.role
    )


@dataclass(frozen=True, slots=True)
class _Given:
    """An answer as it was given: see `Approver.decide`."""

    yes: bool
    by: Answerer
    plan: str | None = None
    place: str = ""
    delivery: str = ""

    @property
    def state(self) -> str:
        if self.yes:
            return approvals.GRANTED
        return approvals.DENIED


class Approver:
    """Takes people's answers. `now` is domain time; `places`: where each channel is told."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], places: Mapping[str, ChannelSize]
    ) -> None:
        self._database = database
        self._now = now
        self._places = places
        self._faults = Faults(database, now)

    def answer(self, name: str, *, yes: bool, who: str) -> str:
        """`granted` or `denied`, or how it was answered before: the first answer wins. Raises
        KeyError.
        """
        return self.decide(name, yes=yes, by=Answerer(who, who)).state

    def decide(
        self,
        name: str,
        *,
        yes: bool,
        by: Answerer,
        plan: str | None = None,
        place: str = "",
        delivery: str = "",
        then: Callable[[Connection, Answered], None] = lambda _connection, _answered: None,
    ) -> Answered:
        """Answer a question; how it is answered now, which may be by somebody who was faster.
        Raises KeyError.

        `plan`: the digest of what the answer is to, where a button or a link says; `place`: where
        it was given, such as "noc/1", which is not told again; `delivery`: the id of what brought
        it; `then`: what else is written with it.
        """
        given = _Given(yes, by, plan, place, delivery)
        with self._database.writing() as connection:
            row = approvals.lock(connection, name)
            if row is None:
                raise KeyError(name)
            held = _held(connection, row)
            about = (f"{row['rule']} asked: {row['detail']}", *plan_view.shown(connection, held))
            answered = replace(
                self._answered(connection, row, held, given, self._now()), about=about
            )
            then(connection, answered)
        if answered.event is not None:
            log.info(headline(answered.event), id=answered.event.id)
        return answered

    def again(
        self, connection: Connection, row: RowMapping, *, yes: bool, by: Answerer, delivery: str
    ) -> Event | None:
        """The person who answered has said the same once more: it is remembered, once for each
        delivery.
        """
        return _refused(
            connection,
            row,
            _Given(yes, by, delivery=delivery),
            "they had said so already",
            self._now(),
        )

    def expire(self) -> int:
        """Questions that nobody answered in time: that is a no. How many."""
        now = self._now()
        with self._database.reading() as connection:
            late = approvals.expiring(connection, now)
        for name in late:
            with self._faults.apart("expire", f"question {name[:8]}"):
                self._expired(name, now)
        return len(late)

    def _expired(self, name: str, now: datetime) -> None:
        with self._database.writing() as connection:
            row = approvals.lock(connection, name)
            if row is not None:
                told = self._settle(connection, row, approvals.EXPIRED, NOBODY, now)
            else:
                told = None
        if told is not None:
            log.info(headline(told), id=told.id)

    def _answered(
        self,
        connection: Connection,
        row: RowMapping,
        held: Sequence[Job],
        given: _Given,
        now: datetime,
    ) -> Answered:
        if row["state"] != approvals.ASKED or row["expires_at"] <= now:
            return self._late(connection, row, given, now)
        against = eligibility.against(
            connection, row, held, given.by, now, yes=given.yes, plan=given.plan
        )
        if against is not None:
            told = _refused(connection, row, given, against.why, now)
            return Answered(
                row["state"], given.by.name, None, first=False, refused=against, event=told
            )
        told = self._settle(connection, row, given.state, given.by.name, now, given.place)
        return Answered(given.state, given.by.name, now, first=True, event=told)

    def _late(
        self, connection: Connection, row: RowMapping, given: _Given, now: datetime
    ) -> Answered:
        """An answer that came too late finds the question expired, no matter who notes that first.

        In chat it is told whose answer it was, and so remembered; the same answer once more of the
        same person is none.
        """
        expired = self._settle(connection, row, approvals.EXPIRED, NOBODY, now)
        found = approvals.get(connection, row["id"]) or row
        state = found["state"]
        who = found["who"] or NOBODY
        told = expired
        if given.delivery and (state, who) != (given.state, given.by.name):
            told = _refused(
                connection, row, given, f"too late: {question_jobs.settled(state, who)}", now
            )
        return Answered(state, who, found["decided_at"], first=False, event=told)

    def _settle(
        self,
        connection: Connection,
        row: RowMapping,
        state: str,
        who: str,
        now: datetime,
        place: str = "",
    ) -> Event | None:
        """Answer it and do what follows; the event, None if it has been answered."""
        if not approvals.settle(connection, row["id"], state, who, now):
            return None
        _carry_out(connection, row, state, who, now)
        told = _event(f"approval.{state}", row, now, who)
        event_store.record(connection, [told])
        _tell(connection, row["id"], self._places, now, place)
        return told


def withdrawn(
    connection: Connection, newer: Decision, places: Mapping[str, ChannelSize], now: datetime
) -> None:
    """Questions about what a newer decision has taken the place of: where they were put it is told
    that they are over.
    """
    for name in approvals.withdrawn(connection, newer.supersedes, now):
        _tell(connection, name, places, now)


def withdraw(
    connection: Connection,
    decision: str,
    who: str,
    places: Mapping[str, ChannelSize],
    now: datetime,
) -> None:
    """The question about a decision needs no answer any more, as is told wherever it was put.
    `who`: takes its place.
    """
    approvals.withdraw(connection, [decision], who, now)
    for name in approvals.withdrawn(connection, [decision], now):
        _tell(connection, name, places, now)


def _tell(
    connection: Connection,
    name: str,
    places: Mapping[str, ChannelSize],
    now: datetime,
    but: str = "",
) -> None:
    row = approvals.get(connection, name)
    if row is not None:
        every = job_store.of_decision(connection, row["decision"])
    else:
        every = []
    if row is not None:
        command_updates.answered(connection, row, every, now)
    if row is not None and row["to"] is not None and every:
        job_store.add(
            connection,
            question_jobs.news(row, every, places.get(row["to"], ChannelSize()), now, but),
        )


def _held(connection: Connection, row: RowMapping) -> list[Job]:
    return [
        job
        for job in job_store.of_decision(connection, row["decision"])
        if job.state is JobState.HELD
    ]


def _carry_out(
    connection: Connection, row: RowMapping, state: str, who: str, now: datetime
) -> None:
    held = _held(connection, row)
    if state == approvals.GRANTED:
        for job in held:
            verdict = Verdict(Ruling.ACT, Reason(row["reason"]), f"{who} said yes")
            decisions.add_verdict(connection, row["decision"], job.id, verdict, now)
        job_store.release(connection, row["decision"], now)
        return
    if state == approvals.DENIED:
        reason = Reason.DENIED
    else:
        reason = Reason.UNANSWERED
    verdict = Verdict(
        Ruling.SKIP,
        reason,
        f"{who} said no" if reason is Reason.DENIED else "nobody answered in time",
    )
    job_store.end(connection, held, verdict, now)
    for job in held[:1]:  # what comes after them will never have its turn
        job_store.move_on(connection, job, now)
    decisions.end_cooldown(connection, row["decision"], now)


def _refused(
    connection: Connection, row: RowMapping, given: _Given, why: str, now: datetime
) -> Event | None:
    """That an answer did not count is remembered; None if this very delivery was refused before."""
    n = given.delivery or [given.by.name, given.yes, now.isoformat()]
    told = event_store.record(
        connection, [_event("approval.refused", row, now, given.by.name, n=n, why=why)]
    )
    if told:
        return told[0]
    return None


def _event(
    name: str,
    row: RowMapping,
    now: datetime,
    who: str | None,
    *,
    n: Json = 1,
    why: str | None = None,
) -> Event:
    noun: Mapping[str, Json] = {
        "id": row["id"],
        "rule": row["rule"],
        "reason": row["reason"],
        "detail": row["detail"],
        "to": row["to"],
        "expires": row["expires_at"].isoformat(),
        "asker": row["asker"],
        "who": who,
        "why": why,
    }
    data: Body = {"approval": noun}
    return builder.make(
        builder.EVENTS[name],
        server=row["server"],
        subject=f"approval/{row['id']}",
        n=n,
        time=now,
        seen_at=now,
        data=data,
    )
