"""The command line as a person or a script meets it: output, exit codes, and one clear line for
what is wrong.
"""

import io
import json
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
import structlog
from _pytest.logging import LogCaptureHandler

from bridge import wiring
from bridge.cli.app import app, main
from bridge.store.decisions import decisions
from bridge.store.observations import snapshots
from tests.pipeline.harness import QUIET, Stage, staged

RULES = """
- id: outage
  when: leg.down
  guard: {cooldown: {every: 10m, per: leg}}
  do: [{notify: {to: noc, title: "leg ${leg.name} is down"}}]
  examples:
    - {given: [{type: leg.down, data: {leg: {id: 1}}}], then: {verdict: act}}
- id: restart
  when: webhook.demo
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A simulator that is running, and settings for it in the folder we stand in."""
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path, rules=RULES, off=QUIET) as ready:
        # the host of the channel takes connections, for the doctor
        monkeypatch.setenv("STAGE_CHANNEL", ready.sim.url.replace("http://", "json://"))
        yield ready


class Ran:
    """What a command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command in this process, which sets up logging as it likes."""

    def command(*argv: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["bondbridge", *argv])
        capsys.readouterr()
        try:
            main()
            code: object = 0
        except SystemExit as ended:
            code = ended.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert isinstance(code, int)
        return Ran(code, out, err)

    yield command
    structlog.reset_defaults()
    for handler in logging.getLogger().handlers[:]:
        if (
            isinstance(handler, logging.StreamHandler)
            and handler.formatter
            and not isinstance(handler, LogCaptureHandler)
        ):
            logging.getLogger().removeHandler(handler)


def standing(stage: Stage, run: Run) -> Run:
    """Runs commands whose clock shows the world's time, and stands still."""
    path = stage.folder / "bondbridge.yaml"
    settings = path.read_text(encoding="utf-8")

    def command(*argv: str) -> Ran:
        moments = f"machine: {wiring.machine_time().isoformat()}, domain: {stage.now().isoformat()}"
        path.write_text(f"{settings}clock: {{{moments}, speed: 0.000000001}}\n", encoding="utf-8")
        return run(*argv)

    return command


def test_every_command_has_help_with_an_example(run: Run) -> None:
    """`--help` of every command and subcommand says how it is used, with an example."""
    import typer.main  # noqa: PLC0415

    root = typer.main.get_command(app)
    commands = {(name,): command for name, command in root.commands.items()}
    for name, command in list(commands.items()):
        for below, inner in getattr(command, "commands", {}).items():
            commands[(*name, below)] = inner
    assert len(commands) > 15
    for name, command in commands.items():
        ran = run(*name, "--help")
        assert ran.code == 0
        if name not in {("channels",), ("rules",), ("token",), ("tuning",), ("webhooks",)}:
            assert "Example" in command.help + (command.epilog or ""), name


def test_the_version_is_that_of_the_package(run: Run) -> None:
    """One line, as a report of a fault names it."""
    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"bondbridge {version('bondbridge')}\n")


def test_poll_shows_what_happened_and_events_tell_its_story(stage: Stage, run: Run) -> None:
    """Poll by hand, find the outage, ask for it as text and as JSON."""
    stage.set("leg", 1, "state", "down")
    ran = run("poll", "--once", "--scope", "legs", "--json")
    found, follows = json.loads(ran.out)
    assert found["headline"] == "leg cable of vancouver-hq is down"
    assert (follows["type"], follows["headline"]) == (
        "bond.degraded",
        "vancouver-hq is degraded: 1 of 2 legs are down",
    )
    listed = run("events", "--type", "leg.*")
    assert found["id"] in listed.out
    stage.work()
    story = run("events", found["id"][:8])
    assert "outage" in story.out
    assert "guard cooldown: free" in story.out
    assert json.loads(run("events", found["id"], "--json").out)["decisions"][0]["rule"] == "outage"


def test_poll_says_which_scope_failed(stage: Stage, run: Run) -> None:
    """A scope that cannot be polled is named on standard error, and the exit code says again
    later.
    """
    stage.sim.set_faults(errors=1.0)
    ran = run("poll", "--once", "--scope", "legs")
    assert ran.code == 3
    assert "demo legs:" in ran.err
    assert "answered 50" in ran.err


def test_call_reads_and_writes(stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading call prints the object; a writing one asks first, and acts with --yes."""
    assert json.loads(run("call", "bond.get", "bond=1").out)["id"] == 1
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert run("call", "bond.restart", "bond=1").code == 1
    assert stage.ledger() == []
    assert run("call", "bond.restart", "bond=1", "--yes").code == 0
    assert stage.effective("bond.restart") == 1
    assert "bond.restore_to_primary_agg" in run("call", "--list").out


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("call", "bond.restrt"), 2, "did you mean 'bond.restart'?"),
        (("call", "bond.get"), 2, "needs 'bond'"),
        (("call", "bond.get", "bond=1/../2"), 2, "ids are whole numbers"),
        (("call", "bond.get", "bond"), 2, "write NAME=VALUE"),
        (("call", "bond.get", "bond=999"), 4, "404"),
        (("call", "bond.get", "bond=1", "--server", "dmo"), 2, "did you mean 'demo'?"),
        (("poll",), 2, "say --once"),
        (("poll", "--once", "--scope", "lgs"), 2, "did you mean 'legs'?"),
        (("events", "zzzz"), 2, "no id begins with 'zzzz'"),
        (("jobs", "settle", "zzzz", "done"), 2, "no id begins with 'zzzz'"),
        (("rules", "try", "leg.dwn"), 2, "did you mean 'leg.down'?"),
        (("rules", "try", "leg.down", "--data", "{"), 2, "not JSON"),
        (("rules", "check", "nowhere"), 2, "there is no such folder of rules"),
        (("token", "revoke", "nobody"), 2, "nobody called 'nobody' has one"),
        (
            ("events", "--config", "nowhere.yaml"),
            2,
            "nowhere.yaml: cannot be read: No such file or directory",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    run: Run, argv: tuple[str, ...], code: int, said: str
) -> None:
    """Each mistake has its own clear line with a way to mend it, and an exit code by what can be
    done about it.
    """
    ran = run(*argv)
    assert ran.code == code
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_rules_commands(stage: Stage, run: Run) -> None:
    """Check, test and try say what they find, and a failing example is exit code 1."""
    assert "2 rules in 1 files are good" in run("rules", "check").out
    assert run("rules", "test").out == "1 of 1 examples hold\n"
    tried = run("rules", "try", "leg.down", "--data", '{"leg": {"id": 5}}', "--json")
    assert [each["verdict"] for each in json.loads(tried.out)] == ["act"]
    path = stage.folder / "rules" / "rules.yaml"
    path.write_text(RULES.replace("verdict: act", "verdict: wait"), encoding="utf-8")
    ran = run("rules", "test")
    assert ran.code == 1
    assert "outage, example 1: expected wait, got act" in ran.err
    path.write_text(
        RULES.replace("leg.down", "leg.dwn").replace("${leg.name}", "${leg.nam}"), encoding="utf-8"
    )
    ran = run("rules", "check")
    assert ran.code == 2
    assert "rules/rules.yaml:3:" in ran.err


def test_a_doubt_is_settled_by_hand(stage: Stage, run: Run) -> None:
    """`jobs --state in_doubt` shows it with what to do, `jobs settle` ends it, and it cannot be
    settled twice.
    """
    stage.sim.set_faults(drop=1.0, only=["bond.restart"])
    event = stage.webhook(1)
    stage.work()
    (job,) = json.loads(run("jobs", "--state", "in_doubt", "--json").out)
    assert f"jobs settle {job['id']}" in run("events", event).out
    assert run("jobs", "settle", job["id"][:10], "done").code == 0
    assert "is not in doubt" in run("jobs", "settle", job["id"], "done").err
    assert json.loads(run("jobs", "--json").out)[0]["state"] == "succeeded"


def test_tokens(stage: Stage, run: Run) -> None:
    """A token is shown once, listed by name, stored as a hash, refused a second time, and
    revoked.
    """
    token = run("token", "create", "alice").out.strip()
    assert token.startswith("bbt_")
    assert "alice" in run("token", "list").out
    assert "has one already" in run("token", "create", "alice").err
    assert (
        "'alice' has one already, which is the same name as 'Alice'"
        in run("token", "create", "Alice ").err
    )
    stored = b"".join(
        path.read_bytes() for path in (stage.folder / "state").glob("bondbridge.sqlite3*")
    )
    assert token.encode() not in stored
    assert run("token", "revoke", "alice").code == 0


def test_doctor(stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything well is exit 0; a wrong password, a bad channel and broken rules are each one
    line, exit 1.
    """
    assert run("doctor").code == 0
    monkeypatch.setenv("STAGE_PASSWORD", "wrong")
    monkeypatch.setenv("STAGE_CHANNEL", "nonsense")
    (stage.folder / "rules" / "rules.yaml").write_text("- id: x\n", encoding="utf-8")
    ran = run("doctor", "--json")
    assert ran.code == 1
    wrong = {each["what"]: each["says"] for each in json.loads(ran.out) if not each["good"]}
    assert set(wrong) == {"rules", "channel noc", "server demo"}
    assert "does not accept the user or password" in wrong["server demo"]


def test_doctor_says_that_rejected_files_do_not_stop_the_bridge(stage: Stage, run: Run) -> None:
    """What was good before goes on, and every problem of the files is said."""
    (stage.folder / "rules" / "rules.yaml").write_text("- id: x\n", encoding="utf-8")
    (finding,) = [each for each in json.loads(run("doctor", "--json").out) if not each["good"]]
    assert finding["what"] == "rules"
    assert finding["says"].startswith("the rule files are rejected, and the last good ones go on:")
    assert "when: field required" in finding["says"]


def test_commands_show_times_by_the_clocks_of_the_settings(stage: Stage, run: Run) -> None:
    """Tables and sentences alike; JSON for scripts stays in UTC."""
    event = stage.webhook(1)
    stage.work()
    path = stage.folder / "bondbridge.yaml"
    path.write_text(f"timezone: Asia/Tokyo\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    assert "03-01 09:" in run("events").out
    assert "happened 2026-03-01 09:" in run("rules", "explain", event).out
    assert "T00:" in run("events", "--json").out


def test_doctor_lists_yellow_rules(stage: Stage, run: Run) -> None:
    """A rule that could not be evaluated in the last day is one line, with how often and the last
    reason; then no more.
    """
    rule = (
        "- {id: yellow, when: webhook.demo, if: event.data.body.bond.name == 'x', do: [{notify:"
        " {to: noc}}]}\n"
    )
    (stage.folder / "rules" / "rules.yaml").write_text(RULES + rule, encoding="utf-8")
    for bond in (1, 2):
        stage.webhook(bond)
        stage.work()
    path = stage.folder / "bondbridge.yaml"
    clock = (
        f"{{machine: '{wiring.machine_time().isoformat()}', domain: '{stage.now().isoformat()}'}}"
    )
    path.write_text(f"clock: {clock}\n" + path.read_text("utf-8"), encoding="utf-8")
    found = {
        each["what"]: each["says"]
        for each in json.loads(run("doctor", "--json").out)
        if not each["good"]
    }
    assert set(found) == {"rule yellow"}
    assert found["rule yellow"].startswith(
        "could not be evaluated twice in the last day, last at 2026-03-01 00:"
    )
    with stage.bridge.database.reading() as connection:
        assert decisions.yellow(connection, stage.now() + timedelta(seconds=1)) == []


def test_doctor_lists_no_rule_that_was_mended_or_taken_away(stage: Stage, run: Run) -> None:
    """What failed counts for the rule as it was then: one that is written anew is yellow only where
    it fails again, one that is gone is not listed. Another edit of its file mends nothing.
    """
    file = stage.folder / "rules" / "rules.yaml"
    yellow = "- {id: yellow, when: webhook.demo, if: event.data.body.%s.name == 'x', do: [{%s}]}\n"
    notify = "notify: {to: noc}"

    def wrong() -> list[str]:
        doctor = json.loads(run("doctor", "--json").out)
        return [each["what"] for each in doctor if not each["good"]]

    file.write_text(RULES + yellow % ("bond", notify), encoding="utf-8")
    stage.webhook(1)
    stage.work()
    path = stage.folder / "bondbridge.yaml"
    clock = (
        f"{{machine: '{wiring.machine_time().isoformat()}', domain: '{stage.now().isoformat()}'}}"
    )
    path.write_text(f"clock: {clock}\n" + path.read_text("utf-8"), encoding="utf-8")
    assert wrong() == ["rule yellow"]
    file.write_text(f"{RULES}# a remark\n{yellow % ('bond', notify)}", encoding="utf-8")
    assert wrong() == ["rule yellow"]
    file.write_text(RULES + yellow % ("space", notify), encoding="utf-8")
    assert wrong() == []
    file.write_text(RULES, encoding="utf-8")
    assert wrong() == []
    file.write_text("no rules", encoding="utf-8")  # the last good ones go on
    assert wrong() == ["rules", "rule yellow"]


def test_doctor_says_which_scopes_cannot_be_polled(stage: Stage, run: Run) -> None:
    """Those that fail alike are one line, though the server answers otherwise."""
    for name in ("legs", "bonds"):
        for _ in range(3):
            with stage.bridge.database.writing() as connection:
                scope = snapshots.claim_scope(connection, "demo", name, 60.0)
                assert scope
                memo = {**scope.remembered, "failing_since": stage.now().isoformat()}
                snapshots.reschedule(connection, scope, stage.now(), "it is odd", memo=memo)
    (finding,) = [each for each in json.loads(run("doctor", "--json").out) if not each["good"]]
    assert finding["what"] == "server demo: scope bonds and 1 more"
    assert re.fullmatch(r"cannot be polled since 2026-03-01 00:.. UTC: it is odd", finding["says"])


def test_doctor_looks_where_outgoing_webhooks_lead(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a line; one that leads inside without being allowed to is wrong, with how to mend
    it.
    """
    monkeypatch.setenv("STAGE_SIGNING", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    path = stage.folder / "bondbridge.yaml"
    hook = "{url: 'https://127.0.0.1:1/', secret: {env: STAGE_SIGNING}, allow_private: %s}"
    path.write_text(
        f"hooks:\n  a: {hook % 'true'}\n  b: {hook % 'false'}\n" + path.read_text("utf-8"),
        encoding="utf-8",
    )
    found = {
        each["what"]: (each["good"], each["says"])
        for each in json.loads(run("doctor", "--json").out)
    }
    assert found["outgoing webhook a"] == (True, "goes to 127.0.0.1")
    good, says = found["outgoing webhook b"]
    assert not good
    assert "allow_private: true" in says


def test_doctor_lists_what_is_forbidden(stage: Stage, run: Run) -> None:
    """A scope that the user may not see is a line of its own, with the permission that it takes."""
    for group in stage.sim.world.of("group").values():
        group.values["permissions"] = [
            code for code in group.values["permissions"] if code != "bonding.view_leg"
        ]
    stage.bridge.observer.poll("demo", "legs")
    (finding,) = [each for each in json.loads(run("doctor", "--json").out) if not each["good"]]
    assert finding["what"] == "server demo: scope legs"
    assert "the permission to view legs" in finding["says"]


def test_doctor_says_when_a_server_is_away(stage: Stage, run: Run) -> None:
    """A server that nobody serves is said to be unreachable, in one line."""
    path = stage.folder / "bondbridge.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(stage.sim.url, "http://127.0.0.1:1"),
        encoding="utf-8",
    )
    ran = run("doctor", "--json")
    assert ran.code == 1
    (finding,) = [each for each in json.loads(ran.out) if not each["good"]]
    assert "cannot be reached: [Errno 111] Connection refused (check `url`; " in finding["says"]


def _up(folder: Path, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridge.cli", *argv]
    return subprocess.run(  # noqa: S603  our own command
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **env},
    )


def test_up_with_a_port_in_use(stage: Stage) -> None:
    """A port that somebody uses is one line that names it, exit code 2, before anything is
    started.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = _up(stage.folder, "up", BONDBRIDGE_WEB__PORT=port)
    assert ran.returncode == 2
    assert f"127.0.0.1:{port}: cannot listen here: Address already in use" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_up_with_a_state_folder_that_is_no_folder(stage: Stage) -> None:
    """A state folder that cannot be written is one line that says so."""
    (stage.folder / "file").write_text("", encoding="utf-8")
    ran = _up(stage.folder, "up", BONDBRIDGE_STATE_DIR=str(stage.folder / "file" / "state"))
    assert ran.returncode == 2
    assert "cannot keep state here: Not a directory" in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def test_up_with_settings_and_rules_that_are_wrong(stage: Stage) -> None:
    """Every problem of the settings at once, each at its line; then every problem of the rules."""
    path = stage.folder / "bondbridge.yaml"
    good = path.read_text(encoding="utf-8")
    path.write_text(
        good.replace("timeout: 30s", "timeout: 30").replace("user:", "usr:"), encoding="utf-8"
    )
    ran = _up(stage.folder, "up")
    assert ran.returncode == 2
    assert ran.stderr.count("bondbridge.yaml:") == 3
    path.write_text(good, encoding="utf-8")
    (stage.folder / "rules" / "rules.yaml").write_text(
        RULES.replace("leg.down", "leg.dwn").replace("noc", "ncc"), encoding="utf-8"
    )
    ran = _up(stage.folder, "up")
    assert ran.returncode == 2
    assert ran.stderr.count("rules/rules.yaml:") >= 2
    assert "Traceback" not in ran.stderr


def test_a_look_makes_no_database_where_one_is_lost(stage: Stage, run: Run) -> None:
    """An empty one in the place of one that was moved away would look as if nothing had ever
    happened.
    """
    stage.bridge.database.close()
    there = stage.folder / "state"
    for path in there.glob("bondbridge.sqlite3*"):
        path.rename(stage.folder / path.name)
    for command in (("events",), ("channels", "open"), ("token", "list")):
        ran = run(*command)
        assert (ran.code, "was it moved?" in ran.err) == (2, True)
    assert not (there / "bondbridge.sqlite3").exists()
    assert run("migrate").code == 0
    assert run("events").code == 0


def test_a_name_with_control_characters_steers_no_terminal(stage: Stage, run: Run) -> None:
    """In tables, stories and JSON they are shown, the person who gave the name."""
    stage.set("leg", 1, "note", "hq\x1b[2J\x1b]0;pwned\x07\x9b31m")
    stage.live(600)
    stage.set("leg", 1, "state", "down")
    stage.live(60)
    (down,) = stage.events("leg.down")
    shown = [
        run(*words).out
        for words in (("events",), ("events", down["id"]), ("incidents",), ("jobs",))
    ]
    as_json = run("events", "--json").out
    assert r"hq\x1b[2J\x1b]0;pwned" in "".join(shown)
    assert not set("".join([*shown, as_json])) & {"\x1b", "\x07", "\x9b"}
    assert "hq\x1b[2J" in json.dumps(json.loads(as_json), ensure_ascii=False).replace(
        "\\u001b", "\x1b"
    )


def test_up_without_settings_says_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never starts the demo by itself: one line names the example, --config and `demo`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BONDBRIDGE_CONFIG", raising=False)
    ran = run("up")
    assert (ran.code, len(ran.err.strip().splitlines())) == (2, 1)
    assert all(
        word in ran.err for word in ("bondbridge.example.yaml", "--config", "bondbridge demo")
    )
    assert list(tmp_path.iterdir()) == []
