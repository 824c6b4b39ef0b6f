"""Calling an operation: what is allowed, what is sent, and what a later look says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.actions import call_permissions
from bridge.actions.call import Call
from bridge.bonding.catalogue import ALIASES, IMPOSSIBLE, OPERATIONS, Danger
from bridge.bonding.client import Client
from bridge.core.model import Outcome, Repeat
from bridge.core.requests import CallRequest
from bridge.errors import AgainLater
from tests.bonding.scripted_server import Asked, Reply, Scripted, serving

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL = ("configure", "interface_leg.delete", "leg.delete", "user.create")


@contextmanager
def calling(
    replies: Mapping[str, Reply], allow: tuple[str, ...] = ALL
) -> Iterator[tuple[Call, Scripted]]:
    """The action, before a server that answers each `"GET /legs/5/"` as given and everything else
    with 404.
    """

    def say(asked: Asked) -> Reply:
        return replies.get(
            f"{asked.method} {asked.path.removeprefix('/api/v4')}",
            Reply({"detail": "Not found."}, 404),
        )

    with serving(say) as server:
        client = Client(server.url, ("u", "p"), now=lambda: NOW, timeout=30)
        try:
            yield Call({"hq": client}, allow), server
        finally:
            client.close()


def asks(operation: str, body: dict | None = None, **arguments: Any) -> CallRequest:
    """A job's request."""
    return CallRequest(operation=operation, arguments=arguments, body=body)


LEG = Reply({"id": 5, "bond_id": 3, "type": "mobile_broadband"})


def test_an_alias_is_sent_as_what_the_leg_is() -> None:
    """The leg is read, and its own operation sent with the fields."""
    with calling({"GET /legs/5/": LEG, "PATCH /bonds/3/mobile_broadband_legs/5/": Reply({})}) as (
        call,
        server,
    ):
        assert (
            call.send("hq", asks("leg.update", {"link_mode": "idle"}, leg=5)).outcome
            is Outcome.DONE
        )
    assert [(asked.method, asked.body) for asked in server.asked] == [
        ("GET", b""),
        ("PATCH", b'{"link_mode": "idle"}'),
    ]


@pytest.mark.parametrize(
    ("reply", "outcome", "wait"),
    [
        (Reply({}, 200), Outcome.DONE, None),
        (Reply(b"", 204), Outcome.DONE, None),
        (Reply({}, 400), Outcome.REFUSED, None),
        (Reply({}, 403), Outcome.REFUSED, None),
        (Reply({}, 401), Outcome.UNREACHABLE, None),
        (Reply({}, 500), Outcome.UNKNOWN, None),
        (Reply({}, 429, (("Retry-After", "9"),)), Outcome.UNREACHABLE, 9),
    ],
    ids=["200", "204", "400", "403", "401", "500", "429"],
)
def test_how_a_call_ends(reply: Reply, outcome: Outcome, wait: float | None) -> None:
    """Each answer has its outcome, and a server that asks for time gets it."""
    with calling({"POST /bonds/3/restart/": reply}) as (call, _):
        result = call.send("hq", asks("bond.restart", bond=3))
    assert (result.outcome, result.wait) == (outcome, wait)


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        ("user.delete", "allowed by name only"),
        ("node.create", "not created directly"),
        ("bond.update", "changes the config"),
    ],
)
def test_what_is_not_allowed_any_more_is_not_sent(operation: str, says: str) -> None:
    """Between loading a rule and sending its call the settings may have changed: nothing leaves."""
    with calling({}, ()) as (call, server):
        result = call.send("hq", asks(operation, {"x": 1}, bond=3))
    assert (result.outcome, server.asked) == (Outcome.REFUSED, [])
    assert says in result.detail


@pytest.mark.parametrize(
    ("request_", "replies", "done"),
    [
        (asks("leg.delete", leg=5), {}, True),
        (
            asks("leg.delete", leg=5),
            {"GET /legs/5/": LEG, "GET /bonds/3/mobile_broadband_legs/5/": LEG},
            False,
        ),
        (asks("leg.delete", leg=5), {"GET /legs/5/": LEG}, True),
        (asks("leg.delete", leg=5), {"GET /legs/5/": Reply({}, 403)}, None),
        (
            asks("bond.update", {"note": "x"}, bond=3),
            {"GET /bonds/3/": Reply({"id": 3, "note": "x"})},
            True,
        ),
        (asks("bond.update", {"note": "x"}, bond=3), {}, None),
        (
            asks("user.create", {"email": "a@x.org"}),
            {"GET /users/": Reply([{"id": 1, "email": "a@x.org"}])},
            True,
        ),
        (asks("user.create", {"email": "a@x.org"}), {"GET /users/": Reply([])}, False),
        (asks("bond.restart", bond=3), {}, None),
    ],
)
def test_a_look_says_whether_it_took_effect(
    request_: dict, replies: dict, done: bool | None
) -> None:
    """Yes, no, or not to be told: of what was to be deleted, not being there is the proof."""
    with calling(replies) as (call, _):
        assert call.look("hq", request_) is done


def test_a_look_without_credentials_is_for_later() -> None:
    """A password that is wrong meanwhile proves nothing."""
    with calling({"GET /bonds/3/": Reply({}, 401)}) as (call, _), pytest.raises(AgainLater):
        call.look("hq", asks("bond.delete", bond=3))


def test_an_alias_repeats_as_what_it_stands_for() -> None:
    """What a second try would do, and whether a look can tell, is the same for every type of
    leg.
    """
    call = Call({})
    assert (call.repeat(asks("leg.update")), call.provable(asks("leg.update"))) == (
        Repeat.SAFE,
        True,
    )
    assert (call.repeat(asks("leg.detect_mtus")), call.provable(asks("leg.detect_mtus"))) == (
        Repeat.ONCE,
        False,
    )
    assert call.send("gone", asks("bond.restart", bond=3)).outcome is Outcome.REFUSED


def test_a_rule_may_name_every_write_and_no_read() -> None:
    """All writing operations and aliases can be called where they are allowed; without a word only
    what operates.
    """
    names = call_permissions.callable_operations()
    assert {row.name for row in OPERATIONS.values() if row.writes} <= set(names)
    assert not {row.name for row in OPERATIONS.values() if not row.writes} & set(names)
    everything = [name for name in names if name != "backup.fetch"]
    rows = {**OPERATIONS, **{name: alias.sample for name, alias in ALIASES.items()}}
    never = {*IMPOSSIBLE, *(name for name, row in rows.items() if not row.writes)}
    assert set(call_permissions.refused(["configure", *everything])) == never
    refused = set(call_permissions.refused([])) - never
    assert refused == {
        name for name, row in rows.items() if row.danger in (Danger.CONFIGURE, Danger.ADMINISTER)
    }
    configured = set(call_permissions.refused(["configure"])) - never
    assert configured == {name for name, row in rows.items() if row.danger is Danger.ADMINISTER}
    assert {name for name, row in rows.items() if name.endswith(".delete")} <= configured


def test_what_only_reads_is_no_call_of_a_rule() -> None:
    """It is told as what it is, and not answered with the nearest operation that deletes."""
    refused = call_permissions.refused(["configure"])
    for name in (
        "leg.get",
        "self.get",
        "bond.list",
        "interface_leg.state_history",
        "leg.state_history",
    ):
        assert "only reads; a rule calls what writes" in refused[name][0]
    assert not any(
        "delete" in " ".join(said) for name, said in refused.items() if name.endswith(".get")
    )


@contextmanager
def keeping(reply: Reply, place: dict[str, str]) -> Iterator[tuple[Call, Scripted, CallRequest]]:
    """The action, before a server that always answers this; a request whose password stands in that
    place.
    """
    with serving(reply) as server:
        client = Client(server.url, ("u", "p"), now=lambda: NOW, timeout=30)
        known = {"NEW": "canary"}
        try:
            call = Call(
                {"hq": client},
                ("user.update",),
                reveal=lambda it: known.get(it["env"]) or _raise(it),
            )
            yield call, server, asks("user.update", {"name": "A", "password": place}, user=3)
        finally:
            client.close()


def _raise(place: dict[str, str]) -> str:
    msg = f"{place['env']} is not set"
    raise ValueError(msg)


def test_a_secret_is_read_only_when_it_is_sent() -> None:
    """The server gets the secret and the request keeps its place; what the server says of it is not
    kept either.
    """
    place = {"env": "NEW"}
    with keeping(Reply({"password": ["canary is too short"]}, 400), place) as (
        call,
        server,
        request,
    ):
        result = call.send("hq", request)
    assert [asked.body for asked in server.asked] == [b'{"name": "A", "password": "canary"}']
    assert (request.body or {})["password"] == place
    assert "too short" in result.detail
    assert "canary" not in result.detail


def test_a_secret_that_is_nowhere_is_not_sent() -> None:
    """A place in which nothing stands is told, before anything is sent; a look without it cannot
    tell.
    """
    with keeping(Reply({"name": "A"}), {"env": "OLD"}) as (call, server, request):
        result = call.send("hq", request)
        seen = call.look("hq", request)
    assert (result.outcome, seen, server.asked) == (Outcome.REFUSED, None, [])
    assert "OLD is not set" in result.detail


def test_a_look_compares_the_secret_itself() -> None:
    """Where the server shows the field, the earlier try is proven by what was sent and not by its
    place.
    """
    for shown, done in (("canary", True), ("old", False)):
        with keeping(Reply({"name": "A", "password": shown}), {"env": "NEW"}) as (call, _, request):
            assert call.look("hq", request) is done
