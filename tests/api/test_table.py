"""The vendor's table, URI by URI and method by method, against the simulator over HTTP."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.bonding.catalogue import LITERAL, OPERATIONS, ROOT, Operation
from bridge.simulator.api.runner import Running
from bridge.simulator.schema.rest_framework import ServerOptions
from tests.api.cases import Case, case_of
from tests.api.simulator_server import TLS, Again, speaking
from tests.case_tables import all_cases

# the project's own copy of the vendor's table: path -> methods
VENDOR: dict[str, str] = json.loads(
    (Path(__file__).parents[1] / "bonding" / "v4_uris.json").read_text(encoding="utf-8")
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LIST = "/api/v4/bonds/X/interface_legs/"
_ONE = "/api/v4/bonds/X/interface_legs/Y/"
# the table as it is written, and with the two rows that it swaps put right
TABLES: Mapping[str, Mapping[str, str]] = {
    "literal": VENDOR,
    "right": {**VENDOR, _LIST: "GET POST", _ONE: "GET PUT PATCH DELETE"},
}
CATALOGUES: Mapping[str, Mapping[str, Operation]] = {"literal": LITERAL, "right": OPERATIONS}
ENTRIES = [
    (way, method, uri)
    for way, table in TABLES.items()
    for uri, methods in table.items()
    for method in methods.split()
]
URIS = [(way, uri) for way, table in TABLES.items() for uri in table]


def shape(path: str) -> str:
    """A path with every identifier as one sign."""
    return re.sub(r"\{\w+\}|(?<=/)[XYZ](?=/)", "#", path)


ROWS = {
    (way, row.method, shape(ROOT + row.path)): row
    for way, catalogue in CATALOGUES.items()
    for row in catalogue.values()
}


def _row(way: str, method: str, uri: str) -> Operation:
    """The catalogue's row; KeyError, and so a test that fails, for an entry of the table that has
    none.
    """
    return ROWS[way, method, shape(uri)]


every = all_cases(("way", "method", "uri"), ENTRIES, ids=str)
every_uri = all_cases(("way", "uri"), URIS, ids=str)
Worlds = Mapping[str, tuple[Running, httpx.Client, Again]]


@pytest.fixture(scope="module")
def worlds() -> Iterator[Worlds]:
    """A world for either reading of the table."""
    with speaking(ServerOptions(literal=True)) as literal, speaking() as right:
        yield {"literal": (*literal, Again(literal[0])), "right": (*right, Again(right[0]))}


@pytest.fixture
def begin(worlds: Worlds) -> Callable[[], None]:
    """Puts both back to where they stood, for whatever changes them."""

    def both() -> None:
        for _, _, again in worlds.values():
            again.begin()

    return both


@pytest.fixture
def stranger() -> Iterator[httpx.Client]:
    """Somebody whom no server knows."""
    with httpx.Client(verify=TLS, timeout=60) as client:
        yield client


def _path(uri: str) -> str:
    """An address of this shape at which there is something."""
    row = next(row for row in OPERATIONS.values() if shape(ROOT + row.path) == shape(uri))
    return ROOT + row.path.format(
        **{name: "acme" if name == "space" else 1 for name in row.arguments}
    )


def _allowed(methods: str) -> set[str]:
    return {*methods.split(), "OPTIONS", *(["HEAD"] if "GET" in methods.split() else [])}


def test_the_table_is_whole() -> None:
    """It is read from the project's own copy: 135 URIs with 275 operations, 276 with the swapped
    rows put right.
    """
    assert len(VENDOR) == 135
    assert [sum(way == each for way, _, _ in ENTRIES) for each in ("literal", "right")] == [
        275,
        276,
    ]
    assert {(way, method, shape(uri)) for way, method, uri in ENTRIES} == set(ROWS)


@all_cases(("way", "method", "uri"), ENTRIES, ids=str, before="begin")
def test_it_is_done_for_who_may(way: str, method: str, uri: str, worlds: Worlds) -> None:
    """With credentials, each operation is carried out: what is read is there, and what is written
    reads back changed.
    """
    sim, api, _ = worlds[way]
    case = case_of(_row(way, method, uri), sim, api)
    if not case.row.writes:
        _is_there(case, case.ask(api))
        return
    before = case.look(api)
    done = case.ask(api)
    assert done.is_success, done.text
    sim.advance(case.later)
    after = case.look(api)
    assert after != before
    assert case.wanted is None or after == case.wanted
    assert (sim.world.ledger[-1]["operation"], sim.world.ledger[-1]["effective"]) == (
        case.row.name,
        True,
    )
    if case.row.name.endswith(".create"):
        _is_as_sent(case.body or {}, api.get(done.headers["location"]).json())


def _is_there(case: Case, answer: httpx.Response) -> None:
    assert answer.is_success, answer.text
    if case.row.zipped:
        assert answer.content[:2] == b"PK"
        return
    body = answer.json()
    assert body, "nothing of this kind is in the world"
    if case.row.name.endswith(".get") and case.row.arguments:
        assert case.arguments[case.row.arguments[-1]] in (body["id"], body.get("key"))


def _is_as_sent(sent: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    for name, value in sent.items():
        if name != "password":
            # an interface has two addresses, and is told by one of them
            assert found[name] == value or found[name].split("/")[-2:] == value.split("/")[-2:], (
                name
            )


@all_cases(
    ("way", "method", "uri"), [it for it in ENTRIES if _row(*it).writes], ids=str, before="begin"
)
def test_a_bad_body_is_refused(way: str, method: str, uri: str, worlds: Worlds) -> None:
    """What cannot be is 400 and names the field, and nothing comes of it; only a DELETE has no body
    that could be bad.
    """
    sim, api, _ = worlds[way]
    case = case_of(_row(way, method, uri), sim, api)
    if case.bad is None:
        assert method == "DELETE"
        assert case.ask(api).is_success
        assert case.ask(api).status_code == 404
        return
    before = case.look(api)
    truth = len(sim.world.truth)
    answer = case.ask(api, case.bad)
    assert (answer.status_code, list(answer.json())) == (400, [case.blamed]), answer.text
    assert all(isinstance(text, str) for text in answer.json()[case.blamed])
    assert (case.look(api), len(sim.world.truth)) == (before, truth)


@all_cases(("way", "method", "uri"), [it for it in ENTRIES if _row(*it).arguments], ids=str)
def test_what_is_not_there_is_404(way: str, method: str, uri: str, worlds: Worlds) -> None:
    """Below and at the address of what is not there, each operation is 404 in JSON."""
    row = _row(way, method, uri)
    nowhere = ROOT + row.path.format(
        **{name: "nowhere" if name == "space" else 9999 for name in row.arguments}
    )
    answer = worlds[way][1].request(method, nowhere, json={"id": 9999} if row.writes else None)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


@every
def test_a_stranger_is_refused(
    way: str, method: str, uri: str, worlds: Worlds, stranger: httpx.Client
) -> None:
    """Without credentials, and with wrong ones, each operation is 401 in JSON with the vendor's
    challenge, and not done.
    """
    sim, _, _ = worlds[way]
    done = [entry for entry in sim.world.ledger if entry["effective"]]
    for auth in (None, ("demo@example.com", "wrong")):
        answer = stranger.request(method, sim.url + _path(uri), auth=auth, json={})
        assert (answer.status_code, list(answer.json())) == (401, ["detail"])
        assert answer.headers["www-authenticate"] == 'Basic realm="api"'
    assert [entry for entry in sim.world.ledger if entry["effective"]] == done


@every_uri
def test_unlisted_methods_are_refused(way: str, uri: str, worlds: Worlds) -> None:
    """A method the table does not list is 405 in JSON, and Allow names just what it lists."""
    listed = TABLES[way][uri]
    for method in set(METHODS) - set(listed.split()):
        answer = worlds[way][1].request(method, _path(uri), json={})
        assert (answer.status_code, answer.json()) == (
            405,
            {"detail": f'Method "{method}" not allowed.'},
        )
        assert set(answer.headers["allow"].split(", ")) == _allowed(listed)


@every_uri
def test_options_describe_it(way: str, uri: str, worlds: Worlds) -> None:
    """OPTIONS, on every URI, names the resource and what it renders; Allow names just what the
    table lists.
    """
    answer = worlds[way][1].options(_path(uri))
    assert answer.status_code == 200
    assert set(answer.headers["allow"].split(", ")) == _allowed(TABLES[way][uri])
    body = answer.json()
    assert body["name"]
    assert "application/json" in body["renders"]
    assert set(body.get("actions", {})) <= set(TABLES[way][uri].split())
