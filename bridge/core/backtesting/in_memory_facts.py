"""The facts of a dry run: what guards ask where there is no database, for examples and for recorded
events.

It knows the events that have happened, what was decided and done about them, and what a person says
the view shows.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile

from bridge.core.backtesting.no_controls import NoControls
from bridge.core.decisions.event_counts import count_between, event_key
from bridge.core.decisions.fact_source import (
    Cooldown,
    HandsOff,
    IncidentState,
    NewestView,
    OpenCall,
    OpenGroup,
    TuningFacts,
)
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.decisions.guards import named
from bridge.core.events import schema
from bridge.core.events.builder import EVENTS, ends_of
from bridge.core.expressions.cost_limit import Budget
from bridge.core.model import OPEN, Body, Decision, Event, Job, Json, Reason, Ruling
from bridge.core.objects.object_schemas import BODIES
from bridge.core.rules.rule import Absent, Count, Rule

# as many of each kind as a dry run takes for granted where nobody says how many there are
_FLEET = 1000


@dataclass(slots=True)
class InMemoryFacts(NoControls):
    """`objects`: what is shown, by kind and id, over what events say. `sizes`: how many objects of
    a kind there are.

    `base`: what is shown where neither says anything. `incidents`: by id the cause, its name and
    when it ended; without it every incident goes on.

    `imagined`: what is asked for is there, and what nobody has said about it is null; null
    for what is not there.
    """

    rules: Mapping[str, Rule]
    now: datetime
    objects: dict[tuple[str, str], dict[str, Json] | None] = field(default_factory=dict)
    imagined: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    happened: dict[tuple[str, str], list[Event]] = field(default_factory=dict)
    cooldowns: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    groups: dict[tuple[str, str], tuple[str, datetime, int]] = field(default_factory=dict)
    counts: dict[tuple[str, str], list[tuple[datetime, bool]]] = field(default_factory=dict)
    abouts: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    jobs: dict[str, list[Job]] = field(default_factory=dict)
    remedies: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)
    done: list[Job] = field(default_factory=list)
    base: Mapping[tuple[str, str], Mapping[str, Json]] = field(default_factory=dict)
    incidents: Mapping[str, tuple[str, str, datetime | None]] | None = None
    _nouns: dict[tuple[str, str], tuple[Event, Mapping[str, Json]]] = field(default_factory=dict)
    _tunings: dict[tuple[str, str], Mapping[str, Json]] = field(default_factory=dict)
    _of_type: dict[str, list[Event]] = field(default_factory=dict)
    _keys: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _reserved: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _targets: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)

    def happen(self, event: Event) -> None:
        """One more event."""
        self.events[event.id] = event
        self.happened.setdefault((event.type, event.subject), []).append(event)
        self._of_type.setdefault(event.type, []).append(event)
        for name, noun in event.data.items():
            if isinstance(noun, dict) and noun.get("id") is not None:
                self._nouns[name, str(noun["id"])] = (event, noun)
                if name == "tuning":
                    family = event.type.partition(".")[0]
                    self._tunings[
                        "bond_tuning" if family == "chat" else family, str(noun["id"])
                    ] = noun

    def forget(self, event: Event, *, keep: bool = False) -> None:
        """So old that nothing looks for it any more, but for what it says of objects; `keep`: it is
        still needed itself.
        """
        if not keep:
            self.events.pop(event.id, None)
        for found in (
            self.happened.get((event.type, event.subject), []),
            self._of_type.get(event.type, []),
        ):
            if found and found[0] is event:
                del found[0]

    def fold(self, decision: Decision) -> None:
        """One more decision."""
        for key in decision.cooldowns:
            self.cooldowns[key] = (decision.id, None if decision.acts else decision.at)
        if decision.cooldowns:
            self._reserved[decision.id] = decision.cooldowns
        if decision.group:
            before = self.groups.get((decision.rule, decision.group.key))
            if before and before[0] == decision.group.id:
                count = before[2] + 1
            else:
                count = 1
            self.groups[decision.rule, decision.group.key] = (
                decision.group.id,
                decision.group.until,
                count,
            )
        self._fold_count(decision)
        if decision.jobs:
            self.jobs[decision.id] = list(decision.jobs)
            self.abouts.setdefault((decision.rule, decision.about), []).append(decision.id)
            for job in decision.jobs:
                if job.action == "call" and job.target:
                    self._targets.setdefault((job.server, job.target), {})[decision.id] = None

    def end_cooldown(self, decision: str, at: datetime) -> None:
        """Its acting is over: its cooldown counts from here."""
        for key in self._reserved.pop(decision, ()):
            if self.cooldowns.get(key) == (decision, None):
                self.cooldowns[key] = (decision, at)

    def give_back(self, decision: str) -> None:
        """It came to nothing: its cooldown is free."""
        for key in self._reserved.pop(decision, ()):
            if self.cooldowns.get(key, ("", None))[0] == decision:
                del self.cooldowns[key]

    def _fold_count(self, decision: Decision) -> None:
        rule = self.rules.get(decision.rule)
        counts = decision.verdict.reason is Reason.COUNT
        if (
            rule is None
            or not isinstance(rule.shape, Count)
            or not decision.about
            or decision.event not in self.events
        ):
            return
        if (
            counts
            or decision.verdict.ruling is not Ruling.SKIP
            or decision.verdict.reason is Reason.DRY_RUN
        ):
            times = self.counts.setdefault((decision.rule, decision.about), [])
            insort(times, (self.events[decision.event].time, not counts))

    # --- the questions ---

    def budget(self) -> Budget:
        """Without a clock, so that it comes out the same anywhere."""
        return Budget()

    def cooldown(self, key: str) -> Cooldown | None:
        """Who holds a cooldown."""
        held = self.cooldowns.get(key)
        if held:
            return {"by": held[0], "ended_at": held[1].isoformat() if held[1] else None}
        return None

    def group(self, rule: str, server: str, key: str) -> OpenGroup | None:
        """The open group of a rule."""
        group = self.groups.get((rule, key))
        if group:
            return {"id": group[0], "until": group[1].isoformat(), "members": group[2]}
        return None

    def counted(self, rule: str, server: str, about: str, since: datetime, until: datetime) -> int:
        """How many events counted in that time."""
        times = self.counts.get((rule, about), [])
        first = bisect_right(times, (since, True))
        return count_between(times[first:], since, until)

    def came(
        self, rule: str, server: str, key: str, since: datetime, until: datetime
    ) -> str | None:
        """The event that an `absent` rule waits for."""
        shape = self.rules[rule].shape
        if not isinstance(shape, Absent):
            return None
        found = [event for name in shape.types for event in self._since(name, since)]
        fits = (event for event in found if event.server == server and since < event.time <= until)
        mine = [event for event in fits if self._key(rule, event) == key]
        if mine:
            return min(mine, key=lambda event: (event.seen_at, event.time, event.id)).id
        return None

    def _since(self, name: str, first: datetime) -> Iterator[Event]:
        """Events of a type that may have happened after that: none is seen before it happens."""
        for event in reversed(self._of_type.get(name, ())):
            if event.seen_at < first:
                return
            yield event

    def _key(self, rule: str, event: Event) -> str | None:
        if (rule, event.id) not in self._keys:
            facts = RecordingFacts(self)
            self._keys[rule, event.id] = event_key(self.rules[rule], event, self.now, facts)
        return self._keys[rule, event.id]

    def running(self, rule: str, server: str, about: str) -> Sequence[str] | None:
        """Earlier decisions of the rule that are not over."""
        # what is over never begins again
        under_way = [each for each in self.abouts.get((rule, about), ()) if self._is_open(each)]
        self.abouts[rule, about] = under_way
        return list(under_way)

    def _is_open(self, decision: str) -> bool:
        return any(job.state in OPEN for job in self.jobs.get(decision, ()))

    def remedied(self, rule: str, server: str, subject: str, since: datetime) -> int | None:
        """How many decisions about this subject made a call that worked."""
        times = self.remedies.get((rule, subject), [])
        return len(times) - bisect_left(times, since)

    def touched(self, rule: str, server: str, kind: str, since: datetime) -> Sequence[str] | None:
        """The objects of a kind that the rule's calls have acted on."""
        recent = takewhile(lambda job: job.due_at >= since, reversed(self.done))
        return sorted(
            {each for job in recent if job.rule == rule and (each := named(job, kind)) is not None}
        )

    def size(self, server: str, kind: str) -> int | None:
        """How many objects of a kind there are."""
        return self.sizes.get(kind, _FLEET)

    def open_calls(self, server: str, target: str) -> Sequence[OpenCall] | None:
        """Calls that are not over and touch the same target."""
        touching = self._targets.get((server, target), {})
        for over in [each for each in touching if not self._is_open(each)]:
            del touching[over]
        found = [
            job
            for each in touching
            for job in self.jobs[each]
            if job.action == "call" and job.state in OPEN
        ]
        return [
            {
                "rule": job.rule,
                "priority": self.rules[job.rule].priority,
                "request": job.request.stored(),
            }
            for job in found
            if job.target == target
        ]

    def shown(self, event: str) -> NewestView | None:
        """What lasts is taken to be shown until an end came, unless the view is said to show
        otherwise.
        """
        began = self.events[event]
        row = EVENTS.get(began.type)
        if row is None or row.kind is None or row.still is None:
            return None
        said = self.objects.get((row.kind, began.subject.partition("/")[2]), {})
        holds = said is not None and (
            row.still({**self._body(began, row.kind), **said}) if said else True
        )
        return {"seen": self.now.isoformat(), "holds": holds}

    @staticmethod
    def _body(event: Event, kind: str) -> Mapping[str, Json]:
        noun = event.data.get("new") or event.data.get(kind)
        if isinstance(noun, dict):
            return noun
        return {}

    def ended(self, event: str) -> str | None:
        """When what the event began was over."""
        began = self.events[event]
        ends = [
            each for name, subject in ends_of(began).items() for each in self._those(name, subject)
        ]
        times = [each.time for each in ends if each.time >= began.time and each.id != began.id]
        return min(times).isoformat() if times else None

    def _those(self, name: str, subject: str | None) -> Sequence[Event]:
        if subject is not None:
            return self.happened.get((name, subject), ())
        return [
            each for (kind, _), those in self.happened.items() if kind == name for each in those
        ]

    def begun(self, decision: str, event: str) -> bool | None:
        """Whether a call of the decision about this event has been made."""
        mine = [job for job in self.jobs.get(decision, ()) if job.event == event]
        return any(job.action == "call" and job.attempts for job in mine)

    def view(self, server: str, kind: str, identifier: Json) -> Body | None:
        """What a person says, over the newest event that carries the object."""
        key = (kind, str(identifier))
        said = self.objects.get(key, {})
        if said is None:
            return None
        found = self._nouns[key][1] if key in self._nouns else self.base.get(key)
        if self.imagined and kind in BODIES:
            blank = {**schema.blank(BODIES[kind]), "id": identifier}
        else:
            blank = {}
        return {**blank, **(found or {}), **said} or None

    def tuning(self, server: str, kind: str, number: Json, bond: Json) -> TuningFacts | None:
        """One tuning, and the legs of its bond."""
        noun = self._tunings.get((kind, str(number)))
        if noun is None:
            return None
        legs = {
            key: dict(body)
            for (shown, key), body in self.base.items()
            if shown == "leg" and body.get("bond") == bond
        }
        legs |= {
            key: body
            for (shown, key), body in self.objects.items()
            if shown == "leg" and body is not None
        }
        return {"recommendations": noun.get("recommendations"), "legs": legs, "usual": {}}

    def hands_off(self, server: str, bond: int) -> HandsOff | None:
        """Who works on the bond."""
        until = self._newest("bond", bond).get("hands_off")
        if until is None or _is_past(until, self.now):
            return None
        return {"until": until, "who": "somebody"}

    def calm_at(self, server: str, leg: int) -> str | None:
        """When a flapping leg may be calm."""
        flaps = self._newest("leg", leg).get("flapping")
        if flaps:
            return (self.now + timedelta(minutes=2)).isoformat()
        return None

    def incident(self, identifier: str) -> IncidentState | None:
        """One incident."""
        if self.incidents is None:
            return {"state": "open", "cause": "a common cause", "name": ""}
        cause, called, ended = self.incidents.get(identifier, ("a common cause", "", self.now))
        return {
            "state": "over" if ended and ended <= self.now else "open",
            "cause": cause,
            "name": called,
        }

    def _newest(self, noun: str, identifier: int) -> Mapping[str, Json]:
        """What was known about the newest event of this bond or leg."""
        found = self._nouns.get((noun, str(identifier)))
        if found:
            return found[0].known
        return {}


def _is_past(moment: str, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(moment) <= now
    except ValueError:
        return False
