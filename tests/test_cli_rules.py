"""`rules`: reports for CI, a schema for editors, what changed, what contradicts, and why."""

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.pipeline.harness import Stage, staged
from tests.test_cli import Run, standing
from tests.test_cli import run as plain

__all__ = ["plain"]

RULES = """
- id: outage
  when: leg.down
  for: 5m
  do: [{notify: {to: noc, title: "leg ${leg.name} is down"}}]
  examples:
    - {given: [{type: leg.down, data: {leg: {id: 1}}}], then: {verdict: wait, reason: for}}
    - {given: [{type: leg.down, data: {leg: {id: 1}}}], then: {at: 6m, verdict: act}}
- id: restart
  when: webhook.demo
  guard: {approval: {from: noc, expires: 30m, when: "event.data.body.bond > 1"}}
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""
QUIET = """
- id: told
  when: leg.down
  do: [{notify: {to: oncall, title: a, severity: warning}}, {notify: {to: oncall, title: b,
      severity: warning, follow: true}}]
- id: heard
  when: leg.down
  do: [{notify: {to: oncall, title: a, severity: critical}}, {notify: {to: noc, title: b}}]
- id: "on"
  when: leg.down
  do: [{notify: {to: noc, title: a, follow: {escalate: {after: 15m, to: oncall}}}}]
- id: failed
  when: leg.down
  do: [{call: bond.restart, with: {bond: "${bond.id}"}, on_failure: [{notify: {to: oncall,
      title: a}}]}]
"""
TWO = """
- id: takes
  when: bond_tuning.recommended
  do: [{call: bond_tuning.accept, with: {bond: "${bond.id}", tuning: "${tuning.id}"}}]
- id: leaves
  when: bond_tuning.recommended
  do: [{call: bond_tuning.decline, with: {bond: "${bond.id}", tuning: "${tuning.id}"}}]
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A simulator that is running, and settings for it in the folder we stand in."""
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path, rules=RULES) as ready:
        yield ready


@pytest.fixture
def run(stage: Stage, plain: Run) -> Run:
    """Run a command whose clock shows the world's time, and stands still."""
    return standing(stage, plain)


def _rules(stage: Stage, text: str, name: str = "rules.yaml") -> None:
    (stage.folder / "rules" / name).write_text(text, encoding="utf-8")


def test_examples_are_reported_as_junit(stage: Stage, run: Run) -> None:
    """One suite a rule, one case an example, counts that agree with what is there, the broken
    promise as the failure.
    """
    _rules(stage, RULES.replace("at: 6m, ", ""))
    ran = run("rules", "test", "--junit", "report.xml")
    assert (ran.code, ran.out) == (1, "1 of 2 examples hold\n")
    root = ET.parse(stage.folder / "report.xml").getroot()  # noqa: S314  our own report
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "2", "1")
    for suite in root:
        cases = list(suite)
        assert (suite.tag, suite.get("tests")) == ("testsuite", str(len(cases)))
        assert suite.get("failures") == str(sum(case.find("failure") is not None for case in cases))
        assert all(
            case.tag == "testcase" and case.get("classname") and case.get("name") for case in cases
        )
    (failure,) = root.iter("failure")
    assert "expected act, got wait(for)" in str(failure.get("message"))
    assert run("rules", "test", "--junit", "no/such/folder.xml").code == 2


def test_the_schema_names_what_there_is(stage: Stage, run: Run) -> None:
    """Printed or written, it is JSON that knows the events and channels of these settings."""
    printed = run("rules", "schema").out
    assert json.loads(printed)["$schema"].startswith("https://json-schema.org/")
    assert '"noc"' in printed
    assert '"webhook.demo"' in printed
    assert run("rules", "schema", "--output", "rules.schema.json").out == ""
    assert (stage.folder / "rules.schema.json").read_text(encoding="utf-8") == printed


def test_two_rulebooks_are_compared(stage: Stage, run: Run) -> None:
    """What came, what went, and each change as a diff of its YAML; a comment is no change."""
    first = stage.bridge.decider.rulebook().hash
    assert run("rules", "diff", first[:6]).out == "the same rules\n"
    _rules(stage, RULES.replace("5m", "6m").replace("id: restart", "id: again"))
    second = stage.bridge.decider.rulebook().hash
    ran = run("rules", "diff", first[:6], second[:6])
    assert (ran.code, ran.out.splitlines()[:3]) == (
        1,
        ["added: again", "removed: restart", "changed: outage"],
    )
    assert {"-for: 5m", "+for: 6m"} <= set(ran.out.splitlines())
    assert json.loads(run("rules", "diff", second[:6], first[:6], "--json").out)["added"] == [
        "restart"
    ]
    _rules(stage, "# a word\n" + RULES)
    assert run("rules", "diff", first).code == 0
    wrong = run("rules", "diff", "ffff")
    assert (wrong.code, first[:12] in wrong.err) == (2, True)


def test_contradictions_are_notes(stage: Stage, run: Run) -> None:
    """Two live rules that can want opposite things are named, and the rules are good all the
    same.
    """
    _rules(stage, TWO)
    ran = run("rules", "check")
    assert (ran.code, ran.out.count("note: the rules takes and leaves want opposite things")) == (
        0,
        1,
    )


def test_notices_that_nobody_would_hear_are_notes(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is below a channel's severity is named once for the channel, also where it would be told
    on or after a failure.
    """
    monkeypatch.setenv(
        "BONDBRIDGE_CHANNELS__ONCALL",
        '{"urls": [{"env": "STAGE_CHANNEL"}], "severity": "critical"}',
    )
    _rules(stage, QUIET)
    ran = run("rules", "check")
    (note,) = [line for line in ran.out.splitlines() if line.startswith("note:")]
    says = (
        "the channel oncall takes nothing below critical: it is never told what these rules tell it"
    )
    assert (ran.code, note) == (0, f"note: {says}: told (warning), on (info), failed (info)")


def test_an_id_that_is_taken_is_told_with_all_that_is_wrong(stage: Stage, run: Run) -> None:
    """In the file that comes second, also where the first is not good, and beside every other
    problem.
    """
    _rules(stage, RULES.replace("when: leg.down", "when: leg.dwn"))
    _rules(stage, "id: outage\nwhen: leg.up\ndo: [{notify: {to: nok, title: x}}]\n", "second.yaml")
    ran = run("rules", "check")
    assert ran.code == 2
    assert (
        "rules/second.yaml:1:1: id: the id 'outage' is taken by a rule in rules/rules.yaml"
        in ran.err
    )
    assert "did you mean 'leg.down'?" in ran.err
    assert "'nok'" in ran.err


def test_why_it_was_done_or_not(stage: Stage, run: Run) -> None:
    """Verdicts in words with their trace and facts; what it waits for, which channel it asks, and
    what came of it.
    """
    stage.set("leg", 1, "state", "down")
    stage.live(60)
    (down,) = stage.events("leg.down")
    told = run("rules", "explain", down["id"][:8]).out
    assert "rule outage: wait(for)" in told
    assert "it waits, and is judged again at" in told
    stage.live(360)  # and a poll after it has lasted
    decision = stage.story(down["id"])["decisions"][0]
    told = run("rules", "explain", decision["id"]).out
    assert "rule outage: act" in told
    assert "asked ended " not in told
    assert "lets through" not in told
    assert "asked ended " in run("rules", "explain", decision["id"], "--all").out
    assert "tell noc: leg cable is down" in told
    asked = stage.webhook(2)
    stage.work()
    told = run("rules", "explain", asked).out
    assert "it waits for a person until" in told
    assert "guard approval: ask(approval)" in told
    whole = json.loads(run("rules", "explain", asked, "--json").out)
    assert (
        whole["facts"][whole["decisions"][0]["verdicts"][0]["facts"]]["asked"]["needs approval"]
        is True
    )


def test_why_no_rule_met_it(stage: Stage, run: Run) -> None:
    """No rule listens to its type, and which of its family are listened to; an id that is none is a
    clear line.
    """
    stage.set("leg", 1, "state", "down")
    stage.live(60)
    stage.set("leg", 1, "state", "up")
    stage.live(60)
    (up,) = stage.events("leg.up")
    assert (
        "no rule listens to leg.up; rules listen to leg.down"
        in run("rules", "explain", up["id"]).out
    )
    _rules(
        stage,
        RULES
        + "- {id: back, when: leg.up, if: leg.id == 7, do: [{notify: {to: noc, title: back}}]}\n",
    )
    told = run("rules", "explain", up["id"]).out
    assert "with the rules as they are now:" in told
    assert "back: skip(condition)" in told
    assert run("rules", "explain", "ffff").code == 2
