"""`rules backtest`: what was decided is made again, and other rules are tried on what happened."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.pipeline.backtest.backtester import Backtester
from bridge.rulebook import load
from bridge.store.tables import facts
from tests.pipeline.harness import EPOCH, Stage, staged
from tests.test_cli import Run, standing
from tests.test_cli import run as plain

__all__ = ["plain"]

RULES = """
- id: probe
  when: leg.down
  mode: dry_run
  guard: {cooldown: {every: 10m, per: leg}}
  do: [{call: leg.detect_mtus, with: {leg: "${leg.id}"}}]
- id: told
  when: leg.down
  for: 2m
  do: [{notify: {to: noc, title: "leg ${leg.name} is down"}}]
"""
CHANGED = RULES.replace("mode: dry_run", "mode: live")
NIGHTLY = """
- id: nightly
  when: {schedule: {cron: "*/5 * * * *", zone: UTC}}
  do: [{call: bond.detect_leg_mtus, with: {bond: 2}}]
- id: asks
  when: leg.down
  if: leg.id == 1
  guard: {approval: {from: noc, expires: 10m}}
  do: [{call: leg.detect_mtus, with: {leg: "${leg.id}"}}]
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage on which a leg fails twice within ten minutes, and another one, for good."""
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path, rules=RULES, live=False) as ready:
        for leg, state in ((1, "down"), (1, "up"), (1, "down"), (3, "down")):
            ready.set("leg", leg, "state", state)
            ready.live(120, step=60)
        ready.live(240, step=60)
        yield ready


@pytest.fixture
def run(stage: Stage, plain: Run) -> Run:
    """Run a command whose clock shows the world's time, and stands still."""
    return standing(stage, plain)


def _rules(stage: Stage, text: str) -> str:
    folder = stage.folder / "other"
    folder.mkdir(exist_ok=True)
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    return str(folder)


def test_what_was_decided_comes_out_the_same(stage: Stage, run: Run) -> None:
    """Every verdict, byte for byte; one whose facts were touched is shown, with exit code 1."""
    ran = run("rules", "backtest", "--since", "1h")
    assert (ran.code, ran.out.endswith("verdicts come out the same, to the byte\n")) == (0, True)
    with stage.bridge.database.writing() as connection:
        rows = connection.execute(facts.select()).all()
        one = next(
            row for row in rows if any(key.startswith("cooldown ") for key in row.body["asked"])
        )
        connection.execute(
            facts.update().where(facts.c.hash == one.hash).values(body={**one.body, "asked": {}})
        )
    told = run("rules", "backtest", "--since", "1h", "--json")
    assert (told.code, len(json.loads(told.out)["differs"])) == (1, 1)
    assert "it asks what was not asked then" in run("rules", "backtest", "--since", "1h").out


def test_a_rule_that_goes_live_shows_exactly_its_calls(stage: Stage, run: Run) -> None:
    """Those that the dry run said it would make, at the moments it said so; and the same again the
    second time.
    """
    would = [
        (decision["at"].isoformat(), wanted["operation"], wanted["arguments"])
        for decision in stage.decisions()
        if decision["reason"] == "dry_run"
        for traced in decision["trace"]
        if traced["step"] == "mode"
        for wanted in traced["detail"]
    ]
    ran = run("rules", "backtest", "--since", "1h", "--against", _rules(stage, CHANGED), "--json")
    found = json.loads(ran.out)
    assert [(call["at"], call["operation"], call["arguments"]) for call in found["calls"]] == would
    assert len(would) == 2
    assert found["rules"]["probe"]["verdicts"] == {"act": 2, "skip(cooldown)": 1}
    assert found["rules"]["probe"]["calls_then"] == 0
    assert [(one["rule"], one["then"], one["now"]) for one in found["differs"]] == [
        ("probe", "skip(dry_run)", "act")
    ] * 2
    assert found["burst"]["calls"] == 2
    assert run("rules", "backtest", "--since", "1h", "--against", "other", "--json").out == ran.out
    assert stage.ledger("interface_leg.detect_mtus") == []


def test_the_same_rules_say_the_same(stage: Stage, run: Run) -> None:
    """Against themselves nothing differs, waits included."""
    found = json.loads(
        run("rules", "backtest", "--since", "1h", "--against", _rules(stage, RULES), "--json").out
    )
    assert found["differs"] == []
    assert found["rules"]["told"]["waited"]["for"] == 3


def test_schedules_and_questions(stage: Stage, run: Run) -> None:
    """A schedule is due as it would have been; what a person would have been asked is counted, and
    calls nothing.
    """
    ran = run("rules", "backtest", "--since", "1h", "--against", _rules(stage, NIGHTLY))
    assert "bond.detect_leg_mtus bond=2" in ran.out
    assert "people to 2 questions" in ran.out
    book = load([stage.folder / "other"], stage.bridge.keeper.vocabulary)
    begin = EPOCH + timedelta(seconds=30)
    bridge = stage.bridge
    backtester = Backtester(bridge.database, bridge.forced_live, bridge.act_in)
    found = backtester.against(book, begin, begin + timedelta(minutes=12))
    assert [call["at"][11:16] for call in found["calls"]] == ["00:05", "00:10"]


def test_what_makes_no_sense_is_refused(stage: Stage, run: Run) -> None:
    """A clear line for each."""
    for argv, said in (
        (("--since", "yesterday"), "is no moment"),
        (("--since", "1h", "--until", "2h"), "not before"),
        (("--since", "0d"), "not before"),
        (("--since", "1h", "--server", "dmo"), "did you mean 'demo'?"),
        (("--since", "1h", "--against", str(stage.folder / "none")), "no such folder"),
    ):
        ran = run("rules", "backtest", *argv)
        assert (ran.code, said in ran.err) == (2, True)
