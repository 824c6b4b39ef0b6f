"""What people do is an event: who, from where, what and why, by every way in, in the transaction
that does it.
"""

import socket

from bridge.store import controls
from bridge.store.observations import events as event_store
from tests.operator_actions import at_the_worlds_time, deeds, stage
from tests.pipeline.harness import Stage
from tests.test_cli import Run
from tests.test_cli import run as plain

__all__ = ["at_the_worlds_time", "plain", "stage"]

HERE = f"command line on {socket.gethostname()}"


def test_what_is_done_on_the_command_line(stage: Stage, run: Run) -> None:
    """Each deed names the person, the host, the object and the reason; what came to nothing leaves
    none.
    """
    with stage.bridge.database.writing() as connection:
        controls.trip(connection, "restart", "demo", stage.now(), "it failed")
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
    """A pause and its end say it in their own events, and in what people did."""
    run("pause", "--why", "works")
    run("resume")
    run("pause", "--server", "demo", "--why", "drill")
    found = [
        (each["type"], each["about"], each["why"], each["place"]) for each in deeds(stage.bridge)
    ]
    assert found == [
        ("operator.paused", "all actions", "works", HERE),
        ("operator.resumed", "all actions", None, HERE),
        ("operator.paused", "demo", "drill", HERE),
    ]
    for each in stage.events("bridge.*"):
        with stage.bridge.database.reading() as connection:
            pause = event_store.get(connection, each["id"]).data["pause"]
        assert (pause["who"], pause["place"]) == ("ana", HERE)
