"""The client, over a real socket."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from bridge.bonding.catalogue import OPERATIONS, ROOT, Operation
from bridge.bonding.client import Client
from bridge.bonding.effect_checks import prove
from bridge.bonding.scopes import read as read_scope
from bridge.errors import (
    BadInput,
    Busy,
    CredentialsRejected,
    Forbidden,
    Garbled,
    InDoubt,
    Refused,
    Unreachable,
)
from bridge.pipeline.observe.scope_reader import Reader
from bridge.simulator.api.runner import running
from bridge.simulator.world_builder import make_world
from tests.case_tables import all_cases

from .scripted_server import NOW, Reply, met, serving

SHORT = {
    name: "acme" if name == "space" else 7 for row in OPERATIONS.values() for name in row.arguments
}


@contextmanager
def to(url: str, user: str = "demo@example.com", password: str = "demo") -> Iterator[Client]:  # noqa: S107
    """A client of this server."""
    client = Client(url, (user, password), now=lambda: NOW, verify=False, timeout=30)
    try:
        yield client
    finally:
        client.close()


def test_what_a_request_looks_like() -> None:
    """Credentials go with the first request, JSON is asked for, a read has no body and a write has
    none either.
    """
    with met(Reply({"id": 3})) as (client, server):
        client.call("bond.get", {"bond": 3})
        client.call("bond.restart", {"bond": 3})
    read, write = server.asked
    assert (read.method, read.path, write.method, write.path) == (
        "GET",
        "/api/v4/bonds/3/",
        "POST",
        "/api/v4/bonds/3/restart/",
    )
    assert read.headers["Authorization"] == "Basic bWFpbjp3b3Jk"
    assert (read.headers["Accept"], read.headers["User-Agent"]) == (
        "application/json",
        "bondbridge",
    )
    assert write.headers.get("Content-Length", "0") == "0"


@all_cases(
    "row",
    [row for row in OPERATIONS.values() if not row.private and not row.zipped],
    ids=lambda row: row.name,
)
def test_every_operation_goes_out_as_its_row_says(row: Operation) -> None:
    """Method, path and body of each row arrive; any 2xx is an answer, for a write also without a
    body.
    """
    arguments = {name: SHORT[name] for name in row.arguments}
    body = {"note": "näher", "nested": {"list": [1, None]}} if row.takes else None
    with met(Reply(b"", 204) if row.writes else Reply({})) as (client, server):
        client.call(row.name, arguments, body=body)
    (asked,) = server.asked
    assert (asked.method, asked.path) == (row.method, ROOT + row.path.format(**arguments))
    assert (json.loads(asked.body) if asked.body else None) == body
    assert asked.headers.get("Content-Type") == ("application/json" if body else None)


@pytest.mark.parametrize("operation", ["self.get", "backup.latest"])
def test_what_is_private_or_a_file_is_not_called(operation: str) -> None:
    """The vendor's private address is never asked, and a zip is downloaded, not taken into
    memory.
    """
    with met(Reply({})) as (client, server), pytest.raises(BadInput):
        client.call(operation, {})
    assert server.asked == []


READ = ("bond.get", {"bond": 3})
WRITE = ("bond.restart", {"bond": 3})
TEXT = b"<html>Bad gateway</html>"


@pytest.mark.parametrize(
    ("reply", "on_read", "on_write"),
    [
        (
            Reply({"detail": "Invalid username/password."}, 401),
            CredentialsRejected,
            CredentialsRejected,
        ),
        (
            Reply({"detail": "Authentication credentials were not provided."}, 403),
            CredentialsRejected,
            CredentialsRejected,
        ),
        (
            Reply({"detail": "You do not have permission to perform this action."}, 403),
            Forbidden,
            Forbidden,
        ),
        (Reply({}, 429), Busy, Busy),
        (Reply(TEXT, 401), CredentialsRejected, CredentialsRejected),
        (Reply({"detail": "Not found."}, 404), Refused, Refused),
        (Reply({"detail": "The primary is failed."}, 400), Refused, Refused),
        (Reply({}, 409), Refused, Refused),
        (Reply({}, 302, (("Location", "/api/v4/elsewhere/"),)), Refused, Refused),
        (Reply({}, 301, (("Location", "http://127.0.0.1:1/"),)), Refused, Refused),
        (Reply({}, 500), Unreachable, InDoubt),
        (Reply(TEXT, 502), Unreachable, InDoubt),
        (Reply(TEXT, 503), Unreachable, InDoubt),
        (Reply(TEXT, 504), Unreachable, InDoubt),
        (Reply({"id": 3}, cut=3), Unreachable, InDoubt),
        (Reply(silent=True), Unreachable, InDoubt),
        (Reply(TEXT, 200), Garbled, InDoubt),
        (Reply(b"OK", 200), Garbled, None),
        (Reply(b"", 200), Garbled, None),
        (Reply(b"\xff\xfe{", 200), Garbled, None),
        (Reply(b"[" * 100_000, 200), Garbled, None),
        (Reply(b"", 204), Garbled, None),
        (Reply({}, 202), None, None),
        (Reply(b"not gzip", 200, (("Content-Encoding", "gzip"),)), Unreachable, InDoubt),
    ],
)
@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_what_an_answer_means(
    reply: Reply, on_read: type | None, on_write: type | None, writes: bool
) -> None:
    """A refusal is definite; where a read did certainly nothing, a write may have been done.
    Nothing is sent twice.
    """
    expected = on_write if writes else on_read
    with met(reply) as (client, server):
        if expected is None:
            assert client.call(*(WRITE if writes else READ)).status == reply.status
        else:
            with pytest.raises(expected) as caught:
                client.call(*(WRITE if writes else READ))
            assert type(caught.value) is expected
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"detail": "The primary aggregator is still failed."},
            "400: The primary aggregator is still failed.",
        ),
        (
            {"name": ["Must be unique.", "Too long."], "key": ["Taken."]},
            "400: name: Must be unique. Too long.; key: Taken.",
        ),
        ({"non_field_errors": ["No."]}, "400: non_field_errors: No."),
        (["Invalid IP address."], "400: Invalid IP address."),
        (b"<html>", "400"),
        ({}, "400"),
        ("just text", "400"),
        ({"a": "x" * 1000}, "400: a: " + "x" * 297),
        ({"a": {"b": ["c"]}}, "400: a: {'b': ['c']}"),
    ],
)
def test_what_the_server_says_is_told(body: object, said: str) -> None:
    """The server's own words stand in the refusal, in one line that has an end."""
    with met(Reply(body, 400)) as (client, _), pytest.raises(Refused) as caught:
        client.call(*READ)
    assert (str(caught.value), caught.value.status) == (said, 400)


@pytest.mark.parametrize("operation", [READ, WRITE], ids=["read", "write"])
def test_a_refused_connection_did_nothing(operation: tuple) -> None:
    """Where nobody listens nothing was done, not even by a write."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port meanwhile
        with (
            to(f"http://127.0.0.1:{taken.getsockname()[1]}") as client,
            pytest.raises(Unreachable, match="cannot be reached"),
        ):
            client.call(*operation)


@pytest.mark.parametrize(
    ("operation", "error"), [(READ, Unreachable), (WRITE, InDoubt)], ids=["read", "write"]
)
def test_an_answer_that_never_comes(operation: tuple, error: type) -> None:
    """A request that was taken and not answered in time may have been done, if it writes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(
            f"http://127.0.0.1:{silent.getsockname()[1]}",
            ("u", "p"),
            now=lambda: NOW,
            verify=False,
            timeout=0.05,
        )
        with pytest.raises(error):
            client.call(*operation)
        client.close()


@pytest.mark.parametrize(
    ("operation", "error"), [(READ, Garbled), (WRITE, InDoubt)], ids=["read", "write"]
)
def test_an_answer_without_end_is_not_taken_in(
    operation: tuple, error: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is larger than any honest answer is left alone."""
    monkeypatch.setattr("bridge.bonding.client.responses._LARGEST_BODY", 2**20)
    with (
        met(Reply(b" " * (2**20 + 1))) as (client, _),
        pytest.raises(error, match="larger than 1 MiB"),
    ):
        client.call(*operation)
    with met(Reply(b" " * (2**20 - 4) + b"null")) as (client, _):
        assert client.call(*operation).body is None


@pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": [Infinity, -Infinity]}', b'{"a": 1e999}'])
def test_numbers_that_json_does_not_have_go_no_further(body: bytes) -> None:
    """What Python reads and no database stores is garbled or nothing, so that one such number
    cannot stop every poll.
    """
    with met(Reply(body)) as (client, _):
        try:
            answer = client.call(*READ)
        except Garbled:
            return
    json.dumps(answer.body, allow_nan=False)


@pytest.mark.parametrize(
    ("date", "offset"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 12:10:30 GMT", 630),
        ("Sun, 01 Mar 2026 06:59:00 -0500", -60),
        ("Sun, 01 Mar 2026 12:00:00 -0000", 0),
        ("yesterday", 0),
        ("", 0),
        ("Sun, 99 Mar 2026 12:00:00 GMT", 0),
        (None, 0),
    ],
)
def test_how_far_the_servers_clock_is_ahead(date: str | None, offset: float) -> None:
    """The Date header against our own clock; without one that can be read there is no offset."""
    headers = (("Date", date),) if date is not None else ()
    with met(Reply([], headers=headers)) as (client, _):
        for told in (client.call("leg.list", {}).offset, client.walk("leg.list")[1]):
            # the header's grain is a second, and clocks that may agree do
            assert told == timedelta(seconds=offset + 0.5 if offset else 0)


def test_a_redirect_is_not_followed() -> None:
    """Credentials are not carried to where a redirect points, not even on the same server."""
    with serving(Reply([])) as other:
        moved = Reply({}, 302, (("Location", f"{other.url}/api/v4/legs/"),))
        with met(moved) as (client, server), pytest.raises(Refused, match="302"):
            client.walk("leg.list")
    assert (len(server.asked), other.asked) == (1, [])


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("bond.get", {}),
        ("bond.get", {"bond": "../1"}),
        ("bond.restart", {"bond": 3, "x": 1}),
        ("leg.list", {"leg": 1}),
    ],
)
def test_wrong_arguments_never_leave(operation: str, arguments: dict) -> None:
    """What cannot be a request is refused before a byte is sent."""
    with met(Reply({})) as (client, server), pytest.raises(BadInput):
        client.call(operation, arguments)
    assert server.asked == []


def test_the_environment_does_not_redirect_traffic(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that happens to be set on the machine is not used for the management server."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with met(Reply([])) as (client, _):
        assert client.read("leg.list") == []


# --- against the simulator
# ---------------------------------------------------------------------------------------------


def test_the_simulators_scopes_can_be_read_whole() -> None:
    """Every kind of scope is read from a server over a socket, in more pages than one."""
    with running(make_world(seed=1, epoch=NOW, bonds=210), speed=0) as sim, to(sim.url) as client:
        source = Reader(client)
        counts = {
            scope: len(read_scope(scope, source, b"k"))
            for scope in ("legs", "bonds", "aggregators", "placements")
        }
        assert counts == {"legs": 420, "bonds": 210, "aggregators": 3, "placements": 210}
        assert read_scope("bonds/1/tuners", source, b"k") == []


def test_wrong_credentials_are_rejected_by_the_simulator() -> None:
    """The error says whose fault it is, and not what the password was."""
    with (
        running(make_world(seed=1, epoch=NOW), speed=0) as sim,
        to(sim.url, password="wrong-word") as client,
        pytest.raises(CredentialsRejected) as caught,
    ):
        client.read("leg.list")
    assert "wrong-word" not in str(caught.value)


def test_what_can_be_proved_is_proved_on_the_simulator() -> None:
    """A cancelled tuning is found cancelled, one that is not is found not, and a bond at its
    primary is found there.
    """
    with running(make_world(seed=1, epoch=NOW), speed=0) as sim, to(sim.url) as client:
        tuning = {"bond": 1, "tuning": client.call("bond_tuning.start", {"bond": 1}).body["id"]}
        assert prove("bond_tuning.cancel", tuning, None, client.read) is False
        client.call("bond_tuning.cancel", tuning)
        assert prove("bond_tuning.cancel", tuning, None, client.read) is True
        assert prove("bond_tuning.accept", tuning, None, client.read) is False
        assert prove("bond.restore_to_primary_agg", {"bond": 1}, None, client.read) is True
