"""The database answers what guards and triggers ask. Each answer is plain data.

Deciding asks for many events at once: what can be read in bulk is read once, and each decision
counts for those after it (`fact_cache`).
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from sqlalchemy import Connection, RowMapping

from bridge.core import spaces
from bridge.core.decisions import tuning_sanity
from bridge.core.decisions.event_counts import count_between, event_key
from bridge.core.decisions.fact_source import (
    Cooldown,
    FactSource,
    HandsOff,
    IncidentState,
    NewestView,
    NotificationState,
    OpenCall,
    OpenGroup,
    Pause,
    Silence,
    TrippedBreaker,
    TuningFacts,
)
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards import named
from bridge.core.events.builder import EVENTS, bond_noun, ends_of
from bridge.core.expressions.cost_limit import Budget, Costly
from bridge.core.json_safety import bounded
from bridge.core.model import Body, Decision, Event, Json, Reason
from bridge.core.rules.rule import Absent, Rule
from bridge.pipeline.fact_cache import FactCache, iso
from bridge.store import controls
from bridge.store.decisions import approvals, fact_queries
from bridge.store.decisions import decisions as decision_store
from bridge.store.notifications import open_notifications
from bridge.store.observations import incidents as incident_store
from bridge.store.observations import snapshots

# for all events that this process decides
_COSTLY = Costly(time.monotonic)


class DatabaseFacts(FactSource):
    """One server's facts at one moment. `rules` by id; `bulk`: many events will ask; `spaces`:
    where the settings let it act.
    """

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
        self._connection, self._server, self._now, self._rules = connection, server, now, rules
        self._bulk, self._spaces = bulk, list(spaces)
        self._cache = FactCache(connection, server, now, rules)

    def know(self, events: Iterable[Event]) -> None:
        """Events that need not be read again."""
        self._cache.events |= {event.id: event for event in events}

    def event(self, identifier: str) -> Event:
        """One event, of the batch or of the journal."""
        return self._cache.event(identifier)

    def rollback(self) -> None:
        """A question failed: on PostgreSQL nothing more can be asked in its transaction. What is
        known stays known.
        """
        self._connection.rollback()

    def fold(self, decision: Decision) -> None:
        """A decision that has been made counts for those after it."""
        self._cache.fold(decision)

    def budget(self) -> Budget:
        """Expressions have only so much time, whatever their steps cost on this machine."""
        return Budget(time.monotonic, costly=_COSTLY)

    # --- the questions ---

    def spaces(self, server: str) -> Sequence[str] | None:
        """The spaces in which the settings let rules act."""
        return self._spaces or None

    def cooldown(self, key: str) -> Cooldown | None:
        """Who holds a cooldown."""
        return self._cache.cooldowns().get(key)

    def group(self, rule: str, server: str, key: str) -> OpenGroup | None:
        """The open group of a rule."""
        return self._cache.groups().get((rule, key))

    def counted(self, rule: str, server: str, about: str, since: datetime, until: datetime) -> int:
        """How many events counted in that time."""
        return count_between(self._cache.counts().get((rule, about), ()), since, until)

    def came(
        self, rule: str, server: str, key: str, since: datetime, until: datetime
    ) -> str | None:
        """The event that an `absent` rule waits for."""
        shape = self._rules[rule].shape
        if not isinstance(shape, Absent):
            return None
        found = fact_queries.between(self._connection, self._server, shape.types, since, until)
        fits = (
            event.id
            for event in found
            if event_key(self._rules[rule], event, self._now, RecordingFacts(self)) == key
        )
        return next(fits, None)

    def running(self, rule: str, server: str, about: str) -> Sequence[str] | None:
        """Earlier decisions of the rule that are not over."""
        return self._cache.under_way().get((rule, about))

    def tripped(self, rule: str, server: str) -> TrippedBreaker | None:
        """Whether the rule's circuit breaker has tripped."""
        row = self._cache.tripped().get(rule)
        return {"at": row["tripped_at"].isoformat(), "why": row["why"]} if row else None

    def paused(self, server: str) -> Pause | None:
        """Whether actions are paused."""
        rows = self._cache.pauses()
        row = next((row for row in rows if row["server"] in (controls.EVERYWHERE, server)), None)
        if row is None:
            return None
        return {"since": row["since"].isoformat(), "who": row["who"], "why": row["why"]}

    def silence(self, event: str) -> Silence | None:
        """The silence that holds for an event."""
        rows = self._cache.silences()
        return next((_held(row) for row in rows if _silences(row, self.event(event))), None)

    def was_silenced(self, decision: str, job: str) -> bool | None:
        """Whether a job has waited for a silence."""
        return decision_store.waited_for(self._connection, decision, job, Reason.SILENCED)

    def answered(self, question: str) -> str | None:
        """How an approval request was answered; None while it waits."""
        row = approvals.get(self._connection, question)
        if row is None or row["state"] == approvals.ASKED:
            return None
        return str(row["state"])

    def notification(self, job: str) -> NotificationState | None:
        """What became of the notification that a job sent."""
        row = open_notifications.of_job(self._connection, job)
        if row is None:
            return None
        return {"ended_at": iso(row["ended_at"]), "acked_by": row["acked_by"]}

    def hands_off(self, server: str, bond: int) -> HandsOff | None:
        """Who works on the bond."""
        held = self._cache.held().get(bond)
        return {"until": held["until"].isoformat(), "who": held["who"]} if held else None

    def calm_at(self, server: str, leg: int) -> str | None:
        """When a flapping leg may be calm."""
        return iso(incident_store.calm_at(self._connection, self._server, leg))

    def incident(self, identifier: str) -> IncidentState | None:
        """One incident."""
        row = fact_queries.incident(self._connection, identifier)
        return {"state": row["state"], "cause": row["cause"], "name": row["name"]} if row else None

    def updates(self, server: str) -> str | None:
        """The state of configuration updates."""
        found = self._cache.kind("config_updates").values()
        return next((body.get("state") for body in found), None)

    def remedied(self, rule: str, server: str, subject: str, since: datetime) -> int | None:
        """How many decisions about this subject made a call that worked."""
        return fact_queries.remedied(self._connection, rule, self._server, subject, since)

    def touched(self, rule: str, server: str, kind: str, since: datetime) -> Sequence[str] | None:
        """The objects of a kind that the rule's calls have acted on."""
        before = fact_queries.touched(self._connection, rule, self._server, since)
        folded = [job for job in self._cache.folded() if job.rule == rule]
        return sorted(
            {each for job in (*before, *folded) if (each := named(job, kind)) is not None}
        )

    def size(self, server: str, kind: str) -> int | None:
        """How many objects of a kind there are."""
        return self._cache.size(kind)

    def open_calls(self, server: str, target: str) -> Sequence[OpenCall] | None:
        """Calls that are not over and touch the same target."""
        return self._cache.calls().get(target)

    def view(self, server: str, kind: str, identifier: Json) -> Body | None:
        """An object as the newest complete poll shows it."""
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
            return self._cache.kind(kind).get(key)
        return self._bodies(((kind, key),)).get((kind, key))

    def _bodies(self, wanted: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Json]:
        if self._bulk:
            return {
                (kind, key): body
                for kind, key in wanted
                if (body := self._cache.kind(kind).get(key)) is not None
            }
        return snapshots.bodies(self._connection, self._server, wanted)

    def shown(self, event: str) -> NewestView | None:
        """Whether the newest complete poll still shows what the event began."""
        began = self.event(event)
        row = EVENTS.get(began.type)
        if row is None or row.kind is None or row.still is None:
            return None
        key = began.subject.partition("/")[2]
        body = self._bodies(((row.kind, key),)).get((row.kind, key))
        seen = fact_queries.seen_one(self._connection, self._server, row.kind, key)
        return {"seen": iso(seen), "holds": body is not None and row.still(body)}

    def ended(self, event: str) -> str | None:
        """When what the event began was over."""
        began = self.event(event)
        ends = ends_of(began)
        return iso(fact_queries.first_end(self._connection, began, ends)) if ends else None

    def begun(self, decision: str, event: str) -> bool | None:
        """Whether a call of the decision about this event has been sent."""
        return fact_queries.has_begun(self._connection, decision, event)

    def shaken(self, server: str, bond: Json, since: datetime) -> str | None:
        """The leg of the bond that went down since then."""
        downs = fact_queries.between(
            self._connection, self._server, ("leg.down",), since, self._now
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

    def tuning(self, server: str, kind: str, number: Json, bond: Json) -> TuningFacts | None:
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
            for each in self._cache.kind("leg").values()
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
            each for each in self._cache.kind(kind).values() if str(each.get("bond")) == str(bond)
        ]
        return tuning_sanity.usual(
            [each["recommendations"] for each in accepted if each.get("verdict") == "accepted"]
        )


def _unexplained(event: Event) -> bool:
    return not event.known.get("explained")


def about_of(event: Event) -> set[str]:
    """Everything that a silence may name which this event is about."""
    about = {"", event.subject, bounded(f"server/{event.server}")}
    for kind in ("bond", "leg"):
        identifier = (event.data.get(kind) or {}).get("id")
        if identifier is not None:
            about.add(bounded(f"{kind}/{identifier}"))
    # it is in a space if all that it names is there
    keys = spaces.named(event)
    return about | {bounded(f"space/{key}") for key in keys if key is not None and len(keys) == 1}


def _silences(row: RowMapping, event: Event) -> bool:
    """Whether a silence is about this event."""
    types = any(fnmatchcase(event.type, glob) for glob in row["types"])
    return types and row["about"] in about_of(event)


def _held(row: RowMapping) -> Silence:
    return {
        "until": row["until"].isoformat(),
        "who": row["who"],
        "why": row["why"],
        "acts": row["acts"],
    }
