"""`bondbridge call` and `bondbridge doctor`, before a server that says what it is told to."""

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.bonding.catalogue import ALIASES, IMPOSSIBLE, OPERATIONS
from tests.bonding.scripted_server import Asked, Reply, Scripted, serving
from tests.test_cli import Run, run

__all__ = ["run"]  # the fixture

SETTINGS = """
state_dir: state
servers:
  - name: hq
    url: "{url}"
    user: main@example.com
    password: {{env: HQ_PASSWORD}}
    users: {{administer: {{user: root@example.com, password: {{env: HQ_PASSWORD}}}}}}
    requests_per_second: null
"""


def zipped() -> bytes:
    """A real zip, the same at every call: without a date of its own it would carry the clock's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), "x")
    return buffer.getvalue()


def answers(asked: Asked) -> Reply:
    """A leg, a backup, an echo of what was written, and an empty list."""
    if asked.path.endswith("/legs/5/"):
        return Reply({"id": 5, "bond_id": 3, "type": "interface"})
    if asked.path.endswith("/latest-backup/"):
        return Reply(zipped())
    if (
        asked.path == "/api/v4/"
        and asked.headers["Authorization"] == "Basic cm9vdEBleGFtcGxlLmNvbTp3b3Jk"
    ):
        return Reply({"detail": "Invalid username/password."}, 401)
    return Reply(json.loads(asked.body) if asked.body else [])


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """The server, and settings for it in the folder we stand in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HQ_PASSWORD", "word")
    with serving(answers) as scripted:
        Path("bondbridge.yaml").write_text(SETTINGS.format(url=scripted.url))
        yield scripted


def test_fields_are_set_by_name_over_a_whole_body(
    server: Scripted, run: Run, tmp_path: Path
) -> None:
    """`--set` takes JSON where it is JSON and text where it is not, and goes over `--body`, given
    or in a file.
    """
    (tmp_path / "body.json").write_text('{"note": "old", "level": 1}')
    sets = (
        "--set",
        "note=a=b c",
        "--set",
        "count=5",
        "--set",
        "on=true",
        "--set",
        'list=[1, "x"]',
        "--set",
        "none=null",
    )
    ran = run("call", "bond.update", "bond=3", "--body", "@body.json", *sets, "--yes")
    assert json.loads(ran.out) == {
        "note": "a=b c",
        "level": 1,
        "count": 5,
        "on": True,
        "list": [1, "x"],
        "none": None,
    }
    assert json.loads(run("call", "bond.update", "bond=3", "--body", '{"a": 1}', "--yes").out) == {
        "a": 1
    }
    assert {(asked.method, asked.path) for asked in server.asked if asked.body} == {
        ("PATCH", "/api/v4/bonds/3/")
    }


def test_an_alias_asks_the_leg(server: Scripted, run: Run) -> None:
    """The leg says which operation it is; what is asked is asked by the name that was given."""
    assert json.loads(
        run("call", "leg.update", "leg=5", "--set", "link_mode=idle", "--yes").out
    ) == {"link_mode": "idle"}
    assert [(asked.method, asked.path) for asked in server.asked] == [
        ("GET", "/api/v4/legs/5/"),
        ("OPTIONS", "/api/v4/bonds/3/interface_legs/5/"),
        ("GET", "/api/v4/bonds/3/tuners/"),
        ("GET", "/api/v4/bonds/3/interface_legs/5/tuners/"),
        ("PATCH", "/api/v4/bonds/3/interface_legs/5/"),
        ("GET", "/api/v4/bonds/3/interface_legs/5/"),
    ]


def test_a_read_takes_a_query(server: Scripted, run: Run) -> None:
    """With `--param` one page is read as it is asked for."""
    run("call", "bond.list", "--param", "page_size=5", "--param", "search=van")
    assert [asked.params for asked in server.asked] == [{"page_size": "5", "search": "van"}]


@pytest.mark.usefixtures("server")
def test_a_file_is_saved(run: Run) -> None:
    """A zip goes where `--output` says."""
    assert json.loads(run("call", "backup.latest", "--output", "new.zip").out) == {
        "file": "new.zip",
        "bytes": len(zipped()),
    }
    assert Path("new.zip").read_bytes() == zipped()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("bond.restart", "bond=3", "--set", "a=1"), "takes no fields"),
        (("bond.update", "bond=3"), "needs the fields to change"),
        (("bond.update", "bond=3", "--body", "{"), "no JSON"),
        (("bond.update", "bond=3", "--body", "[1]"), "a JSON object"),
        (("bond.update", "bond=3", "--body", "@nowhere.json"), "nowhere.json: No such file"),
        (("bond.update", "bond=3", "--set", "a"), "write NAME=VALUE"),
        (("bond.restart", "bond=3", "--param", "a=1"), "takes no query"),
        (("bond.delete", "bond=x"), "ids are whole numbers"),
        (("leg.update", "leg=5", "bond=3", "--set", "a=1"), "takes no 'bond'"),
        (("leg.update", "--set", "a=1"), "needs 'leg'"),
        (("bonder.create",), "created automatically with its bond"),
        (("backup.latest",), "save it with --output"),
        (("bond.list", "--output", "x.zip"), "leave out --output"),
        (("self.get",), "never called"),
        (("backup.fetch",), "backup.latest --output"),
        (("leg.updat",), "did you mean 'leg.update'?"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked_or_sent(
    server: Scripted, run: Run, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], said: str
) -> None:
    """Bad input ends with 2 and one line; nobody is asked whether to do what cannot be done."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    ran = run("call", *argv)
    assert (ran.code, server.asked) == (2, [])
    assert said in ran.err
    assert "?" not in ran.err.replace("did you mean 'leg.update'?", "")


def bond(asked: Asked) -> Reply:
    """A bond whose fields can be asked for; what is set is answered well, and its circuit_id stays
    as it is.
    """
    if not asked.path.endswith("/bonds/3/"):
        return Reply([])  # no tunings, no legs
    if asked.method == "OPTIONS":
        fixed = {"id": {"read_only": True}, "created": {"read_only": True}}
        return Reply(
            {"actions": {"PUT": {**fixed, "note": {"read_only": False}, "circuit_id": {}}}}
        )
    return Reply({"id": 3, "created": "2026", "note": " New ", "circuit_id": "C-1"})


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (
            ("bond.update", "bond=3", "--set", "notte=x"),
            "the server knows no field 'notte' (did you mean 'note'?; --anyway",
        ),
        (("bond.update", "bond=3", "--set", "created=x"), "created is the server's to set"),
    ],
)
def test_a_field_the_server_does_not_name_is_not_sent(
    server: Scripted, run: Run, argv: tuple[str, ...], said: str
) -> None:
    """It is asked which it takes, and the nearest is told; --anyway sends it all the same."""
    server.say = bond
    ran = run("call", *argv, "--yes")
    assert (ran.code, {asked.method for asked in server.asked}) == (2, {"OPTIONS"})
    assert said in ran.err
    assert run("call", *argv, "--yes", "--anyway").code in (0, 1)
    assert "PATCH" in {asked.method for asked in server.asked}


def test_where_the_server_does_not_say_a_strange_field_is_a_warning(
    server: Scripted, run: Run
) -> None:
    """Our own table of names is a guess: what it lacks is sent, and told."""
    ran = run("call", "bond.update", "bond=3", "--set", "circuit_ids=x", "--set", "note=x", "--yes")
    assert ran.code == 0
    assert "bondbridge knows no field 'circuit_ids'" in ran.err
    assert "did you mean 'circuit_id'?" in ran.err
    assert "'note'" not in ran.err
    assert any(asked.body for asked in server.asked)


def test_what_an_update_did_not_do_is_said(server: Scripted, run: Run) -> None:
    """The answer was well, the field reads back as it was: not done, and 1. What the server only
    spelt otherwise is done.
    """
    server.say = bond
    ran = run(
        "call", "bond.update", "bond=3", "--set", "note=new", "--set", "circuit_id=C-2", "--yes"
    )
    assert (ran.code, json.loads(ran.out)["id"]) == (1, 3)
    assert ran.err == 'bondbridge: not done: circuit_id reads back "C-1"\n'
    whole = '{"id": 4, "created": "2020", "note": "new", "circuit_id": "C-1"}'
    assert run("call", "bond.replace", "bond=3", "--body", whole, "--yes").code == 0


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (
            ("bond.restart", "bond=3"),
            "look first what the server has now, `bondbridge call bond.get …`",
        ),
        (("bond.update", "bond=3", "--set", "note=x"), "does no harm"),
    ],
)
def test_what_is_in_doubt_is_said_in_words(
    server: Scripted, run: Run, argv: tuple[str, ...], said: str
) -> None:
    """No answer to a call that changes something: what that means and what to do, and 5."""
    server.say = lambda asked: (
        Reply([]) if asked.method in ("GET", "OPTIONS") else Reply(silent=True)
    )
    ran = run("call", *argv, "--yes")
    assert ran.code == 5
    assert "in doubt: the server may have done it, or not." in ran.err
    assert said in ran.err


@pytest.mark.parametrize(
    ("status", "said"), [(404, "may not see it"), (405, "no such operation there")]
)
def test_what_is_not_there_is_named(server: Scripted, run: Run, status: int, said: str) -> None:
    """A refusal that says nothing by itself is told with the operation and the path that was asked
    for.
    """
    server.say = lambda _: Reply({"detail": "No."}, status)
    ran = run("call", "bond.restart", "bond=3", "--yes")
    assert ran.code == 4
    assert f"{status}: No. (bond.restart, POST /api/v4/bonds/3/restart/: " in ran.err
    assert said in ran.err


def test_a_wrong_password_says_what_to_check(server: Scripted, run: Run) -> None:
    """The server's own words, and where the account stands."""
    server.say = lambda _: Reply({"detail": "Invalid username/password."}, 401)
    ran = run("call", "bond.list")
    assert ran.code == 4
    assert "Invalid username/password. (check `user` and `password` in the settings" in ran.err


def test_nothing_is_changed_without_a_yes(
    server: Scripted, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that configures or deletes asks first."""
    for argv in (("bond.update", "bond=3", "--set", "a=1"), ("bond.delete", "bond=3")):
        monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
        assert run("call", *argv).code == 1
    assert {asked.method for asked in server.asked} <= {"OPTIONS"}


def test_the_list_names_every_operation_and_can_be_searched(run: Run) -> None:
    """All but the private one, with the aliases; a word leaves those that have it in their name."""
    listed = {each["name"] for each in json.loads(run("call", "--list", "--json").out)}
    assert listed == (OPERATIONS.keys() | ALIASES.keys()) - {"self.get"}
    assert not listed & IMPOSSIBLE.keys()
    found = {each["name"] for each in json.loads(run("call", "--list", "vlan", "--json").out)}
    assert found == {name for name in listed if "vlan" in name}
    assert "no operation has 'zebra'" in run("call", "--list", "zebra").out


def findings(run: Run) -> dict[str, tuple[bool, str]]:
    """What the doctor found, by what was looked at."""
    return {
        each["what"]: (each["good"], each["says"])
        for each in json.loads(run("doctor", "--json").out)
    }


def test_the_doctor_looks_at_users_and_certificate(
    server: Scripted, run: Callable[..., object]
) -> None:
    """Each account is tried, and plain http is said to have no certificate."""
    found = findings(run)
    assert found["server hq"][0]
    assert found["server hq: certificate"] == (
        True,
        "none: the address is plain http, and does not leave this machine",
    )
    assert (
        found["server hq: administer"][0],
        "Invalid username" in found["server hq: administer"][1],
    ) == (False, True)
    assert {asked.path for asked in server.asked} == {"/api/v4/"}


def test_a_redirect_says_where_to(server: Scripted, run: Run) -> None:
    """None is followed: where it leads is told without what could be secret, and what to write."""
    server.say = lambda _: Reply(
        {}, 301, headers=(("Location", "https://u:word@hq.example/api/v4/?key=word"),)
    )
    ran = run("call", "bond.list")
    assert ran.code == 4
    assert (
        "301: it sends to https://hq.example/api/v4/ (write the address that answers in `url`"
        in ran.err
    )
    assert "word@" not in ran.err
    assert "key=" not in ran.err


@pytest.mark.usefixtures("server")
def test_https_to_a_plain_port_is_named(run: Run) -> None:
    """The error says what the address should be."""
    path = Path("bondbridge.yaml")
    path.write_text(path.read_text().replace("http://", "https://"))
    assert (
        "(it speaks no TLS there: is the port right, or does it want http://?)"
        in run("call", "bond.list").err
    )


def test_a_state_folder_that_cannot_be_written_is_named(server: Scripted, run: Run) -> None:
    """The doctor tries to write there."""
    del server
    assert findings(run)["state folder"][0]
    path = Path("bondbridge.yaml")
    path.write_text(path.read_text().replace("state_dir: state", "state_dir: /proc/self"))
    good, says = findings(run)["state folder"]
    assert not good
    assert "/proc/self cannot be written" in says
    assert "set `state_dir`" in says
