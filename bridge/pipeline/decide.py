"""Decide: recorded events meet the rules, in order, under one lease per server; and what waited is judged again.

what is due by the clock, what already is so ─► new events ─► incidents that are over ─► decisions whose wait is over
─► groups that are complete
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bridge.core.deciding import guards, match
from bridge.core.deciding.facts import Facts
from bridge.core.events import EVENTS, make
from bridge.core.headlines import headline
from bridge.core.language.rule import Rule
from bridge.core.model import Decision, Event, Job, Reason, Ruling, Verdict
from bridge.pipeline import asking, following, followups, rechecks
from bridge.pipeline.answers import Answers
from bridge.pipeline.asking import Whom
from bridge.pipeline.edits import Edits
from bridge.pipeline.interpret import Interpreter
from bridge.pipeline.keeping import Keeping
from bridge.pipeline.second_look import SecondLook
from bridge.pipeline.timing import Timing
from bridge.rulebook import Rulebook
from bridge.store import decisions as decision_store
from bridge.store import events as event_store
from bridge.store import gathering
from bridge.store import incidents as incident_store
from bridge.store import rechecks as recheck_store
from bridge.store.database import Database

_BATCH = 200

log = structlog.get_logger()


@dataclass(slots=True)
class _Made:
    """What one transaction writes: decisions, the events decided, groups closed with their members' verdicts."""

    decisions: list[Decision] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    members: list[Event] = field(default_factory=list)
    closed: list[tuple[str, str, Mapping[str, Verdict]]] = field(default_factory=list)
    put_off: dict[str, datetime] = field(default_factory=dict)
    gone: list[tuple[str, str]] = field(default_factory=list)

    def said(self) -> Iterator[tuple[str, str, Verdict]]:
        """(rule, event, verdict) of all of them."""
        for decision in self.decisions:
            yield decision.rule, decision.event, decision.verdict
        for _, rule, verdicts in self.closed:
            for event, verdict in verdicts.items():
                yield rule, event, verdict


class Decider:
    """Decides events. `forced_live`: a server's rules act although they say dry_run; `whom`: who can be asked.

    `spaces`: where the settings let rules act, by server; `servers`: those that are watched. `word`: by which a command is
    confirmed where there are no buttons.
    """

    def __init__(
        self,
        database: Database,
        keeping: Keeping,
        interpreter: Interpreter,
        now: Callable[[], datetime],
        forced_live: Callable[[str], bool],
        *,
        whom: Whom,
        spaces: Mapping[str, Sequence[str]],
        servers: Sequence[str],
        word: Callable[[str], str] = lambda event: event,
    ) -> None:  # fmt: skip
        self._database, self._now, self._forced_live = database, now, forced_live
        self._keeping, self._interpreter = keeping, interpreter
        self._whom, self._spaces = whom, spaces
        self._word = word
        self._timing = Timing(database, now, servers)
        self._edits = Edits(database, now, servers, whom=whom, spaces=spaces)
        self._second_look = SecondLook(database, now, self._asked)

    def rulebook(self) -> Rulebook:
        """The newest good rulebook."""
        return self._keeping.rulebook()

    def waiting(self) -> list[str]:
        """Servers with events to decide, or with something to conclude or to judge again because time has passed."""
        now = self._now()
        with self._database.reading() as connection:
            found = {
                *event_store.servers_with_undecided(connection),
                *incident_store.due(connection, now),
                *gathering.servers_due(connection, now),
                *recheck_store.servers_due(connection, now),
            }
            book = self.rulebook()
            return sorted(found | self._timing.to_sweep(connection, book) | self._edits.to_look(connection, book))

    def run(self, server: str) -> list[Job]:
        """Decide all that waits for this server; the jobs that came of it."""
        with self._database.writing() as connection:
            fence = event_store.claim_deciding(connection, server)
        if fence is None:
            return []
        owed: list[Job] = []
        try:
            self._interpreter.timers(server, fence)
            self._edits.run(server, fence, self.rulebook())
            self._timing.run(server, fence, self.rulebook())
            self._second_look.run(server, fence, self.rulebook())
            owed += self._new(server, fence)
            if self._interpreter.endings(server, fence):
                owed += self._new(server, fence)
            while (found := self._again(server, fence)) is not None:
                owed += found
            owed += self._groups(server, fence)
        finally:
            with self._database.writing() as connection:
                event_store.release_deciding(connection, server, fence)
        return owed

    def tried(self, book: Rulebook, event: Event, now: datetime) -> list[Decision]:
        """What the rules of this book would say to an event at that moment. Nothing is recorded."""
        with self._database.reading() as connection:
            rules = {rule.id: rule for rule in book.rules}
            answers = Answers(connection, event.server, now, rules, spaces=self._spaces.get(event.server, ()))
            answers.events[event.id] = event
            situation = match.Situation(book.hash, now)
            rules_of = book.listening.get(event.type, ())
            return [match.meet(rule, event, Facts(answers), situation) for rule in rules_of if match.hears(rule, event)]

    def _new(self, server: str, fence: int) -> list[Job]:
        owed: list[Job] = []
        while True:
            batch, jobs = self._batch(server, fence)
            owed += jobs
            if len(batch) < _BATCH:
                return owed

    def _batch(self, server: str, fence: int) -> tuple[list[Event], list[Job]]:
        with self._database.reading() as connection:
            recorded = event_store.undecided(connection, server, _BATCH)
        batch = self._interpreter.interpret(server, fence, recorded)
        made = _Made(events=batch)
        if batch:
            book = self.rulebook()
            with self._database.reading() as connection:
                answers, situation = self._asked(connection, server, book)
                answers.events |= {event.id: event for event in batch}
                for event in batch:
                    for rule in book.listening.get(event.type, ()):
                        if match.hears(rule, event):
                            made.decisions.append(match.meet(rule, event, Facts(answers), situation))
                            answers.fold(made.decisions[-1])
        return batch, self._apply(server, fence, made)

    def _again(self, server: str, fence: int) -> list[Job] | None:
        """A batch of decisions whose wait is over; None when there are none."""
        book, made = self.rulebook(), _Made()
        with self._database.reading() as connection:
            answers, situation = self._asked(connection, server, book)
            due = decision_store.due(connection, server, situation.now, _BATCH)
            known = {event.id: event for event in event_store.several(connection, [each[0] for each in due])}
            answers.events |= known
            for event, name, waited, written in due:
                rule = book.rule(name)
                if rule is None:
                    made.gone.append((event, name))
                    continue
                edited = written not in (None, rule.hash)
                about, facts = known[event], Facts(answers)
                made.decisions.append(match.again(rule, about, Reason(waited), facts, situation, edited=edited))
                answers.fold(made.decisions[-1])
            made.told = list(known.values())
        return self._apply(server, fence, made) if due else None

    def _groups(self, server: str, fence: int) -> list[Job]:
        book, owed = self.rulebook(), []
        with self._database.reading() as connection:
            ready = gathering.complete(connection, server, self._now())
        for row in ready:
            made, rule = _Made(), book.rule(row["rule"])
            with self._database.reading() as connection:
                members = event_store.several(connection, gathering.members(connection, row["id"]))
                if rule is None or rule.group is None or not members:
                    gone = guards.gone(row["rule"])
                    made.closed.append((row["id"], row["rule"], {event.id: gone for event in members}))
                else:
                    answers, situation = self._asked(connection, server, book)
                    answers.events |= {event.id: event for event in members}
                    self._close(rule, members, row["id"], row["until"], answers, situation, made)
            owed += self._apply(server, fence, made)
        return owed

    @staticmethod
    def _close(
        rule: Rule, members: Sequence[Event], group: str, until: datetime, answers: Answers,
        situation: match.Situation, made: _Made,
    ) -> None:  # fmt: skip
        decision, verdicts = match.close(rule, members, group, until, Facts(answers), situation)
        if decision.due_at is not None:
            made.put_off[group] = decision.due_at
            return
        about = _gathered(rule, members, group, situation.now)
        made.told.append(about)
        made.members += members
        made.decisions.append(replace(decision, event=about.id))
        made.closed.append((group, rule.id, verdicts))

    def _asked(self, connection: Connection, server: str, book: Rulebook) -> tuple[Answers, match.Situation]:
        now = self._now()
        rules = {rule.id: rule for rule in book.rules}
        answers = Answers(connection, server, now, rules, bulk=True, spaces=self._spaces.get(server, ()))
        return answers, match.Situation(book.hash, now, self._forced_live(server))

    def _apply(self, server: str, fence: int, made: _Made) -> list[Job]:
        # the rulebook is asked for before: one that is new is remembered in a transaction of its own
        now, book, told = self._now(), self.rulebook(), []
        about = {each.id: each for each in (*made.events, *made.told, *made.members)}
        with self._database.writing() as connection:
            event_store.keep_deciding(connection, server, fence)
            gathered = [event for event in made.told if event.type == "rule.gathered"]
            event_store.record(connection, gathered)
            # first what is over: of one moment, an end is told before a begin
            following.over(connection, made.events, now)
            owed = decision_store.record(connection, made.decisions)
            rechecks.turned_away(connection, book, made.said(), about, now)
            for decision in made.decisions:
                if decision.supersedes:
                    asking.withdrawn(connection, decision, self._whom.places, decision.at)
            told += self._ask(connection, book, made.decisions, now)
            followups.decided(connection, made.decisions, about, self._word, now)
            told += event_store.record(connection, _contradictions(made.decisions, now))
            for group, rule, verdicts in made.closed:
                decision_store.went_with(connection, verdicts, rule, group, now)
                gathering.close(connection, group)
            for group, until in made.put_off.items():
                gathering.put_off(connection, group, until)
            for name, rule in made.gone:
                decision_store.drop(connection, name, rule, guards.gone(rule), now)
            event_store.mark_decided(connection, [*made.events, *gathered])
        _say(made.decisions, about)
        for event in told:
            log.info(headline(event), id=event.id, type=event.type)
        return owed

    def _ask(self, connection: Connection, book: Rulebook, made: Iterable[Decision], now: datetime) -> list[Event]:
        told: list[Event] = []
        for decision in made:
            if decision.verdict.ruling is Ruling.ASK and decision.jobs:
                about = asking.Asked(decision, decision.jobs, decision.verdict)
                told += asking.ask(connection, about, book.rule(decision.rule), self._whom, now)
        return told


def _gathered(rule: Rule, members: Sequence[Event], group: str, now: datetime) -> Event:
    """What stands in the journal for a group: which events a rule has put together."""
    data = {"rule": {"id": rule.id, "detail": f"{len(members)} events"}, "events": [event.id for event in members]}
    server = members[0].server
    return make(EVENTS["rule.gathered"], server=server, subject=f"rule/{rule.id}", n=group, time=now, seen_at=now, data=data)


def _contradictions(made: Iterable[Decision], now: datetime) -> list[Event]:
    """Two rules want opposite things: whatever was decided, it is told."""
    found = []
    for decision in made:
        if decision.verdict.reason is Reason.OPPOSED:
            data = {"rule": {"id": decision.rule, "detail": decision.verdict.detail}}
            row, subject = EVENTS["rule.contradicted"], f"rule/{decision.rule}"
            found.append(
                make(row, server=decision.server, subject=subject, n=decision.id, time=now, seen_at=now, data=data)
            )  # fmt: skip
    return found


def _say(made: Iterable[Decision], about: Mapping[str, Event]) -> None:
    for decision in made:
        level = log.info if decision.verdict.ruling is Ruling.ACT else log.debug
        if decision.verdict.reason not in (None, Reason.CONDITION, Reason.GROUP, Reason.COUNT):
            level = log.info
        why = decision.verdict.detail
        event = about.get(decision.event)
        level(f"rule {decision.rule}: {decision.verdict}", on=headline(event) if event else "", **({"why": why} if why else {}))
