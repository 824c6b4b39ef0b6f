"""What other rules would have done: recorded events are gone through again in memory. Nothing is
called, nothing is written.

Cooldowns, counts, groups, rates and waits are lived through from some time before the stretch that
is asked about. What only the server or a person could have said is not known: every call is taken
to be possible and to succeed, every question stays unanswered.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from sqlalchemy import Connection, RowMapping

from bridge.core.backtesting.dry_run import DryRun
from bridge.core.backtesting.in_memory_facts import InMemoryFacts
from bridge.core.backtesting.results import (
    Final,
    Key,
    Tally,
    burst,
    called,
    differences,
    verdict_of,
)
from bridge.core.decisions.fact_source import Pause, Silence
from bridge.core.events.builder import EVENTS, OURSELVES, bond_noun, make
from bridge.core.model import Body, Event, Json
from bridge.core.objects.object_schemas import BODIES
from bridge.core.rules import cron
from bridge.core.rules.rule import Absent, Count, Rule, Schedule
from bridge.pipeline.database_facts import about_of
from bridge.rulebook import Rulebook
from bridge.store.database import Database
from bridge.store.decisions import fact_queries
from bridge.store.observations import snapshots
from bridge.store.views import backtest_source

_LONGEST_BEFORE = timedelta(days=7)
_DAY = timedelta(days=1)
_COUNTED = ("bond", "leg", "aggregator")

Step = Callable[[int], None]


@dataclass(slots=True)
class BacktestOutcome:
    """What came of it on all servers."""

    events: int = 0
    calls: list[Body] = field(default_factory=list)
    rules: dict[str, dict[str, Json]] = field(default_factory=dict)
    differs: list[dict[str, Json]] = field(default_factory=list)


@dataclass(slots=True)
class RecordedControlFacts(InMemoryFacts):
    """The facts of a dry run, with the pauses and silences of that time. `act_in`: the spaces in
    which the settings let rules act.
    """

    act_in: Sequence[str] = ()
    pauses: Sequence[RowMapping] = ()
    silences: Sequence[RowMapping] = ()

    def spaces(self, server: str) -> Sequence[str] | None:  # noqa: ARG002  of one server
        """The spaces in which the settings let rules act."""
        return self.act_in or None

    def paused(self, server: str) -> Pause | None:  # noqa: ARG002  of one server
        """Whether actions were paused then."""
        return _paused(self.pauses, self.now)

    def silence(self, event: str) -> Silence | None:
        """The silence that held then."""
        return _silenced(self.silences, self.events[event], self.now)


class Backtester:
    """`forced_live`: whether a server's rules act although they say dry_run; `spaces`: where the
    settings let rules act.
    """

    def __init__(
        self,
        database: Database,
        forced_live: Callable[[str], bool],
        spaces: Mapping[str, Sequence[str]],
    ) -> None:
        self._database = database
        self._forced_live = forced_live
        self._spaces = spaces

    def size(self, since: datetime, until: datetime, server: str = "") -> int:
        """How many events there are to go through."""
        with self._database.reading() as connection:
            return sum(
                backtest_source.count(connection, each, since, until)
                for each in self._servers(connection, server)
            )

    def against(
        self,
        book: Rulebook,
        since: datetime,
        until: datetime,
        server: str = "",
        step: Step = lambda _n: None,
    ) -> Body:
        """What this rulebook would have done in that stretch of time; `step` is told how many
        events more are done.

        A second run of the same is the same, to the byte.
        """
        made = BacktestOutcome()
        with self._database.reading() as connection:
            for each in self._servers(connection, server):
                self._of_server(connection, book, each, (since, until), made, step)
        made.calls.sort(
            key=lambda call: (call["at"], call["server"], call["rule"], call["event"], call["call"])
        )
        made.differs.sort(key=lambda one: (one["seen_at"], one["event"], one["rule"]))
        longest = max(made.calls, key=lambda call: call["waited"], default=None)
        return {
            "since": since.isoformat(),
            "until": until.isoformat(),
            "against": book.hash,
            "events": made.events,
            "rules": dict(sorted(made.rules.items())),
            "calls": made.calls,
            "burst": burst(datetime.fromisoformat(call["at"]) for call in made.calls),
            "longest_wait": longest
            and {"seconds": longest["waited"], "rule": longest["rule"], "event": longest["event"]},
            "differs": made.differs,
            "unknown": {
                "preconditions": len(made.calls),
                "approvals": sum(sum(each["asked"].values()) for each in made.rules.values()),
            },
        }

    @staticmethod
    def _servers(connection: Connection, server: str) -> list[str]:
        return [each for each in backtest_source.servers(connection) if server in ("", each)]

    def _of_server(
        self,
        connection: Connection,
        book: Rulebook,
        server: str,
        stretch: tuple[datetime, datetime],
        made: BacktestOutcome,
        step: Step,
    ) -> None:
        since, until = stretch
        rules = {rule.id: rule for rule in book.rules}
        begin = since - _before(book.rules)
        memory = self._memory(connection, server, rules, begin)
        tally = Tally(since, memory.events.__getitem__)
        forced = self._forced_live(server)
        dry_run = DryRun(
            book.hash, memory, forced, hear=tally.hear, horizon=_before(book.rules) + _DAY
        )
        for event in _happened(connection, server, rules, begin, until):
            dry_run.happen(event)
            if event.seen_at >= since:
                made.events += 1
                step(1)
        dry_run.until(until)
        calls = [
            called(at, job, call, memory.events[job.event])
            for at, job, call in dry_run.calls
            if at >= since
        ]
        made.calls += calls
        _sum_up(made, tally, calls, backtest_source.called(connection, server, since, until))
        then: dict[Key, Final] = {
            (row["event"], row["rule"]): (verdict_of(row["ruling"], row["reason"]), row["seen_at"])
            for row in backtest_source.ruled(connection, server, since, until)
        }
        made.differs += differences(then, tally.final)

    def _memory(
        self, connection: Connection, server: str, rules: Mapping[str, Rule], begin: datetime
    ) -> InMemoryFacts:
        return RecordedControlFacts(
            rules,
            begin,
            sizes={kind: fact_queries.size(connection, server, kind) for kind in _COUNTED},
            base=_shown(connection, server),
            incidents=backtest_source.incidents_of(connection, server),
            act_in=list(self._spaces.get(server, ())),
            pauses=backtest_source.pauses_of(connection, server),
            silences=backtest_source.silences_of(connection, server),
        )


def _before(rules: Sequence[Rule]) -> timedelta:
    """For how long before something what went before can matter to these rules."""
    longest = 0.0
    for rule in rules:
        guard = rule.guard
        shape = rule.shape
        lengths = [rule.lasts or 0.0, rule.group.wait if rule.group else 0.0]
        lengths += [
            shape.over
            if isinstance(shape, Count)
            else shape.within
            if isinstance(shape, Absent)
            else 0.0
        ]
        lengths += [each.every for each in (guard.cooldown, guard.rate) if each]
        lengths += [each.within for each in (guard.blast_radius, guard.undone) if each]
        longest = max(longest, *lengths)
    return min(timedelta(seconds=longest), _LONGEST_BEFORE)


def _happened(
    connection: Connection, server: str, rules: Mapping[str, Rule], begin: datetime, until: datetime
) -> Iterator[Event]:
    """Recorded events, and of these rules' schedules what would have been due. What was found for
    other rules is not there.
    """
    # the clock calls rules for each server that is watched, and the bridge is none
    clocked = [
        rule for rule in rules.values() if isinstance(rule.shape, Schedule) and server != OURSELVES
    ]
    scheduled = sorted(
        (event for rule in clocked for event in _due(rule, server, begin, until)),
        key=lambda event: (event.seen_at, event.id),
    )
    seen = (
        event
        for event in backtest_source.seen(connection, server, begin, until)
        if event.type != "schedule.due"
    )
    return heapq.merge(seen, scheduled, key=lambda event: event.seen_at)


def _due(rule: Rule, server: str, begin: datetime, until: datetime) -> Iterator[Event]:
    shape = rule.shape
    row = EVENTS["schedule.due"]
    assert isinstance(shape, Schedule)  # noqa: S101  asked before
    due = begin
    while (due := cron.following(shape, due)) < until:
        data = {"schedule": {"rule": rule.id, "at": due.isoformat()}}
        at = due.isoformat()
        made = make(
            row, server=server, subject=f"rule/{rule.id}", n=at, time=due, seen_at=due, data=data
        )
        yield Event(made.id, made.type, server, made.subject, due, due, data, only=rule.id)


def _shown(connection: Connection, server: str) -> dict[tuple[str, str], Body]:
    """Every object as it is now, for what no event of the stretch says anything of."""
    found = {
        (kind, str(body.get("id"))): body
        for kind, body in snapshots.bodies_of(connection, server, list(BODIES))
    }
    for (kind, key), body in list(found.items()):
        if kind == "bond":
            found[kind, key] = bond_noun(body["id"], body, found.get(("placement", key)))
    return found


def _paused(rows: Sequence[RowMapping], now: datetime) -> Pause | None:
    row = next(
        (
            row
            for row in rows
            if row["since"] <= now and (row["ended_at"] is None or now < row["ended_at"])
        ),
        None,
    )
    if row:
        return {"since": row["since"].isoformat(), "who": row["who"], "why": row["why"]}
    return None


def _silenced(rows: Sequence[RowMapping], event: Event, now: datetime) -> Silence | None:
    for row in rows:
        holds = row["since"] <= now < row["until"] and any(
            fnmatchcase(event.type, glob) for glob in row["types"]
        )
        if holds and row["about"] in about_of(event):
            return {
                "until": row["until"].isoformat(),
                "who": row["who"],
                "why": row["why"],
                "acts": row["acts"],
            }
    return None


def _sum_up(
    made: BacktestOutcome, tally: Tally, calls: Sequence[Body], calls_then: Mapping[str, int]
) -> None:
    verdicts = tally.by_rule()
    for rule in verdicts.keys() | calls_then.keys():
        known = made.rules.setdefault(
            rule, {"verdicts": {}, "waited": {}, "asked": {}, "calls": 0, "calls_then": 0}
        )
        mine = [call for call in calls if call["rule"] == rule]
        for name, counts in (
            ("verdicts", verdicts.get(rule, {})),
            ("waited", tally.waited.get(rule, {})),
            ("asked", tally.asked.get(rule, {})),
        ):
            known[name] = {
                key: known[name].get(key, 0) + counts.get(key, 0)
                for key in sorted({*known[name], *counts})
            }
        known["calls"] += len(mine)
        known["calls_then"] += calls_then.get(rule, 0)
