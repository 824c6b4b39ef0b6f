"""Who the client says it is."""

import json
from collections.abc import Callable

import pytest

from bridge.bonding.catalogue import Danger
from bridge.errors import CredentialsRejected, Refused, Unreachable

from .scripted_server import Asked, Reply, client_of, serving

READ = ("bond.get", {"bond": 3})
WRITE = ("bond.restart", {"bond": 3})


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
    assert [asked.headers["Authorization"] for asked in server.asked] == [
        f"Basic {basic[name]}" for name in who
    ]


def token_server(tokens: list[str], login: Reply | None = None) -> Callable[[Asked], Reply]:
    """Hands out these tokens in turn and accepts only the newest that was handed out."""
    given: list[str] = []

    def say(asked: Asked) -> Reply:
        if asked.path == "/api/v4/login/":
            if login:
                return login
            given.append(tokens[len(given)])
            return Reply({"auth_token": given[-1]})
        good = (
            given
            and asked.headers["Authorization"] == f"Token {given[-1]}"
            and given[-1] != "stale"
        )
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
        (
            Reply({"non_field_errors": ["Unable to log in."]}, 400),
            CredentialsRejected,
            "Unable to log in",
        ),
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
