"""Faults and controls, over a real socket."""

import time

import httpx
import pytest

from bridge.bonding.catalogue import ROOT
from bridge.simulator.api.runner import Running

RESTART = f"{ROOT}/bonds/1/restart/"


def test_errors_strike_after_the_world_has_applied(sim: Running, api: httpx.Client) -> None:
    """By default a 5xx hides a write that took effect; the ledger knows both."""
    assert api.post("/_sim/faults", json={"errors": 1}).status_code == 200
    answer = api.post(RESTART)
    assert answer.status_code in {500, 502, 503}
    entry = sim.world.ledger[-1]
    assert (entry["status"], entry["effective"], entry["fault"]) == (
        answer.status_code,
        True,
        "errors",
    )
    assert sim.world.legs[1].state == "down"
    assert api.get("/_sim/clock").status_code == 200


def test_faults_before_keep_the_request_from_the_world(sim: Running, api: httpx.Client) -> None:
    """With when=before the write never happens, and the ledger says so."""
    api.post("/_sim/faults", json={"errors": 1, "when": "before"})
    assert api.post(RESTART).is_server_error
    assert (sim.world.ledger[-1]["effective"], sim.world.legs[1].state) == (False, "up")


@pytest.mark.parametrize("effective", [True, False])
def test_a_dropped_connection_gives_no_answer(
    *, effective: bool, sim: Running, api: httpx.Client
) -> None:
    """A drop resets the connection without a byte, after or before the world has applied the
    request.
    """
    sim.set_faults(drop=1, when="after" if effective else "before")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        api.post(RESTART)
    entry = sim.world.ledger[-1]
    assert (entry["status"], entry["effective"], entry["fault"]) == (None, effective, "drop")


def test_a_cut_answer_ends_in_the_middle(sim: Running, api: httpx.Client) -> None:
    """The head promises the whole body, half of it comes, and the connection ends."""
    sim.set_faults(cut=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        api.get(f"{ROOT}/bonds/")
    with pytest.raises(httpx.RemoteProtocolError):
        api.post(RESTART)
    assert sim.world.ledger[-1]["effective"]


def test_only_and_times_limit_faults(api: httpx.Client) -> None:
    """Other operations go through; after so many strikes the named one does too; an empty POST ends
    all faults.
    """
    api.post("/_sim/faults", json={"errors": 1, "only": ["bond.restart"], "times": 2})
    assert api.get(f"{ROOT}/bonds/").status_code == 200
    assert [api.post(RESTART).is_success for _ in range(3)] == [False, False, True]
    shown = api.get("/_sim/faults").json()
    assert (shown["struck"], shown["times"], shown["only"]) == (2, 0, ["bond.restart"])
    assert api.post("/_sim/faults", json={}).json()["errors"] == 0


def test_shares_are_the_same_for_the_same_seed(sim: Running, api: httpx.Client) -> None:
    """A share strikes about as often as it says, and in the same places for the same seed."""
    runs = []
    for _ in range(2):
        sim.set_faults(errors=0.3, seed=5)
        runs.append([api.get(f"{ROOT}/bonds/1/").is_success for _ in range(60)])
    assert runs[0] == runs[1]
    assert 6 <= runs[0].count(False) <= 30


def test_latency_delays_and_does_not_block_others(sim: Running, api: httpx.Client) -> None:
    """A slow operation is slow by real time, while the controls answer at once."""
    sim.set_faults(latency=0.15)
    begun = time.monotonic()
    api.get(f"{ROOT}/bonds/1/")
    assert time.monotonic() - begun >= 0.15
    begun = time.monotonic()
    api.get("/_sim/clock")
    assert time.monotonic() - begun < 0.15


def test_the_port_truly_refuses_and_comes_back(sim: Running, api: httpx.Client) -> None:
    """Once refuse is answered nobody can connect, not even who had a connection open; then all is
    as before.
    """
    with httpx.Client(base_url=sim.url) as other:
        other.get("/_sim/clock")
        begun = time.monotonic()
        assert api.post("/_sim/faults", json={"refuse": 0.3}).status_code == 200
        for client in (api, other):
            with pytest.raises(httpx.ConnectError):
                client.get("/_sim/clock")
        while time.monotonic() - begun < 3:
            try:
                assert api.get("/_sim/clock").status_code == 200
                break
            except httpx.ConnectError:
                time.sleep(0.02)
        assert 0.25 < time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("faults", {"error": 1}, "use any of errors, cut"),
        ("faults", {"errors": 2}, "from 0 to 1"),
        ("faults", {"errors": 0.6, "drop": 0.6}, "together"),
        ("faults", {"only": ["bond.explode"]}, "no operation"),
        ("faults", {"only": "bond.restart"}, "must be a list"),
        ("faults", {"when": "during"}, '"after" or "before"'),
        ("faults", {"times": -1}, "times"),
        ("story", {"name": "epic"}, "use one of quiet, tour"),
        ("story", {}, "exactly these keys: name"),
        ("advance", {"seconds": -1}, "above 0"),
        ("advance", {"seconds": "1"}, "above 0"),
        ("set", {"kind": "moon", "id": 1, "field": "x", "value": 1}, "use one of leg, bond"),
        (
            "set",
            {"kind": "leg", "id": 1, "field": "speed", "value": 1},
            "use one of state, link_mode",
        ),
        ("set", {"kind": "leg", "id": 99, "field": "note", "value": ""}, "1, 2, 3"),
        ("set", {"kind": "leg", "id": [], "field": "note", "value": ""}, "1, 2, 3"),
        (
            "set",
            {"kind": "leg", "id": 1, "field": "link_mode", "value": "on"},
            "active, idle, offline",
        ),
        ("set", {"kind": "aggregator", "id": 1, "field": "broken", "value": 1}, "true or false"),
        (
            "set",
            {"kind": "bond", "id": 1, "field": "current_aggregator", "value": 9},
            "there are 1, 2, 3",
        ),
        ("set", [], "must be a JSON object"),
    ],
)
def test_mistakes_are_told_with_their_remedy(
    path: str, body: object, says: str, api: httpx.Client
) -> None:
    """A wrong request to the controls is 400 with what would have been right, and changes
    nothing.
    """
    answer = api.post(f"/_sim/{path}", json=body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert api.get("/_sim/truth").json() == []


def test_a_web_page_cannot_use_the_controls(api: httpx.Client) -> None:
    """A POST that a browser would send unasked is 415, bad JSON is 400, wrong methods and paths are
    told.
    """
    plain = api.post(
        "/_sim/advance", content='{"seconds": 5}', headers={"Content-Type": "text/plain"}
    )
    assert (plain.status_code, "application/json" in plain.json()["error"]) == (415, True)
    json_type = {"Content-Type": "application/json"}
    assert api.post("/_sim/advance", content="{", headers=json_type).status_code == 400
    asked_first = api.options("/_sim/advance", headers={"Origin": "http://evil.example"})
    assert asked_first.status_code == 405
    assert "access-control-allow-origin" not in asked_first.headers
    assert (api.get("/_sim/advance").status_code, api.get("/_sim/nothing").status_code) == (
        405,
        404,
    )


def test_the_controls_show_and_move_the_world(api: httpx.Client) -> None:
    """Clock, advance, set, story, truth and ledger work together; `since` skips what was read
    before.
    """
    clock = api.get("/_sim/clock").json()
    assert clock == {
        "now": clock["epoch"],
        "epoch": "2026-03-01T12:00:00.000000Z",
        "speed": 0,
        "seed": 1,
    }
    told = api.post(
        "/_sim/set", json={"kind": "leg", "id": 1, "field": "state", "value": "degraded"}
    ).json()
    assert told["changed"]
    assert api.get(f"{ROOT}/legs/1/").json()["overall_state"] == "degraded"
    assert api.get("/_sim/truth").json() == [
        {
            "at": clock["now"],
            "kind": "leg",
            "id": 1,
            "what": "state",
            "from": "up",
            "to": "degraded",
            "bond": 1,
        }
    ]
    assert api.get("/_sim/truth?since=1").json() == api.get("/_sim/ledger").json() == []
    assert api.get("/_sim/truth?since=x").status_code == 400
    assert api.post("/_sim/story", json={"name": "flap"}).json()["under_way"]
    assert api.post("/_sim/story", json={"name": "flap"}).status_code == 400
    assert (
        api.post("/_sim/advance", json={"seconds": 45.5}).json()["now"]
        == "2026-03-01T12:00:45.500000Z"
    )
    assert [line["to"] for line in api.get("/_sim/truth?since=1").json()] == ["down", "up", "down"]
    assert {it["name"]: it["under_way"] for it in api.get("/_sim/story").json()} == {
        "quiet": False,
        "tour": False,
        "flap": True,
        "outage": False,
        "storm": False,
        "random-faults": False,
    }
