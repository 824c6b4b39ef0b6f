"""A second look at what lasts: the rules that turned it away are asked again, as they are and as it
is now.

What a rule would do something about now becomes an event for that rule alone, with the time at
which it began; what it still turns away for a reason that passes is looked at once more later.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.core.decisions import evaluate, level_triggers
from bridge.core.decisions.evaluate import EvaluationContext
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.events.builder import EVENTS, describe, ends_of, related
from bridge.core.model import Body, Change, Event, Reason, Ruling, Verdict
from bridge.core.rules.rule import Rule
from bridge.pipeline import rechecks
from bridge.pipeline.database_facts import DatabaseFacts
from bridge.pipeline.internal_errors import Faults, Part
from bridge.pipeline.interpret import interpreter
from bridge.pipeline.server_lease import Lease
from bridge.rulebook import Rulebook
from bridge.store.database import Database
from bridge.store.decisions import fact_queries
from bridge.store.decisions import rechecks as store
from bridge.store.decisions.rechecks import Recheck
from bridge.store.observations import events as event_store
from bridge.store.observations import snapshots

_MOST = 500
# until a poll newer than the moment has come in: soon at first, then as polls come
_SOON = timedelta(seconds=3)
_UNSEEN = timedelta(seconds=15)
_FIRST = timedelta(seconds=30)
# while an incident holds it: that says itself when it is over, unless it is another's
_HELD = timedelta(minutes=1)

Asked = Callable[[Connection, str, Rulebook], tuple[DatabaseFacts, EvaluationContext]]


@dataclass(slots=True)
class _Looked:
    """What a look comes to."""

    found: list[Event] = field(default_factory=list)
    later: list[tuple[Recheck, datetime]] = field(default_factory=list)
    done: list[tuple[str, str]] = field(default_factory=list)


class SecondLook:
    """`now` is domain time; `asked`: what answers to the guards of a server."""

    def __init__(self, database: Database, now: Callable[[], datetime], answers: Asked) -> None:
        self._database = database
        self._now = now
        self._answers = answers
        self._faults = Faults(database, now)

    def run(self, lease: Lease, book: Rulebook) -> None:
        """Look at what is due; what comes of it is recorded, to be decided."""
        server = lease.server
        now = self._now()
        with self._database.reading() as connection:
            due = store.due(connection, server, now, _MOST)
            if not due:
                return
            looked = self._look(connection, server, book, due, now)
        with self._database.writing() as connection:
            lease.hold(connection)
            event_store.record(connection, looked.found)
            store.put_off(connection, looked.later)
            store.drop(connection, server, looked.done)

    def _look(
        self,
        connection: Connection,
        server: str,
        book: Rulebook,
        due: Sequence[Recheck],
        now: datetime,
    ) -> _Looked:
        looked = _Looked()
        standing = list[tuple[Recheck, Event]]()
        began = {
            each.id: each for each in event_store.several(connection, [it.event for it in due])
        }
        for each in due:
            with self._apart(each) as part:
                origin = began.get(each.event)
                if origin:
                    state = _stands(connection, each, origin)
                else:
                    state = False
                if state is None:
                    looked.later.append((replace(each, due_at=_soon(each, now)), each.due_at))
                elif state is False or origin is None:
                    looked.done.append(each.key)
                else:
                    standing.append((each, _as_it_is(connection, origin, now)))
            _put_off(connection, part, each, looked, now)
        known = interpreter.known_now(connection, server, [event for _, event in standing], now)
        asked_of = self._answers(connection, server, book)
        for each, event in standing:
            with self._apart(each) as part:
                event = replace(event, known=known[event.id])  # noqa: PLW2901  the same, understood
                self._ask(connection, book, each, event, looked, asked_of)
            _put_off(connection, part, each, looked, now)
        return looked

    def _apart(self, each: Recheck) -> Part:
        return self._faults.apart("look again", f"what lasts: {each.type}", each.server)

    def _ask(
        self,
        connection: Connection,
        book: Rulebook,
        each: Recheck,
        event: Event,
        looked: _Looked,
        asked_of: tuple[DatabaseFacts, EvaluationContext],
    ) -> None:
        """Every rule that has not dealt with it yet."""
        now = asked_of[1].now
        dealt = store.dealt_with(connection, each.server, each.key, event.time)
        if dealt is None:
            looked.later.append((replace(each, due_at=now + _UNSEEN), each.due_at))
            return
        again: list[datetime] = []
        for rule in book.listening.get(event.type, ()):
            if rule.id in dealt or not rechecks.judges(rule):
                continue
            one = level_triggers.again(rule, event, now)
            verdict = _verdict(rule, one, *asked_of)
            if verdict.ruling is not Ruling.SKIP or verdict.reason is Reason.DRY_RUN:
                looked.found.append(one)
                continue
            again += _until(rule, event, verdict, now)
        if again:
            later = replace(each, ripe_at=min(again), due_at=min(again))
            looked.later.append((later, each.due_at))
        else:
            looked.done.append(each.key)


def _verdict(
    rule: Rule, event: Event, answers: DatabaseFacts, context: EvaluationContext
) -> Verdict:
    """What the rule would say to it now. Nothing is recorded."""
    answers.know((event,))
    return evaluate.evaluate(rule, event, RecordingFacts(answers), context).verdict


def _put_off(
    connection: Connection, part: Part, each: Recheck, looked: _Looked, now: datetime
) -> None:
    """What our own code failed on is looked at later, and does not keep the others waiting."""
    if part.failed:
        connection.rollback()
        looked.later.append((replace(each, due_at=now + _HELD), each.due_at))


def _soon(each: Recheck, now: datetime) -> datetime:
    """When a poll may have shown it."""
    if now - each.ripe_at < _FIRST:
        return now + _SOON
    return now + _UNSEEN


def _until(rule: Rule, event: Event, verdict: Verdict, now: datetime) -> Iterable[datetime]:
    moment = rechecks.until(rule, event.known, verdict, now)
    if moment is not None:
        yield moment
    elif verdict.reason is Reason.CONDITION and (
        event.known["incident"] or event.known["flapping"]
    ):
        yield now + _HELD


def _stands(connection: Connection, each: Recheck, origin: Event) -> bool | None:
    """Whether it lasts; None until a poll that is new enough has shown it."""
    row = EVENTS[each.type]
    if row.still is None or row.kind is None:
        return fact_queries.first_end(connection, origin, ends_of(origin)) is None
    name = each.subject.partition("/")[2]
    body = snapshots.bodies(connection, each.server, {(row.kind, name)}, there=True)
    if not body or not row.still(body[row.kind, name]):
        return False
    seen = fact_queries.seen_one(connection, each.server, row.kind, name)
    if seen is not None and seen >= each.ripe_at:
        return True
    return None


def _as_it_is(connection: Connection, origin: Event, now: datetime) -> Event:
    """What began then, with its objects as they are now."""
    row = EVENTS[origin.type]
    data = dict(origin.data)
    if row.still is not None and row.kind is not None:
        name = origin.subject.partition("/")[2]
        data |= _described(connection, origin.server, row.kind, name, origin.type)
    return replace(origin, data={**data, "over": False, "origin": origin.id}, seen_at=now, only="")


def _described(
    connection: Connection, server: str, kind: str, name: str, event_type: str
) -> Mapping[str, object]:
    body: Body = snapshots.bodies(connection, server, {(kind, name)})[kind, name]
    change = Change(kind, name, None, body)
    others = snapshots.bodies(connection, server, related(change))
    return describe(EVENTS[event_type], change, others)
