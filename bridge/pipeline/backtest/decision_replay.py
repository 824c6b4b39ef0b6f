"""The decision log of a stretch of time, twice: as it was written, and as the same code makes it
again from stored facts.

The two are equal byte for byte, or a verdict did not follow from its facts alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping

from bridge.core.backtesting import replay
from bridge.core.model import Event, Job, Reason, Ruling, Verdict
from bridge.core.rules.rule import Rule
from bridge.core.rules.vocabulary import Vocabulary
from bridge.errors import BadInput
from bridge.rulebook import Rulebook, compile_sources
from bridge.store import rulebooks
from bridge.store.decisions import decision_log
from bridge.store.decisions import jobs as job_store
from bridge.store.observations import events as event_store


class Shelf:
    """Every rule that ever decided something, as it was: found by its id and the hash of what was
    written.
    """

    def __init__(self, connection: Connection, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._unread = [row["sources"] for row in rulebooks.find(connection, "")]
        self._rules: dict[tuple[str, str], Rule] = {}

    def rule(self, identifier: str, digest: str) -> Rule | None:
        """The rule; None where no remembered rulebook has it, or those that do are not good under
        these settings.
        """
        while (identifier, digest) not in self._rules and self._unread:
            for rule in self._read(self._unread.pop(0)):
                self._rules.setdefault((rule.id, rule.hash), rule)
        return self._rules.get((identifier, digest))

    def _read(self, sources: Mapping[str, str]) -> tuple[Rule, ...]:
        """Each file by itself: one that is not good any more does not cost the others."""
        try:
            return compile_sources(sources, self._vocabulary).rules
        except BadInput:
            books = [_alone(name, text, self._vocabulary) for name, text in sources.items()]
            return tuple(rule for book in books if book for rule in book.rules)


def _alone(name: str, text: str, vocabulary: Vocabulary) -> Rulebook | None:
    try:
        return compile_sources({name: text}, vocabulary)
    except BadInput:
        return None


def log_live(
    connection: Connection, since: datetime, until: datetime, server: str = ""
) -> Iterator[str]:
    """The decision log as it was written: every verdict that was made from facts, oldest first."""
    for batch in decision_log.rows(connection, since, until, server):
        owed = decision_log.jobs_of(connection, [row["decision"] for row in batch if row["last"]])
        for row in batch:
            if decision_log.follows(row):
                jobs = owed.get(row["decision"], ()) if row["last"] and not row["edited"] else ()
                yield replay.line(
                    row["at"],
                    row["decision"],
                    row["rule"],
                    _verdict(row),
                    job=row["job"],
                    trace=row["trace"],
                    jobs=jobs,
                )


def log_replayed(
    connection: Connection,
    since: datetime,
    until: datetime,
    vocabulary: Vocabulary,
    server: str = "",
) -> Iterator[str]:
    """The same log, made again from stored facts. A verdict that cannot be made again is a line
    that says why.
    """
    again = _Again(connection, Shelf(connection, vocabulary))
    for batch in decision_log.rows(connection, since, until, server):
        again.prepare(batch)
        for row in batch:
            if decision_log.follows(row):
                yield again.line(row)


class _Again:
    """Makes verdicts again; events and jobs are read a batch at a time."""

    def __init__(self, connection: Connection, shelf: Shelf) -> None:
        self._connection = connection
        self._shelf = shelf
        self._events: dict[str, Event] = {}
        self._jobs: dict[str, Job] = {}
        self._closed: dict[str, Mapping[str, Verdict]] = {}

    def prepare(self, rows: Sequence[RowMapping]) -> None:
        """Read what these verdicts are about."""
        wanted = sorted({row["event"] for row in rows})
        self._events = {event.id: event for event in event_store.several(self._connection, wanted)}
        self._jobs = {
            row["job"]: job_store.get(self._connection, row["job"]) for row in rows if row["job"]
        }

    def line(self, row: RowMapping) -> str:
        """One line of the log, made again."""
        try:
            return self._line(row)
        except (KeyError, _NoRule) as error:
            if isinstance(error, _NoRule):
                why = str(error)
            else:
                why = f"it asks what was not asked then: {error}"
            return replay.line(
                row["at"],
                row["decision"],
                row["rule"],
                Verdict(Ruling.WAIT, None, why),
                job=row["job"],
            )

    def _line(self, row: RowMapping) -> str:
        if row["read"] is None:
            verdict = self._members(row["gathering"])[row["event"]]
            if verdict.ruling is Ruling.ACT:
                told = f"with group {row['gathering'][:8]}"
            else:
                told = verdict.detail
            verdict = Verdict(verdict.ruling, verdict.reason, told)
            return replay.line(row["at"], row["decision"], row["rule"], verdict)
        rule = self._rule(row)
        if row["job"] is not None:
            job = self._jobs[row["job"]]
            event = self._events.get(job.event) or event_store.get(self._connection, job.event)
            verdict = replay.admitted(rule, row["read"], job, event)
            return replay.line(row["at"], row["decision"], row["rule"], verdict, job=job.id)
        made, _ = self._judged(rule, row, [self._events[row["event"]]])
        jobs = () if row["edited"] else made.jobs
        return replay.line(
            made.at, row["decision"], made.rule, made.verdict, trace=made.trace, jobs=jobs
        )

    def _judged(self, rule: Rule, row: RowMapping, events: list[Event]) -> replay.Judged:
        if row["trace"][0]["step"] == "group":
            events = decision_log.members(self._connection, row["decision"])
        return replay.judged(rule, row["read"], row["trace"][0], events, row["decision"])

    def _members(self, group: str) -> Mapping[str, Verdict]:
        """What each member of a group got when it was closed."""
        if group not in self._closed:
            row = decision_log.closing(self._connection, group)
            if row is None:
                raise _NoRule(f"group {group[:8]} was never closed")
            self._closed = {group: self._judged(self._rule(row), row, [])[1]}
        return self._closed[group]

    def _rule(self, row: RowMapping) -> Rule:
        rule = self._shelf.rule(row["rule"], row["read"]["rule"])
        if rule is None:
            raise _NoRule(
                f"no remembered rulebook has rule {row['rule']!r} as it was, and is good under"
                " these settings"
            )
        return rule


class _NoRule(Exception):
    """A verdict cannot be made again; says why."""


def _verdict(row: RowMapping) -> Verdict:
    return Verdict(
        Ruling(row["ruling"]),
        Reason(row["reason"]) if row["reason"] else None,
        row["detail"],
        row["until"],
    )
