"""Observe: what a poll may and may not conclude."""

import threading
from pathlib import Path

from bridge.core.model import Event
from tests.pipeline.harness import Stage, staged


def test_the_first_poll_is_a_baseline(stage: Stage) -> None:
    """Six bonds with twelve legs give one summary a scope, and not an event for each."""
    assert {event["type"] for event in stage.events()} == {"scope.baseline"}
    told = {
        event["data"]["scope"]["name"]: event["data"]["scope"]["objects"]
        for event in stage.events()
    }
    assert told == {
        "legs": 12,
        "bonds": 6,
        "aggregators": 3,
        "placements": 6,
        "backups": told["backups"],
    }


def test_a_leg_that_falls_and_rises_is_two_events(stage: Stage) -> None:
    """Down and up are one event each, name leg and bond, and polling again adds nothing."""
    stage.set("leg", 1, "state", "down")
    stage.live(90)
    stage.set("leg", 1, "state", "up")
    stage.live(90)
    types = stage.types()
    assert [sorted(types[:2]), sorted(types[2:])] == [
        ["bond.degraded", "leg.down"],
        ["bond.up", "leg.up"],
    ]
    down = stage.events("leg.down")[0]
    assert down["data"]["bond"]["name"] == "vancouver-hq"
    assert down["data"]["old"]["state"] == "up"


def test_the_same_outage_again_is_another_event(stage: Stage) -> None:
    """The second outage of the same leg has an id of its own."""
    for state in ("down", "up", "down"):
        stage.set("leg", 1, "state", state)
        stage.live(60)
    ids = {event["id"] for event in stage.events("leg.*")}
    assert len(ids) == 3


def test_an_unknown_state_is_carried_and_is_no_outage(stage: Stage) -> None:
    """A spelling nobody knows is neither down nor up; it is told as a change that shows it."""
    stage.set("leg", 1, "state", "wobbling")
    stage.live(60)
    stage.set("leg", 1, "state", "up")
    stage.live(60)
    assert stage.types() == ["leg.changed", "leg.changed"]
    assert stage.events("leg.changed")[0]["data"]["leg"]["class"] == "unknown"


def test_a_failed_poll_changes_nothing(stage: Stage) -> None:
    """Half bodies, errors and dropped connections give no event about any object, and nothing is
    lost after them.
    """
    for fault in ({"cut": 1.0}, {"errors": 1.0}, {"drop": 1.0}):
        stage.sim.set_faults(**fault, when="before")
        stage.sim.advance(600)
        stage.round()
    assert [name for name in stage.types() if not name.startswith("server.")] == []
    stage.sim.set_faults()
    stage.set("leg", 1, "state", "down")
    stage.live(600)
    assert [name for name in stage.types() if not name.startswith("server.")] == [
        "leg.down",
        "bond.degraded",
    ]


def test_an_unreachable_server_is_told_once_and_its_return_once(stage: Stage) -> None:
    """However many scopes fail however often, there is one `server.unreachable` and then one
    `server.recovered`.
    """
    stage.sim.set_faults(errors=1.0)
    stage.live(3600, step=120)
    stage.sim.set_faults()
    stage.live(900, step=60)
    assert stage.types() == ["server.unreachable", "server.recovered"]
    stage.sim.set_faults(errors=1.0)
    stage.live(3600, step=120)
    assert stage.types().count("server.unreachable") == 2


def test_one_failed_request_is_no_outage(stage: Stage) -> None:
    """A single 500 slows that scope down and tells nobody."""
    stage.sim.set_faults(errors=1.0, times=1)
    stage.live(120)
    assert stage.types() == []


def test_wrong_credentials_are_told_as_such(tmp_path: Path) -> None:
    """A password that stops working is `server.auth_failed`, at once and once."""
    with staged(tmp_path) as stage:
        # the password changed
        stage.bridge.clients["demo"]._http.auth = ("demo@example.com", "wrong")  # noqa: SLF001
        stage.live(120)
        assert stage.types() == ["server.auth_failed"]


def test_what_vanishes_is_removed_only_after_two_looks_and_a_404(stage: Stage) -> None:
    """A leg missing from a walk is not gone; missing a minute later, and not found by its own
    address, it is, once.
    """
    leg = stage.sim.world.legs.pop(12)
    stage.live(60)
    assert stage.types() == []
    stage.live(120)
    assert stage.types() == ["leg.removed"]
    stage.sim.world.legs[12] = leg
    stage.live(60)
    assert stage.types() == ["leg.removed", "leg.added"]


def test_what_vanishes_and_still_answers_is_not_removed(stage: Stage) -> None:
    """A leg that only the list leaves out, as when a permission changed, is kept."""
    known = stage.sim.world.legs
    hidden = dict(known)
    leg = hidden.pop(12)

    class Hiding(dict):  # type: ignore[type-arg]
        """Leaves leg 12 out of lists and still finds it."""

        def values(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
            return hidden.values()

    stage.sim.world.legs = Hiding({**hidden, 12: leg})
    stage.live(300)
    assert stage.types() == []
    stage.sim.world.legs = known


def test_two_polls_at_once_record_one_history(stage: Stage) -> None:
    """No matter who polls the same scope at the same moment, the outage is recorded once."""
    stage.set("leg", 1, "state", "down")
    found: list[list[Event] | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(stage.bridge.observer.poll("demo", "legs")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(event.type for events in found for event in events or ()) == [
        "bond.degraded",
        "leg.down",
    ]
    assert stage.types() == ["leg.down", "bond.degraded"]


def test_rates_that_change_on_every_read_are_no_event(stage: Stage) -> None:
    """Volatile fields are kept but never compared."""
    stage.live(300)
    assert stage.types() == []


def test_secrets_are_nowhere_in_the_database(stage: Stage) -> None:
    """The keys of nodes, whose holder can act as the node, are stored as digests only."""
    stage.set("leg", 1, "state", "down")
    stage.live(60)
    keys = [bond["bonder"]["key"] for bond in stage.read("/bonds/")] + [
        each["key"] for each in stage.read("/aggregators/")
    ]
    assert len(set(keys)) == 9
    stage.bridge.database.close()
    stored = b"".join(
        path.read_bytes() for path in (stage.folder / "state").glob("bondbridge.sqlite3*")
    )
    assert b"digest:" in stored
    assert all(key.encode() not in stored for key in keys)


def test_a_backup_that_does_not_come_is_pending_then_overdue(tmp_path: Path) -> None:
    """Once past its time, once past the grace, each only once; then it comes."""
    with staged(tmp_path, backups="{every: 10m, grace: 4m}") as stage:
        stage.tell("tour")
        stage.live(1600)
        told = [name for name in stage.types() if name.startswith("backup.")]
    assert told == ["backup.completed", "backup.pending", "backup.overdue", "backup.completed"]


def test_a_bond_in_no_list_or_in_two_is_looked_at_again(stage: Stage) -> None:
    """Bonds that move while the lists are walked are no failover until a walk finds each in exactly
    one place.
    """
    before = stage.read("/aggregators/1/bonds_current/")
    stage.tell("outage")
    stage.live(900)
    moved = {event["data"]["bond"]["id"] for event in stage.events("bond.failed_over")}
    assert moved
    assert all(
        len(stage.story(event["id"])["decisions"]) == 1
        for event in stage.events("bond.failed_over")
    )
    assert len(moved) == len(stage.events("bond.failed_over"))
    assert before
