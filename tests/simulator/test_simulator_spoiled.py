"""Faults that spoil answers, over a real socket: what each does to a list, a page, an object, the
bytes.
"""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bridge.bonding.catalogue import ROOT
from bridge.simulator.api.runner import Running
from bridge.simulator.faults import corrupt_transport
from bridge.simulator.faults.corrupt_bodies import STRANGE_STATE
from bridge.simulator.faults.switches import KINDS, FaultDecision

LEGS = f"{ROOT}/legs/"
RESTART = f"{ROOT}/bonds/1/restart/"


def ids(rows: list[dict[str, Any]]) -> list[int]:
    """Give the ids of what was listed."""
    return [row["id"] for row in rows]


def test_the_controls_say_what_each_kind_does(api: httpx.Client) -> None:
    """Every kind has its share, 0 at first, and a sentence."""
    shown = api.get("/_sim/faults").json()
    assert shown["about"] == KINDS
    assert {shown[kind] for kind in KINDS} == {0.0}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_limited_like_the_others(kind: str, sim: Running, api: httpx.Client) -> None:
    """Each strikes only the operations named and only so often, and is counted."""
    sim.set_faults(**{kind: 1}, only=["leg.list"], times=1, seconds=0, megabytes=0.01)
    assert api.get(f"{ROOT}/bonds/").json()[0]["id"] == 1
    if kind != "endless_zip":  # which would never end
        try:
            api.get(LEGS)
        except httpx.TransportError:
            assert kind in {"cut", "drop"}
        assert ids(api.get(LEGS).json()) == list(range(1, 13))
        assert api.get("/_sim/faults").json()["struck"] == 1


def test_a_html_page_comes_with_200(sim: Running, api: httpx.Client) -> None:
    """It hides a write that took effect, or with when=before keeps it from the world."""
    sim.set_faults(html=1)
    answer = api.post(RESTART)
    assert (answer.status_code, answer.headers["content-type"], answer.text[:6]) == (
        200,
        "text/html",
        "<html>",
    )
    assert sim.world.ledger[-1]["effective"]
    sim.set_faults(html=1, when="before")
    api.post(RESTART)
    assert (sim.world.ledger[-1]["effective"], sim.world.ledger[-1]["fault"]) == (False, "html")


def test_a_busy_server_says_when_to_come_again(sim: Running, api: httpx.Client) -> None:
    """429 and 503 carry Retry-After, and the request does nothing."""
    sim.set_faults(retry_after=1, seconds=7)
    answers = [api.post(RESTART) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {429, 503}
    assert {answer.headers["retry-after"] for answer in answers} == {"7"}
    assert not any(entry["effective"] for entry in sim.world.ledger)


def test_half_a_page_says_it_is_whole(sim: Running, api: httpx.Client) -> None:
    """A page keeps its count and its links but not all objects; a bare list is just shorter; an
    object is whole.
    """
    sim.set_faults(half=1)
    page = api.get(f"{LEGS}?page_size=6").json()
    assert (page["count"], ids(page["results"]), page["next"] is None) == (12, [1, 2, 3], False)
    assert ids(api.get(LEGS).json()) == [1, 2, 3, 4, 5, 6]
    assert api.get(f"{LEGS}1/").json()["id"] == 1


@pytest.mark.parametrize(
    ("kind", "count", "bonds"),
    [("empty", 0, []), ("hidden", 3, [1, 3, 5]), ("duplicate", 7, [1, 1, 2, 3, 4, 5, 6])],
)
def test_lists_that_lack_or_repeat(
    kind: str, count: int, bonds: list[int], sim: Running, api: httpx.Client
) -> None:
    """Bare lists and pages are wrong in the same way, and their counts agree with them."""
    sim.set_faults(**{kind: 1})
    assert ids(api.get(f"{ROOT}/bonds/").json()) == bonds
    page = api.get(f"{ROOT}/bonds/?page_size=100").json()
    assert (page["count"], ids(page["results"])) == (count, bonds)


def test_what_is_hidden_is_not_at_its_address_either(sim: Running, api: httpx.Client) -> None:
    """As after a changed permission: 404 for what the lists lack, the object for what they have."""
    sim.set_faults(hidden=1)
    assert [api.get(f"{ROOT}/bonds/{number}/").status_code for number in (1, 2, 3, 4)] == [
        200,
        404,
        200,
        404,
    ]
    assert len(api.get(f"{ROOT}/system/status/backups/").json()) < 3


def test_objects_move_between_pages(sim: Running, api: httpx.Client) -> None:
    """Each read of a list has all objects, in an order of its own."""
    sim.set_faults(shuffle=1)
    first, second = (ids(api.get(LEGS).json()) for _ in range(2))
    assert first != second
    assert sorted(first) == sorted(second) == list(range(1, 13))


def test_types_are_not_what_they_were(sim: Running, api: httpx.Client) -> None:
    """Numbers are text, a nested object is its address and an address an object, legs are in a
    state nobody knows.
    """
    sim.set_faults(types=1)
    leg = api.get(f"{LEGS}?page_size=2").json()["results"][1]
    assert (leg["id"], leg["bond_id"], leg["failover"], leg["overall_state"]) == (
        "2",
        "1",
        False,
        STRANGE_STATE,
    )
    assert leg["url"].endswith("/bonds/1/interface_legs/2/")
    bond = api.get(f"{ROOT}/bonds/1/").json()
    assert bond["space"].endswith(f"{ROOT}/spaces/acme/")
    assert (bond["aggregator"]["id"], bond["bonder"].endswith("/bonders/4/")) == (1, True)


@pytest.mark.parametrize(("skew", "clock"), [(3600, "13:00:05"), (-60.5, "11:59:04")])
def test_a_clock_that_is_off_is_off_everywhere(
    skew: float, clock: str, sim: Running, api: httpx.Client
) -> None:
    """The Date header and every time in the answer are moved alike; the world itself is not."""
    sim.advance(5)
    honest = api.get(f"{ROOT}/system/status/backups/").json()[0]["created"]
    sim.set_faults(skew=1, skew_seconds=skew)
    answer = api.get(f"{ROOT}/system/status/backups/")
    assert clock in answer.headers["date"]
    assert answer.json()[0]["created"] != honest
    assert api.get("/_sim/clock").json()["now"] == "2026-03-01T12:00:05.000000Z"


@pytest.mark.parametrize(("kind", "pauses"), [("drip", 100), ("stall", 1)])
def test_a_slow_answer_is_whole_in_the_end(
    kind: str, pauses: int, sim: Running, api: httpx.Client
) -> None:
    """All bytes come, with the pauses between them that were asked for, and the connection can be
    used again.
    """
    body = bytes(range(250)) * 8
    parts = list(corrupt_transport.pieces(FaultDecision(kind, seconds=30), body))
    waits = [part for part in parts if isinstance(part, float)]
    assert (len(waits), sum(waits)) == (pauses, pytest.approx(30))
    assert b"".join(part for part in parts if isinstance(part, bytes)) == body
    whole = api.get(f"{ROOT}/spaces/").content
    sim.set_faults(**{kind: 1}, seconds=0.01)
    assert [api.get(f"{ROOT}/spaces/").content for _ in range(2)] == [whole, whole]


def test_a_slow_answer_ends_with_the_server(sim: Running, api: httpx.Client) -> None:
    """A stall of an hour does not outlive the server: the rest comes at once when it closes its
    port.
    """
    sim.set_faults(stall=1, seconds=3600, only=["leg.list"])
    with api.stream("GET", LEGS) as answer:
        parts = answer.iter_raw()
        beginning = next(parts)
        sim.set_faults()
        with httpx.Client(base_url=sim.url) as other:
            other.post("/_sim/faults", json={"refuse": 0.1})
        rest = b"".join(parts)
    assert len(beginning + rest) == int(answer.headers["content-length"])
    assert rest


def test_a_huge_body_is_huge(sim: Running, api: httpx.Client) -> None:
    """The answer is there, and megabytes of blanks behind it; the head says how much."""
    sim.set_faults(huge=1, megabytes=3)
    answer = api.get(LEGS)
    assert len(answer.content) == int(answer.headers["content-length"]) > 3 << 20
    assert ids(answer.json()) == list(range(1, 13))


def test_a_zip_that_does_not_end(sim: Running, api: httpx.Client) -> None:
    """It begins as a zip file does, says no length, and goes on for as long as it is read."""
    sim.set_faults(endless_zip=1)
    with api.stream("GET", f"{ROOT}/system/status/backups/latest-backup/") as answer:
        assert (answer.headers["content-type"], "content-length" in answer.headers) == (
            "application/zip",
            False,
        )
        read = bytearray()
        for part in answer.iter_raw():
            read += part
            if len(read) > 8 << 20:
                break
    assert read.startswith(b"PK\x03\x04")
    sim.set_faults()
    assert api.get(LEGS).is_success


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"half": 1.5}, "half must be a number from 0 to 1"),
        ({"half": 0.6, "html": 0.6}, "html, half together"),
        ({"seconds": -1}, "seconds must be a number from 0"),
        ({"megabytes": True}, "megabytes must be a number"),
    ],
)
def test_unfit_faults_are_told(wanted: dict[str, Any], says: str, api: httpx.Client) -> None:
    """Shares and amounts have their limits, which are named."""
    answer = api.post("/_sim/faults", json=wanted)
    assert (answer.status_code, says in answer.json()["error"]) == (400, True)


def test_a_fault_leaves_other_answers_alone(sim: Running, api: httpx.Client) -> None:
    """A fault of lists does nothing to an answer that is none."""
    looks: list[Callable[[], httpx.Response]] = [
        lambda: api.get(f"{ROOT}/bonds/1/downtime_prevented/")
    ]
    honest = [look().json() for look in looks]
    for kind in ("half", "empty", "hidden", "duplicate", "shuffle"):
        sim.set_faults(**{kind: 1})
        assert [look().json() for look in looks] == honest
