"""What the database answers to what guards ask. Each question is a method; each answer is plain
data.

Deciding asks for many events at once: what can be read in bulk is read once, and what is decided
counts for those after it.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from sqlalchemy import Connection

from bridge.core.backtesting.in_memory_facts import count_between, keyed
from bridge.core.decisions import tuning_sanity
from bridge.core.decisions.facts import Facts
from bridge.core.decisions.guards import named
from bridge.core.events.builder import EVENTS, bond_noun, ends_of
from bridge.core.json_safety import bounded
from bridge.core.model import Decision, Event, Job, Json, Reason, Ruling
from bridge.core.rules.rule import Absent, Count, Overlap, Rule
from bridge.store import controls
from bridge.store.decisions import approvals, fact_queries, groups
from bridge.store.decisions import decisions as decision_store
from bridge.store.notifications import open_notifications
from bridge.store.observations import events as event_store
from bridge.store.observations import incidents as incident_store
from bridge.store.observations import snapshots


class Answers:
    """One server's, at one moment. `rules` by id; `bulk`: many events will ask; `spaces`: where the
    settings let it act.
    """

    # expressions have so much time, whatever their steps cost here
    ticking = staticmethod(time.monotonic)

    def __init__(
        self,
        connection: Connection,
        server: str,
        now: datetime,
        rules: Mapping[str, Rule],
        *,
        bulk: bool = False,
        spaces: Iterable[str] = (),
    ) -> None:
        self._connection = connection
        self._server = server
        self._now = now
        self._rules = rules
        self._bulk = bulk
        self._spaces = list(spaces)
        self._read: dict[str, Any] = {}
        self.events: dict[str, Event] = {}

    def __call__(self, what: str, *about: Json) -> Json:
        """Answers one question."""
        if what == "spaces":
            return self._spaces or None
        return getattr(self, f"_{what}")(*about)

    def anew(self) -> None:
        """A question failed: on PostgreSQL nothing more can be asked in its transaction. What is
        known stays known.
        """
        self._connection.rollback()

    def fold(self, decision: Decision) -> None:
        """A decision that has been made counts for those after it."""
        for key in decision.cooldowns:
            held = {
                "by": decision.id,
                "ended_at": None if decision.acts else decision.at.isoformat(),
            }
            self._cooldowns()[key] = held
        if decision.group:
            joined = self._groups().get((decision.rule, decision.group.key), {"members": 0})
            group = {
                "id": decision.group.id,
                "until": decision.group.until.isoformat(),
                "members": joined["members"] + 1,
            }
            self._groups()[decision.rule, decision.group.key] = group
        rule = self._rules.get(decision.rule)
        if rule is not None and isinstance(rule.shape, Count) and decision.about:
            counts = decision.verdict.reason is Reason.COUNT
            if (
                counts
                or decision.verdict.ruling is not Ruling.SKIP
                or decision.verdict.reason is Reason.DRY_RUN
            ):
                times = self._counts().setdefault((decision.rule, decision.about), [])
                times.append((self.events[decision.event].time, not counts))
        if decision.jobs:
            self._under_way().setdefault((decision.rule, decision.about), []).append(decision.id)
            self._fold_jobs(decision)

    def _fold_jobs(self, decision: Decision) -> None:
        for job in decision.jobs:
            if job.action == "call" and job.target:
                self._calls().setdefault(job.target, []).append(self._call(job.rule, job.request))
                self._folded().append(job)

    # --- read once ---

    def _once(self, name: str, read: Callable[[], Any]) -> Any:
        if name not in self._read:
            self._read[name] = read()
        return self._read[name]

    def _folded(self) -> list[Job]:
        return self._once("folded", list)  # type: ignore[no-any-return]

    def _cooldowns(self) -> dict[str, Json]:
        longest = max(
            (r.guard.cooldown.every for r in self._rules.values() if r.guard.cooldown), default=0.0
        )
        since = self._now - timedelta(seconds=longest)

        def read() -> dict[str, Json]:
            rows = fact_queries.cooldowns_of(self._connection, self._server, since)
            return {
                key: {"by": row["decision"], "ended_at": _iso(row["ended_at"])}
                for key, row in rows.items()
            }

        return self._once("cooldowns", read)  # type: ignore[no-any-return]

    def _groups(self) -> dict[tuple[str, str], Json]:
        def read() -> dict[tuple[str, str], Json]:
            rows = groups.open_ones(self._connection, self._server)
            return {
                key: {"id": row["id"], "until": _iso(row["until"]), "members": row["members"]}
                for key, row in rows.items()
                if row["until"] > self._now
            }

        return self._once("groups", read)  # type: ignore[no-any-return]

    def _counts(self) -> dict[tuple[str, str], list[tuple[datetime, bool]]]:
        counting = [rule.id for rule in self._rules.values() if isinstance(rule.shape, Count)]
        longest = max(
            (r.shape.over for r in self._rules.values() if isinstance(r.shape, Count)), default=0.0
        )
        since = self._now - timedelta(seconds=longest) - timedelta(days=1)
        return self._once(  # type: ignore[no-any-return]
            "counts",
            lambda: (
                fact_queries.counted(self._connection, self._server, counting, since)
                if counting
                else {}
            ),
        )

    def _under_way(self) -> dict[tuple[str, str], list[str]]:
        rules = [rule.id for rule in self._rules.values() if rule.overlap is not Overlap.PARALLEL]
        if not rules:
            return {}
        read = partial(fact_queries.running, self._connection, self._server, rules)
        return self._once("running", read)  # type: ignore[no-any-return]

    def _calls(self) -> dict[str, list[Json]]:
        def read() -> dict[str, list[Json]]:
            found: dict[str, list[Json]] = {}
            for row in fact_queries.open_calls(self._connection, self._server):
                found.setdefault(row["target"], []).append(self._call(row["rule"], row["request"]))
            return found

        return self._once("calls", read)  # type: ignore[no-any-return]

    def _call(self, rule: str, request: Json) -> Json:
        known = self._rules.get(rule)
        return {"rule": rule, "priority": known.priority if known else 0, "request": dict(request)}

    def _kind(self, kind: str) -> dict[str, Json]:
        def read() -> dict[str, Json]:
            return {
                str(body.get("id")): body
                for _, body in snapshots.bodies_of(self._connection, self._server, (kind,))
            }

        return self._once(f"kind {kind}", read)  # type: ignore[no-any-return]

    def event(self, identifier: str) -> Event:
        """One event, of the batch or of the journal."""
        if identifier not in self.events:
            self.events[identifier] = event_store.get(self._connection, identifier)
        return self.events[identifier]

    # --- the questions ---

    def _cooldown(self, key: str) -> Json:
        return self._cooldowns().get(key)

    def _group(self, rule: str, _server: str, key: str) -> Json:
        return self._groups().get((rule, key))

    def _counted(self, rule: str, _server: str, about: str, since: str, until: str) -> Json:
        return count_between(self._counts().get((rule, about), ()), since, until)

    def _came(self, rule: str, _server: str, key: str, since: str, until: str) -> Json:
        shape = self._rules[rule].shape
        if not isinstance(shape, Absent):
            return None
        first = datetime.fromisoformat(since)
        last = datetime.fromisoformat(until)
        came = fact_queries.between(self._connection, self._server, shape.types, first, last)
        fits = (
            event.id
            for event in came
            if keyed(self._rules[rule], event, self._now, Facts(self)) == key
        )
        return next(fits, None)

    def _running(self, rule: str, _server: str, about: str) -> Json:
        return self._under_way().get((rule, about))

    def _tripped(self, rule: str, _server: str) -> Json:
        row = self._once("tripped", lambda: controls.tripped(self._connection, self._server)).get(
            rule
        )
        if row:
            return {"at": _iso(row["tripped_at"]), "why": row["why"]}
        return None

    def _paused(self, server: str) -> Json:
        rows = self._once("paused", lambda: controls.paused(self._connection))
        row = next((row for row in rows if row["server"] in (controls.EVERYWHERE, server)), None)
        if row:
            return {"since": _iso(row["since"]), "who": row["who"], "why": row["why"]}
        return None

    def _silence(self, identifier: str) -> Json:
        rows = self._once(
            "silences", lambda: controls.silences_at(self._connection, self._now, self._server)
        )
        if not rows:
            return None
        event = self.event(identifier)
        for row in rows:
            if any(fnmatchcase(event.type, glob) for glob in row["types"]) and row[
                "about"
            ] in about_of(event):
                return {
                    "until": _iso(row["until"]),
                    "who": row["who"],
                    "why": row["why"],
                    "acts": row["acts"],
                }
        return None

    def _was_silenced(self, decision: str, job: str) -> Json:
        return decision_store.waited_for(self._connection, decision, job, Reason.SILENCED)

    def _answered(self, question: str) -> Json:
        """How a question was answered, null while it waits."""
        row = approvals.get(self._connection, question)
        if row is None or row["state"] == approvals.ASKED:
            return None
        return str(row["state"])

    def _telling(self, job: str) -> Json:
        row = open_notifications.of_job(self._connection, job)
        if row is None:
            return None
        return {"ended_at": _iso(row["ended_at"]), "acked_by": row["acked_by"]}

    def _hands_off(self, _server: str, bond: int) -> Json:
        held = self._once(
            "hands_off", lambda: incident_store.held(self._connection, self._server, self._now)
        ).get(bond)
        if held:
            return {"until": _iso(held["until"]), "who": held["who"]}
        return None

    def _calm_at(self, _server: str, leg: int) -> Json:
        return _iso(incident_store.calm_at(self._connection, self._server, leg))

    def _incident(self, name: str) -> Json:
        row = fact_queries.incident(self._connection, name)
        if row:
            return {"state": row["state"], "cause": row["cause"], "name": row["name"]}
        return None

    def _updates(self, _server: str) -> Json:
        return next((body.get("state") for body in self._kind("config_updates").values()), None)

    def _remedied(self, rule: str, _server: str, subject: str, since: str) -> Json:
        return fact_queries.remedied(
            self._connection, rule, self._server, subject, datetime.fromisoformat(since)
        )

    def _touched(self, rule: str, _server: str, kind: str, since: str) -> Json:
        before = fact_queries.touched(
            self._connection, rule, self._server, datetime.fromisoformat(since)
        )
        folded = [job for job in self._folded() if job.rule == rule]
        return sorted(
            {each for job in (*before, *folded) if (each := named(job, kind)) is not None}
        )

    def _size(self, _server: str, kind: str) -> Json:
        return self._once(
            f"size {kind}", lambda: fact_queries.size(self._connection, self._server, kind)
        )

    def _open_calls(self, _server: str, target: str) -> Json:
        return self._calls().get(target)

    def _view(self, _server: str, kind: str, identifier: Json) -> Json:
        key = str(identifier)
        if kind == "bond":
            found = self._bodies((("bond", key), ("placement", key)))
            if ("bond", key) not in found:
                return None
            return dict(
                bond_noun(
                    found["bond", key]["id"], found["bond", key], found.get(("placement", key))
                )
            )
        if self._bulk:
            return self._kind(kind).get(key)
        return self._bodies(((kind, key),)).get((kind, key))

    def _bodies(self, wanted: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Json]:
        if self._bulk:
            return {
                (kind, key): body
                for kind, key in wanted
                if (body := self._kind(kind).get(key)) is not None
            }
        return snapshots.bodies(self._connection, self._server, wanted)

    def _shown(self, identifier: str) -> Json:
        """Whether the newest whole walk still shows what the event began, and when that walk
        began.
        """
        event = self.event(identifier)
        row = EVENTS.get(event.type)
        if row is None or row.kind is None or row.still is None:
            return None
        key = event.subject.partition("/")[2]
        body = self._bodies(((row.kind, key),)).get((row.kind, key))
        seen = fact_queries.seen_one(self._connection, self._server, row.kind, key)
        return {"seen": _iso(seen), "holds": body is not None and row.still(body)}

    def _ended(self, identifier: str) -> Json:
        event = self.event(identifier)
        ends = ends_of(event)
        if ends:
            return _iso(fact_queries.first_end(self._connection, event, ends))
        return None

    def _begun(self, decision: str, event: str) -> Json:
        return fact_queries.has_begun(self._connection, decision, event)

    def _shaken(self, _server: str, bond: Json, since: str) -> Json:
        """The leg of the bond that went down since then."""
        downs = fact_queries.between(
            self._connection, self._server, ("leg.down",), datetime.fromisoformat(since), self._now
        )
        mine = [each for each in downs if str((each.data.get("bond") or {}).get("id")) == str(bond)]
        return next(
            (
                str(each.data["leg"].get("name") or each.data["leg"]["id"])
                for each in mine
                if _unexplained(each)
            ),
            None,
        )

    def _tuning(self, _server: str, kind: str, number: Json, bond: Json) -> Json:
        """What a tuning recommends, beside how the legs of its bond are and what earlier tunings
        brought them.
        """
        body = snapshots.bodies(self._connection, self._server, ((kind, str(number)),)).get(
            (kind, str(number))
        )
        if body is None:
            return None
        legs = {
            str(each["id"]): each
            for each in self._kind("leg").values()
            if str(each.get("bond")) == str(bond)
        }
        return {
            "recommendations": body["recommendations"],
            "legs": legs,
            "usual": self._usual(kind, bond),
        }

    def _usual(self, kind: str, bond: Json) -> Mapping[str, Json]:
        """What accepted tunings of the bond brought each leg: the median of each speed."""
        accepted = [
            each for each in self._kind(kind).values() if str(each.get("bond")) == str(bond)
        ]
        return tuning_sanity.usual(
            [each["recommendations"] for each in accepted if each.get("verdict") == "accepted"]
        )


def _unexplained(event: Event) -> bool:
    return not event.known.get("explained")


def about_of(event: Event) -> set[str]:
    """Everything that a silence may name which this event is about."""
    bond = event.data.get("bond") or {}
    leg = event.data.get("leg") or {}
    key = (bond.get("space") or event.data.get("space") or {}).get("key")
    about = (
        f"bond/{bond.get('id')}",
        f"leg/{leg.get('id')}",
        f"space/{key}",
        f"server/{event.server}",
    )
    return {"", event.subject, *map(bounded, about)}


def _iso(moment: datetime | None) -> str | None:
    if moment:
        return moment.isoformat()
    return None
