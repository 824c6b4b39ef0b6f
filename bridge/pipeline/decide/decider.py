"""Decide: recorded events meet the rules, in order, under one lease per server; and what waited is
judged again.

what is due by the clock, what already is so ─► new events ─► incidents that are over ─► decisions
whose wait is over ─► groups that are complete
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection, RowMapping

from bridge.core.canonical_json import identity
from bridge.core.decisions import evaluate, guards
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.events.builder import EVENTS, OURSELVES, make
from bridge.core.model import Decision, Event, Job, Reason
from bridge.core.rules.rule import Rule
from bridge.pipeline.approvals.approver import ApprovalTargets
from bridge.pipeline.database_facts import DatabaseFacts
from bridge.pipeline.decide.active_rulebook import ActiveRulebook
from bridge.pipeline.decide.decision_writer import DecisionWriter, Made
from bridge.pipeline.decide.recheck_evaluation import SecondLook
from bridge.pipeline.decide.rule_edits import Edits
from bridge.pipeline.decide.scheduled_events import Timing
from bridge.pipeline.internal_errors import Faults, Part, tried
from bridge.pipeline.interpret.interpreter import Interpreter
from bridge.pipeline.server_lease import LONG, Lease
from bridge.rulebook import Rulebook
from bridge.store.database import Database
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions import groups
from bridge.store.decisions import rechecks as recheck_store
from bridge.store.observations import events as event_store
from bridge.store.observations import incidents as incident_store

_BATCH = 200

log = structlog.get_logger()


class Decider:
    """Decides events. `forced_live`: a server's rules act although they say dry_run; `targets`: who
    can be asked.

    `spaces`: where the settings let rules act, by server; `servers`: those that are watched.
    `word`: by which a command is confirmed where there are no buttons. `lease`: for how many
    seconds at a time a server is ours.
    """

    def __init__(
        self,
        database: Database,
        keeping: ActiveRulebook,
        interpreter: Interpreter,
        now: Callable[[], datetime],
        forced_live: Callable[[str], bool],
        *,
        targets: ApprovalTargets,
        spaces: Mapping[str, Sequence[str]],
        servers: Sequence[str],
        word: Callable[[str], str] = lambda event: event,
        lease: float = LONG,
    ) -> None:
        self._database, self._now, self._forced_live = database, now, forced_live
        self._keeping, self._interpreter = keeping, interpreter
        self._targets, self._spaces = targets, spaces
        self._word, self._lease = word, lease
        self._timing = Timing(database, now, servers)
        self._edits = Edits(database, now, servers, targets=targets, spaces=spaces)
        self._second_look = SecondLook(database, now, self._asked)
        self._servers, self._faults = servers, Faults(database, now)
        self._writer = DecisionWriter(database, now, keeping.rulebook, targets, self._word)

    def rulebook(self) -> Rulebook:
        """The newest good rulebook."""
        return self._keeping.rulebook()

    def waiting(self) -> list[str]:
        """Servers with events to decide, or with something to conclude or to judge again because
        time has passed.

        Where that cannot be told: all of them, since each looks for itself.
        """
        now = self._now()
        book = self.rulebook()
        with self._faults.apart("decide", "what waits"), self._database.reading() as connection:
            found = {
                *event_store.servers_with_undecided(connection),
                *incident_store.due(connection, now),
                *groups.servers_due(connection, now),
                *recheck_store.servers_due(connection, now),
            }
            return sorted(
                found
                | self._timing.to_sweep(connection, book)
                | self._edits.to_look(connection, book)
            )
        return sorted({OURSELVES, *self._servers})

    def run(self, server: str) -> list[Job]:
        """Decide all that waits for this server; the jobs that came of it. Each step goes on where
        another fails.
        """
        book = self.rulebook()
        owed = list[Job]()
        with self._database.writing() as connection:
            fence = event_store.claim_deciding(connection, server, self._lease)
        if fence is None:
            return []
        lease = Lease(self._database, server, fence, self._lease)
        try:
            with self._apart("legs that are calm", lease):
                self._interpreter.timers(lease)
            with self._apart("what waits of edited rules", lease):
                self._edits.run(lease, book)
            with self._apart("what the clock brings", lease):
                self._timing.run(lease, book)
            with self._apart("what lasts", lease):
                self._second_look.run(lease, book)
            lease.turn()
            self._new(lease, owed)
            with self._apart("incidents that are over", lease):
                self._interpreter.endings(lease)
            self._new(lease, owed)
            self._again(lease, owed)
            self._groups(lease, owed)
        finally:
            with self._database.writing() as connection:
                event_store.release_deciding(connection, server, fence)
        return owed

    def _apart(self, what: str, lease: Lease) -> Part:
        lease.keep()
        return self._faults.apart("decide", what, lease.server)

    def tried(self, book: Rulebook, event: Event, now: datetime) -> list[Decision]:
        """What the rules of this book would say to an event at that moment. Nothing is recorded."""
        with self._database.reading() as connection:
            rules = {rule.id: rule for rule in book.rules}
            answers = DatabaseFacts(
                connection, event.server, now, rules, spaces=self._spaces.get(event.server, ())
            )
            answers.know((event,))
            context = evaluate.EvaluationContext(book.hash, now)
            rules_of = book.listening.get(event.type, ())
            return [
                evaluate.evaluate(rule, event, RecordingFacts(answers), context)
                for rule in rules_of
                if evaluate.accepts(rule, event)
            ]

    def _new(self, lease: Lease, owed: list[Job]) -> None:
        """Events that nobody has decided, a piece at a time; one that cannot be marked as decided
        is not taken twice.
        """
        done: set[str] = set()
        while not lease.over() and (recorded := self._recorded(lease.server)):
            if recorded[0].id in done:
                return
            lease.keep()
            made = self._met(lease, self._interpreter.interpret(lease, recorded))
            owed += self._writer.write(lease, made)
            done.update(event.id for event in made.events)
            if len(made.events) == len(recorded) < _BATCH:
                return

    def _recorded(self, server: str) -> list[Event]:
        with self._database.reading() as connection:
            return event_store.undecided(connection, server, _BATCH)

    def _met(self, lease: Lease, batch: Sequence[Event]) -> Made:
        """The rules meet as many of these events as there is time for in one piece."""
        book = self.rulebook()
        made = Made()
        lease.begin()
        with self._database.reading() as connection:
            answers, context = self._asked(connection, lease.server, book)
            answers.know(batch)
            for event in batch:
                for rule in book.listening.get(event.type, ()):
                    self._evaluate(rule, event, answers, context, made)
                    lease.keep()
                made.events.append(event)
                if lease.enough():
                    break
        return made

    @staticmethod
    def _evaluate(
        rule: Rule,
        event: Event,
        answers: DatabaseFacts,
        context: evaluate.EvaluationContext,
        made: Made,
    ) -> None:
        with tried("decide", f"rule {rule.id}", event.server) as part:
            if evaluate.accepts(rule, event):
                decision = evaluate.evaluate(rule, event, RecordingFacts(answers), context)
                answers.fold(decision)
                made.decisions.append(decision)
        if part.failed:
            name = identity(event.id, rule.id)
            made.decisions.append(_set_aside(part, rule, [event], name, answers, context, made))

    def _again(self, lease: Lease, owed: list[Job]) -> None:
        """Decisions whose wait is over, a piece at a time."""
        done: set[tuple[str, str]] = set()
        lease.turn()
        while not lease.over() and (made := self._judged_again(lease, done)) is not None:
            owed += self._writer.write(lease, made)

    def _judged_again(self, lease: Lease, done: set[tuple[str, str]]) -> Made | None:
        """A piece of decisions whose wait is over; None when there are none, or only such as were
        `done` before.
        """
        book = self.rulebook()
        made = Made()
        lease.begin()
        with self._database.reading() as connection:
            answers, context = self._asked(connection, lease.server, book)
            due = decision_store.due(connection, lease.server, context.now, _BATCH)
            known = {
                event.id: event
                for event in event_store.several(connection, [each[0] for each in due])
            }
            answers.know(known.values())
            if due and due[0][:2] in done:
                return None
            for event, name, waited, written in due:
                lease.keep()
                done.add((event, name))
                rule = book.rule(name)
                if rule is None:
                    made.gone.append((event, name))
                    continue
                edited = written not in (None, rule.hash)
                self._look_again(
                    rule, known[event], Reason(waited), answers, context, made, edited=edited
                )
                if lease.enough():
                    break
            made.told = list(known.values())
        if due:
            return made
        return None

    @staticmethod
    def _look_again(
        rule: Rule,
        event: Event,
        waited: Reason,
        answers: DatabaseFacts,
        context: evaluate.EvaluationContext,
        made: Made,
        *,
        edited: bool,
    ) -> None:
        with tried("decide", f"rule {rule.id}", event.server) as part:
            decision = evaluate.re_evaluate(
                rule, event, waited, RecordingFacts(answers), context, edited=edited
            )
            answers.fold(decision)
            made.decisions.append(decision)
        if part.failed:
            name = identity(event.id, rule.id)
            made.decisions.append(_set_aside(part, rule, [event], name, answers, context, made))

    def _groups(self, lease: Lease, owed: list[Job]) -> None:
        book = self.rulebook()
        with self._database.reading() as connection:
            ready = groups.complete(connection, lease.server, self._now())
        lease.turn()
        for row in ready:
            if lease.over():
                return
            with self._apart(f"a group of rule {row['rule']}", lease):
                owed += self._writer.write(lease, self._complete(row, book.rule(row["rule"]), book))

    def _complete(self, row: RowMapping, rule: Rule | None, book: Rulebook) -> Made:
        """A group whose wait is over."""
        made = Made()
        with self._database.reading() as connection:
            members = event_store.several(connection, groups.members(connection, row["id"]))
            if rule is None or rule.group is None or not members:
                gone = guards.gone(row["rule"])
                made.closed.append((row["id"], row["rule"], {event.id: gone for event in members}))
                return made
            answers, context = self._asked(connection, row["server"], book)
            answers.know(members)
            with tried("decide", f"rule {rule.id}", row["server"]) as part:
                self._close(rule, members, row["id"], row["until"], answers, context, made)
            if part.failed:
                about = _gathered(rule, members, row["id"], context.now)
                decision = _set_aside(part, rule, members, row["id"], answers, context, made)
                made.told.append(about)
                made.decisions.append(replace(decision, event=about.id))
                verdicts = dict.fromkeys((event.id for event in members), decision.verdict)
                made.closed.append((row["id"], rule.id, verdicts))
        return made

    @staticmethod
    def _close(
        rule: Rule,
        members: Sequence[Event],
        group: str,
        until: datetime,
        answers: DatabaseFacts,
        context: evaluate.EvaluationContext,
        made: Made,
    ) -> None:
        decision, verdicts = evaluate.close_group(
            rule, members, group, until, RecordingFacts(answers), context
        )
        if decision.due_at is not None:
            made.put_off[group] = decision.due_at
            return
        about = _gathered(rule, members, group, context.now)
        made.told.append(about)
        made.members += members
        made.decisions.append(replace(decision, event=about.id))
        made.closed.append((group, rule.id, verdicts))

    def _asked(
        self, connection: Connection, server: str, book: Rulebook
    ) -> tuple[DatabaseFacts, evaluate.EvaluationContext]:
        now = self._now()
        rules = {rule.id: rule for rule in book.rules}
        answers = DatabaseFacts(
            connection, server, now, rules, bulk=True, spaces=self._spaces.get(server, ())
        )
        return answers, evaluate.EvaluationContext(book.hash, now, self._forced_live(server))


def _set_aside(
    part: Part,
    rule: Rule,
    events: Sequence[Event],
    name: str,
    answers: DatabaseFacts,
    context: evaluate.EvaluationContext,
    made: Made,
) -> Decision:
    """A rule that failed on what it met has its say, too; what it had begun to read is given up."""
    made.parts.append(part)
    answers.rollback()
    return evaluate.set_aside(rule, events, name, part.why, context)


def _gathered(rule: Rule, members: Sequence[Event], group: str, now: datetime) -> Event:
    """What stands in the journal for a group: which events a rule has put together."""
    data = {
        "rule": {"id": rule.id, "detail": f"{len(members)} events"},
        "events": [event.id for event in members],
    }
    server = members[0].server
    return make(
        EVENTS["rule.gathered"],
        server=server,
        subject=f"rule/{rule.id}",
        n=group,
        time=now,
        seen_at=now,
        data=data,
    )
