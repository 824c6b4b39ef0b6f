"""The command line's ways of watching: `watch`, `incidents`, `hands-off`, and what `poll` can
do.
"""

import json
import sys
from dataclasses import replace

import pytest

from bridge.core.incidents import Incident
from bridge.store.observations import events as event_store
from bridge.store.observations import incidents as incident_store
from bridge.store.observations import snapshots
from bridge.store.observations.incidents import Kept
from tests.core import builders
from tests.pipeline.harness import EPOCH, Stage
from tests.processes import Process
from tests.test_cli import Run, run, stage

__all__ = ["run", "stage"]


def test_watch_streams_events_as_they_are_recorded(stage: Stage) -> None:
    """One CloudEvents document a line, those of the type asked for, until Ctrl-C; what comes later
    comes too.
    """
    stage.set("leg", 1, "state", "down")
    stage.live(60)
    command = [
        sys.executable,
        "-m",
        "bridge.cli",
        "watch",
        "--json",
        "--since",
        "0",
        "--type",
        "leg.*",
    ]
    process = Process(command, cwd=stage.folder)
    try:
        process.until(lambda: process.lines, "the first event")
        stage.set("leg", 1, "state", "up")
        stage.live(60)
        process.until(lambda: len(process.lines) > 1, "the second event")
    finally:
        process.end()
    first, second = map(json.loads, process.lines)
    assert (first["type"], second["type"], first["specversion"]) == ("leg.down", "leg.up", "1.0")
    assert first["seq"] < second["seq"]
    assert first["headline"] == "leg cable of vancouver-hq is down"


def test_incidents_are_listed_with_their_events(stage: Stage, run: Run) -> None:
    """The list names cause and size; the beginning of an id shows the events that one owns; a wrong
    one is a clear line.
    """
    assert run("incidents").out == "nothing\n"
    stage.set("leg", 1, "state", "down")
    stage.live(60)
    (down,) = stage.events("leg.down")
    one = Incident(
        "4be1",
        ("aggregator", "1"),
        "failed",
        EPOCH,
        EPOCH,
        bonds=frozenset({1}),
        legs=frozenset({1}),
    )
    with stage.bridge.database.writing() as connection:
        incident_store.save(connection, "demo", Kept(one, "vancouver-1", EPOCH), None)
        incident_store.attach(connection, {down["id"]: "4be1"})
    listed = run("incidents").out
    assert "4be1" in listed
    assert "aggregator vancouver-1" in listed
    assert json.loads(run("incidents", "--json").out)[0]["legs"] == [1]
    assert [each["id"] for each in json.loads(run("incidents", "4b", "--json").out)] == [down["id"]]
    assert "is down" in run("incidents", "4b").out
    wrong = run("incidents", "ffff")
    assert wrong.code == 2
    assert "no incidents' ids begin with 'ffff'" in wrong.err


def test_hands_off_holds_a_bond_and_lets_it_go(stage: Stage, run: Run) -> None:
    """It says until when, who said so and why; it is listed until then or until it is over; what
    makes no sense is refused.
    """
    assert run("hands-off").out == "nobody works on any bond\n"
    (row,) = json.loads(run("hands-off", "3", "--for", "90m", "--why", "new bonder", "--json").out)
    assert (row["bond"], row["why"], bool(row["who"])) == (3, "new bonder", True)
    with stage.bridge.database.reading() as connection:
        held = incident_store.held(connection, "demo", stage.bridge.now())
    assert set(held) <= {3}
    assert "new bonder" in run("hands-off").out
    assert json.loads(run("hands-off", "3", "--for", "3h", "--json").out)[0]["until"] > row["until"]
    assert run("hands-off", "3", "--over").out == "nobody works on any bond\n"
    for argv, said in (
        (("3", "--over"), "nobody works on bond 3"),
        (("3", "--for", "soon"), "for: 'soon'"),
        (("3", "--server", "dmo"), "did you mean 'demo'?"),
    ):
        ran = run("hands-off", *argv)
        assert (ran.code, len(ran.err.strip().splitlines())) == (2, 1)
        assert said in ran.err


def test_hands_off_a_bond_that_is_not_there_is_refused(stage: Stage, run: Run) -> None:
    """A slip of the finger holds nothing: the nearest bonds are named. A name will do for an id,
    and --anyway for a poll.
    """
    named = next(iter(stage.sim.world.bonds.values())).name
    for argv, said in (
        (("33",), "nearest: 6 ("),
        ((named[:-1],), f"({named})"),
        (("nonsense", "--anyway"), "no bond 'nonsense'"),
    ):
        ran = run("hands-off", *argv)
        assert (ran.code, said in ran.err) == (2, True), ran.err
    assert run("hands-off").out == "nobody works on any bond\n"
    assert [row["bond"] for row in json.loads(run("hands-off", named, "--json").out)] == [1]
    assert [
        row["bond"] for row in json.loads(run("hands-off", "33", "--anyway", "--json").out)
    ] == [1, 33]
    assert [row["bond"] for row in json.loads(run("hands-off", named, "--over", "--json").out)] == [
        33
    ]
    assert run("hands-off", "33", "--over").code == 0


def test_poll_takes_a_glob_of_scopes(stage: Stage, run: Run) -> None:
    """Every scope that the glob names is polled, and no other."""
    with stage.bridge.database.reading() as connection:
        before = {each.name: each.version for each in snapshots.all_scopes(connection, "demo")}
    assert run("poll", "--once", "--scope", "bonds/*/tuners").code == 0
    with stage.bridge.database.reading() as connection:
        after = {each.name: each.version for each in snapshots.all_scopes(connection, "demo")}
    polled = {name for name, version in after.items() if version > before[name]}
    assert polled == {f"bonds/{i}/tuners" for i in range(1, 7)}


def test_poll_plan_says_what_a_round_costs(stage: Stage, run: Run) -> None:
    """As a table with the time of one round, and as JSON for scripts; it needs --once or itself,
    not both.
    """
    shown = run("poll", "--plan")
    assert shown.code == 0
    assert "one round of the rotation takes" in shown.out
    assert "in rotation" in shown.out
    plan = json.loads(run("poll", "--plan", "--json").out)["demo"]
    lines = {line["timing"]: line for line in plan["scopes"]}
    assert lines["tunings"] == {
        "timing": "tunings",
        "scopes": 6,
        "requests": 6,
        "interval": 30.0,
        "rotates": True,
    }
    assert (plan["requests_per_second"], plan["round_seconds"]) == (None, 30.0)
    assert plan["timed"] > 0
    assert stage.types() == []


def test_what_a_person_says_is_gone_is_gone(stage: Stage, run: Run) -> None:
    """A list that shrank is kept as it was, until a person says of this scope that it is really
    so.
    """
    world = stage.sim.world
    kept = {leg: world.legs.pop(leg) for leg in list(world.legs) if leg > 4}
    stage.live(180)
    assert stage.types() == ["scope.shrunk"]
    assert "--scope legs --shrink" in stage.events("scope.shrunk")[0]["data"]["problem"]["text"]
    assert run("poll", "--once", "--shrink").code == 2
    ran = run("poll", "--once", "--scope", "legs", "--shrink", "--json")
    assert [each["type"] for each in json.loads(ran.out)].count("leg.removed") == len(kept) == 8


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "say --once"),
        (("--plan", "--once"), "say one of them"),
        (("--scope", "legs"), "--once --scope 'legs'"),
        (("--plan", "--scope", "legs"), "a plan is of all scopes"),
    ],
)
def test_options_of_poll_that_do_not_go_together_are_refused(
    run: Run, argv: tuple[str, ...], said: str
) -> None:
    """None is quietly left aside: one line says what was meant, and nothing is polled."""
    ran = run("poll", *argv)
    assert (ran.code, ran.out, len(ran.err.strip().splitlines())) == (2, "", 1)
    assert said in ran.err


def test_a_type_of_events_that_is_none_is_told(stage: Stage, run: Run) -> None:
    """A slip is no empty list: the nearest type is named. What has happened can be asked for, and
    what can happen.
    """
    for command in ("events", "watch"):
        for like, said in (("leg.dwn", "did you mean 'leg.down'?"), ("xyz*", "docs/events.md")):
            ran = run(command, "--type", like)
            assert (ran.code, said in ran.err) == (2, True)
    assert (
        run("events", "--type", "webhook.*").code == run("events", "--type", "*.removed").code == 0
    )
    stage.set("leg", 1, "state", "down")
    stage.live(60)
    with stage.bridge.database.writing() as connection:
        event_store.record(
            connection, [replace(builders.event("leg.down"), type="webhook.gone", server="demo")]
        )
    assert "webhook.gone" in run("events", "--type", "webhook.gone", "--json").out


@pytest.mark.usefixtures("stage")
def test_shrinking_needs_a_scope(run: Run) -> None:
    """It is said of one scope, by name; without one nothing is polled."""
    ran = run("poll", "--once", "--shrink")
    assert (ran.code, "name it: --once --scope legs --shrink" in ran.err) == (2, True)
