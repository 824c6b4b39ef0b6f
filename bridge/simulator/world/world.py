"""The world: its state, its own time, what is going to happen, what did (truth), what was asked of
it (ledger).

No HTTP, no real clock, no chance that is not worked out from the seed: the same seed, epoch and
requests at the same world times give the same truth.
"""

import heapq
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bridge.simulator.world.entities import (
    Aggregator,
    Backup,
    Bond,
    Leg,
    Record,
    Space,
    SpeedTest,
    Telling,
    Thing,
    Tuning,
)
from bridge.simulator.world.leg_history import Past
from bridge.simulator.world.server_settings import setting
from bridge.simulator.world.vendor_timestamps import stamp

Arguments = dict[str, Any]
Happening = Callable[["World", Arguments], None]


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One line of the agenda; `number` settles which of two at the same moment comes first."""

    at: datetime
    number: int
    name: str = field(compare=False)
    arguments: Arguments = field(compare=False)


class World:
    """Everything that is so, now. Not safe for threads: anyone who shares one holds a lock (`live`
    does).
    """

    def __init__(self, *, seed: int, epoch: datetime, happenings: Mapping[str, Happening]) -> None:
        self.seed = seed
        self.epoch = epoch
        self.now = epoch
        self.spaces: dict[str, Space] = {}
        self.aggregators: dict[int, Aggregator] = {}
        self.bonds: dict[int, Bond] = {}
        self.legs: dict[int, Leg] = {}
        self.tunings: dict[int, Tuning] = {}
        self.speedtests: dict[int, SpeedTest] = {}
        self.past = Past()
        self.failover_checks = {"success": 0, "failure": 0}
        self.config_updates: dict[str, Any] = {"complete": 0, "failures": 0, "queues": {}}
        self.offline_nodes: dict[int, str] = {}  # since when
        self.certificate: dict[str, Any] = {}
        self.records: dict[str, dict[int, Record]] = {}
        self.sequences: dict[str, int] = {}
        self.backups: list[Backup] = []
        self.backups_by_story = False
        self.backup_megabytes = 1
        self.stories: dict[str, Telling] = {}
        self.agenda: list[Due] = []
        self.numbered = 0
        self.truth: list[dict[str, Any]] = []
        self.ledger: list[dict[str, Any]] = []
        self.version = 0
        self._happenings = happenings
        self._legs_of: dict[int, list[Leg]] = {}

    # time

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until `moment`, and happen what is due, in order. A moment already past
        changes nothing.
        """
        while self.agenda and self.agenda[0].at <= moment:
            due = heapq.heappop(self.agenda)
            self.now = max(self.now, due.at)
            self.version += 1
            self._happenings[due.name](self, due.arguments)
        self.now = max(self.now, moment)

    def after(self, seconds: float, name: str, /, **arguments: Any) -> None:
        """Put a happening on the agenda, `seconds` of world time from now; its arguments must be
        plain JSON.
        """
        if name not in self._happenings:
            raise KeyError(name)
        self.numbered += 1
        heapq.heappush(
            self.agenda, Due(self.now + timedelta(seconds=seconds), self.numbered, name, arguments)
        )

    def happen(self, name: str, arguments: Arguments) -> None:
        """Let a happening take place now."""
        self._happenings[name](self, arguments)

    def forget(self, prefix: str) -> None:
        """Take every happening whose name begins with `prefix` off the agenda."""
        self.agenda = [due for due in self.agenda if not due.name.startswith(prefix)]
        heapq.heapify(self.agenda)
        self.version += 1

    def dice(self, *about: object) -> random.Random:
        """Give chance that depends on nothing but the seed and what it is about: there is no state
        to save.
        """
        return random.Random(":".join(map(str, (self.seed, *about))))  # noqa: S311

    # what happened, what was asked

    def put(self, thing: Thing, name: str, value: object, *, what: str | None = None) -> bool:
        """Set one field and write the truth of it; False and no truth when it is so already."""
        old = getattr(thing, name)
        if old == value:
            return False
        setattr(thing, name, value)
        self.note(thing, what or name, old, value)
        return True

    def note(self, thing: Thing, what: str, old: object, new: object) -> None:
        """Write the truth about a thing; `bond` and `leg` are named where it belongs to one."""
        below: dict[str, Any] = (
            thing.parents if isinstance(thing, Record) else {"bond": getattr(thing, "bond", None)}
        )
        if isinstance(thing, Tuning | SpeedTest):
            below["leg"] = thing.leg
        named = {name: below[name] for name in ("bond", "leg") if below.get(name) is not None}
        self.tell(thing.kind, _identity(thing), what, old, new, **named)
        if isinstance(thing, Leg):
            self._remember(thing, what, old)
        elif isinstance(thing, Bond) and what == "removed":
            self.speedtests = {
                number: test for number, test in self.speedtests.items() if test.bond != thing.id
            }
            self.past.outages.pop(thing.id, None)

    def tell(
        self, kind: str, number: int | str, what: str, old: object, new: object, **below: int
    ) -> None:
        """Write one line of truth: `{"at", "kind", "id", "what", "from", "to"}`, and what it
        belongs to.
        """
        line = {
            "at": stamp(self.now),
            "kind": kind,
            "id": number,
            "what": what,
            "from": old,
            "to": new,
        }
        self.truth.append(line | below)
        self.version += 1

    def _remember(self, leg: Leg, what: str, old: object) -> None:
        if what == "state":
            born = self.bonds[leg.bond].created
            least = setting(self, "prevented_downtime_minimum_seconds")
            self.past.changed(leg, str(old), self.now, born=born, least=least)
        elif what == "added":
            self.past.begin(leg, self.now)
        elif what == "removed":
            self.past.forget(leg)

    def record(self, entry: dict[str, Any]) -> None:
        """Write one line of the ledger, with the world's time before it."""
        self.ledger.append({"at": stamp(self.now), **entry})
        self.version += 1

    # things

    def of(self, kind: str) -> dict[int, Record]:
        """Give the records of a kind, by id; what is put there is in the world."""
        return self.records.setdefault(kind, {})

    def number(self, sequence: str, taken: Iterable[int] = ()) -> int:
        """Give the next id of a sequence. Ids are never given twice, nor is one of those that are
        `taken`.
        """
        self.sequences[sequence] = max(self.sequences.get(sequence, 0), *taken, 0) + 1
        return self.sequences[sequence]

    def node(self, number: int) -> Aggregator | Record | None:
        """Find an aggregator or a bonder: they share their ids."""
        return self.aggregators.get(number) or self.of("bonder").get(number)

    def above(self, key: str) -> list[str]:
        """List a space and those above it, up to the root."""
        found = [key]
        while (parent := self.spaces[found[-1]].parent) is not None:
            found.append(parent)
        return found

    def below(self, key: str) -> frozenset[str]:
        """Collect a space and all below it."""
        return frozenset(other for other in self.spaces if key in self.above(other))

    # legs

    def legs_of(self, bond: Bond) -> list[Leg]:
        """List the legs of a bond, by id."""
        if not self._legs_of:
            for leg in self.legs.values():
                self._legs_of.setdefault(leg.bond, []).append(leg)
        return self._legs_of.get(bond.id, [])

    def legs_changed(self) -> None:
        """Forget which legs belong to which bond: some came or went."""
        self._legs_of.clear()

    def forget_about(self, argument: str, number: int) -> None:
        """Take every happening about one object off the agenda: it is gone."""
        self.agenda = [due for due in self.agenda if due.arguments.get(argument) != number]
        heapq.heapify(self.agenda)

    def bonds_on(self, aggregator: Aggregator) -> list[Bond]:
        """List the bonds whose traffic runs through this aggregator now."""
        return [bond for bond in self.bonds.values() if bond.current == aggregator.id]

    def settle(self, legs: Iterable[Leg]) -> None:
        """Work out what each leg shows now, and write the truth where that differs from what it
        showed.
        """
        for leg in legs:
            self.put(leg, "state", self._state_of(leg))

    def _state_of(self, leg: Leg) -> str:
        if leg.link_mode != "active":
            if leg.testing and leg.link_mode == "idle":
                resting = "testing"
            else:
                resting = leg.link_mode
            if leg.line == "up":
                return resting
            return leg.line
        away = leg.away_until is not None and self.now < leg.away_until
        if leg.line == "down" or away or self.aggregators[self.bonds[leg.bond].current].broken:
            return "down"
        if leg.line != "up":
            return leg.line
        if leg.testing:
            return "testing"
        return "up"

    def interrupt(self, bond: Bond, seconds: float) -> None:
        """Take the bond's active legs down for some seconds, after which they show again what they
        should.
        """
        until = self.now + timedelta(seconds=seconds)
        for leg in self.legs_of(bond):
            if leg.link_mode == "active":
                leg.away_until = max(until, leg.away_until or until)
                self.after(seconds, "leg.back", leg=leg.id)
        self.settle(self.legs_of(bond))


def leg_back(world: World, arguments: Arguments) -> None:
    """Happening: an interruption may be over; another that lasts longer keeps the leg down."""
    world.settle([world.legs[arguments["leg"]]])


def leg_line(world: World, arguments: Arguments) -> None:
    """Happening: the line of the `nth` leg (from 1) of a bond takes a state; worlds without that
    leg are left alone.
    """
    bond = world.bonds.get(arguments["bond"])
    if bond:
        legs = world.legs_of(bond)
    else:
        legs = []
    for leg in legs[arguments["nth"] - 1 : arguments["nth"]]:
        leg.line = arguments["state"]
        world.settle([leg])


def _identity(thing: Thing) -> int | str:
    if isinstance(thing, Backup):
        return thing.name
    return thing.key if isinstance(thing, Space) else thing.id
