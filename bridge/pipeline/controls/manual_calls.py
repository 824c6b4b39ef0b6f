"""Calls by hand: an operation that a person calls goes the way of a rule's, as event, decision, job
and attempt.

The guards that hold for rules' calls are asked, too; a person may override them, and that is
written down.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import structlog
from sqlalchemy import Connection

from bridge.actions import call_permissions
from bridge.actions.action import Result, ended
from bridge.bonding.catalogue import OPERATIONS
from bridge.bonding.client import Client
from bridge.bonding.effect_checks import Sent
from bridge.bonding.preconditions import stands_against
from bridge.core.canonical_json import identity
from bridge.core.decisions import guards, job_planning
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards import Intent
from bridge.core.decisions.retry import Next
from bridge.core.events.headlines import headline
from bridge.core.events.operator_events import Deed, event_of
from bridge.core.job_summary import asks
from bridge.core.model import (
    Body,
    Decision,
    Event,
    Job,
    JobState,
    Json,
    Mode,
    Outcome,
    Reason,
    Retry,
    Ruling,
    Verdict,
)
from bridge.core.requests import CallRequest
from bridge.core.rules.rule import Rule, Step
from bridge.core.yaml_document import Document
from bridge.errors import AgainLater, BridgeError, CredentialsRejected, Refused
from bridge.pipeline.database_facts import DatabaseFacts
from bridge.pipeline.deliver.admission import BY_HAND, Bounds, limits_of
from bridge.pipeline.deliver.settlement import AttemptEnd, Settlement
from bridge.rulebook import Rulebook
from bridge.store import controls
from bridge.store.database import Database
from bridge.store.decisions import call_limits
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions import jobs as job_store
from bridge.store.decisions.jobs import Claimed
from bridge.store.observations import audit_log

_LEASE = 45.0
_FRESH = timedelta(minutes=2)
_STEP = Step("call", "by hand", {})
_RULE = Rule(BY_HAND, "", frozenset(), None, Mode.LIVE, (_STEP,), Document("", None, {}), (), "")
_NO_RULES = Rulebook("", (), {})
# a secret is sent and not kept; what is to be read where this stands cannot be
_NOT_KEPT = {"env": "(not kept)"}
_WAITING = (guards.silenced, guards.hands_off, guards.flapping, guards.paused, guards.stuck)

log = structlog.get_logger()
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class HandCall:
    """One operation of one server, no alias, with what it carries; `who` calls it, from which
    `place`.

    `override`: it is done although guards are against it.
    """

    server: str
    operation: str
    arguments: Mapping[str, Json]
    body: Body | None
    who: str
    place: str
    override: bool = False

    @property
    def request(self) -> CallRequest:
        """What a job keeps of it: no secrets."""
        numbers = {
            name: int(value) if isinstance(value, str) and value.isdecimal() else value
            for name, value in self.arguments.items()
        }
        request = CallRequest(operation=self.operation, arguments=numbers)
        if self.body is None:
            return request
        secret = call_permissions.secret(self.operation, self.body)
        kept = {name: _NOT_KEPT if name in secret else value for name, value in self.body.items()}
        return replace(request, body=kept)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A call as it is written down: what is `against` it, and the claimed job where it is sent all
    the same.
    """

    event: Event
    against: tuple[Verdict, ...]
    claimed: Claimed | None


class ManualCalls:
    """`clients` by server; `now` is domain time."""

    def __init__(
        self,
        database: Database,
        clients: Mapping[str, Client],
        now: Callable[[], datetime],
        bounds: Bounds,
        aftermath: Settlement,
    ) -> None:
        self._database = database
        self._clients = clients
        self._now = now
        self._bounds = bounds
        self._aftermath = aftermath

    def call(self, wanted: HandCall, send: Callable[[], _Answer]) -> _Answer:
        """What `send` gives, which sends it. Raises Refused where a guard is against it, and what
        sending raises.
        """
        shown = tuple(self._shown(wanted))
        with self._database.writing() as connection:
            placed = self._placed(connection, wanted, shown)
        log.warning(headline(placed.event), id=placed.event.id)
        if placed.claimed is None:
            told = "; ".join(f"{each.reason}: {each.detail}" for each in placed.against)
            raise Refused(
                f"not called: {told} (--override calls it all the same, which is recorded)"
            )
        try:
            answer = send()
        except BridgeError as error:
            self._settle(placed.claimed, ended(error))
            raise
        self._settle(placed.claimed, Result(Outcome.DONE, "answered"))
        return answer

    def _shown(self, wanted: HandCall) -> Iterator[Verdict]:
        """What the server itself shows against it."""
        sent = Sent(
            OPERATIONS[wanted.operation],
            wanted.arguments,
            wanted.body or {},
            self._clients[wanted.server].read,
        )
        try:
            against = stands_against(sent)
        except (AgainLater, CredentialsRejected) as error:
            detail = f"cannot read whether it may be done: {error}"
            yield Verdict(Ruling.SKIP, Reason.UNREADABLE, detail)
        except Refused:
            return  # sending it will say the same
        else:
            if against is not None:
                yield Verdict(Ruling.SKIP, Reason.PRECONDITION, against)

    def _placed(
        self, connection: Connection, wanted: HandCall, shown: tuple[Verdict, ...]
    ) -> _Placed:
        """Judge it and write it down; where it is to be sent, its attempt has begun."""
        now = self._now()
        answers = DatabaseFacts(
            connection, wanted.server, now, {}, spaces=self._bounds.spaces.get(wanted.server, ())
        )
        n = uuid4().hex
        event = _event(wanted, answers, now, n)
        answers.know((event,))
        job = _job(wanted, event, answers, now)
        against = [*_against(job, event, answers, now), *shown]
        if not against or wanted.override:
            against += self._taken(connection, job, event, answers, now)
        told = "; ".join(each.detail for each in against)
        if told and not wanted.override:
            why = f"not called, {told}"
        else:
            why = ""
        deed = replace(_deed(wanted), why=why, override=told if wanted.override else "")
        nouns = {name: noun for name, noun in event.data.items() if name != "operator"}
        event = audit_log.record(connection, deed, now, n, nouns)
        stops = bool(against) and not wanted.override
        self._record(connection, wanted, event, job, against, now)
        if stops:
            controls.unlock(connection, job.id)
            return _Placed(event, tuple(against), None)
        claimed = job_store.claim(connection, job.id, now, _LEASE)
        assert claimed is not None  # noqa: S101  written just now, due now
        lasts = max(_LEASE, 2 * self._clients[wanted.server].longest)
        return _Placed(
            event, tuple(against), job_store.begin(connection, claimed, "send", now, lasts)
        )

    def _taken(
        self, connection: Connection, job: Job, event: Event, answers: DatabaseFacts, now: datetime
    ) -> Iterator[Verdict]:
        """Take the lock of its object and a place under each limit; what has none."""
        held = controls.lock(connection, job, now)
        if held is not None:
            detail = f"job {held[:8]} is at work on {job.target}"
            yield Verdict(Ruling.SKIP, Reason.LOCKED, detail)
            return
        wanted = limits_of(self._bounds, job, event, answers)
        full = call_limits.spend(connection, wanted, job.id, now)
        if full is not None:
            limit, free_at = full
            detail = f"{limit.most} calls in {limit.every:g}s are made ({limit.key})"
            yield Verdict(
                Ruling.SKIP, Reason.LIMIT, f"{detail}, the next is free at {free_at:%H:%M:%S} UTC"
            )

    @staticmethod
    def _record(
        connection: Connection,
        wanted: HandCall,
        event: Event,
        job: Job,
        against: list[Verdict],
        now: datetime,
    ) -> None:
        """The decision with its verdict, and a verdict for each guard that is against it."""
        if against:
            first = against[0]
        else:
            first = guards.ACT
        if against and wanted.override:
            told = "; ".join(each.detail for each in against)
            first = Verdict(Ruling.ACT, against[0].reason, f"{wanted.who} overrides: {told}")
        stops = first.ruling is not Ruling.ACT
        if stops:
            first = replace(first, ruling=Ruling.SKIP, until=None)
        trace = tuple(
            {"step": "guard", "says": str(each.reason), "about": each.detail} for each in against
        )
        decision = Decision(
            id=job.decision,
            event=event.id,
            rule=BY_HAND,
            rulebook="",
            server=wanted.server,
            verdict=first,
            at=now,
            trace=({"step": "by hand", "says": wanted.who, "about": wanted.place}, *trace),
            facts={},
            jobs=(replace(job, state=JobState.SKIPPED) if stops else job,),
            events=(event.id,),
            about=job.target,
        )
        decision_store.record(connection, [decision])
        decision_store.add_verdict(connection, decision.id, job.id, first, now)

    def _settle(self, claimed: Claimed, result: Result) -> None:
        """Write how it ended. What nobody knows a person is asked about; nothing is sent again by
        itself.
        """
        states = {Outcome.DONE: JobState.SUCCEEDED, Outcome.UNKNOWN: JobState.IN_DOUBT}
        state = states.get(result.outcome, JobState.FAILED)
        then = Next(state, doubt=state is JobState.IN_DOUBT)
        now = self._now()
        with self._database.writing() as connection:
            self._aftermath.note(connection, claimed, AttemptEnd(then, result), now, _NO_RULES)
        log.info("call by hand", job=claimed.job.id, outcome=result.outcome, said=result.detail)


def _deed(wanted: HandCall) -> Deed:
    return Deed(
        "called", wanted.who, wanted.place, asks("call", wanted.request), server=wanted.server
    )


def _event(wanted: HandCall, answers: DatabaseFacts, now: datetime, n: str) -> Event:
    """The event that it is, with the bond, the leg and the space that it is about, as far as they
    are known.
    """
    arguments = wanted.request.arguments
    nouns: dict[str, Json] = {"bond": None, "leg": None, "space": None}
    if arguments.get("leg") is not None:
        nouns["leg"] = answers.view(wanted.server, "leg", arguments["leg"])
    bond = arguments.get("bond", (nouns["leg"] or {}).get("bond"))
    if bond is not None:
        nouns["bond"] = answers.view(wanted.server, "bond", bond)
    if arguments.get("space") is not None:
        nouns["space"] = {"key": arguments["space"]}
    return event_of(_deed(wanted), now, n, nouns)


def _job(wanted: HandCall, event: Event, answers: DatabaseFacts, now: datetime) -> Job:
    decision = identity(event.id, BY_HAND)
    return Job(
        id=identity(decision, 0),
        decision=decision,
        event=event.id,
        rule=BY_HAND,
        server=wanted.server,
        step=0,
        action="call",
        request=wanted.request,
        retry=Retry(frozenset(), 10.0, _FRESH.total_seconds()),
        due_at=now,
        not_after=now + _FRESH,
        target=job_planning.touched(wanted.request, event, RecordingFacts(answers)),
        since=now,
    )


def _against(job: Job, event: Event, answers: DatabaseFacts, now: datetime) -> Iterator[Verdict]:
    """What rules' calls would have to wait for, or be skipped by."""
    facts = RecordingFacts(answers)
    intent = Intent(_RULE, job.server, (event,), job.decision, facts, now, now, (), job)
    outside = guards.space(event, _RULE, facts)
    if outside is not None:
        yield outside
    yield from filter(None, (guard(intent) for guard in _WAITING))
