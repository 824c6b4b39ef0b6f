"""The command line's ways of steering: pause, resume, silences, approvals, and rules that a breaker
switched off.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.store import controls
from tests.pipeline.harness import Stage, staged
from tests.test_cli import Run, standing
from tests.test_cli import run as plain

__all__ = ["plain"]

RULES = """
- id: outage
  when: leg.down
  do: [{notify: {to: noc, title: "leg ${leg.name} is down"}}]
- id: restart
  when: webhook.demo
  guard: {approval: {from: noc, expires: 30m, when: "event.data.body.bond > 1"}}
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A simulator that is running, and settings for it in the folder we stand in."""
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path, rules=RULES) as ready:
        yield ready


@pytest.fixture(name="run")
def at_the_worlds_time(stage: Stage, plain: Run) -> Run:
    """Run a command whose clock shows the world's time, and stands still."""
    return standing(stage, plain)


def test_a_pause_stops_acting_until_it_is_resumed(stage: Stage, run: Run) -> None:
    """It says who and why, what comes meanwhile waits with that reason, and both ends are events; a
    second one is none.
    """
    paused = json.loads(run("pause", "--why", "core maintenance", "--json").out)["pauses"]
    assert [(row["server"], row["why"]) for row in paused] == [(None, "core maintenance")]
    assert "it stands still already" in run("pause", "--why", "again").err
    event = stage.webhook(1)
    stage.work()
    (decision,) = stage.story(event)["decisions"]
    assert (decision["ruling"], decision["reason"]) == ("wait", "paused")
    assert "core maintenance" in decision["detail"]
    assert stage.effective("bond.restart") == 0
    assert "core maintenance" in run("pause", "--list").out
    assert run("resume").out == "Resumed.\n"
    stage.work()
    assert stage.effective("bond.restart") == 1
    assert [each["type"] for each in stage.events("bridge.*")] == [
        "bridge.paused",
        "bridge.resumed",
    ]


def test_a_pause_of_one_server_is_resumed_by_its_name(stage: Stage, run: Run) -> None:
    """What makes no sense is one clear line: no why, a server that there is not, a resume of what
    goes on.
    """
    assert run("pause", "--server", "demo", "--why", "drill").code == 0
    for argv, said in (
        (("pause",), "say why"),
        (("pause", "--server", "dmo", "--why", "x"), "did you mean 'demo'?"),
    ):
        ran = run(*argv)
        assert (ran.code, said in ran.err, len(ran.err.strip().splitlines())) == (2, True, 1)
    ran = run("resume")
    assert (ran.code, ran.err) == (
        1,
        "Nothing was paused. Still paused: demo; see `bondbridge pause --list`.\n",
    )
    assert run("resume", "--server", "demo").out == "Resumed demo.\n"
    ran = run("resume")
    assert (ran.code, ran.err) == (1, "Nothing was paused.\n")
    assert [each["server"] for each in stage.events("bridge.*")] == ["demo", "demo"]


def test_a_silence_has_an_end_a_reason_and_a_name(stage: Stage, run: Run) -> None:
    """Matching events tell nobody while it holds, others do; it is listed, and can be ended by the
    beginning of its id.
    """
    assert run("silences").out == "nothing is silenced\n"
    made = json.loads(
        run(
            "silence", "--for", "2h", "--types", "leg.*", "--leg", "1", "--why", "works", "--json"
        ).out
    )
    assert (made["types"], made["about"], made["acts"], made["server"]) == (
        ["leg.*"],
        "leg/1",
        False,
        "demo",
    )
    stage.set("leg", 1, "state", "down")
    stage.set("leg", 3, "state", "down")
    stage.live(60)
    verdicts = {
        each["subject"]: stage.story(each["id"])["decisions"][0]
        for each in stage.events("leg.down")
    }
    assert (verdicts["leg/1"]["reason"], verdicts["leg/3"]["ruling"]) == ("silenced", "act")
    assert "works" in run("silences").out
    assert run("silences", "end", made["id"][:6]).out == f"{made['id']} is over\n"
    assert json.loads(run("silences", "--json").out) == []


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--for", "soon", "--why", "x"), "is not a length of time"),
        (("--for", "60d", "--why", "x"), "30d"),
        (("--for", "2h"), "say why"),
        (("--for", "2h", "--why", "x", "--types", "leg.dwn"), "did you mean 'leg.down'?"),
        (("--for", "2h", "--why", "x", "--bond", "3", "--leg", "1"), "do not go together"),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(
    run: Run, argv: tuple[str, ...], said: str
) -> None:
    """One clear line says what is wrong, and nothing is silenced."""
    ran = run("silence", *argv)
    assert (ran.code, said in ran.err) == (2, True)
    assert run("silences").out == "nothing is silenced\n"
    assert "no id of silences begins with 'ff'" in run("silences", "end", "ff").err


def test_a_question_is_answered_once(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is listed with its exact plan, which a yes carries out; who comes later is told who was
    first, and gets a 1.
    """
    assert run("approvals").out == "nothing is asked\n"
    stage.webhook(2)
    stage.work()
    (asked,) = json.loads(run("approvals", "--json").out)
    assert (asked["rule"], asked["reason"], asked["plan"]) == (
        "restart",
        "approval",
        ["bond.restart bond=2 (kelowna-hq)"],
    )
    assert asked["id"] in run("approvals").out
    monkeypatch.setattr("typer.confirm", lambda *_said, **_more: False)
    unsure = run("approve", asked["id"][:6])
    assert (unsure.code, "bond.restart bond=2" in unsure.err) == (1, True)
    stage.work()
    assert stage.effective("bond.restart") == 0
    assert run("approve", asked["id"][:6], "--yes").out == f"{asked['id']}: granted, 1 to do\n"
    stage.work()
    assert stage.effective("bond.restart") == 1
    late = run("deny", asked["id"], "--yes")
    assert (late.code, "too late: " in late.err, "said yes" in late.err) == (1, True, True)
    assert json.loads(run("approvals", "--all", "--json").out)[0]["state"] == "granted"
    assert run("approvals").out == "nothing is asked\n"
    assert run("approve", "ffff").code == 2


def test_a_no_ends_what_was_asked(stage: Stage, run: Run) -> None:
    """Nothing of the plan is done, and the story says who refused it."""
    event = stage.webhook(2)
    stage.work()
    (asked,) = json.loads(run("approvals", "--json").out)
    assert run("deny", asked["id"], "--yes").out == f"{asked['id']}: denied\n"
    stage.work()
    assert stage.effective("bond.restart") == 0
    (job,) = [
        each for each in stage.story(event)["decisions"][0]["jobs"] if each["action"] == "call"
    ]
    assert job["state"] == "skipped"


def test_a_rule_that_was_switched_off_is_switched_on(stage: Stage, run: Run) -> None:
    """By its id, and once; a rule that is on is told so, with those that are off."""
    with stage.bridge.database.writing() as connection:
        controls.trip(connection, "restart", "demo", stage.now(), "3 of its calls failed")
    assert "restart on demo" in run("pause", "--list").out
    assert "did you mean 'restart'?" in run("rules", "resume", "restrt").err
    assert run("rules", "resume", "restart").out.startswith("restart acts again on 1 server;")
    ran = run("rules", "resume", "restart")
    assert (ran.code, "no rule is switched off" in ran.err) == (2, True)
