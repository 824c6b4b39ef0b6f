"""What is polled when: scopes that come and go, what brings them forward, what a round costs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.bonding import scopes
from bridge.core.model import Change
from bridge.pipeline.observe import poll_schedule
from bridge.pipeline.observe.poll_budget import Line, Plan, plan
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import FORWARD, ROTATING, TIMED
from tests.pipeline.harness import Stage, staged

NEW = {"name": "new", "space": "/api/v4/spaces/acme/", "aggregator": "/api/v4/aggregators/1/"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage that polls everything, once baselines are there; the world is not changed."""
    with staged(tmp_path_factory.mktemp("whole"), rules="[]", off="[]") as stage:
        for _ in range(4):
            stage.round()
        yield stage


def ranks(stage: Stage) -> dict[str, int]:
    """Every scope's rank."""
    with stage.bridge.database.reading() as connection:
        return {each.name: each.rank for each in snapshots.all_scopes(connection, "demo")}


def test_every_scope_of_every_object_is_there_and_was_polled(whole: Stage) -> None:
    """What six bonds, nine nodes, three spaces and twelve legs bring is all in the rotation, and
    each has its baseline.
    """
    names = set(ranks(whole))
    assert set(scopes.WHOLE) <= names
    wanted = {f"bonds/{i}/routes" for i in range(1, 7)} | {
        f"nodes/{i}/vlan_interfaces" for i in range(1, 10)
    }
    wanted |= {
        "spaces/root/ip_allocations",
        "spaces/acme/delegated_ip_allocations",
        "bonds/1/interface_legs/1/state_history",
    }
    assert wanted <= names
    assert len([name for name in names if name.endswith("state_history")]) == 12
    with whole.bridge.database.reading() as connection:
        assert [
            each.name for each in snapshots.all_scopes(connection, "demo") if not each.version
        ] == []
    assert whole.types() == []


def test_ranks_are_what_the_family_says(whole: Stage) -> None:
    """Legs keep to their interval, routes and histories come round."""
    told = ranks(whole)
    assert {told[name] for name in ("legs", "bonds", "placements", "tlsinfo", "statistics")} == {
        TIMED
    }
    assert {
        told[name] for name in ("users", "bonds/3/routes", "bonds/1/interface_legs/1/state_history")
    } == {ROTATING}


def test_the_plan_counts_requests(whole: Stage) -> None:
    """One request a page, three lists an aggregator for the placements; what is at intervals is
    taken from the budget first.
    """
    watched = replace(whole.bridge.observer.servers["demo"], rate=10.0)
    with whole.bridge.database.reading() as connection:
        made = plan(connection, watched)
        free = plan(connection, replace(watched, rate=None))
    lines = {line.timing: line for line in made.lines}
    assert set(lines) == set(scopes.TIMINGS)
    assert (lines["legs"].scopes, lines["legs"].requests, lines["legs"].rate) == (1, 1, 1 / 30)
    assert lines["placements"].requests == 1 + 3 * 3
    assert lines["statistics"].requests == poll_schedule.COUNTS
    assert lines["histories"].scopes == lines["histories"].requests == 12
    assert {timing for timing, line in lines.items() if line.rotates} == scopes.ROTATION
    assert made.timed == pytest.approx(sum(line.rate for line in made.lines if not line.rotates))
    assert made.round == free.round == lines["tunings"].interval == 30.0


def test_a_small_budget_makes_a_long_round_and_none_makes_none() -> None:
    """A hundred requests at one a second that is left take a hundred seconds; where nothing is
    left, no round ends.
    """
    timed = Line("legs", 1, 1, 1.0, rotates=False)
    rotating = Line("tunings", 100, 100, 30.0, rotates=True)
    assert Plan([timed, rotating], 2.0).round == 100.0
    assert Plan([timed, rotating], 1.0).round is None
    assert Plan([timed, rotating], None).round == 30.0
    assert Plan([timed], 2.0).round == 0.0


def test_scopes_come_and_go_with_their_bond(stage: Stage) -> None:
    """A bond that is deleted takes its scopes along, a new one brings its own; those that are off
    are not made.
    """
    tuners = {name for name in ranks(stage) if name.endswith("/tuners")}
    assert tuners == {f"bonds/{i}/tuners" for i in range(1, 7)}
    stage.bridge.clients["demo"].call("bond.delete", {"bond": 6})
    stage.live(240)
    assert "bond.removed" in stage.types()
    assert "bonds/6/tuners" not in ranks(stage)
    stage.bridge.clients["demo"].call("bond.create", {}, body=NEW)
    stage.live(120)
    (added,) = stage.events("bond.added")
    fresh = {
        name for name in ranks(stage) if name.startswith(f"bonds/{added['data']['bond']['id']}/")
    }
    assert fresh == {f"bonds/{added['data']['bond']['id']}/tuners"}


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("up", "down", {"bonds/1/interface_legs/1/state_history"}),
        (
            "up",
            "testing",
            {
                "bonds/1/interface_legs/1/state_history",
                "bonds/1/interface_legs/1/tuners",
                "bonds/1/tuners",
                "bonds/1/speedtests",
            },
        ),
    ],
)
def test_a_leg_that_changes_brings_its_scopes_forward(
    tmp_path: Path, before: str, after: str, wanted: set[str]
) -> None:
    """Its history for the true times, and where it is being tested, what tests it."""
    with staged(tmp_path, rules="[]", off="[]") as stage:
        watched = stage.bridge.observer.servers["demo"]
        bridge = stage.bridge
        with bridge.database.reading() as connection:
            body = snapshots.bodies(connection, "demo", {("leg", "1")})["leg", "1"]
            legs = snapshots.scope_of(connection, "demo", "legs")
        assert legs is not None
        old, new = ({**body, "state": state, "standing": "up"} for state in (before, after))
        with bridge.database.writing() as connection:
            change = Change("leg", "1", old, new, frozenset({"state"}))
            poll_schedule.bring_forward(connection, watched, legs, [change], stage.now())
        assert {name for name, rank in ranks(stage).items() if rank == FORWARD} == wanted


def test_a_number_that_changed_brings_its_lists_forward(stage: Stage) -> None:
    """Counts that are new or the same are no reason to look; one that changed is, for the lists it
    counts and no others.
    """
    with stage.bridge.database.writing() as connection:
        for before, after in (({}, {"legs": 12}), ({"legs": 12}, {"legs": 12})):
            poll_schedule.counted(connection, "demo", before, after, stage.now())
    assert FORWARD not in ranks(stage).values()
    with stage.bridge.database.writing() as connection:
        poll_schedule.counted(
            connection, "demo", {"legs": 12, "bonds": 6}, {"legs": 13, "bonds": 6}, stage.now()
        )
    assert {name for name, rank in ranks(stage).items() if rank == FORWARD} == {"legs"}


def test_only_what_is_due_is_polled_by_a_worker(stage: Stage) -> None:
    """A bell that rings twice polls once; a person polls whether or not it is due."""
    asked = stage.bridge.observer.poll
    assert asked("demo", "legs", anyway=False) is None
    assert asked("demo", "legs") == []
    stage.sim.advance(60)
    assert asked("demo", "legs", anyway=False) == []
    assert asked("demo", "legs", anyway=False) is None


def test_no_more_polls_at_once_than_the_settings_allow(stage: Stage) -> None:
    """With as many leases out as may be, the next poll has to wait for its turn."""
    watched = stage.bridge.observer.servers["demo"]
    with stage.bridge.database.writing() as connection:
        for name in [f"bonds/{i}/tuners" for i in range(1, watched.concurrency + 1)]:
            assert snapshots.claim_scope(connection, "demo", name, 60) is not None
    stage.sim.advance(60)
    assert stage.bridge.observer.poll("demo", "legs") is None


def test_without_a_budget_so_many_begin_at_once_as_whoever_rings_wants(tmp_path: Path) -> None:
    """The most urgent of all that is due, so that bells that nobody has heard yet do not bury the
    others.
    """
    with staged(tmp_path, off="[]") as stage:
        stage.sim.advance(7200)
        every = stage.bridge.observer.due()
        assert len(every) > 5
        assert stage.bridge.observer.due(5) == every[:5]
