"""The requests of the vendor's own published scripts, under version 4: over HTTPS, with Basic auth
and nothing of ours.
"""

import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bridge.simulator.api.runner import running
from bridge.simulator.world_builder import make_world
from tests.api.simulator_server import EPOCH, USER

TIMEOUT = 10  # seconds, as in the scripts
PARTS = ("cpe_nat_ips", "routes", "connected_ips")


@pytest.fixture
def host() -> Iterator[tuple[str, ssl.SSLContext]]:
    """Where the server is, and a trust in its certificate alone."""
    with running(make_world(seed=1, epoch=EPOCH), speed=0, tls=True) as sim:
        assert sim.certificate is not None
        yield sim.url, ssl.create_default_context(cadata=sim.certificate.pem)


def request(
    host: tuple[str, ssl.SSLContext], method: str, path: str, **more: Any
) -> httpx.Response:
    """One request, as a script makes it: a connection of its own, the whole address, Basic auth."""
    url = path if path.startswith("https://") else f"{host[0]}/api/v4{path}"
    return httpx.request(
        method, url, **{"auth": USER, "timeout": TIMEOUT, "verify": host[1], **more}
    )


def update_leg(host: tuple[str, ssl.SSLContext], leg: int, mode: str) -> httpx.Response:
    """Find the leg among all, and change its mode at its own address."""
    found = request(host, "GET", f"/legs/{leg}/")
    found.raise_for_status()
    return request(host, "PATCH", found.json()["url"], json={"link_mode": mode})


def enable(
    host: tuple[str, ssl.SSLContext], bond: int, part: str, *, enabled: bool
) -> list[httpx.Response]:
    """Switch all of a part of a bond on or off."""
    listed = request(host, "GET", f"/bonds/{bond}/{part}/").json()
    wish = {"enabled": enabled}
    return [
        request(host, "PATCH", f"/bonds/{bond}/{part}/{each['id']}/", json=wish) for each in listed
    ]


def double(host: tuple[str, ssl.SSLContext], bond: int) -> None:
    """Give another bond what bond 1 has, switched off: the pair of a site that must not go down."""
    bonder = request(host, "GET", f"/bonds/{bond}/").json()["bonder"]["id"]
    interface = request(host, "GET", f"/bonders/{bonder}/ethernet_interfaces/").json()[0]["url"]
    for part in reversed(PARTS):
        for each in request(host, "GET", f"/bonds/1/{part}/").json():
            twin = {name: value for name, value in each.items() if value is not None} | {
                "enabled": False
            }
            twin |= {"interface": interface} if part == "connected_ips" else {}
            made = request(host, "POST", f"/bonds/{bond}/{part}/", json=twin)
            assert made.status_code == 201, made.text


@pytest.mark.parametrize("leg", [1, 12])
def test_a_legs_mode_follows_the_clock(host: tuple[str, ssl.SSLContext], leg: int) -> None:
    """A generic leg of either type leads by its `url` to where its mode can be changed, and
    changes.
    """
    for mode in ("idle", "active", "offline"):
        answer = update_leg(host, leg, mode)
        assert (answer.status_code, answer.json()["link_mode"]) == (200, mode)
        assert request(host, "GET", f"/legs/{leg}/").json()["link_mode"] == mode


def test_the_generic_address_of_a_leg_takes_no_patch(host: tuple[str, ssl.SSLContext]) -> None:
    """Only the address of its type does."""
    answer = request(host, "PATCH", "/legs/1/", json={"link_mode": "idle"})
    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "PATCH" not allowed.'})


def test_a_pair_of_bonds_swaps(host: tuple[str, ssl.SSLContext]) -> None:
    """What is enabled on the peer cannot be enabled here; off there first and then on here, all of
    it works, and back.
    """
    # a bond of another space may not have its public addresses, so all are private or
    # documentation's
    double(host, 2)
    early = enable(host, 2, "connected_ips", enabled=True)
    assert {answer.status_code for answer in early} == {400}
    assert all("is enabled on another bond" in answer.json()["enabled"][0] for answer in early)
    for there, here in ((1, 2), (2, 1)):
        answers = [each for part in PARTS for each in enable(host, there, part, enabled=False)]
        answers += [
            each for part in reversed(PARTS) for each in enable(host, here, part, enabled=True)
        ]
        assert {answer.status_code for answer in answers} == {200}
        for part in PARTS:
            assert {
                each["enabled"] for each in request(host, "GET", f"/bonds/{here}/{part}/").json()
            } == {True}
            assert {
                each["enabled"] for each in request(host, "GET", f"/bonds/{there}/{part}/").json()
            } == {False}


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("PATCH", "/bonds/1/interface_legs/1/", {"json": {"link_mode": "fast"}}, 400),
        (
            "PATCH",
            "/bonds/1/interface_legs/1/",
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
            400,
        ),
        ("PATCH", "/bonds/1/routes/1/", {"json": {"enabled": "perhaps"}}, 400),
        ("GET", "/legs/1/", {"auth": None}, 401),
        ("GET", "/legs/1/", {"auth": ("demo@example.com", "wrong")}, 401),
        (
            "PATCH",
            "/bonds/1/routes/1/",
            {"auth": ("viewer@example.com", "demo"), "json": {"enabled": False}},
            403,
        ),
        ("GET", "/legs/999/", {}, 404),
        ("GET", "/bonds/1/legs/1/", {}, 404),
        ("DELETE", "/legs/1/", {}, 405),
        ("GET", "/legs/1/", {"headers": {"Accept": "text/csv"}}, 406),
        (
            "PATCH",
            "/bonds/1/routes/1/",
            {"content": b"a", "headers": {"Content-Type": "text/plain"}},
            415,
        ),
    ],
)
def test_every_refusal_is_json(
    host: tuple[str, ssl.SSLContext], method: str, path: str, more: dict[str, Any], status: int
) -> None:
    """The scripts read the body of every 4xx as JSON: it is, and says why."""
    answer = request(host, method, path, **more)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert all(answer.json().values())
