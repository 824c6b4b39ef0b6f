"""Decide: recorded events meet the rules, in order, under one lease per server; and what waited is judged again.

what is due by the clock, what already is so ─► new events ─► incidents that are over ─► decisions whose wait is over
─► groups that are complete
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection, RowMapping

from bridge.core.canonical import identity
from bridge.core.deciding import guards, match
from bridge.core.deciding.facts import Facts
from bridge.core.events import EVENTS, OURSELVES, make
from bridge.core.headlines import headline
from bridge.core.language.rule import Rule
from bridge.core.model import Decision, Event, Job, Reason, Ruling, Verdict
from bridge.pipeline import asking, following, followups, rechecks
from bridge.pipeline.answers import Answers
from bridge.pipeline.asking import Whom
from bridge.pipeline.edits import Edits
from bridge.pipeline.faults import Faults, Part, aside, tried, within
from bridge.pipeline.interpret import Interpreter
from bridge.pipeline.keeping import Keeping
from bridge.pipeline.lease import LONG, Lease
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
    """What one transaction writes: decisions, the events decided, groups closed with their members' verdicts.

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

    def pieces(self) -> Iterator["_Made"]:
        """The same, each decision by itself, and then what they leave to do."""
        about = [*self.events, *self.members]
        for decision in self.decisions:
            told = [event for event in self.told if event.id == decision.event]
            yield _Made(decisions=[decision], told=told, members=about)
        yield from (_Made(closed=[each], members=about) for each in self.closed)
        yield _Made(put_off=self.put_off, gone=self.gone, parts=self.parts)
        yield from (_Made(events=[event]) for event in self.events)

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
    confirmed where there are no buttons. `lease`: for how many seconds at a time a server is ours.
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
        lease: float = LONG,
    ) -> None:  # fmt: skip
        self._database, self._now, self._forced_live = database, now, forced_live
        self._keeping, self._interpreter = keeping, interpreter
        self._whom, self._spaces = whom, spaces
        self._word, self._lease = word, lease
        self._timing = Timing(database, now, servers)
        self._edits = Edits(database, now, servers, whom=whom, spaces=spaces)
        self._second_look = SecondLook(database, now, self._asked)
        self._servers, self._faults = servers, Faults(database, now)

    def rulebook(self) -> Rulebook:
        """The newest good rulebook."""
        return self._keeping.rulebook()

    def waiting(self) -> list[str]:
        """Servers with events to decide, or with something to conclude or to judge again because time has passed.

        Where that cannot be told: all of them, since each looks for itself.
        """
        now, book = self._now(), self.rulebook()
        with self._faults.apart("decide", "what waits"), self._database.reading() as connection:
            found = {
                *event_store.servers_with_undecided(connection),
                *incident_store.due(connection, now),
                *gathering.servers_due(connection, now),
                *recheck_store.servers_due(connection, now),
            }
            return sorted(found | self._timing.to_sweep(connection, book) | self._edits.to_look(connection, book))
        return sorted({OURSELVES, *self._servers})

    def run(self, server: str) -> list[Job]:
        """Decide all that waits for this server; the jobs that came of it. Each step goes on where another fails."""
        book, owed = self.rulebook(), list[Job]()
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
            answers = Answers(connection, event.server, now, rules, spaces=self._spaces.get(event.server, ()))
            answers.events[event.id] = event
            situation = match.Situation(book.hash, now)
            rules_of = book.listening.get(event.type, ())
            return [match.meet(rule, event, Facts(answers), situation) for rule in rules_of if match.hears(rule, event)]

    def _new(self, lease: Lease, owed: list[Job]) -> None:
        """Events that nobody has decided, a piece at a time; one that cannot be marked as decided is not taken twice."""
        done: set[str] = set()
        while not lease.over() and (recorded := self._recorded(lease.server)):
            if recorded[0].id in done:
                return
            lease.keep()
            made = self._met(lease, self._interpreter.interpret(lease, recorded))
            owed += self._apply(lease, made)
            done.update(event.id for event in made.events)
            if len(made.events) == len(recorded) < _BATCH:
                return

    def _recorded(self, server: str) -> list[Event]:
        with self._database.reading() as connection:
            return event_store.undecided(connection, server, _BATCH)

    def _met(self, lease: Lease, batch: Sequence[Event]) -> _Made:
        """The rules meet as many of these events as there is time for in one piece."""
        book, made = self.rulebook(), _Made()
        lease.begin()
        with self._database.reading() as connection:
            answers, situation = self._asked(connection, lease.server, book)
            answers.events |= {event.id: event for event in batch}
            for event in batch:
                for rule in book.listening.get(event.type, ()):
                    self._meeting(rule, event, answers, situation, made)
                    lease.keep()
                made.events.append(event)
                if lease.enough():
                    break
        return made

    @staticmethod
    def _meeting(rule: Rule, event: Event, answers: Answers, situation: match.Situation, made: _Made) -> None:
        with tried("decide", f"rule {rule.id}", event.server) as part:
            if match.hears(rule, event):
                decision = match.meet(rule, event, Facts(answers), situation)
                answers.fold(decision)
                made.decisions.append(decision)
        if part.failed:
            name = identity(event.id, rule.id)
            made.decisions.append(_set_aside(part, rule, [event], name, answers, situation, made))

    def _again(self, lease: Lease, owed: list[Job]) -> None:
        """Decisions whose wait is over, a piece at a time."""
        done: set[tuple[str, str]] = set()
        lease.turn()
        while not lease.over() and (made := self._judged_again(lease, done)) is not None:
            owed += self._apply(lease, made)

    def _judged_again(self, lease: Lease, done: set[tuple[str, str]]) -> _Made | None:
        """A piece of decisions whose wait is over; None when there are none, or only such as were `done` before."""
        book, made = self.rulebook(), _Made()
        lease.begin()
        with self._database.reading() as connection:
            answers, situation = self._asked(connection, lease.server, book)
            due = decision_store.due(connection, lease.server, situation.now, _BATCH)
            known = {event.id: event for event in event_store.several(connection, [each[0] for each in due])}
            answers.events |= known
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
                self._look_again(rule, known[event], Reason(waited), answers, situation, made, edited=edited)
                if lease.enough():
                    break
            made.told = list(known.values())
        return made if due else None

    @staticmethod
    def _look_again(
        rule: Rule,
        event: Event,
        waited: Reason,
        answers: Answers,
        situation: match.Situation,
        made: _Made,
        *,
        edited: bool,
    ) -> None:
        with tried("decide", f"rule {rule.id}", event.server) as part:
            decision = match.again(rule, event, waited, Facts(answers), situation, edited=edited)
            answers.fold(decision)
            made.decisions.append(decision)
        if part.failed:
            name = identity(event.id, rule.id)
            made.decisions.append(_set_aside(part, rule, [event], name, answers, situation, made))

    def _groups(self, lease: Lease, owed: list[Job]) -> None:
        book = self.rulebook()
        with self._database.reading() as connection:
            ready = gathering.complete(connection, lease.server, self._now())
        lease.turn()
        for row in ready:
            if lease.over():
                return
            with self._apart(f"a group of rule {row['rule']}", lease):
                owed += self._apply(lease, self._complete(row, book.rule(row["rule"]), book))

    def _complete(self, row: RowMapping, rule: Rule | None, book: Rulebook) -> _Made:
        """A group whose wait is over."""
        made = _Made()
        with self._database.reading() as connection:
            members = event_store.several(connection, gathering.members(connection, row["id"]))
            if rule is None or rule.group is None or not members:
                gone = guards.gone(row["rule"])
                made.closed.append((row["id"], row["rule"], {event.id: gone for event in members}))
                return made
            answers, situation = self._asked(connection, row["server"], book)
            answers.events |= {event.id: event for event in members}
            with tried("decide", f"rule {rule.id}", row["server"]) as part:
                self._close(rule, members, row["id"], row["until"], answers, situation, made)
            if part.failed:
                about = _gathered(rule, members, row["id"], situation.now)
                decision = _set_aside(part, rule, members, row["id"], answers, situation, made)
                made.told.append(about)
                made.decisions.append(replace(decision, event=about.id))
                verdicts = dict.fromkeys((event.id for event in members), decision.verdict)
                made.closed.append((row["id"], rule.id, verdicts))
        return made

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

    def _apply(self, lease: Lease, made: _Made) -> list[Job]:
        """Write what was decided; where that fails as a whole, each decision by itself, so that one spoils no other."""
        with tried("decide", "what was decided", lease.server):
            return self._written(lease, made)
        return [job for piece in made.pieces() for job in self._piece_written(lease, piece)]

    def _piece_written(self, lease: Lease, piece: _Made) -> list[Job]:
        about = next((f"rule {decision.rule}" for decision in piece.decisions), "what was decided")
        with self._faults.apart("decide", about, lease.server) as part:
            return self._written(lease, piece)
        for decision in piece.decisions:
            bare = _bare(decision, part.why)
            with self._faults.apart("decide", f"{about} and what it decided", lease.server):
                self._written(lease, replace(piece, decisions=[bare]))
        return []

    def _written(self, lease: Lease, made: _Made) -> list[Job]:
        # the rulebook is asked for before: one that is new is remembered in a transaction of its own
        now, book, told = self._now(), self.rulebook(), []
        about = {each.id: each for each in (*made.events, *made.told, *made.members)}
        with self._database.writing() as connection:
            lease.hold(connection)
            gathered = [event for event in made.told if event.type == "rule.gathered"]
            event_store.record(connection, gathered)
            # first what is over: of one moment, an end is told before a begin
            with within(connection, now, "decide", "what ends by an event", lease.server):
                following.over(connection, made.events, now)
            owed = decision_store.record(connection, made.decisions)
            with within(connection, now, "decide", "what is looked at again", lease.server):
                rechecks.turned_away(connection, book, made.said(), about, now)
            for decision in made.decisions:
                if decision.supersedes:
                    asking.withdrawn(connection, decision, self._whom.places, decision.at)
            told += self._ask(connection, book, made.decisions, now)
            followups.decided(connection, made.decisions, about, self._word, now)
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
    def _close_groups(connection: Connection, made: _Made, now: datetime) -> None:
        for group, rule, verdicts in made.closed:
            decision_store.went_with(connection, verdicts, rule, group, now)
            gathering.close(connection, group)
        for group, until in made.put_off.items():
            gathering.put_off(connection, group, until)
        for name, rule in made.gone:
            decision_store.drop(connection, name, rule, guards.gone(rule), now)

    def _ask(self, connection: Connection, book: Rulebook, made: Iterable[Decision], now: datetime) -> list[Event]:
        told: list[Event] = []
        for decision in made:
            if decision.verdict.ruling is Ruling.ASK and decision.jobs:
                about = asking.Asked(decision, decision.jobs, decision.verdict)
                told += asking.ask(connection, about, book.rule(decision.rule), self._whom, now)
        return told


def _set_aside(
    part: Part,
    rule: Rule,
    events: Sequence[Event],
    name: str,
    answers: Answers,
    situation: match.Situation,
    made: _Made,
) -> Decision:
    """A rule that failed on what it met has its say, too; what it had begun to read is given up."""
    made.parts.append(part)
    answers.anew()
    return match.set_aside(rule, events, name, part.why, situation)


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
