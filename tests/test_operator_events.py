"""What people do is an event: who, from where, what and why, by every way in, in the transaction that does it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.store import events as event_store
from bridge.store import holds
from tests.deeds import deeds
from tests.pipeline.stage import Stage, staged
from tests.test_cli import Run, standing
from tests.test_cli import run as plain

__all__ = ["plain"]

RULES = """
- id: restart
  when: webhook.demo
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""
HERE = f"command line on {socket.gethostname()}"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A simulator that is running, and settings for it in the folder we stand in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BONDBRIDGE_ACTOR", "ana")
    with staged(tmp_path, rules=RULES) as ready:
        yield ready


@pytest.fixture(name="run")
def at_the_worlds_time(stage: Stage, plain: Run) -> Run:
    """Run a command whose clock shows the world's time, and stands still."""
    return standing(stage, plain)


def test_what_is_done_on_the_command_line(stage: Stage, run: Run) -> None:
    """Each deed names the person, the host, the object and the reason; what came to nothing leaves none."""
    with stage.bridge.database.writing() as connection:
        holds.trip(connection, "restart", "demo", stage.now(), "it failed")
    run("silence", "--for", "2h", "--leg", "1", "--why", "works")
    run("silences", "end", stage.bridge.steering.silences()[0]["id"][:8])
    run("hands-off", "3", "--for", "1h", "--why", "new bonder")
    run("hands-off", "3", "--over")
    assert run("hands-off", "3", "--over").code == 2
    run("rules", "resume", "restart")
    run("token", "create", "grafana")
    assert run("token", "create", "grafana").code == 2
    run("token", "revoke", "grafana")
    assert run("token", "revoke", "grafana").code == 2
    found = deeds(stage.bridge)
    assert {(each["who"], each["place"]) for each in found} == {("ana", HERE)}
    assert [(each["type"], each["about"], each["why"]) for each in found] == [
        ("operator.silenced", "leg/1", "works"),
        ("operator.silence_ended", "leg/1", None),
        ("operator.hands_off", "bond/3", "new bonder"),
        ("operator.hands_off_ended", "bond/3", None),
        ("operator.rule_switched_on", "rule/restart", None),
        ("operator.token_created", "token/grafana", None),
        ("operator.token_revoked", "token/grafana", None),
    ]
    assert "ana silenced leg/1 until " in run("events", "--type", "operator.*").out


def test_who_paused_and_from_where(stage: Stage, run: Run) -> None:
    """A pause and its end say it in their own events."""
    run("pause", "--why", "works")
    run("resume")
    for each in stage.events("bridge.*"):
        with stage.bridge.database.reading() as connection:
            pause = event_store.get(connection, each["id"]).data["pause"]
        assert (pause["who"], pause["place"]) == ("ana", HERE)
