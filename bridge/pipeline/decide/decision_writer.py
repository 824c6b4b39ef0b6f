"""What was decided is written in one transaction: decisions, the jobs and questions that they owe,
and what ends by them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bridge.core.decisions import guards
from bridge.core.events.builder import EVENTS, make
from bridge.core.events.headlines import headline
from bridge.core.model import Decision, Event, Job, Reason, Ruling, Verdict
from bridge.pipeline import rechecks
from bridge.pipeline.approvals import approver
from bridge.pipeline.approvals.approver import ApprovalTargets
from bridge.pipeline.internal_errors import Faults, Part, aside, tried, within
from bridge.pipeline.messages import command_updates
from bridge.pipeline.notifications import follow_up
from bridge.pipeline.server_lease import Lease
from bridge.rulebook import Rulebook
from bridge.store.database import Database
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions import groups
from bridge.store.observations import events as event_store

log = structlog.get_logger()


@dataclass(slots=True)
class Made:
    """What one transaction writes: decisions, the events decided, groups closed with their members'
    verdicts.

    `parts`: what was set aside on the way.
    """

    decisions: list[Decision] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    members: list[Event] = field(default_factory=list)
    closed: list[tuple[str, str, Mapping[str, Verdict]]] = field(default_factory=list)
    put_off: dict[str, datetime] = field(default_factory=dict)
    gone: list[tuple[str, str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def pieces(self) -> Iterator["Made"]:
        """The same, each decision by itself, and then what they leave to do."""
        about = [*self.events, *self.members]
        for decision in self.decisions:
            told = [event for event in self.told if event.id == decision.event]
            yield Made(decisions=[decision], told=told, members=about)
        yield from (Made(closed=[each], members=about) for each in self.closed)
        yield Made(put_off=self.put_off, gone=self.gone, parts=self.parts)
        yield from (Made(events=[event]) for event in self.events)

    def said(self) -> Iterator[tuple[str, str, Verdict]]:
        """(rule, event, verdict) of all of them."""
        for decision in self.decisions:
            yield decision.rule, decision.event, decision.verdict
        for _, rule, verdicts in self.closed:
            for event, verdict in verdicts.items():
                yield rule, event, verdict


class DecisionWriter:
    """Writes. `word`: by which a command is confirmed where there are no buttons."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        rulebook: Callable[[], Rulebook],
        targets: ApprovalTargets,
        word: Callable[[str], str],
    ) -> None:
        self._database, self._now, self._rulebook = database, now, rulebook
        self._targets, self._word = targets, word
        self._faults = Faults(database, now)

    def write(self, lease: Lease, made: Made) -> list[Job]:
        """Write what was decided; where that fails as a whole, each decision by itself, so that one
        spoils no other.
        """
        with tried("decide", "what was decided", lease.server):
            return self._written(lease, made)
        return [job for piece in made.pieces() for job in self._piece_written(lease, piece)]

    def _piece_written(self, lease: Lease, piece: Made) -> list[Job]:
        about = next((f"rule {decision.rule}" for decision in piece.decisions), "what was decided")
        with self._faults.apart("decide", about, lease.server) as part:
            return self._written(lease, piece)
        for decision in piece.decisions:
            bare = _bare(decision, part.why)
            with self._faults.apart("decide", f"{about} and what it decided", lease.server):
                self._written(lease, replace(piece, decisions=[bare]))
        return []

    def _written(self, lease: Lease, made: Made) -> list[Job]:
        # the rulebook is asked for before: one that is new is remembered in a transaction of its
        # own
        now = self._now()
        book = self._rulebook()
        told = []
        about = {each.id: each for each in (*made.events, *made.told, *made.members)}
        with self._database.writing() as connection:
            lease.hold(connection)
            gathered = [event for event in made.told if event.type == "rule.gathered"]
            event_store.record(connection, gathered)
            # first what is over: of one moment, an end is told before a begin
            with within(connection, now, "decide", "what ends by an event", lease.server):
                follow_up.over(connection, made.events, now)
            owed = decision_store.record(connection, made.decisions)
            with within(connection, now, "decide", "what is looked at again", lease.server):
                rechecks.turned_away(connection, book, made.said(), about, now)
            for decision in made.decisions:
                if decision.supersedes:
                    approver.withdrawn(connection, decision, self._targets.channels, decision.at)
            told += self._ask(connection, book, made.decisions, now)
            command_updates.decided(connection, made.decisions, about, self._word, now)
            told += event_store.record(connection, _contradictions(made.decisions, now))
            self._close_groups(connection, made, now)
            event_store.mark_decided(connection, [*made.events, *gathered])
            aside(made.parts, connection, now)
            # writing many takes its time, too
            lease.hold(connection)
        _say(made.decisions, about)
        for event in told:
            log.info(headline(event), id=event.id, type=event.type)
        return owed

    @staticmethod
    def _close_groups(connection: Connection, made: Made, now: datetime) -> None:
        for group, rule, verdicts in made.closed:
            decision_store.went_with(connection, verdicts, rule, group, now)
            groups.close(connection, group)
        for group, until in made.put_off.items():
            groups.put_off(connection, group, until)
        for name, rule in made.gone:
            decision_store.drop(connection, name, rule, guards.gone(rule), now)

    def _ask(
        self, connection: Connection, book: Rulebook, made: Iterable[Decision], now: datetime
    ) -> list[Event]:
        told: list[Event] = []
        for decision in made:
            if decision.verdict.ruling is Ruling.ASK and decision.jobs:
                about = approver.Asked(decision, decision.jobs, decision.verdict)
                told += approver.ask(
                    connection, about, book.rule(decision.rule), self._targets, now
                )
        return told


def _bare(decision: Decision, why: str) -> Decision:
    """A decision that cannot be written as it is: nothing comes of it, and it says why."""
    verdict = Verdict(Ruling.SKIP, Reason.INTERNAL_ERROR, why)
    trace = ({"step": "fault", "says": "set aside", "about": why},)
    return Decision(
        id=decision.id,
        event=decision.event,
        rule=decision.rule,
        rulebook=decision.rulebook,
        server=decision.server,
        verdict=verdict,
        at=decision.at,
        trace=trace,
        facts={},
        events=decision.events,
    )


def _contradictions(made: Iterable[Decision], now: datetime) -> list[Event]:
    """Two rules want opposite things: whatever was decided, it is told."""
    found = []
    for decision in made:
        if decision.verdict.reason is Reason.OPPOSED:
            data = {"rule": {"id": decision.rule, "detail": decision.verdict.detail}}
            row = EVENTS["rule.contradicted"]
            subject = f"rule/{decision.rule}"
            found.append(
                make(
                    row,
                    server=decision.server,
                    subject=subject,
                    n=decision.id,
                    time=now,
                    seen_at=now,
                    data=data,
                )
            )
    return found


def _say(made: Iterable[Decision], about: Mapping[str, Event]) -> None:
    for decision in made:
        if decision.verdict.ruling is Ruling.ACT:
            level = log.info
        else:
            level = log.debug
        if decision.verdict.reason not in (None, Reason.CONDITION, Reason.GROUP, Reason.COUNT):
            level = log.info
        why = decision.verdict.detail
        event = about.get(decision.event)
        level(
            f"rule {decision.rule}: {decision.verdict}",
            on=headline(event) if event else "",
            **({"why": why} if why else {}),
        )
