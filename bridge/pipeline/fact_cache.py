"""What guards ask about one server, read once for a whole batch of events; each decision that is
made is counted in, too.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping

from bridge.core.decisions.fact_source import Cooldown, OpenCall, OpenGroup
from bridge.core.model import Body, Decision, Event, Job, Json, Reason, Ruling
from bridge.core.rules.rule import Count, Overlap, Rule
from bridge.store import controls
from bridge.store.decisions import fact_queries, groups
from bridge.store.observations import events as event_store
from bridge.store.observations import incidents as incident_store
from bridge.store.observations import snapshots

Value = TypeVar("Value")


class FactCache:
    """`rules` by id."""

    def __init__(
        self, connection: Connection, server: str, now: datetime, rules: Mapping[str, Rule]
    ) -> None:
        self._connection, self._server, self._now, self._rules = connection, server, now, rules
        self._read: dict[str, Any] = {}
        self.events: dict[str, Event] = {}

    def event(self, identifier: str) -> Event:
        """One event, of the batch or of the journal."""
        if identifier not in self.events:
            self.events[identifier] = event_store.get(self._connection, identifier)
        return self.events[identifier]

    def fold(self, decision: Decision) -> None:
        """A decision that has been made counts for those after it."""
        for key in decision.cooldowns:
            ended_at = None if decision.acts else decision.at.isoformat()
            self.cooldowns()[key] = {"by": decision.id, "ended_at": ended_at}
        if decision.group:
            key = decision.group.key
            joined = self.groups().get((decision.rule, key))
            self.groups()[decision.rule, key] = {
                "id": decision.group.id,
                "until": decision.group.until.isoformat(),
                "members": (joined["members"] if joined else 0) + 1,
            }
        self._fold_count(decision)
        if decision.jobs:
            self.under_way().setdefault((decision.rule, decision.about), []).append(decision.id)
            self._fold_jobs(decision)

    def _fold_count(self, decision: Decision) -> None:
        rule = self._rules.get(decision.rule)
        if rule is None or not isinstance(rule.shape, Count) or not decision.about:
            return
        verdict = decision.verdict
        counts = verdict.reason is Reason.COUNT
        if counts or verdict.ruling is not Ruling.SKIP or verdict.reason is Reason.DRY_RUN:
            times = self.counts().setdefault((decision.rule, decision.about), [])
            times.append((self.events[decision.event].time, not counts))

    def _fold_jobs(self, decision: Decision) -> None:
        for job in decision.jobs:
            if job.action == "call" and job.target:
                call = self._call(job.rule, job.request.stored())
                self.calls().setdefault(job.target, []).append(call)
                self.folded().append(job)

    def _once(self, name: str, read: Callable[[], Value]) -> Value:
        if name not in self._read:
            self._read[name] = read()
        value: Value = self._read[name]
        return value

    def folded(self) -> list[Job]:
        """The calls of decisions that have been made since."""
        return self._once("folded", list[Job])

    def cooldowns(self) -> dict[str, Cooldown]:
        """Who holds each cooldown, by key."""
        longest = max(
            (r.guard.cooldown.every for r in self._rules.values() if r.guard.cooldown), default=0.0
        )
        since = self._now - timedelta(seconds=longest)

        def read() -> dict[str, Cooldown]:
            rows = fact_queries.cooldowns_of(self._connection, self._server, since)
            return {
                key: {"by": row["decision"], "ended_at": iso(row["ended_at"])}
                for key, row in rows.items()
            }

        return self._once("cooldowns", read)

    def groups(self) -> dict[tuple[str, str], OpenGroup]:
        """The groups that events can join, by rule and key."""

        def read() -> dict[tuple[str, str], OpenGroup]:
            rows = groups.open_ones(self._connection, self._server)
            return {
                key: {
                    "id": row["id"],
                    "until": row["until"].isoformat(),
                    "members": row["members"],
                }
                for key, row in rows.items()
                if row["until"] > self._now
            }

        return self._once("groups", read)

    def counts(self) -> dict[tuple[str, str], list[tuple[datetime, bool]]]:
        """When each event counted and whether it led to acting, by rule and what is counted by."""
        shapes = {
            rule.id: rule.shape for rule in self._rules.values() if isinstance(rule.shape, Count)
        }
        longest = max((shape.over for shape in shapes.values()), default=0.0)
        since = self._now - timedelta(seconds=longest) - timedelta(days=1)

        def read() -> dict[tuple[str, str], list[tuple[datetime, bool]]]:
            if not shapes:
                return {}
            return fact_queries.counted(self._connection, self._server, list(shapes), since)

        return self._once("counts", read)

    def under_way(self) -> dict[tuple[str, str], list[str]]:
        """Decisions that are not over, by rule and what they are about."""
        rules = [rule.id for rule in self._rules.values() if rule.overlap is not Overlap.PARALLEL]
        if not rules:
            return {}
        read = partial(fact_queries.running, self._connection, self._server, rules)
        return self._once("running", read)

    def calls(self) -> dict[str, list[OpenCall]]:
        """Calls that are not over, by what they touch."""

        def read() -> dict[str, list[OpenCall]]:
            found: dict[str, list[OpenCall]] = {}
            for row in fact_queries.open_calls(self._connection, self._server):
                found.setdefault(row["target"], []).append(self._call(row["rule"], row["request"]))
            return found

        return self._once("calls", read)

    def _call(self, rule: str, request: Body) -> OpenCall:
        known = self._rules.get(rule)
        return {"rule": rule, "priority": known.priority if known else 0, "request": dict(request)}

    def kind(self, kind: str) -> dict[str, Json]:
        """All objects of a kind, by id."""

        def read() -> dict[str, Json]:
            bodies = snapshots.bodies_of(self._connection, self._server, (kind,))
            return {str(body.get("id")): body for _, body in bodies}

        return self._once(f"kind {kind}", read)

    def size(self, kind: str) -> int:
        """How many objects of a kind there are."""
        read = partial(fact_queries.size, self._connection, self._server, kind)
        return self._once(f"size {kind}", read)

    def tripped(self) -> Mapping[str, RowMapping]:
        """The rules whose circuit breakers have tripped."""
        return self._once("tripped", lambda: controls.tripped(self._connection, self._server))

    def pauses(self) -> Sequence[RowMapping]:
        """All pauses."""
        return self._once("paused", lambda: controls.paused(self._connection))

    def silences(self) -> Sequence[RowMapping]:
        """The silences that hold now."""
        read = partial(controls.silences_at, self._connection, self._now, self._server)
        return self._once("silences", read)

    def held(self) -> Mapping[int | None, RowMapping]:
        """The bonds that somebody works on."""
        read = partial(incident_store.held, self._connection, self._server, self._now)
        return self._once("hands_off", read)


def iso(moment: datetime | None) -> str | None:
    """A moment as it is stored with a verdict."""
    return moment.isoformat() if moment else None
