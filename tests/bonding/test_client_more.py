"""The client where servers ask for time, drip, page badly, send files, or want a token."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge.bonding.catalogue import OPERATIONS, Danger
from bridge.bonding.client import Client
from bridge.bonding.client.answers import permission
from bridge.bonding.resolve import resolve
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

from .scripted import Asked, Reply, serving

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATE = ("Date", "Sun, 01 Mar 2026 12:00:00 GMT")
READ, WRITE = ("bond.get", {"bond": 3}), ("bond.restart", {"bond": 3})


def client_of(url: str, **more: Any) -> Client:
    """A client with the usual user."""
    return Client(url, ("main", "word"), now=lambda: NOW, timeout=5, **more)


@pytest.mark.parametrize(
    ("after", "wait"),
    [
        ("7", 7), ("0", 0), ("999999", 3600), ("Sun, 01 Mar 2026 12:00:30 GMT", 30), ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("soon", None), ("", None), ("-5", None), ("1.5", None),
    ],
)  # fmt: skip
def test_a_server_may_ask_for_time(after: str, wait: float | None) -> None:
    """Seconds or a date on the server's own clock, within an hour; what cannot be read asks for nothing."""
    for status in (429, 503):
        with serving(Reply({}, status, (DATE, ("Retry-After", after)))) as server:
            client = client_of(server.url)
            with pytest.raises(Unreachable) as caught:
                client.call(*READ)
            assert getattr(caught.value, "wait", None) == wait
            assert len(server.asked) == 1
            client.close()


def test_a_write_that_met_a_server_at_rest_is_not_taken_for_undone() -> None:
    """429 turns away at the door; behind a 503 the write may have been done."""
    asks = ("Retry-After", "7")
    with serving([Reply({}, 429, (asks,)), Reply({}, 503, (asks,))]) as server:
        client = client_of(server.url)
        with pytest.raises(Busy):
            client.call(*WRITE)
        with pytest.raises(InDoubt):
            client.call(*WRITE)
        client.close()


def test_a_refusal_reminds_of_the_precondition() -> None:
    """A 400 to an operation with a precondition names it, and what may not be done says which permission it needs."""
    replies = [Reply({"detail": "No."}, 400), Reply({"detail": "No."}, 400), Reply({"detail": "No."}, 403)]
    with serving(replies) as server:
        client = client_of(server.url)
        with pytest.raises(Refused, match=r"^400: No. \(bond.restore_to_primary_agg: refused with 400 while"):
            client.call("bond.restore_to_primary_agg", {"bond": 3})
        with pytest.raises(Refused, match=r"^400: No.$"):
            client.call(*WRITE)
        with pytest.raises(Forbidden, match="the permission to view legs") as caught:
            client.call("leg.list", {})
        assert (caught.value.needs, caught.value.status) == ("view legs", 403)
        client.close()


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("bond.restart", "change bonds"), ("user.create", "add users"), ("interface_leg.delete", "delete legs"),
        ("settings.update", "change settings"), ("repository.list", "view repositories"), ("speedtest.start", "add speedtests"),
        ("space.statistics.users", "view spaces"), ("bond_tuning.cancel", "change bond tunings"),
    ],
)  # fmt: skip
def test_permissions_are_told_in_words(operation: str, words: str) -> None:
    """View, add, change or delete, and what."""
    assert permission(OPERATIONS[operation]) == words


@pytest.mark.parametrize(("operation", "error"), [(READ, Unreachable), (WRITE, InDoubt)], ids=["read", "write"])
def test_an_answer_that_drips_ends(operation: tuple, error: type) -> None:
    """Each piece comes in time, the whole does not: it ends all the same."""
    ticks = iter(range(0, 10_000, 10))
    with serving(Reply({"id": 3})) as server:
        client = client_of(server.url, ticks=lambda: next(ticks) * 10.0)
        with pytest.raises(error, match="went on for more than 15s"):
            client.call(*operation)
        client.close()


# --- lists ---------------------------------------------------------------------------------------------------------------


def walked(*walks: list[list[dict]], count: int | None = None) -> tuple[list | None, int]:
    """What a walk gives when the server's pages are these, one set for each walk, and how many walks it took."""
    begun = -1

    def say(asked: Asked) -> Reply:
        nonlocal begun
        page = int(asked.params.get("page", 1))
        begun += page == 1
        pages = walks[min(begun, len(walks) - 1)]
        total = sum(map(len, pages)) if count is None else count
        return Reply({"count": total, "next": "x" if page < len(pages) else None, "results": pages[page - 1]})

    with serving(say) as server:
        client = client_of(server.url)
        try:
            return client.walk("leg.list")[0], begun + 1
        except Garbled:
            return None, begun + 1
        finally:
            client.close()


def ids(*numbers: int) -> list[dict]:
    """Objects with these ids."""
    return [{"id": number} for number in numbers]


def test_a_double_is_dropped() -> None:
    """The same object twice on a page is one, though its rates differ; two that differ otherwise both stay to be seen."""
    assert walked([[{"id": 1, "upload_rate": 5}, {"id": 1, "upload_rate": 6}, {"id": 2}]]) == (
        [{"id": 1, "upload_rate": 5}, {"id": 2}], 1,
    )  # fmt: skip
    assert walked([[{"id": 1, "note": "a"}, {"id": 1, "note": "b"}]])[0] == [{"id": 1, "note": "a"}, {"id": 1, "note": "b"}]


def test_what_moved_at_an_equal_count_is_walked_again() -> None:
    """One went and one came between two pages: the pages overlap, or the second begins before the first ends."""
    whole = [ids(0, 1), ids(2, 3)]
    assert walked([ids(1, 2), ids(2, 3)], whole) == (ids(0, 1, 2, 3), 2)
    assert walked([ids(5, 9), ids(7, 11)], whole) == (ids(0, 1, 2, 3), 2)


def test_a_server_that_always_repeats_gets_its_list_read() -> None:
    """Where each walk shows the same overlap, it is the server's way, and each object is there once."""
    assert walked([ids(1, 2), ids(2, 3)]) == (ids(1, 2, 3), 3)


def test_a_list_in_another_order_is_fine() -> None:
    """A server that does not order by id is not walked again for that."""
    assert walked([ids(9, 2), ids(7, 1)]) == (ids(9, 2, 7, 1), 1)


# --- files ---------------------------------------------------------------------------------------------------------------


def zipped(text: str = "x" * 1000) -> bytes:
    """A real zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", text)
    return buffer.getvalue()


def test_a_zip_is_saved_whole(tmp_path: Path) -> None:
    """The file is there under its name, and nothing beside it."""
    with serving(Reply(zipped())) as server:
        client = client_of(server.url)
        assert client.download("backup.latest", tmp_path / "b.zip") == len(zipped())
        client.close()
    assert server.asked[0].path == "/api/v4/system/status/backups/latest-backup/"
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]
    assert (tmp_path / "b.zip").read_bytes() == zipped()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(zipped(), cut=1), Unreachable),
        (Reply(zipped()[:-30]), Garbled),
        (Reply(zipped().replace(b"x" * 100, b"y" * 100, 1)), Garbled),
        (Reply(b"<html>"), Garbled),
        (Reply(b""), Garbled),
        (Reply(zipped("x" * 20_000)), Garbled),
        (Reply({"detail": "No."}, 403), Forbidden),
        (Reply({}, 500), Unreachable),
    ],
    ids=["cut", "no end", "damaged", "html", "empty", "too large", "forbidden", "500"],
)
def test_a_file_that_is_not_whole_is_refused(reply: Reply, error: type, tmp_path: Path) -> None:
    """Whatever is wrong, an older file of that name stays as it was, and nothing is left beside it."""
    (tmp_path / "b.zip").write_text("older")
    with serving(reply) as server:
        client = client_of(server.url, largest_download=10_000)
        with pytest.raises(error):
            client.download("backup.latest", tmp_path / "b.zip")
        client.close()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["older"]


def test_what_is_no_file_is_not_downloaded_and_no_place_is_said(tmp_path: Path) -> None:
    """A wrong operation and a folder that is not there are the caller's mistakes."""
    with serving(Reply(zipped())) as server:
        client = client_of(server.url)
        with pytest.raises(BadInput, match="no zip"):
            client.download("bond.list", tmp_path / "b.zip")
        with pytest.raises(BadInput, match="cannot be written"):
            client.download("backup.latest", tmp_path / "nowhere" / "b.zip")
        client.close()


# --- who we are ----------------------------------------------------------------------------------------------------------


def test_each_class_of_action_has_its_user() -> None:
    """A class without a user of its own goes as the main one."""
    with serving(Reply({})) as server:
        users = {Danger.OPERATE: ("op", "word"), Danger.ADMINISTER: ("root", "word")}
        client = client_of(server.url, users=users)
        client.call(*READ)
        client.call(*WRITE)
        client.call("bond.update", {"bond": 3}, body={"note": "x"})
        client.call("bond.delete", {"bond": 3})
        client.introduce(Danger.ADMINISTER)
        client.close()
    who = ["main", "op", "main", "root", "root"]
    basic = {"main": "bWFpbjp3b3Jk", "op": "b3A6d29yZA==", "root": "cm9vdDp3b3Jk"}
    assert [asked.headers["Authorization"] for asked in server.asked] == [f"Basic {basic[name]}" for name in who]


def token_server(tokens: list[str], login: Reply | None = None) -> Callable[[Asked], Reply]:
    """Hands out these tokens in turn and accepts only the newest that was handed out."""
    given: list[str] = []

    def say(asked: Asked) -> Reply:
        if asked.path == "/api/v4/login/":
            if login:
                return login
            given.append(tokens[len(given)])
            return Reply({"auth_token": given[-1]})
        good = given and asked.headers["Authorization"] == f"Token {given[-1]}" and given[-1] != "stale"
        return Reply({"id": 3}) if good else Reply({"detail": "Invalid token."}, 401)

    return say


def test_a_token_is_asked_for_once_and_renewed_once() -> None:
    """The password goes to the login alone; a token that ran out is replaced, and only once."""
    with serving(token_server(["stale", "fresh"])) as server:
        client = client_of(server.url, tokens=True)
        client.call(*WRITE)
        client.call(*READ)
        client.close()
    paths = [asked.path.removeprefix("/api/v4") for asked in server.asked]
    assert paths == ["/login/", "/bonds/3/restart/", "/login/", "/bonds/3/restart/", "/bonds/3/"]
    assert json.loads(server.asked[0].body) == {"email": "main", "password": "word"}
    assert server.asked[0].headers.get("Authorization") is None


def test_a_token_that_is_never_good_is_a_rejection() -> None:
    """Two tokens are tried, not more."""
    with serving(token_server(["stale", "stale"])) as server:
        client = client_of(server.url, tokens=True)
        with pytest.raises(CredentialsRejected):
            client.call(*READ)
        client.close()
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("login", "error", "says"),
    [
        (Reply({"non_field_errors": ["Unable to log in."]}, 400), CredentialsRejected, "Unable to log in"),
        (Reply({}, 404), Refused, "login: basic"),
        (Reply({}, 500), Unreachable, "500"),
        (Reply({"x": 1}), Unreachable, "without a token"),
        (Reply(b"<html>"), Unreachable, "cannot log in"),
    ],
    ids=["wrong password", "no such login", "500", "no token", "html"],
)
def test_a_login_that_fails_did_nothing(login: Reply, error: type, says: str) -> None:
    """Not even a write is in doubt where the login failed, and the password is not told."""
    with serving(token_server([], login)) as server:
        client = client_of(server.url, tokens=True)
        with pytest.raises(error, match=says) as caught:
            client.call(*WRITE)
        assert type(caught.value) is error
        client.close()
    assert len(server.asked) == 1


def test_the_budget_is_asked_before_each_request() -> None:
    """Every request takes a token; where there is none, nothing is sent."""
    tokens = iter([None, None])

    def budget() -> None:
        if next(tokens, "none left") is not None:
            raise Busy("no room", 1.0)

    with serving(Reply([])) as server:
        client = client_of(server.url, budget=budget)
        client.walk("leg.list")
        client.call(*READ)
        with pytest.raises(Busy):
            client.call(*READ)
        client.close()
    assert len(server.asked) == 2


# --- names by the type of the leg ----------------------------------------------------------------------------------------


def leg(**fields: Any) -> Callable[..., Any]:
    """A read that knows one leg."""
    return lambda operation, /, **arguments: (
        {"id": arguments["leg"], "bond_id": 3, **fields} if operation == "leg.get" else None
    )


@pytest.mark.parametrize(
    ("kind", "name", "arguments", "expected"),
    [
        ("interface", "leg.update", {"leg": 5}, ("interface_leg.update", {"leg": 5, "bond": 3})),
        ("mobilebroadband", "leg.update", {"leg": 5}, ("mobile_broadband_leg.update", {"leg": 5, "bond": 3})),
        ("Mobile_Broadband", "leg_tuning.accept", {"leg": 5, "tuning": 7},
         ("mobile_broadband_leg_tuning.accept", {"leg": 5, "tuning": 7, "bond": 3})),
        ("interface", "leg.get", {"leg": 5}, ("leg.get", {"leg": 5})),
        ("interface", "bond.get", {"bond": 5}, ("bond.get", {"bond": 5})),
    ],
)  # fmt: skip
def test_an_alias_is_what_the_leg_says(kind: str, name: str, arguments: dict, expected: tuple) -> None:
    """The type chooses the operation and the leg names its bond; what is no alias stays as it is."""
    assert resolve(name, arguments, leg(type=kind)) == expected


@pytest.mark.parametrize(
    ("arguments", "fields", "error"),
    [
        ({}, {}, BadInput),
        ({"leg": "x"}, {}, BadInput),
        ({"leg": 5, "bond": 3}, {}, BadInput),
        ({"leg": 5}, {"type": "carrier pigeon"}, Refused),
        ({"leg": 5}, {"type": "interface", "bond_id": None}, Garbled),
    ],
)
def test_an_alias_that_cannot_be_resolved_says_why(arguments: dict, fields: dict, error: type) -> None:
    """Wrong arguments are told before anything is read, and a leg of no known type is refused."""
    with pytest.raises(error):
        resolve("leg.update", arguments, leg(**fields))
