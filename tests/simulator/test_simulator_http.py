"""The vendor's HTTP, over a real socket."""

import httpx
import pytest

from bridge.bonding.catalogue import OPERATIONS, ROOT
from bridge.simulator.api.operation_handlers import DOCUMENTS, FILES, GETS, LISTS, WRITES
from bridge.simulator.api.runner import Running
from bridge.simulator.api.status_documents import INDEXES
from bridge.simulator.objects import crud

RESTART = f"{ROOT}/bonds/1/restart/"
TUNERS = f"{ROOT}/bonds/1/tuners/"
# what is there in the usual world, where it does not have the number 1
NUMBERS = {"space": "acme", "bonder": 4, "node": 4}
SPECIAL = {
    "vlan_interface": {"interface": 13},
    "bonder_vlan_interface": {"interface": 13},
    "vxlan_interface": {"interface": 14},
    "bonder_vxlan_interface": {"interface": 14},
    "mobile_broadband_leg": {"bond": 6, "leg": 12},
    "mobile_broadband_leg_tuning": {"bond": 6, "leg": 12},
    "static_addressing": {"addressing": 2},
    "pppoe_addressing": {"addressing": 3},
    "autoipv6_addressing": {"addressing": 4},
    "ip_allocation": {"allocation": 2},
}


@pytest.mark.parametrize("name", sorted({*LISTS, *GETS, *WRITES, *DOCUMENTS, *FILES, *INDEXES}))
def test_every_row_that_reads_or_acts_answers(name: str, sim: Running, api: httpx.Client) -> None:
    """Each operation has a route of its own method, and says 2xx where the object is there and in
    the right state.
    """
    row = OPERATIONS[name]
    (prefix, _, verb) = name.partition(".")
    numbers = NUMBERS | SPECIAL.get(prefix, {})
    values = {argument: numbers.get(argument, 1) for argument in row.arguments}
    if f"{prefix}.start" in WRITES and verb != "start":
        api.post(ROOT + OPERATIONS[f"{prefix}.start"].path.format(**values))
    if verb in {"accept", "decline"}:
        sim.advance(200)
    answer = api.request(row.method, ROOT + row.path.format(**values))
    assert answer.is_success, answer.text
    assert answer.headers["content-type"] == (
        "application/zip" if row.zipped else "application/json"
    )
    assert row.method in answer.headers["allow"]


def test_each_operation_is_read_or_done_in_exactly_one_way() -> None:
    """No row of the catalogue is left out or done twice: lists, objects, writes and the index share
    them out.
    """
    wishes = [row.name for row in OPERATIONS.values() if crud.is_wish(row)]
    done = [*LISTS, *GETS, *WRITES, *DOCUMENTS, *FILES, *INDEXES, *wishes]
    assert sorted(done) == sorted(OPERATIONS)


def test_strangers_are_challenged(sim: Running) -> None:
    """Without credentials and with wrong ones, the vendor's 401, its challenge and its two texts
    are given.
    """
    url = f"{sim.url}{ROOT}/bonds/"
    missing = httpx.get(url)
    wrong = httpx.get(url, auth=("demo@example.com", "nope"))
    assert (missing.status_code, missing.json()) == (
        401,
        {"detail": "Authentication credentials were not provided."},
    )
    assert (wrong.status_code, wrong.json()) == (401, {"detail": "Invalid username/password."})
    assert (
        missing.headers["www-authenticate"]
        == wrong.headers["www-authenticate"]
        == 'Basic realm="api"'
    )
    garbled = httpx.get(url, headers={"Authorization": "Basic %%%"})
    assert (garbled.status_code, httpx.get(f"{sim.url}/api/nothing").status_code) == (401, 401)


def test_a_reader_may_look_but_not_touch(sim: Running) -> None:
    """The read-only user gets lists, but 403 for a write; refused writes are in the ledger and not
    effective.
    """
    with httpx.Client(base_url=sim.url, auth=("viewer@example.com", "demo")) as viewer:
        assert viewer.get(f"{ROOT}/bonds/").status_code == 200
        refused = viewer.post(RESTART)
    assert (refused.status_code, refused.json()["detail"][:27]) == (
        403,
        "You do not have permission ",
    )
    httpx.post(sim.url + RESTART)
    entries = sim.world.ledger
    assert [(entry["operation"], entry["status"], entry["effective"]) for entry in entries] == [
        ("bond.restart", 403, False),
        ("bond.restart", 401, False),
    ]
    assert sim.world.truth == []


def test_what_is_not_there_is_404(api: httpx.Client, sim: Running) -> None:
    """Unknown paths, ids, spaces, and another bond's tuning are 404 in JSON; a write among them is
    in the ledger.
    """
    api.post(TUNERS)
    gone = (
        "/nothing/",
        "/bonds/99/",
        "/bonds/abc/",
        "/spaces/2/",
        "/bonds/2/tuners/1/",
        f"/bonds/{'9' * 5000}/",
    )
    for path in gone:
        answer = api.get(ROOT + path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."}), path
    assert api.post(f"{ROOT}/bonds/99/restart/").status_code == 404
    assert sim.world.ledger[-1] | {"at": ""} == {
        "at": "",
        "operation": "bond.restart",
        "arguments": {"bond": 99},
        "status": 404,
        "effective": False,
        "effect": "Not found.",
        "fault": None,
    }


def test_wrong_methods_are_405_with_what_is_allowed(api: httpx.Client) -> None:
    """A method without an operation is named in the refusal, and Allow lists the others."""
    answer = api.delete(TUNERS)
    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "DELETE" not allowed.'})
    assert answer.headers["allow"] == "GET, POST, HEAD, OPTIONS"
    assert api.get(RESTART).status_code == 405
    assert api.head(TUNERS).status_code == api.options(TUNERS).status_code == 200


def test_a_missing_slash_redirects(api: httpx.Client) -> None:
    """A path without its last slash is answered with 301 to the one with it, keeping the query."""
    answer = api.get(f"{ROOT}/bonds?page_size=2")
    assert (answer.status_code, answer.headers["location"]) == (301, f"{ROOT}/bonds/?page_size=2")


def test_bodies_and_forms_that_do_not_fit_are_refused(api: httpx.Client) -> None:
    """Malformed JSON is 400, another type 415, another form of answer 406, a huge body 413; none
    has effect.
    """
    json_type = {"Content-Type": "application/json"}
    malformed = api.post(RESTART, content="{", headers=json_type)
    assert malformed.status_code == 400
    assert malformed.json()["detail"].startswith("JSON parse error - ")
    assert (
        api.post(RESTART, content="<a/>", headers={"Content-Type": "text/xml"}).status_code == 415
    )
    assert api.post(RESTART, headers={"Accept": "image/png"}).status_code == 406
    assert api.post(RESTART, content=b" " * (2 << 20), headers=json_type).status_code == 413
    assert not any(entry["effective"] for entry in api.get("/_sim/ledger").json())


def test_lists_are_bare_or_paged(api: httpx.Client) -> None:
    """A list is a bare array until page_size is given; then pages carry count and absolute links
    that can be walked.
    """
    bare = api.get(f"{ROOT}/legs/?page=7&unknown=1").json()
    assert [leg["id"] for leg in bare] == list(range(1, 13))
    url = f"{ROOT}/legs/?page_size=5"
    ids = []
    pages = []
    while url:
        page = api.get(url).json()
        pages.append(page)
        ids += [leg["id"] for leg in page["results"]]
        url = page["next"]
    assert ids == list(range(1, 13))
    base = f"{api.base_url}".rstrip("/") + f"{ROOT}/legs/"
    assert [page["previous"] for page in pages] == [
        None,
        f"{base}?page_size=5",
        f"{base}?page=2&page_size=5",
    ]
    assert {page["count"] for page in pages} == {12}


@pytest.mark.parametrize("page", ["4", "0", "-1", "x"])
def test_a_page_that_is_none_is_404(page: str, api: httpx.Client) -> None:
    """Pages behind the last, and such as are no number, get the framework's text."""
    answer = api.get(f"{ROOT}/legs/?page_size=5&page={page}")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Invalid page."})


@pytest.mark.parametrize("size", ["0", "x", "-3", ""])
def test_a_page_size_that_is_none_is_ignored(size: str, api: httpx.Client) -> None:
    """The bare list is given where page_size makes no sense."""
    assert len(api.get(f"{ROOT}/legs/?page_size={size}").json()) == 12


def test_lists_are_ordered_by_fields(api: httpx.Client) -> None:
    """Several fields order a list, a minus turns one round, paging comes after; unknown fields are
    ignored.
    """
    legs = api.get(f"{ROOT}/legs/?ordering=-down_speed,-id,nonsense&page_size=7").json()["results"]
    assert [leg["id"] for leg in legs] == [11, 9, 7, 5, 3, 1, 12]
    assert [leg["id"] for leg in api.get(f"{ROOT}/legs/?ordering=bond_id,note").json()][:4] == [
        1,
        2,
        3,
        4,
    ]


def test_objects_refer_to_each_other_as_the_vendors_do(api: httpx.Client) -> None:
    """Bonds nest space and bonder, link aggregators, hide the current one; spaces go by key; nodes
    share ids.
    """
    base = f"{api.base_url}".rstrip("/") + ROOT
    bond = api.get(f"{ROOT}/bonds/2/").json()
    assert bond["space"] == {"name": "Globex", "key": "globex", "url": f"{base}/spaces/globex/"}
    assert (bond["bonder"]["id"], bond["bonder"]["url"]) == (5, f"{base}/bonders/5/")
    assert [len(group) for group in bond["bonder"]["key"].split("-")] == [5, 5, 5, 5]
    assert (bond["aggregator"], bond["secondary_aggregator"]) == (
        f"{base}/aggregators/2/",
        f"{base}/aggregators/3/",
    )
    assert "current_aggregator" not in bond
    assert [it["id"] for it in api.get(f"{ROOT}/aggregators/2/bonds_current/").json()] == [2, 5]
    assert [it["id"] for it in api.get(f"{ROOT}/aggregators/2/bonds_secondary/").json()] == [1, 4]
    assert [it["key"] for it in api.get(f"{ROOT}/spaces/").json()] == ["root", "acme", "globex"]


def test_rates_vary_and_the_world_does_not(sim: Running, api: httpx.Client) -> None:
    """Two reads of a leg differ in their rates alone, and leave no trace in the world."""
    before = sim.world.version
    first, second = (api.get(f"{ROOT}/legs/1/").json() for _ in range(2))
    assert first["download_rate"] != second["download_rate"]
    rates = {"download_rate", "upload_rate"}
    assert {k: v for k, v in first.items() if k not in rates} == {
        k: v for k, v in second.items() if k not in rates
    }
    assert sim.world.version == before


def test_answers_carry_the_worlds_date(sim: Running, api: httpx.Client) -> None:
    """The Date header is one, and in world time; JSON comes on one compact line."""
    sim.advance(90)
    answer = api.get(f"{ROOT}/bonds/1/")
    assert answer.headers.get_list("date") == ["Sun, 01 Mar 2026 12:01:30 GMT"]
    assert (answer.headers["vary"], "\n" in answer.text, '": ' in answer.text) == (
        "Accept, Cookie",
        False,
        False,
    )
