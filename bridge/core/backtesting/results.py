"""What came of a dry run of recorded events, counted: verdicts by rule, calls, and what differs
from what happened.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.core.backtesting.dry_run import RecordedVerdict
from bridge.core.job_summary import asks
from bridge.core.model import Body, Event, Job, Json, Reason, Ruling, Verdict
from bridge.core.requests import CallRequest

BURST = timedelta(minutes=10)
NOTHING = "-"

Key = tuple[str, str]
Final = tuple[str, datetime]


@dataclass(slots=True)
class Tally:
    """`event`: finds an event that is still known. `since`: what was seen before it is not counted,
    only lived through.
    """

    since: datetime
    event: Callable[[str], Event]
    final: dict[Key, Final] = field(default_factory=dict)
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    waited: dict[str, Counter[str]] = field(default_factory=dict)
    asked: dict[str, Counter[str]] = field(default_factory=dict)

    def hear(self, said: RecordedVerdict) -> None:
        """One more verdict."""
        seen_at = self.event(said.event).seen_at
        if seen_at < self.since:
            return
        verdict = said.verdict
        if verdict.ruling is Ruling.WAIT:
            _count(self.waited, said.rule, str(verdict.reason))
        if verdict.ruling is Ruling.ASK:
            _count(self.asked, said.rule, str(verdict.reason))
        if said.job is not None or said.of_group:
            return
        if verdict.reason is Reason.CONDITION:
            _count(self.verdicts, said.rule, str(verdict))
            self.final.pop((said.event, said.rule), None)
        else:
            self.final[said.event, said.rule] = (str(verdict), seen_at)

    def by_rule(self) -> dict[str, dict[str, int]]:
        """How often each rule came to each verdict in the end."""
        found = {rule: Counter(counts) for rule, counts in self.verdicts.items()}
        for (_, rule), (verdict, _) in self.final.items():
            found.setdefault(rule, Counter())[verdict] += 1
        return {rule: dict(sorted(counts.items())) for rule, counts in sorted(found.items())}


def _count(counts: dict[str, Counter[str]], rule: str, what: str) -> None:
    counts.setdefault(rule, Counter())[what] += 1


def called(at: datetime, job: Job, call: CallRequest, event: Event) -> Body:
    """A call of a job that would have been made."""
    waited = (at - event.seen_at).total_seconds()
    return {
        "at": at.isoformat(),
        "server": job.server,
        "rule": job.rule,
        "event": job.event,
        "call": asks(job.action, job.request),
        "operation": call.operation,
        "arguments": dict(call.arguments),
        "body": dict(call.body or {}),
        "waited": waited,
    }


def burst(moments: Iterable[datetime]) -> dict[str, Json] | None:
    """The most calls in any ten minutes: how many, and when they begin; None where there are
    none.
    """
    ordered: Sequence[datetime] = sorted(moments)
    best = 0
    begins = 0
    for end, moment in enumerate(ordered):
        first = bisect_left(ordered, moment - BURST, hi=end)
        if end - first + 1 > best:
            best = end - first + 1
            begins = first
    if ordered:
        return {"calls": best, "from": ordered[begins].isoformat()}
    return None


def differences(then: Mapping[Key, Final], now: Mapping[Key, Final]) -> list[dict[str, Json]]:
    """Where a rule came to another verdict on an event than it did, in the order of the events.

    No verdict, or a condition that did not hold, is NOTHING.
    """
    found = []
    for key in then.keys() | now.keys():
        was, seen_at = then.get(key) or (NOTHING, now[key][1] if key in now else None)
        is_now, _ = now.get(key, (NOTHING, None))
        if was != is_now and seen_at is not None:
            found.append((seen_at, key, was, is_now))
    return [
        {"seen_at": seen_at.isoformat(), "event": event, "rule": rule, "then": was, "now": is_now}
        for seen_at, (event, rule), was, is_now in sorted(found)
    ]


def verdict_of(ruling: str, reason: str | None) -> str:
    """As it is written: `skip(cooldown)`."""
    return str(Verdict(Ruling(ruling), Reason(reason) if reason else None))
