"""A reason not to tell has an end, and then what still lasts is told and followed; no end says more
than is true.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bridge import config
from bridge.pipeline.controls.operator_controls import SilenceRequest
from bridge.store.observations import snapshots
from bridge.web import serializers
from tests.notifications.json_service import Service, serving
from tests.pipeline.harness import Stage, staged
from tests.rollout.failover import FAILED, FEW, fleet

SHIPPED = ("legs", "bonds", "incidents", "bridge")
MINUTE = 60.0


def shipped() -> str:
    """The rules that ship and speak of outages."""
    folder = config.shipped("rules")
    return "\n".join((folder / f"{name}.yaml").read_text(encoding="utf-8") for name in SHIPPED)


@contextmanager
def telling(
    folder: Path,
    more: str = "",
    policy: str = ", rate: null",
    rules: str | None = None,
    bonds: int = 0,
) -> Iterator[tuple[Stage, Service]]:
    """A stage with the rules that ship, or others; so many bonds on one aggregator, and six
    elsewhere.
    """
    with (
        serving() as service,
        staged(
            folder,
            rules=(shipped() if rules is None else rules) + more,
            channel=service.url,
            telling=policy,
            live=False,
            off=FEW,
            world=fleet(bonds, 6),
        ) as stage,
    ):
        service.heard.clear()
        yield stage, service


def legs_of(stage: Stage, bond: int) -> list[int]:
    """The legs of a bond."""
    return sorted(leg.id for leg in stage.sim.world.legs.values() if leg.bond == bond)


def name(stage: Stage, bond: int) -> str:
    """What a bond is called."""
    return stage.sim.world.bonds[bond].name


def turn(stage: Stage, state: str, *bonds: int) -> None:
    """All legs of these bonds go down, or come up."""
    for bond in bonds:
        for leg in legs_of(stage, bond):
            stage.set("leg", leg, "state", state)


def bodies(service: Service, title: str) -> str:
    """What the one message of this title says."""
    (told,) = [each for each in service.heard if each["title"].startswith(title)]
    return str(told["message"])


def test_the_end_of_an_incident_says_what_is_still_down_and_that_is_followed(
    tmp_path: Path,
) -> None:
    """Eleven of twelve bonds return: the end says so, and the twelfth is told, and its end when it
    comes.
    """
    with telling(tmp_path, bonds=12) as (stage, service):
        turn(stage, "down", *range(1, 13))
        stage.live(4 * MINUTE)
        assert [title for title in service.titles() if "down" in title] == []
        turn(stage, "up", *range(1, 12))
        stage.live(8 * MINUTE)
        left = name(stage, 12)
        (end,) = [title for title in service.titles() if title.startswith("resolved: ")]
        assert end.endswith(f"12 bonds have lost legs at once; 1 of 12 bonds is still down: {left}")
        assert f"1 of 12 bonds is still down: {left}" in bodies(service, "resolved: ")
        after = service.titles()[service.titles().index(end) + 1 :]
        assert f"bond {left} is down" in after
        assert sum(f"of {left} is down" in title for title in after) == len(legs_of(stage, 12))
        service.heard.clear()
        turn(stage, "up", 12)
        stage.live(2 * MINUTE)
        assert f"resolved: bond {left} is down" in service.titles()
        assert stage.bridge.follower.open() == []


def test_a_bond_that_is_well_again_is_no_longer_the_incidents(tmp_path: Path) -> None:
    """Others of it are still down: a later outage of that bond is told at once, and calls on it
    wait for nothing.
    """
    more = """
- id: restart
  when: bond.down
  mode: live
  do: [{call: bond.restart, with: {bond: "${bond.id}"}}]
"""
    with telling(tmp_path, more, bonds=12) as (stage, service):
        turn(stage, "down", *range(1, 13))
        stage.live(4 * MINUTE)
        turn(stage, "up", 1)
        stage.live(10 * MINUTE)
        assert stage.ledger("bond.restart") == []
        service.heard.clear()
        turn(stage, "down", 1)
        stage.live(2 * MINUTE)
        assert f"bond {name(stage, 1)} is down" in service.titles()
        assert [each["arguments"] for each in stage.ledger("bond.restart")] == [{"bond": 1}]
        turn(stage, "down", 13)
        stage.live(MINUTE)
        (other,) = [each for each in stage.events("bond.down") if each["data"]["bond"]["id"] == 13]
        assert other["known"]["incident"] is None


def test_a_second_wave_of_the_same_cause_is_the_same_incident(tmp_path: Path) -> None:
    """While one bond is still down, many that were let go lose their legs again: one incident, no
    notice for each.
    """
    with telling(tmp_path, bonds=12) as (stage, service):
        turn(stage, "down", *range(1, 13))
        stage.live(4 * MINUTE)
        turn(stage, "up", *range(1, 10))
        stage.live(8 * MINUTE)
        service.heard.clear()
        turn(stage, "down", *range(1, 10))
        stage.live(3 * MINUTE)
        assert service.titles() == []
        assert [each["type"] for each in stage.events("incident.%")] == []
        assert len(stage.events("aggregator.suspected")) == 1
        assert FAILED


def test_a_leg_that_is_stable_and_down_is_told_so_and_followed(tmp_path: Path) -> None:
    """It flapped: the end of the spell says that it is down, and then it is an outage like any
    other.
    """
    with telling(tmp_path) as (stage, service):
        leg = legs_of(stage, 2)[0]
        for state in ("down", "up") * 4:
            stage.set("leg", leg, "state", state)
            stage.live(40, step=40)
        stage.set("leg", leg, "state", "down")
        stage.live(30 * MINUTE, step=60)
        spell = next(n for n, title in enumerate(service.titles()) if title.endswith("flaps"))
        told = service.titles()[spell + 1 :]
        ends = [n for n, title in enumerate(told) if "flaps" in title]
        assert [told[n].partition("; ")[2] for n in ends] == ["it is down"]
        assert told[ends[0] + 1].endswith("is down")
        service.heard.clear()
        stage.set("leg", leg, "state", "up")
        stage.live(MINUTE)
        assert [title.startswith("resolved: leg") for title in service.titles()] == [True]


def test_what_an_action_explains_is_told_when_it_lasts_longer(tmp_path: Path) -> None:
    """We restart a bond, and it stays down: told when that explains it no more, with the time at
    which it began.
    """
    more = """
- id: restart
  when: webhook.demo
  mode: live
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""
    with telling(tmp_path, more) as (stage, service):
        stage.webhook(2)
        stage.work()
        stage.sim.advance(10)
        turn(stage, "down", 2)
        began = stage.now()
        stage.live(150)
        assert service.titles() == []
        stage.live(2 * MINUTE)
        down = f"bond {name(stage, 2)} is down"
        assert down in service.titles()
        assert sum(f"of {name(stage, 2)} is down" in title for title in service.titles()) == 2
        (told,) = [each for each in stage.events("bond.down") if each["only"]]
        assert abs(told["time"] - began) <= timedelta(seconds=30)
        turn(stage, "up", 2)
        stage.live(MINUTE)
        assert f"resolved: {down}" in service.titles()


LEG = 'notify: {to: noc, title: "leg ${leg.id} is down", follow: true}'
HELD = {
    "a silence": ("mode: live", ""),
    "a cooldown": ("guard: {cooldown: {every: 1h, per: leg}}", ""),
    "hands off": ("if: known.hands_off == null", ""),
    "hours in a condition": ('if: hours(now, "daily", "00:20", "23:59", "UTC")', ""),
    "hours of the rule": (
        'guard: {windows: [{days: daily, from: "00:20", to: "23:59", zone: UTC}]}',
        "",
    ),
    "quiet hours": (
        "mode: live",
        ', quiet: [{days: daily, from: "23:00", to: "00:20", zone: UTC}]',
    ),
    "a group": ("group: {by: bond.id, wait: 15m, most: 9}", ""),
}


@pytest.mark.parametrize("how", HELD)
def test_what_lasts_longer_than_what_held_it_back_is_told(tmp_path: Path, how: str) -> None:
    """Whatever kept a rule from telling: at its end what is still so is told; what is over by then
    is not.
    """
    guard, policy = HELD[how]
    step = LEG.replace(", follow: true", "") if how == "a group" else LEG
    rules = f"- id: outage\n  when: leg.down\n  {guard}\n  do: [{{{step}}}]\n"
    with telling(tmp_path, policy=f", rate: null{policy}", rules=rules) as (stage, service):
        lasting = legs_of(stage, 2)[0]
        passing = legs_of(stage, 3)[0]
        _hold_back(stage, how, lasting, passing)
        service.heard.clear()
        for leg in (lasting, passing):
            stage.set("leg", leg, "state", "down")
        stage.live(2 * MINUTE)
        stage.set("leg", passing, "state", "up")
        stage.live(5 * MINUTE)
        assert service.titles() == []
        stage.live(70 * MINUTE, step=240)
        over = {"hours of the rule", "quiet hours", "a group"}
        wanted = [f"leg {lasting} is down"]
        passed = f"leg {passing} is down: resolved, it lasted "
        assert [title for title in service.titles() if not title.startswith(passed)] == wanted
        assert (len(service.titles()) == 2) is (how in over)
        stage.set("leg", lasting, "state", "up")
        stage.live(MINUTE)
        assert (f"resolved: leg {lasting} is down" in service.titles()) is (how != "a group")


def _hold_back(stage: Stage, how: str, *legs: int) -> None:
    if how == "a silence":
        stage.bridge.steering.silence(SilenceRequest("demo", "10m", "works"), "ana")
    elif how == "hands off":
        for bond in (2, 3):
            stage.bridge.steering.hands_off("demo", bond, "10m", "ana", "works")
    elif how == "a cooldown":
        for state in ("down", "up"):
            for leg in legs:
                stage.set("leg", leg, "state", state)
            stage.live(MINUTE)


def test_a_silence_that_is_ended_early_lets_what_lasts_be_told_at_once(tmp_path: Path) -> None:
    """Not when it would have ended by itself."""
    with telling(tmp_path) as (stage, service):
        about = f"bond/{2}"
        silence = stage.bridge.steering.silence(
            SilenceRequest("demo", "10h", "works", about=about), "ana"
        )
        turn(stage, "down", 2)
        stage.live(5 * MINUTE)
        assert service.titles() == []
        stage.bridge.steering.end_silence(silence["id"], "ana")
        stage.live(MINUTE)
        assert f"bond {name(stage, 2)} is down" in service.titles()


def test_what_no_object_shows_is_told_after_a_silence_too(tmp_path: Path) -> None:
    """An incident and a spell of flapping begin in a silence and outlast it: told at its end; over
    before, they are not.
    """
    with telling(tmp_path, bonds=12) as (stage, service):
        stage.bridge.steering.silence(SilenceRequest("demo", "15m", "works"), "ana")
        turn(stage, "down", *range(1, 13))
        stage.live(10 * MINUTE)
        assert service.titles() == []
        stage.live(8 * MINUTE)
        (told,) = service.titles()
        assert "12 bonds have lost legs at once" in told
        turn(stage, "up", *range(1, 13))
        stage.live(8 * MINUTE)
        assert service.titles() == [told, f"resolved: {told}"]


def test_what_is_found_to_last_is_no_new_outage(tmp_path: Path) -> None:
    """Six bonds that are still down at the end of a silence make no incident by being told, and no
    leg flaps by it.
    """
    with telling(tmp_path, bonds=12) as (stage, service):
        stage.bridge.steering.silence(SilenceRequest("demo", "40m", "works"), "ana")
        for bond in range(1, 7):
            turn(stage, "down", bond)
            stage.live(5 * MINUTE)
        stage.live(15 * MINUTE)
        assert sum(title.startswith("bond") for title in service.titles()) == 6
        assert stage.events("aggregator.suspected") == []
        with stage.bridge.database.reading() as connection:
            from bridge.store.observations import incidents  # noqa: PLC0415

            assert {
                b.level <= 1.0 for b in incidents.buckets(connection, "demo", range(99)).values()
            } == {True}


@pytest.mark.parametrize("by_hand", [False, True])
def test_what_is_down_at_the_end_of_a_silence_is_told_with_the_next_poll(
    tmp_path: Path, *, by_hand: bool
) -> None:
    """However shortly before the end it went down, and whether the end was meant or is early."""
    rules = "- {id: down, when: leg.down, do: [{notify: {to: noc, title: 'down: ${leg.id}'}}]}"
    with telling(tmp_path, rules=rules) as (stage, service):
        steering = stage.bridge.steering
        wanted = SilenceRequest("demo", "60s", "drill", about="bond/1")
        silence = steering.silence(wanted, "ana")["id"]
        stage.live(52, step=2)
        leg = legs_of(stage, 1)[0]
        stage.set("leg", leg, "state", "down")
        with stage.bridge.database.writing() as connection:
            snapshots.forward_like(connection, "demo", "legs", stage.now())
        stage.live(4, step=2)
        assert service.titles() == []
        if by_hand:
            steering.end_silence(silence, "ana")
        else:
            stage.live(4, step=2)
        with stage.bridge.database.writing() as connection:
            snapshots.forward_like(connection, "demo", "legs", stage.now())
        stage.live(6, step=2)
        assert service.titles() == [f"down: {leg}"]
        began, again = stage.events("leg.down")
        assert serializers.event(again)["forrule"] == "down"
        assert serializers.told(again).endswith("(still so: checked again for rule down)")
        assert "forrule" not in serializers.event(began)
