"""What must not happen to a live network: odd tunings, remedies that do not hold, rollouts that go
on after a failure.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.store.decisions import approvals, undo_log
from tests.pipeline.harness import Stage, staged

from .failover import FEW, RULES, fail_and_recover, fleet
from .notification_receiver import listening
from .test_rollout import asked, every_job, sent

ACCEPT = """
- id: accept
  when: bond_tuning.recommended
  guard: {tuning: {stable: 10m}}
  do:
    - call: bond_tuning.accept
      with: {bond: "${bond.id}", tuning: "${tuning.id}"}
"""

RESTART = """
- id: restart
  when: bond.down
  for: 1m
  guard: {undone: {times: 3, within: 6h}}
  do:
    - call: bond.restart
      with: {bond: "${bond.id}"}
"""


def tune(stage: Stage) -> int:
    """A tuning of bond 2 runs to its end; how often it was asked for."""
    stage.bridge.clients["demo"].call("bond_tuning.start", {"bond": 2})
    stage.live(60)
    return len(stage.sim.world.tunings)


def recommend(stage: Stage, factor: float) -> None:
    """A tuning that is about to finish recommends so many times the speed of each leg."""
    number = tune(stage)
    world = stage.sim.world
    with stage.sim.live.now():
        tuning = world.tunings[number]
        tuning.recommendations = {
            "legs": [
                {
                    "leg": leg,
                    "down_speed": world.legs[leg].down_speed * factor,
                    "up_speed": world.legs[leg].up_speed * factor,
                }
                for leg in tuning.legs
            ]
        }
    stage.set("bond_tuning", number, "status", "finished")
    stage.live(90)


@pytest.mark.parametrize("factor", [0.0, 10.0])
def test_an_odd_recommendation_is_asked_about(tmp_path: Path, factor: float) -> None:
    """No speed at all, or ten times the usual one, is never accepted by itself; denied, it is not
    accepted at all.
    """
    with staged(tmp_path, rules=ACCEPT) as stage:
        recommend(stage, factor)
        question = asked(stage)
        assert question["reason"] == "tuning"
        stage.live(300)
        assert stage.ledger("bond_tuning.accept") == []
        assert stage.bridge.approver.answer(question["id"], yes=False, who="bob") == "denied"
        assert stage.bridge.approver.answer(question["id"], yes=True, who="alice") == "denied"
        stage.live(300)
        assert stage.ledger("bond_tuning.accept") == []


def test_a_sound_recommendation_is_accepted_and_what_it_changed_is_kept(tmp_path: Path) -> None:
    """Within bounds it is accepted without asking; the values it changed are kept as the calls that
    put them back.
    """
    with staged(tmp_path, rules=ACCEPT) as stage:
        before = {leg.id: leg.down_speed for leg in stage.sim.world.legs.values() if leg.bond == 2}
        recommend(stage, 0.9)
        assert stage.effective("bond_tuning.accept") == 1
        assert stage.jobs()[0]["state"] == "succeeded"
        with stage.bridge.database.reading() as connection:
            (kept,) = undo_log.every(connection, 5)
        restored = {call["arguments"]["leg"]: call["body"] for call in kept["calls"]}
        assert restored.keys() == before.keys()
        assert all(before[leg] in body.values() for leg, body in restored.items())


@pytest.mark.takes(18)
@pytest.mark.timeout(1800)
def test_a_canary_that_fails_stops_the_rollout(tmp_path: Path) -> None:
    """The server takes the call and does nothing: after one bond the rollout stops, a person is
    asked, the failure is told.
    """
    with (
        listening() as ear,
        staged(
            tmp_path, rules=RULES, channel=ear.url, world=fleet(20, 20), live=False, off=FEW
        ) as stage,
    ):
        fail_and_recover(stage)
        stage.sim.set_faults(deaf=1.0, only=["bond.restore_to_primary_agg"])
        stage.bridge.approver.answer(asked(stage)["id"], yes=True, who="alice")
        stage.live(20 * 60)
        assert len(sent(stage)) == 1
        states = [job["state"] for job in every_job(stage) if job["action"] == "call"]
        assert sorted(set(states)) == ["held", "unverified"]
        assert states.count("unverified") == 1
        assert asked(stage)["reason"] == "rollout"
        assert "action.unverified" in stage.types()
        assert any("is not home" in title for title in ear.titles())
        # the fault is mended, a person says go on: the rest come home
        stage.sim.set_faults()
        stage.bridge.approver.answer(asked(stage)["id"], yes=True, who="alice")
        stage.live(40 * 60)
        assert stage.effective("bond.restore_to_primary_agg") == 19


@pytest.mark.takes(20)
def test_a_remedy_that_comes_undone_stops_at_k(tmp_path: Path) -> None:
    """A restart that helps for five minutes each time is done three times, then a person is
    asked.
    """
    with staged(tmp_path, rules=RESTART) as stage:
        legs = [leg.id for leg in stage.sim.world.legs.values() if leg.bond == 1]
        for _ in range(6):
            for leg in legs:
                stage.set("leg", leg, "state", "down")
            stage.live(4 * 60)
            for leg in legs:
                stage.set("leg", leg, "state", "up")
            stage.live(5 * 60)
        assert stage.effective("bond.restart") == 3
        with stage.bridge.database.reading() as connection:
            reasons = [row["reason"] for row in approvals.waiting(connection)]
        assert reasons
        assert set(reasons) == {"undone"}


def test_a_no_ends_all_that_was_to_come(tmp_path: Path) -> None:
    """What a person denied is not done, nor what was to follow it: nothing is left that a later
    decision would wait for.
    """
    rules = """
- id: restart
  when: webhook.demo
  overlap: queue
  guard: {approval: {from: noc, expires: 5m}}
  do:
    - call: bond.restart
      with: {bond: "${event.data.body.bond}"}
    - notify: {to: noc, title: restarted}
"""
    with listening() as ear, staged(tmp_path, rules=rules, channel=ear.url) as stage:
        for n, answered in enumerate((True, False)):
            stage.webhook(1, nonce=str(n))
            stage.work()
            if answered:
                assert (
                    stage.bridge.approver.answer(asked(stage)["id"], yes=False, who="alice")
                    == "denied"
                )
            else:
                stage.sim.advance(301)
                assert stage.bridge.approver.expire() == 1
            stage.work()
        states = {job["state"] for job in every_job(stage) if job["parent"] is None}
        assert states == {"skipped"}
        assert len([each for each in stage.decisions() if each["ruling"] == "ask"]) == 2
        assert "restarted" not in ear.titles()


def test_a_pause_holds_acting_and_not_telling(tmp_path: Path) -> None:
    """While paused nothing is called and everything is told; afterwards what is still worth it is
    done.
    """
    rules = RESTART + "- id: tell\n  when: bond.down\n  do: [{notify: {to: noc, title: down}}]\n"
    from bridge.store import controls  # noqa: PLC0415

    with listening() as ear, staged(tmp_path, rules=rules, channel=ear.url) as stage:
        with stage.bridge.database.writing() as connection:
            assert controls.pause(
                connection, controls.EVERYWHERE, stage.now(), "alice", "works on the network"
            )
        for leg in [leg.id for leg in stage.sim.world.legs.values() if leg.bond == 1]:
            stage.set("leg", leg, "state", "down")
        stage.live(5 * 60)
        assert stage.ledger("bond.restart") == []
        assert ear.titles() == ["down"]
        with stage.bridge.database.writing() as connection:
            assert controls.resume(connection, controls.EVERYWHERE, stage.now(), "alice")
        stage.live(60)
        assert stage.effective("bond.restart") == 1


def test_the_global_limit_pauses(tmp_path: Path) -> None:
    """More calls than the settings allow in all stop everything until a person says go on; it is
    told as an event.
    """
    more = "limits: {global: {most: 2, every: 1h}}\n"
    with staged(tmp_path, more=more) as stage:
        for n, bond in enumerate((1, 2, 3, 4)):
            stage.webhook(bond, nonce=str(n))
        stage.live(90)
        assert stage.effective("bond.restart") == 2
        assert "bridge.paused" in stage.types()
        reasons = {row["reason"] for row in _last_verdicts(stage)}
        assert None in reasons
        assert reasons - {None} <= {"limit", "paused", "expired"}


def _last_verdicts(stage: Stage) -> list[dict]:
    found = []
    for job in every_job(stage):
        story = stage.story(job["event"])
        found.append(
            [each for each in story["decisions"][0]["verdicts"] if each["job"] == job["id"]][-1]
        )
    return found


def test_what_already_is_so_is_found_once(tmp_path: Path) -> None:
    """A rule that becomes active while a bond is down acts on it after its time, and finds it no
    second time.
    """
    with staged(tmp_path, rules="[]") as stage:
        for leg in [leg.id for leg in stage.sim.world.legs.values() if leg.bond == 1]:
            stage.set("leg", leg, "state", "down")
        stage.live(10 * 60)
        (stage.folder / "rules" / "rules.yaml").write_text(RESTART, encoding="utf-8")
        stage.live(5 * 60)
        assert stage.effective("bond.restart") == 1
        stage.live(10 * 60)
        assert stage.effective("bond.restart") == 1


def test_a_schedule_is_followed_once_each_time(tmp_path: Path) -> None:
    """A rule by the clock acts at each of its moments, once; those that were slept through are
    one.
    """
    rules = """
- id: nightly
  when: {schedule: {cron: "*/10 * * * *", zone: America/Vancouver}}
  do:
    - call: bond.detect_leg_mtus
      with: {bond: "2"}
"""
    with staged(tmp_path, rules=rules) as stage:
        stage.live(31 * 60)
        assert len(stage.ledger("bond.detect_leg_mtus")) == 3
        stage.sim.advance(timedelta(minutes=45).total_seconds())
        stage.live(60)
        assert len(stage.ledger("bond.detect_leg_mtus")) == 4
