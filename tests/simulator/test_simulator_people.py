"""Who may do and see what: groups, home spaces, tokens."""

from typing import Any

import httpx
import pytest

from bridge.bonding.catalogue import OPERATIONS, ROOT
from bridge.simulator.api.runner import Running, running
from bridge.simulator.schema import accounts
from bridge.simulator.schema.rest_framework import ServerOptions
from bridge.simulator.world_builder import make_world
from tests.simulator.conftest import EPOCH

OPERATOR = ("operator@acme.example.com", "acme-operator")


def client(sim: Running, auth: tuple[str, str]) -> httpx.Client:
    """Speak to the API as somebody else."""
    return httpx.Client(base_url=sim.url, auth=auth, timeout=60)


def test_a_user_sees_their_space_and_below(sim: Running, api: httpx.Client) -> None:
    """Lists hold, and addresses lead to, what is in the home space's subtree only; the rest is not
    there for them.
    """
    child = api.post(
        f"{ROOT}/spaces/", json={"name": "Child", "key": "child", "parent": f"{ROOT}/spaces/acme/"}
    ).json()
    api.patch(f"{ROOT}/bonds/3/", json={"space": child})
    with client(sim, OPERATOR) as theirs:
        seen = {
            path: [it["id"] for it in theirs.get(f"{ROOT}/{path}/").json()]
            for path in ("bonds", "legs", "nodes")
        }
        assert seen == {"bonds": [1, 3, 5], "legs": [1, 2, 5, 6, 9, 10], "nodes": [4, 6, 8]}
        assert theirs.get(f"{ROOT}/bonds/?page_size=2").json()["count"] == 3
        assert [it["key"] for it in theirs.get(f"{ROOT}/spaces/").json()] == ["acme", "child"]
        assert [it["email"] for it in theirs.get(f"{ROOT}/users/").json()] == [OPERATOR[0]]
        for gone in (
            "/bonds/2/",
            "/legs/3/",
            "/spaces/globex/",
            "/aggregators/1/",
            "/bonds/2/connected_ips/",
            "/nodes/5/",
        ):
            assert theirs.get(ROOT + gone).status_code == 404, gone
        assert (
            theirs.patch(f"{ROOT}/bonds/2/interface_legs/3/", json={"note": "x"}).status_code == 404
        )
        assert (
            theirs.patch(f"{ROOT}/bonds/1/interface_legs/1/", json={"note": "x"}).status_code == 200
        )
        assert theirs.get(f"{ROOT}/mobile_provider_profiles/").json() == []


def test_an_invisible_object_cannot_be_referred_to(sim: Running, api: httpx.Client) -> None:
    """A user of one space cannot put a bond of theirs into another space, but may use what the
    spaces above them share.
    """
    bonds = ["bonding.view_bond", "bonding.add_bond", "bonding.change_bond"]
    group = api.post(f"{ROOT}/groups/", json={"name": "Bonds", "permissions": bonds}).json()
    api.patch(f"{ROOT}/users/1/", json={"groups": [group["url"]]})
    with client(sim, OPERATOR) as theirs:
        refused = theirs.patch(f"{ROOT}/bonds/1/", json={"space": {"key": "globex"}})
        assert refused.json() == {"space": ["Invalid hyperlink - Object does not exist."]}
        made = theirs.post(f"{ROOT}/bonds/", json={"aggregator": f"{ROOT}/aggregators/1/"})
        assert made.json()["space"]["key"] == "acme"


@pytest.mark.parametrize(
    ("allowed", "code"),
    [
        ("GET /bonds/1/", "view_bond"),
        ("PATCH /bonds/1/interface_legs/1/", "change_leg"),
        ("DELETE /bonds/1/interface_legs/1/", "delete_leg"),
        ("POST /bonds/1/connected_ips/", "add_connected_ip"),
        ("POST /bonds/1/restart/", "change_bond"),
        ("POST /bonds/1/tuners/", "add_bond_tuning"),
        ("POST /system/tasks/createisos/", "change_settings"),
        ("PATCH /settings/", "change_settings"),
    ],
)
def test_each_permission_opens_its_own_door(
    allowed: str, code: str, sim: Running, api: httpx.Client
) -> None:
    """Without the permission an operation is 403, with nothing but that one it is not; it is asked
    before the body is read.
    """
    method, path = allowed.split()
    with client(sim, OPERATOR) as theirs:
        answers = []
        for codes in ([], [f"bonding.{code}"]):
            api.patch(f"{ROOT}/groups/2/", json={"permissions": codes})
            api.patch(f"{ROOT}/groups/3/", json={"permissions": []})
            answers.append(theirs.request(method, ROOT + path, json={}))
        assert (answers[0].status_code, answers[0].json()) == (
            403,
            {"detail": "You do not have permission to perform this action."},
        )
        assert answers[1].status_code != 403


def test_every_operation_needs_a_permission_that_exists(api: httpx.Client) -> None:
    """What the operations ask for is what /permissions/ lists, with a name for people."""
    listed = api.get(f"{ROOT}/permissions/").json()
    needed = {accounts.needed(row) for row in OPERATIONS.values()} - {None}
    assert needed <= set(listed)
    assert listed["bonding.change_leg"] == "Can change leg"


def test_a_new_user_logs_in_until_they_are_inactive(sim: Running, api: httpx.Client) -> None:
    """E-mail and password of a created user work at once, the password is never shown, an inactive
    user is a stranger.
    """
    body: dict[str, Any] = {
        "email": "new@example.com",
        "password": "canary",
        "groups": [f"{ROOT}/groups/2/"],
    }
    user = api.post(f"{ROOT}/users/", json=body).json()
    assert "canary" not in api.get(user["url"]).text
    with client(sim, ("new@example.com", "canary")) as theirs:
        assert theirs.get(f"{ROOT}/bonds/").status_code == 200
        api.patch(user["url"], json={"active": False})
        stopped = theirs.get(f"{ROOT}/bonds/")
    assert (stopped.status_code, stopped.json()) == (401, {"detail": "User inactive or deleted."})
    assert not any("canary" in str(line) for line in (*sim.world.truth, *sim.world.ledger))


def test_tokens_stand_for_a_login(sim: Running) -> None:
    """Login gives a token that opens the API; wrong credentials, missing ones and wrong tokens are
    told apart.
    """
    login = f"{sim.url}{ROOT}/login/"
    given = httpx.post(login, json={"email": "demo@example.com", "password": "demo"}).json()[
        "auth_token"
    ]
    bonds = f"{sim.url}{ROOT}/bonds/"
    assert httpx.get(bonds, headers={"Authorization": f"Token {given}"}).status_code == 200
    wrong = httpx.get(bonds, headers={"Authorization": "Token nonsense"})
    assert (wrong.status_code, wrong.json()) == (401, {"detail": "Invalid token."})
    bad = httpx.post(login, json={"email": "demo@example.com", "password": "x"})
    assert (bad.status_code, bad.json()) == (
        400,
        {"non_field_errors": ["Unable to log in with provided credentials."]},
    )
    assert httpx.post(login, json={"email": "x"}).json() == {
        "password": ["This field is required."]
    }


def test_a_server_may_have_other_ways() -> None:
    """Without tokens there is no login; without challenges strangers get 403."""
    with running(
        make_world(epoch=EPOCH), speed=0, ways=ServerOptions(tokens=False, challenge=False)
    ) as sim:
        demo = ("demo@example.com", "demo")
        assert httpx.post(f"{sim.url}{ROOT}/login/", json={}, auth=demo).status_code == 404
        stranger = httpx.get(f"{sim.url}{ROOT}/bonds/")
    assert (stranger.status_code, "www-authenticate" in stranger.headers) == (403, False)
    assert stranger.json() == {"detail": "Authentication credentials were not provided."}
