"""Deliver: what became of a request, and what a crash or a lost answer means (law 7)."""

from pathlib import Path

import pytest

from bridge.core.model import JobState
from bridge.simulator.server import notification_inbox
from tests.pipeline.harness import RULES, Stage, staged


def recommend(stage: Stage) -> None:
    """Let a tuning of bond 2 run until it has recommendations."""
    stage.bridge.clients["demo"].call("bond_tuning.start", {"bond": 2})
    for _ in range(20):
        stage.sim.advance(30)
        for server, scope in stage.bridge.observer.due():
            stage.bridge.observer.poll(server, scope)
        if stage.events("bond_tuning.recommended"):
            return


def fail_over(stage: Stage) -> None:
    """Break the primary of bond 3 until the server has moved its bonds."""
    stage.set("aggregator", 3, "broken", value=True)
    for _ in range(8):
        stage.sim.advance(30)
        for server, scope in stage.bridge.observer.due():
            stage.bridge.observer.poll(server, scope)
        if stage.events("bond.failed_over"):
            return


def test_a_recommendation_is_accepted_once(stage: Stage) -> None:
    """The tuning's recommendations are accepted, effective once, and told as events."""
    recommend(stage)
    stage.live(300)
    assert stage.effective("bond_tuning.accept") == len(stage.ledger("bond_tuning.accept")) == 1
    assert {"action.succeeded", "bond_tuning.accepted"} <= set(stage.types())


@pytest.mark.parametrize("fault", ["errors", "cut", "drop"])
def test_an_accept_whose_answer_is_lost_is_looked_up(stage: Stage, fault: str) -> None:
    """The server did it and the answer never came: the look finds it done, and nothing is sent
    again.
    """
    recommend(stage)
    stage.sim.set_faults(**{fault: 1.0}, only=["bond_tuning.accept"], when="after")
    stage.live(300)
    (job,) = stage.jobs()
    assert job["state"] == JobState.SUCCEEDED
    tried = stage.story(job["event"])["decisions"][0]["jobs"][0]["tried"]
    assert [(each["what"], each["outcome"]) for each in tried] == [
        ("send", "unknown"),
        ("look", "found_done"),
    ]
    assert len(stage.ledger("bond_tuning.accept")) == 1


@pytest.mark.parametrize("fault", ["errors", "cut", "drop"])
def test_an_accept_that_was_not_done_is_sent_again(stage: Stage, fault: str) -> None:
    """The server failed before doing it: the look finds it not done, and the same request goes
    again, effective once.
    """
    recommend(stage)
    stage.sim.set_faults(**{fault: 1.0}, only=["bond_tuning.accept"], when="before", times=1)
    stage.live(300)
    (job,) = stage.jobs()
    tried = stage.story(job["event"])["decisions"][0]["jobs"][0]["tried"]
    assert [(each["what"], each["outcome"]) for each in tried] == _SENT_AGAIN
    assert stage.effective("bond_tuning.accept") == 1


_SENT_AGAIN = [("send", "unknown"), ("look", "not_done"), ("send", "done"), ("verify", "verified")]


@pytest.mark.parametrize(("when", "restarts"), [("after", 1), ("before", 0)])
def test_a_restart_whose_answer_is_lost_is_in_doubt(stage: Stage, when: str, restarts: int) -> None:
    """Nobody can look up a restart, so it is never sent a second time: the job is in doubt and a
    person is asked.
    """
    stage.sim.set_faults(drop=1.0, only=["bond.restart"], when=when)
    event = stage.webhook(1)
    stage.live(900)
    (job,) = stage.jobs()
    assert job["state"] == JobState.IN_DOUBT
    assert stage.effective("bond.restart") == restarts
    assert "action.in_doubt" in stage.types()
    verdicts = stage.story(event)["decisions"][0]["verdicts"]
    assert (verdicts[-1]["ruling"], verdicts[-1]["reason"]) == ("ask", "in_doubt")


@pytest.mark.parametrize(
    ("answer", "state", "restarts"),
    [("done", "succeeded", 1), ("failed", "failed", 1), ("again", "succeeded", 2)],
)
def test_a_person_settles_a_doubt(stage: Stage, answer: str, state: str, restarts: int) -> None:
    """Done and failed end the job as said, again sends it; a job that is not in doubt cannot be
    settled.
    """
    stage.sim.set_faults(drop=1.0, only=["bond.restart"], when="after", times=1)
    stage.webhook(1)
    stage.work()
    (job,) = stage.jobs()
    assert stage.bridge.deliverer.answer(job["id"], answer, "tester")
    stage.work()
    assert stage.jobs()[0]["state"] == state
    assert stage.effective("bond.restart") == restarts
    assert not stage.bridge.deliverer.answer(job["id"], answer, "tester")


@pytest.mark.parametrize(("when", "restarts"), [("before", 0), ("after", 1)])
def test_a_web_page_is_no_answer_to_an_action(stage: Stage, when: str, restarts: int) -> None:
    """A page with status 200, of a proxy perhaps, says nothing about the restart: a person is
    asked, none is sent again.
    """
    stage.sim.set_faults(html=1.0, only=["bond.restart"], when=when, times=1)
    stage.webhook(1)
    stage.work()
    assert (stage.jobs()[0]["state"], stage.effective("bond.restart")) == (
        JobState.IN_DOUBT,
        restarts,
    )
    assert len(stage.ledger("bond.restart")) == 1


def test_a_connection_that_was_refused_did_nothing(stage: Stage) -> None:
    """A server that cannot be connected to has certainly not restarted anything: the request goes
    again, once effective.
    """
    event = stage.webhook(1)
    client = stage.bridge.clients["demo"]
    # nobody listens there
    good = client._http.base_url  # noqa: SLF001
    client._http.base_url = "http://127.0.0.1:1/"  # noqa: SLF001
    stage.bridge.decider.run("demo")
    for job in stage.bridge.deliverer.due():
        stage.bridge.deliverer.run(job)
    assert stage.jobs()[0]["state"] == JobState.DUE
    client._http.base_url = good  # noqa: SLF001
    stage.live(60)
    assert stage.effective("bond.restart") == 1
    tried = stage.story(event)["decisions"][0]["jobs"][0]["tried"]
    assert [each["outcome"] for each in tried] == ["unreachable", "done"]


def test_a_restore_is_refused_until_the_primary_is_well(stage: Stage) -> None:
    """A 400 that the rule names is tried again at its pace; after the recovery the bond is home,
    effective once.
    """
    fail_over(stage)
    stage.live(400)
    refused = [each["status"] for each in stage.ledger("bond.restore_to_primary_agg")]
    assert refused
    assert set(refused) == {400}
    stage.set("aggregator", 3, "broken", value=False)
    stage.live(600)
    bonds = {each["arguments"]["bond"] for each in stage.ledger("bond.restore_to_primary_agg")}
    assert stage.effective("bond.restore_to_primary_agg") == len(bonds)
    assert len(stage.events("bond.restored")) == len(bonds)


def test_a_refusal_the_rule_does_not_name_is_final(stage: Stage) -> None:
    """A restart of a bond that the server refuses is failed after one try, and told."""
    event = stage.webhook(999)
    stage.work()
    (job,) = stage.jobs()
    assert (job["state"], job["attempts"], job["event"]) == (JobState.FAILED, 1, event)
    assert "action.failed" in stage.types()


def test_what_the_server_shows_against_it_is_read_before_it_is_sent(stage: Stage) -> None:
    """A tuning that somebody declines after it was decided is not accepted: nothing is sent, and
    the verdict says why.
    """
    recommend(stage)
    stage.sim.advance(30)
    for server, scope in stage.bridge.observer.due():
        stage.bridge.observer.poll(server, scope)
    stage.bridge.decider.run("demo")
    stage.bridge.clients["demo"].call("bond_tuning.decline", {"bond": 2, "tuning": 1})
    stage.work()
    (job,) = stage.jobs()
    assert (job["state"], job["attempts"]) == (JobState.SKIPPED, 0)
    last = stage.story(job["event"])["decisions"][0]["verdicts"][-1]
    assert (last["reason"], last["detail"]) == (
        "precondition",
        "tuning 1 has been declined already",
    )


def test_what_ended_before_anything_was_done_is_not_acted_on(stage: Stage) -> None:
    """A tuning that a poll has shown to be declined is no news to act on any more."""
    recommend(stage)
    stage.bridge.clients["demo"].call("bond_tuning.decline", {"bond": 2, "tuning": 1})
    stage.live(120)
    assert stage.effective("bond_tuning.accept") == 0
    assert [job["state"] for job in stage.jobs()] == [JobState.SKIPPED]


def test_a_refusal_after_a_lost_answer_is_looked_at(stage: Stage) -> None:
    """The first try failed before doing, then somebody else did it: what stands against the second
    is found to be done.
    """
    recommend(stage)
    stage.sim.set_faults(drop=1.0, only=["bond_tuning.accept"], when="before", times=1)
    # to act between the look and the second try
    action = stage.bridge.deliverer._actions["call"]  # noqa: SLF001
    look = action.look

    def look_then_somebody_accepts(server: str, request: dict[str, object]) -> bool | None:
        seen = look(server, request)
        if seen is False:
            stage.bridge.clients["demo"].call("bond_tuning.accept", {"bond": 2, "tuning": 1})
        return seen

    action.look = look_then_somebody_accepts  # type: ignore[method-assign]
    stage.work()
    (job,) = stage.jobs()
    tried = stage.story(job["event"])["decisions"][0]["jobs"][0]["tried"]
    assert [each["outcome"] for each in tried] == ["unknown", "not_done", "found_done"]
    assert stage.effective("bond_tuning.accept") == 1


def test_a_look_that_cannot_be_had_waits_then_asks(stage: Stage) -> None:
    """While the server cannot be read the doubt stays and nothing is sent; when it is no use any
    more a person is asked.
    """
    recommend(stage)
    # the first read, whether it may be done, still gets through
    stage.sim.set_faults(
        drop=1.0, only=["bond_tuning.accept", "bond_tuning.get"], when="before", skip=1
    )
    stage.live(300)
    (job,) = stage.jobs()
    assert (job["state"], job["doubt"]) == (JobState.DUE, True)
    stage.live(1200)
    assert stage.jobs()[0]["state"] == JobState.IN_DOUBT
    reasons = [each["reason"] for each in stage.story(job["event"])["decisions"][0]["verdicts"]]
    assert "unreadable" in reasons
    assert [each["operation"] for each in stage.ledger()].count("bond_tuning.accept") == 1


def test_old_news_does_not_act(stage: Stage) -> None:
    """A request that could not be carried out within its two minutes is skipped as expired, and
    says so.
    """
    event = stage.webhook(1)
    stage.bridge.decider.run("demo")
    stage.sim.advance(300)
    stage.work()
    (job,) = stage.jobs()
    assert job["state"] == JobState.SKIPPED
    assert stage.ledger("bond.restart") == []
    assert stage.story(event)["decisions"][0]["verdicts"][-1]["reason"] == "expired"


def test_a_rule_taken_away_does_not_act(stage: Stage) -> None:
    """Guards run again before each attempt: the rule is gone from the files by then, so nothing is
    sent.
    """
    stage.webhook(1)
    stage.bridge.decider.run("demo")
    (stage.folder / "rules" / "rules.yaml").write_text("[]", encoding="utf-8")
    stage.work()
    assert stage.jobs()[0]["state"] == JobState.SKIPPED
    assert stage.ledger("bond.restart") == []


def test_dry_run_does_everything_but_the_call(tmp_path: Path) -> None:
    """A rule in dry_run is judged to the end, says what it would have done, and sends nothing."""
    rules = RULES.replace("when: webhook.demo", "when: webhook.demo\n  mode: dry_run")
    with staged(tmp_path, rules=rules, live=False) as stage:
        event = stage.webhook(1)
        stage.work()
        (decision,) = stage.story(event)["decisions"]
        assert (decision["ruling"], decision["reason"]) == ("skip", "dry_run")
        assert decision["trace"][-1]["detail"][0]["operation"] == "bond.restart"
        assert stage.jobs() == []
        assert stage.ledger() == []


def test_a_forced_rule_acts_only_on_a_simulator(tmp_path: Path) -> None:
    """`force_live` on a server that answers no /_sim/ is not obeyed: the rule stays in dry_run."""
    rules = RULES.replace("when: webhook.demo", "when: webhook.demo\n  mode: dry_run")
    with staged(tmp_path / "simulator", rules=rules) as stage:
        stage.webhook(1)
        stage.work()
        assert stage.effective("bond.restart") == 1
    with (
        notification_inbox.running() as other,
        staged(tmp_path / "other", rules=rules, server=other.url) as stage,
    ):
        event = stage.webhook(1)
        stage.work()
        assert stage.story(event)["decisions"][0]["reason"] == "dry_run"


def test_a_cooldown_counts_from_the_end_of_the_one_before(stage: Stage) -> None:
    """A second request within ten minutes is skipped with that reason, another bond is not, a later
    one acts.
    """
    for bond, nonce in ((1, "a"), (1, "b"), (2, "c")):
        stage.webhook(bond, nonce)
        stage.work()
    assert [(each["ruling"], each["reason"]) for each in stage.decisions()] == [
        ("act", None),
        ("skip", "cooldown"),
        ("act", None),
    ]
    stage.live(601)
    stage.webhook(1, "d")
    stage.work()
    assert stage.effective("bond.restart") == 3


def test_the_same_delivery_twice_is_one_event(stage: Stage) -> None:
    """A sender that repeats itself asks once."""
    first = stage.webhook(1)
    second = stage.webhook(1)
    stage.work()
    assert first == second
    assert stage.effective("bond.restart") == 1


def test_a_broken_rulebook_keeps_the_last_good_one(stage: Stage) -> None:
    """A bad edit is told once as `rulebook.rejected` and the rules go on as they were; a process
    that starts then too.
    """
    stage.round()
    path = stage.folder / "rules" / "rules.yaml"
    path.write_text(
        path.read_text(encoding="utf-8") + "\n- id: broken\n  when: leg.dwn\n", encoding="utf-8"
    )
    stage.webhook(1)
    stage.work()
    assert stage.effective("bond.restart") == 1
    assert stage.types().count("rulebook.rejected") == 1
    assert stage.health()["counts"]["rulebook_rejected"] == 1
    stage.bridge.keeper._kept = None  # noqa: SLF001
    stage.bridge.keeper._signature = None  # noqa: SLF001
    stage.webhook(2, "b")
    stage.work()
    assert stage.effective("bond.restart") == 2
    path.write_text(path.read_text(encoding="utf-8").partition("- id: broken")[0], encoding="utf-8")
    stage.webhook(3, "c")
    stage.work()
    assert stage.health()["counts"]["rulebook_rejected"] == 0


def test_a_server_that_left_the_settings_is_not_called(stage: Stage) -> None:
    """A job for a server nobody watches any more fails with that reason, and holds nothing up."""
    event = stage.webhook(1)

    # no test may reach further than this: the settings are read once
    stage.bridge.deliverer._actions["call"]._clients = {}  # type: ignore[attr-defined]  # noqa: SLF001
    stage.work()
    (job,) = stage.jobs()
    assert job["state"] == JobState.FAILED
    assert (
        "the settings name no server"
        in stage.story(event)["decisions"][0]["jobs"][0]["tried"][0]["detail"]
    )
