"""Interpret: what several events mean together, on both databases."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from bridge.core.events import builder, schema
from bridge.core.flapping import Limits
from bridge.core.model import Event, Known, Seen
from bridge.core.objects.object_schemas import BODIES
from bridge.pipeline.interpret.interpreter import Interpreter
from bridge.pipeline.server_lease import Lease
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.observations import incidents as incident_store
from bridge.store.observations import snapshots
from bridge.store.observations.incidents import Kept
from bridge.store.observations.snapshots import Walked
from bridge.store.views import journal
from bridge.store.views.journal import Window

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def body(kind: str, **given: Any) -> dict[str, Any]:
    """A whole body of a kind: what is not given is None."""
    return {**schema.blank(BODIES[kind]), **given}


@dataclass
class World:
    """What the bridge knows of a server called main; `now` moves only when told to."""

    database: Database
    now: datetime = START
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.interpreter = Interpreter(self.database, lambda: self.now, Limits())
        with self.database.writing() as connection:
            snapshots.ensure_server(connection, "main")

    def see(self, scope: str, *seen: Seen) -> None:
        """A poll of this scope finds these objects."""
        with self.database.writing() as connection:
            snapshots.ensure_scopes(connection, "main", {scope: 0}, self.now)
            claimed = snapshots.claim_scope(connection, "main", scope, 60)
            assert claimed is not None
            snapshots.save_walk(
                connection, claimed, [Known(each) for each in seen], Walked(self.now, self.now, 0.0)
            )
            snapshots.reschedule(connection, claimed, self.now)

    def bonds(self, number: int, *, aggregator: int = 1) -> None:
        """Bonds 1 to `number` with one leg of the same id each, on one aggregator of two."""
        ids = range(1, number + 1)
        self.see(
            "bonds",
            *(
                Seen("bond", str(i), body("bond", id=i, name=f"b{i}", space={"key": None}))
                for i in ids
            ),
        )
        self.see("legs", *(self.leg(i, "up") for i in ids))
        where = [(i, aggregator) for i in ids] + [(900 + i, 2) for i in range(3)]
        self.see(
            "placements",
            *(
                Seen("placement", str(i), body("placement", id=i, primary=at, current=at))
                for i, at in where
            ),
        )
        self.aggregator("up")

    def leg(self, number: int, standing: str) -> Seen:
        """Leg n of bond n."""
        return Seen(
            "leg",
            str(number),
            body("leg", id=number, bond=number, name=f"l{number}", standing=standing),
        )

    def aggregator(self, standing: str) -> None:
        """How aggregator 1 stands."""
        self.see(
            "aggregators",
            Seen("aggregator", "1", body("aggregator", id=1, name="north", standing=standing)),
        )

    def event(self, name: str, bond: int, *, at: float = 0.0, **nouns: Any) -> Event:
        """Something happens to a bond and its leg, so many seconds after now."""
        about = {"id": bond, "name": f"b{bond}", "current": 1, "primary": 1, "space": {"key": None}}
        data = {"leg": dict(self.leg(bond, "down").body), "bond": about, "over": False, **nouns}
        time = self.now + timedelta(seconds=at)
        row = builder.EVENTS[name]
        return builder.make(
            row,
            server="main",
            subject=f"leg/{bond}",
            n=next(self.numbers),
            time=time,
            seen_at=self.now,
            data=data,
        )

    def meet(self, *happened: Event) -> list[Event]:
        """Record these and interpret all that waits; these with what is known, then what follows
        from them.
        """
        with self.database.writing() as connection:
            event_store.record(connection, happened)
        met = {event.id: event for event in self.interpret()}
        return [met.pop(event.id) for event in happened if event.id in met] + list(met.values())

    def interpret(self) -> list[Event]:
        """Interpret until nothing new follows."""
        met: list[Event] = []
        while True:
            with self.database.writing() as connection:
                fence = event_store.claim_deciding(connection, "main", 60)
            assert fence is not None
            with self.database.reading() as connection:
                batch = event_store.undecided(connection, "main", 200)
            found = self.interpreter.interpret(Lease(self.database, "main", fence), batch)
            with self.database.writing() as connection:
                event_store.mark_decided(connection, found)
                event_store.release_deciding(connection, "main", fence)
            met += found
            if not batch:
                return met

    def pass_time(self, seconds: float) -> list[Event]:
        """Let time pass, and look at what was waiting for it; what was concluded."""
        self.now += timedelta(seconds=seconds)
        with self.database.writing() as connection:
            fence = event_store.claim_deciding(connection, "main", 60)
        assert fence is not None
        self.interpreter.timers(Lease(self.database, "main", fence))
        self.interpreter.endings(Lease(self.database, "main", fence))
        with self.database.writing() as connection:
            event_store.release_deciding(connection, "main", fence)
        return self.interpret()

    def incidents(self) -> list[dict[str, Any]]:
        """Every incident, newest first."""
        with self.database.reading() as connection:
            return [dict(row) for row in journal.list_incidents(connection, Window()).rows]


@pytest.fixture
def world(database: Database) -> World:
    """Ten bonds on one aggregator, three on another."""
    made = World(database)
    made.bonds(10)
    return made


def named(met: list[Event], *types: str) -> list[Event]:
    """Those of these types."""
    return [each for each in met if each.type in types]


def test_a_leg_flaps_once_per_spell_and_is_stable_once(world: World) -> None:
    """However often it changes, one spell is told once; when it has been calm long enough that is
    told once, then anew.
    """
    told: list[Event] = []
    for _ in range(2):
        for i in range(8):
            told += world.meet(world.event("leg.down" if i % 2 == 0 else "leg.up", 1))
            world.now += timedelta(seconds=10)
        for _ in range(90):
            told += world.pass_time(10)
    types = [each.type for each in named(told, "leg.flapping", "leg.stable")]
    assert types == ["leg.flapping", "leg.stable", "leg.flapping", "leg.stable"]
    flags = [each.known["flapping"] for each in named(told, "leg.down", "leg.up")]
    assert flags == 2 * [False, False, False, False, False, True, True, True]
    stable = named(told, "leg.stable")[0]
    assert (stable.data["flapping"]["changes"], stable.data["leg"]["name"]) == (8, "l1")
    assert stable.data["bond"]["name"] == "b1"
    flapping = named(told, "leg.flapping")[0]
    assert START < flapping.time < stable.time
    spells = [each.data["flapping"]["since"] for each in (flapping, stable)]
    assert spells == 2 * [START.isoformat()], "since the first change of those that are counted"


def test_a_leg_on_the_edge_does_not_flap(world: World) -> None:
    """Four changes are an unlucky line."""
    told = world.meet(
        *(world.event("leg.down" if i % 2 == 0 else "leg.up", 1, at=i) for i in range(4))
    )
    for _ in range(90):
        told += world.pass_time(10)
    assert named(told, "leg.flapping", "leg.stable") == []


def test_one_incident_is_opened_joined_and_ended(world: World) -> None:
    """Six of ten bonds lose their legs in two batches: one incident that owns all, is declared
    failed, and ends once.
    """
    told = world.meet(*(world.event("leg.down", i, at=-5) for i in range(1, 6)))
    (suspected,) = named(told, "aggregator.suspected")
    incident = suspected.data["incident"]
    assert (suspected.data["aggregator"], incident["bonds"]) == ({"id": 1, "name": "north"}, 5)
    assert {each.known["incident"] for each in named(told, "leg.down")} == {incident["id"]}
    about = {"id": 1, "name": "north"}
    failed = builder.make(
        builder.EVENTS["aggregator.failed"],
        server="main",
        subject="aggregator/1",
        n=1,
        time=world.now,
        seen_at=world.now,
        data={"aggregator": about},
    )
    moved = world.event("bond.failed_over", 2, leg=None)
    joined = world.meet(world.event("leg.down", 6), failed, moved)
    assert {each.known["incident"] for each in joined} == {incident["id"]}
    (kept,) = world.incidents()
    assert (kept["state"], kept["bonds"]) == ("failed", [1, 2, 3, 4, 5, 6])
    with world.database.reading() as connection:
        members = [row["type"] for row in journal.members_of(connection, incident["id"])]
    assert sorted(members) == sorted(["leg.down"] * 6 + ["aggregator.failed", "bond.failed_over"])
    assert world.meet(world.event("leg.down", 11))[0].known["incident"] == incident["id"], (
        "of the same aggregator"
    )

    world.see("legs", *(world.leg(i, "down") for i in range(1, 7)))
    world.aggregator("down")
    assert named(world.pass_time(600), "incident.ended") == []
    world.see("legs", *(world.leg(i, "up") for i in range(1, 7)))
    assert named(world.pass_time(20), "incident.ended") == [], "its aggregator is still failed"
    world.aggregator("up")
    (ended,) = named(world.pass_time(20), "incident.ended")
    assert (ended.data["incident"]["id"], ended.data["incident"]["state"]) == (
        incident["id"],
        "over",
    )
    assert named(world.pass_time(600), "incident.ended") == []
    assert len(world.incidents()) == 1


def test_an_incident_lasts_until_its_aggregator_is_well(world: World) -> None:
    """Its legs are back long before; what says that the aggregator is well belongs to it, even
    where no one has read it yet.
    """
    world.meet(*(world.event("leg.down", i) for i in range(1, 7)))
    world.aggregator("down")
    world.meet(*(world.event("leg.up", i, at=90) for i in range(1, 7)))
    assert named(world.pass_time(600), "incident.ended") == []
    well = world.now
    world.aggregator("up")
    recovered = builder.make(
        builder.EVENTS["aggregator.recovered"],
        server="main",
        subject="aggregator/1",
        n=1,
        time=well,
        seen_at=well,
        data={"aggregator": {"id": 1, "name": "north"}},
    )
    with world.database.writing() as connection:
        event_store.record(connection, [recovered])
    assert named(world.pass_time(1), "incident.ended") == [], (
        "the event of the same poll comes first"
    )
    assert named(world.pass_time(100), "incident.ended") == [], "nothing is to join for two minutes"
    (ended,) = named(world.pass_time(30), "incident.ended")
    assert (ended.time, ended.data["incident"]["ended"], world.incidents()[0]["ended"]) == (
        well,
        well.isoformat(),
        well,
    )


def test_an_incident_has_the_true_times_of_its_members(world: World) -> None:
    """Noticed late, begun and over before: the legs' histories say when, of the incident as of the
    event that opened it.
    """
    downs = [world.event("leg.down", i) for i in range(1, 7)]
    (opened,) = named(world.meet(*downs), "aggregator.suspected")
    assert opened.time == START
    began = START - timedelta(seconds=130)
    ended = START - timedelta(seconds=10)
    with world.database.writing() as connection:
        event_store.refine(connection, {each.id: (began, None) for each in downs})
    ups = world.meet(*(world.event("leg.up", i, at=-10) for i in range(1, 7)))
    assert {each.known["incident"] for each in ups} == {opened.data["incident"]["id"]}
    world.meet(world.event("bond.up", 1, at=5))
    (over,) = named(world.pass_time(130), "incident.ended")
    (row,) = world.incidents()
    assert (row["began"], row["ended"], over.time) == (began, ended, ended)
    told = over.data["incident"]
    assert (told["began"], told["ended"]) == (began.isoformat(), ended.isoformat())
    with world.database.reading() as connection:
        assert event_store.get(connection, opened.id).time == began


def test_what_was_over_before_the_incident_was_known_belongs_to_it_too(world: World) -> None:
    """Told leg by leg by the histories, each with its end: known with the fifth, it lasted until
    the first was back.
    """
    told = world.meet(world.event("leg.down", 1, at=-50), world.event("leg.up", 1, at=-5))
    for i in range(2, 6):
        told += world.meet(world.event("leg.down", i, at=-50), world.event("leg.up", i, at=-20))
    (over,) = named(world.pass_time(130), "incident.ended")
    assert over.time == START - timedelta(seconds=5)
    with world.database.reading() as connection:
        members = {row["id"] for row in journal.members_of(connection, over.data["incident"]["id"])}
    assert members == {each.id for each in named(told, "leg.down", "leg.up")}
    world.meet(world.event("leg.down", 6, at=-140))
    assert world.incidents()[0]["legs"] == [1, 2, 3, 4, 5, 6], (
        "learned after its end, and happened before"
    )
    with world.database.reading() as connection:
        assert incident_store.due(connection, world.now + timedelta(days=1)) == set(), (
            "over is over"
        )


def test_an_incident_begins_with_what_belongs_to_it(world: World) -> None:
    """A leg of it that had flapped half a minute before neither makes it begin then, nor belongs to
    it for that.
    """
    flap = (world.event("leg.down", 1, at=-40), world.event("leg.up", 1, at=-30))
    world.meet(*flap)
    told = world.meet(*(world.event("leg.down", i, at=-5) for i in range(1, 7)))
    (suspected,) = named(told, "aggregator.suspected")
    assert suspected.data["incident"]["began"] == (START - timedelta(seconds=5)).isoformat()
    with world.database.reading() as connection:
        members = {
            row["id"] for row in journal.members_of(connection, suspected.data["incident"]["id"])
        }
    assert members == {each.id for each in named(told, "leg.down")}


def test_a_few_outages_are_no_incident(world: World) -> None:
    """Four bonds of ten are four outages, and belong to nothing."""
    told = world.meet(*(world.event("leg.down", i) for i in range(1, 5)))
    assert {each.known["incident"] for each in told} == {None}
    assert world.incidents() == []


def test_an_aggregator_that_is_not_declared_failed_is_not_suspected_for_ever(world: World) -> None:
    """What the server has not called failed by its third check it will not: the incident stays
    open, as one of many bonds.
    """
    world.meet(*(world.event("leg.down", i) for i in range(1, 6)))
    world.see("legs", *(world.leg(i, "down") for i in range(1, 6)))
    world.pass_time(181)
    assert world.incidents()[0]["state"] == "open"


def test_a_test_that_runs_explains_an_outage(world: World) -> None:
    """What goes down, and up again, while its bond is being tuned says so; another bond's does not,
    nor a change of mode.
    """
    begun = (world.now - timedelta(seconds=30)).isoformat()
    run = body("bond_tuning", id=7, bond=3, status="running", created=begun, started=begun)
    world.see("bonds/3/tuners", Seen("bond_tuning", "7", run))
    names = (("leg.down", 3), ("leg.up", 3), ("leg.down", 4), ("leg.mode_changed", 3))
    met = world.meet(*(world.event(name, leg) for name, leg in names))
    found = {(event.type, event.data["leg"]["id"]): event.known["explained"] for event in met}
    assert [found[name] for name in names] == ["bond_tuning 7", "bond_tuning 7", None, None]


def test_a_bond_that_somebody_works_on_says_so(world: World) -> None:
    """While it lasts, events of that bond carry until when; afterwards and on other bonds they do
    not.
    """
    until = world.now + timedelta(hours=1)
    with world.database.writing() as connection:
        incident_store.hold(connection, "main", 3, until, "alice", "new bonder")
    met = world.meet(world.event("leg.down", 3), world.event("leg.down", 4))
    assert {event.data["leg"]["id"]: event.known["hands_off"] for event in met} == {
        3: until.isoformat(),
        4: None,
    }
    world.now = until
    assert world.meet(world.event("leg.up", 3))[0].known["hands_off"] is None


def test_what_was_known_is_noted_once(world: World) -> None:
    """An event that waits to be decided after it was interpreted keeps what was known then,
    whatever came after.
    """
    event = world.event("leg.down", 1)
    with world.database.writing() as connection:
        event_store.record(connection, [event])
        fence = event_store.claim_deciding(connection, "main", 60)
        assert fence is not None
    for _ in range(2):
        with world.database.reading() as connection:
            batch = event_store.undecided(connection, "main", 200)
        (met,) = world.interpreter.interpret(Lease(world.database, "main", fence), batch)
        with world.database.writing() as connection:
            incident_store.hold(connection, "main", 1, world.now + timedelta(hours=1), "alice", "")
    assert met.known["hands_off"] is None
    with world.database.reading() as connection:
        assert incident_store.buckets(connection, "main", [1])[1].level == 1.0


def test_an_incident_is_kept_as_it_was_saved(world: World) -> None:
    """Written and read again it is the same, oldest first; over for long it is not read; an owner
    is for good.
    """
    one = world.event("leg.down", 1)
    two = world.event("leg.down", 2)
    world.meet(*(world.event("leg.down", i) for i in range(1, 6)), one, two)
    with world.database.reading() as connection:
        (kept,) = incident_store.recent(connection, "main", world.now)
        assert isinstance(kept, Kept)
        assert incident_store.due(connection, world.now) == set()
        assert incident_store.due(connection, world.now + timedelta(minutes=1)) == {"main"}
    with world.database.writing() as connection:
        incident_store.save(connection, "main", kept, None)
        incident_store.attach(connection, {one.id: "another"})
    with world.database.reading() as connection:
        assert incident_store.recent(connection, "main", kept.incident.last) == [kept]
        assert (
            incident_store.recent(connection, "main", kept.incident.last + timedelta(seconds=1))
            == []
        )
        assert incident_store.owners(connection, [one.id, "nobody"]) == {one.id: kept.incident.id}
        assert incident_store.recent(connection, "elsewhere", START) == []
