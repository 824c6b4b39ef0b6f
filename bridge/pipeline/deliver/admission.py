"""The gate before every attempt of a call: guards, the lock of its object, the limits, what stands
against it.

Lock and limits are taken in the transaction that writes the verdict: of two workers one gets the
last place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.core import spaces
from bridge.core.decisions import guards, tuning_sanity
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards import Intent
from bridge.core.durations import spoken
from bridge.core.events import builder
from bridge.core.model import Body, Event, Job, JobState, Mode, Reason, Ruling, Verdict
from bridge.core.requests import CallRequest, NoticeRequest
from bridge.core.rules.rule import Rate, Rule
from bridge.pipeline.database_facts import DatabaseFacts
from bridge.rulebook import Rulebook
from bridge.store import controls
from bridge.store.database import Database
from bridge.store.decisions import call_limits, pending_work, undo_log
from bridge.store.decisions import decisions as decision_store
from bridge.store.decisions.call_limits import Limit
from bridge.store.decisions.jobs import Claimed
from bridge.store.observations import events as event_store

_LOCKED = timedelta(seconds=5)
# so long a call waits until what an edited rule leaves of it has been looked at
_EDITED = timedelta(seconds=1)
# what stands for the rule of a call that a person makes
BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The settings' own limits: `by_kind` for global, server, space, aggregator and rule; `spaces`
    to act in, by server.
    """

    by_kind: Mapping[str, Rate]
    spaces: Mapping[str, Sequence[str]]


class Admission:
    """`now` is domain time; `rulebook` and `forced_live` are asked anew each time."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        rulebook: Callable[[], Rulebook],
        forced_live: Callable[[str], bool],
        bounds: Bounds,
    ) -> None:
        self._database = database
        self._now = now
        self.rulebook = rulebook
        self._forced_live = forced_live
        self._bounds = bounds

    def admit(self, claimed: Claimed) -> Verdict:
        """Whether the job may be tried now; its verdict is written, and where it may, its place is
        taken.
        """
        book = self.rulebook()
        with self._database.writing() as connection:
            return self.judge(connection, claimed.job, book)

    def judge(self, connection: Connection, job: Job, book: Rulebook) -> Verdict:
        """The same, in a transaction that goes on. `book` was asked for before it: a new one is
        remembered in its own.
        """
        now = self._now()
        rule = book.rule(job.rule)
        answers = self._answers(connection, job, book, now)
        if rule is None or (job.parent is not None and job.action != "call"):
            # what people are told of a failure or asked about does not hang on the rule
            free = job.parent is not None and job.action != "call"
            if free:
                verdict = _freely(job, answers, now)
            else:
                verdict = _gone(job)
            decision_store.add_verdict(connection, job.decision, job.id, verdict, now)
            return verdict
        facts = RecordingFacts(answers)
        event = answers.event(job.event)
        if job.action == "call" and pending_work.unlooked(
            connection, job.server, job.decision, rule.hash, book.hash
        ):
            verdict = Verdict(
                Ruling.WAIT, Reason.RULE_CHANGED, "the rule was edited just now", now + _EDITED
            )
            decision_store.add_verdict(connection, job.decision, job.id, verdict, now)
            return verdict
        intent = Intent(rule, job.server, (event,), job.decision, facts, now, event.time, (), job)
        if self._forced_live(job.server):
            mode = Mode.LIVE
        else:
            mode = rule.mode
        verdict = guards.before_attempt(intent, mode)
        if verdict is guards.ACT and job.action == "call":
            verdict = self._take(connection, job, rule, event, answers, now) or verdict
            facts.note_place(verdict)
        if verdict.ruling is Ruling.ACT and job.action == "call":
            remember(connection, job, answers, now)
        self._write(connection, job, verdict, facts, rule, mode, now)
        return verdict

    def _answers(
        self, connection: Connection, job: Job, book: Rulebook, now: datetime
    ) -> DatabaseFacts:
        rules = {rule.id: rule for rule in book.rules}
        return DatabaseFacts(
            connection, job.server, now, rules, spaces=self._bounds.spaces.get(job.server, ())
        )

    @staticmethod
    def _write(
        connection: Connection,
        job: Job,
        verdict: Verdict,
        facts: RecordingFacts,
        rule: Rule,
        mode: Mode,
        now: datetime,
    ) -> None:
        """A wait that goes on for the same reason is one row."""
        if verdict.ruling is Ruling.WAIT and decision_store.says(connection, job.id) == (
            verdict.ruling,
            verdict.reason,
        ):
            return
        read = {
            "job": job.id,
            "not_after": job.not_after.isoformat(),
            "now": now.isoformat(),
            "rule": rule.hash,
            "mode": mode,
            "asked": facts.recorded(),
        }
        digest = decision_store.keep_facts(connection, read)
        decision_store.add_verdict(connection, job.decision, job.id, verdict, now, digest)

    def _take(
        self,
        connection: Connection,
        job: Job,
        rule: Rule,
        event: Event,
        answers: DatabaseFacts,
        now: datetime,
    ) -> Verdict | None:
        held = controls.lock(connection, job, now)
        if held is not None:
            detail = f"job {held[:8]} is at work on {job.target}"
            return Verdict(Ruling.WAIT, Reason.LOCKED, detail, now + _LOCKED)
        full = call_limits.spend(connection, self._limits(job, rule, event, answers), job.id, now)
        if full is None:
            return None
        controls.unlock(connection, job.id)
        limit, free_at = full
        if limit.pauses:
            self._pause(connection, limit, now)
        own = limit.key.startswith("own/")
        detail = (
            f"{limit.most} calls in {spoken(limit.every)} are made"
            f" ({limit.key.removeprefix('own/')})"
        )
        return Verdict(
            Ruling.WAIT,
            Reason.RATE if own else Reason.LIMIT,
            detail,
            max(free_at, now + timedelta(seconds=1)),
        )

    def _limits(self, job: Job, rule: Rule, event: Event, answers: DatabaseFacts) -> list[Limit]:
        wanted = limits_of(self._bounds, job, event, answers)
        if rule.guard.rate:
            wanted.append(
                Limit(f"own/{rule.id}/{job.server}", rule.guard.rate.most, rule.guard.rate.every)
            )
        return wanted

    @staticmethod
    def _pause(connection: Connection, limit: Limit, now: datetime) -> None:
        why = (
            f"{limit.most} calls within {spoken(limit.every)}, more than the settings' global limit"
            " allows"
        )
        if controls.pause(connection, controls.EVERYWHERE, now, "the global limit", why):
            event_store.record(
                connection,
                [paused_event("bridge.paused", controls.EVERYWHERE, "the global limit", why, now)],
            )


def limits_of(bounds: Bounds, job: Job, event: Event, answers: DatabaseFacts) -> list[Limit]:
    """The settings' own limits under which a call takes a place."""
    bond = None
    if job.target.startswith("bond/"):
        bond = answers.view(job.server, "bond", job.target.removeprefix("bond/"))
    space = spaces.of_bond(bond) or spaces.of_bond(event.data.get("bond"))
    aggregator = (bond or {}).get("current")
    about = {
        "global": "global",
        "server": f"server/{job.server}",
        "rule": f"rule/{job.rule}" if job.rule != BY_HAND else None,
        "space": f"space/{job.server}/{space}" if space else None,
        "aggregator": f"aggregator/{job.server}/{aggregator}" if aggregator is not None else None,
    }
    return [
        Limit(key, rate.most, rate.every, pauses=kind == "global")
        for kind, rate in bounds.by_kind.items()
        if (key := about.get(kind)) is not None
    ]


def _gone(job: Job) -> Verdict:
    """Nobody's rule, or one that is not there any more: nothing is tried again."""
    if job.rule == BY_HAND:
        return guards.skip(Reason.EXPIRED, "a call by hand is not tried again by itself")
    return guards.rule_gone(job)


def _freely(job: Job, answers: DatabaseFacts, now: datetime) -> Verdict:
    """Of what follows a notice, a failure or a question: whether it is still true."""
    late, facts = guards.expired(now, job.not_after), RecordingFacts(answers)
    if job.action not in ("notify", "post"):
        return late or guards.ACT
    request = job.request
    mutes = isinstance(request, NoticeRequest) and request.reminds is not None
    return guards.before_telling(job, answers.event(job.event), facts, late, mutes=mutes)


def paused_event(
    name: str, server: str, who: str, why: str, now: datetime, place: str = ""
) -> Event:
    """That acting was stopped, or goes on."""
    data: Body = {
        "pause": {"server": server or None, "who": who, "why": why, "place": place or None}
    }
    row = builder.EVENTS[name]
    return builder.make(
        row,
        server=server or builder.OURSELVES,
        subject="bridge",
        n=now.isoformat(),
        time=now,
        seen_at=now,
        data=data,
    )


def remember(connection: Connection, job: Job, answers: DatabaseFacts, now: datetime) -> None:
    """Before a tuning is accepted: the values it changes, so that they can be put back."""
    call = job.request
    if not isinstance(call, CallRequest) or not call.operation.endswith("tuning.accept"):
        return
    if job.state is not JobState.DUE:
        return
    kind = call.operation.removesuffix(".accept")
    arguments = call.arguments
    seen = answers.tuning(job.server, kind, arguments.get("tuning"), arguments.get("bond"))
    if seen is None:
        return
    legs = {int(name): body for name, body in seen["legs"].items()}
    old = tuning_sanity.old_values(seen["recommendations"], legs)
    calls = [
        {"operation": "leg.update", "arguments": {"leg": leg}, "body": fields}
        for leg, values in sorted(old.items())
        if (fields := tuning_sanity.wire_fields(values))
    ]
    if calls:
        undo_log.keep(connection, job.id, job.server, calls, now)
