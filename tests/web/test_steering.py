import httpx
import pytest

from bridge.core.model import JobState, Reason, Ruling, Verdict
from bridge.store import controls
from bridge.store.decisions import approvals, decisions
from bridge.store.tables import jobs
from tests.web.app_harness import EPOCH, House, leg_down


def _asked(house: House) -> str:
    """A question about the restart of a bond; its id."""
    house.happen(leg_down())
    call, notice = house.bridge.decider.run("hq")
    with house.bridge.database.writing() as connection:
        connection.execute(jobs.update().values(state=JobState.HELD))
        decision = decisions.get(connection, call.decision)
        verdict = Verdict(Ruling.ASK, Reason.BLAST_RADIUS, "too many bonds")
        row = approvals.ask(
            connection,
            decision,
            (call, notice),
            verdict,
            approvals.Terms(),
            EPOCH,
            EPOCH.replace(hour=13),
        )
    assert row is not None
    return str(row["id"])


def test_pause_and_resume(reader: httpx.Client) -> None:
    """A token's name is who paused; it is listed and told as events; a resume of what goes on is a
    409.
    """
    assert reader.get("/api/v1/pauses").json() == {"items": [], "tripped": []}
    (paused,) = reader.post("/api/v1/pause", json={"why": "drill"}).json()["items"]
    assert paused == {
        "server": None,
        "since": "2026-03-01T12:00:00Z",
        "who": "tests",
        "why": "drill",
    }
    assert reader.post("/api/v1/resume", json={}).json()["items"] == []
    assert reader.post("/api/v1/resume", json={}).status_code == 409
    types = [each["type"] for each in reader.get("/api/v1/events").json()["items"]]
    assert sorted(types) == [
        "bridge.paused",
        "bridge.resumed",
        "operator.paused",
        "operator.resumed",
    ]


def test_silences(house: House, reader: httpx.Client) -> None:
    """One is begun, listed and ended; ending it again is a 404."""
    body = {"lasts": "2h", "why": "works", "types": ["leg.*"], "about": "bond/3"}
    begun = reader.post("/api/v1/silences", json=body)
    assert (begun.status_code, begun.json()["until"], begun.json()["who"]) == (
        201,
        "2026-03-01T14:00:00Z",
        "tests",
    )
    assert reader.get("/api/v1/silences").json()["items"] == [begun.json()]
    address = f"/api/v1/silences/{begun.json()['id']}"
    assert reader.delete(address).json() == {"ended": begun.json()["id"]}
    assert reader.delete(address).status_code == 404
    assert house.bridge.steering.silences() == []


def test_an_answer(house: House, reader: httpx.Client) -> None:
    """A question stands there with its plan; the first answer counts, and anyone who is later is
    told whose it was.
    """
    name = _asked(house)
    (asked,) = reader.get("/api/v1/approvals").json()["items"]
    assert (asked["id"], asked["plan"][0]) == (name, "bond.restart bond=3")
    assert reader.post(f"/api/v1/approvals/{name}", json={"yes": True}).json()["state"] == "granted"
    late = reader.post(f"/api/v1/approvals/{name}", json={"yes": False})
    assert (late.status_code, "tests said yes" in late.json()["error"]["what"]) == (409, True)
    assert reader.get("/api/v1/approvals").json()["items"] == []
    assert reader.get("/api/v1/approvals?all=yes").json()["items"][0]["who"] == "tests"
    assert reader.post("/api/v1/approvals/nope", json={"yes": True}).status_code == 404


def test_a_rule_is_switched_on(house: House, reader: httpx.Client) -> None:
    """A rule that its breaker switched off is listed, and goes on; one that is on is a 409."""
    with house.bridge.database.writing() as connection:
        controls.trip(connection, "restart", "hq", EPOCH, "3 of its calls failed")
    assert reader.get("/api/v1/pauses").json()["tripped"][0]["rule"] == "restart"
    assert reader.post("/api/v1/rules/restart/resume").json()["tripped"] == []
    assert reader.post("/api/v1/rules/restart/resume").status_code == 409


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("pause", {}),
        ("pause", {"why": " "}),
        ("pause", {"why": "x", "server": "nope"}),
        ("pause", []),
        ("resume", {"sever": "hq"}),
        ("silences", {"lasts": "soon", "why": "x"}),
        ("silences", {"lasts": "2h", "why": "x", "types": ["leg.dwn"]}),
        ("approvals/x", {"yes": "maybe"}),
        ("approvals/x", []),
    ],
)
def test_what_makes_no_sense(reader: httpx.Client, address: str, body: object) -> None:
    """A 400 says what is wrong and what there is, and nothing of our insides."""
    answer = reader.post(f"/api/v1/{address}", json=body)
    assert (answer.status_code, bool(answer.json()["error"]["what"])) == (400, True)
    assert "Wanted" not in answer.text


def test_strangers_steer_nothing(house: House) -> None:
    """Without a token nothing is paused, answered or silenced; nor by a form that another site made
    the browser send.
    """
    with house.visitor() as stranger:
        for address in ("pause", "resume", "silences", "approvals/x", "rules/x/resume"):
            assert stranger.post(f"/api/v1/{address}", json={"why": "x"}).status_code == 401
        assert (
            stranger.post("/approvals/x", data={"answer": "yes"})
            .headers["Location"]
            .endswith("/sign-in")
        )
    with house.visitor(house.token()) as lured:
        for address in ("/api/v1/pause", "/resume", "/approvals/x"):
            assert (
                lured.post(
                    address, json={"why": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
                ).status_code
                == 403
            )
    assert house.bridge.steering.pauses() == []


def test_the_stream_shows_what_waits_for_a_person(house: House, reader: httpx.Client) -> None:
    """While paused a banner says so on every page, and ends it; a question stands there with its
    plan and two buttons.
    """
    name = _asked(house)
    house.bridge.steering.pause("", "ana", "<b>works</b>")
    page = reader.get("/").text
    assert "All acting is paused</b> by ana" in page
    assert "&lt;b&gt;works" in page
    assert "<code>bond.restart bond=3</code>" in page
    assert "is paused</b> by ana" in reader.get(f"/events/{leg_down().id}").text
    assert reader.post("/resume", data={"server": ""}).status_code == 303
    assert reader.post(f"/approvals/{name}", data={"answer": "no"}).status_code == 303
    page = reader.get("/").text
    assert "paused</b>" not in page
    assert "for an answer" not in page
    late = reader.post(f"/approvals/{name}", data={"answer": "yes"})
    assert (late.status_code, "tests said no" in late.text) == (409, True)
