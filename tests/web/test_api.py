import json
import re
from dataclasses import replace
from datetime import timedelta
from itertools import count

import httpx
import pytest

from bridge.core.incidents import Incident
from bridge.core.model import JobState
from bridge.store import rulebooks
from bridge.store.observations import events as event_store
from bridge.store.observations import incidents as incident_store
from bridge.store.observations import snapshots
from bridge.store.observations.incidents import Kept
from bridge.web import health
from tests.web.app_harness import EPOCH, House, an_event, leg_down


@pytest.mark.parametrize("way", ["before", "after"])
def test_pages_walk_the_journal(house: House, reader: httpx.Client, way: str) -> None:
    """Page after page gives every event once, in order, although new ones are written between the
    pages.
    """
    made = count(1)
    for _ in range(11):
        house.happen(leg_down(next(made)))
    ask = {"limit": "3"} | ({"after": "0"} if way == "after" else {})
    walked = []
    for _ in range(20):
        page = reader.get("/api/v1/events", params=ask).json()
        walked += [item["seq"] for item in page["items"]]
        if page["next"] is None:
            break
        ask[way] = page["next"]
        if next(made) < 18:
            house.happen(leg_down(next(made)))
    everything = range(1, max(walked) + 1)
    assert walked == (list(everything) if way == "after" else list(reversed(everything)))


def test_cloudevents(house: House, reader: httpx.Client) -> None:
    """An event is structured CloudEvents 1.0 JSON, its extensions named as that allows, its times
    in UTC with a Z.
    """
    event = leg_down(seconds=5)
    house.happen(event)
    answer = reader.get("/api/v1/events")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["items"] == [
        {
            "specversion": "1.0",
            "id": event.id,
            "source": "hq",
            "type": "leg.down",
            "subject": "leg/12",
            "time": "2026-03-01T12:00:05Z",
            "datacontenttype": "application/json",
            "data": event.data,
            "seq": 1,
            "seenat": "2026-03-01T12:00:05Z",
            "headline": "leg cable of vancouver is down",
            "exact": False,
        }
    ]


def test_what_was_known_is_told_as_extensions(house: House, reader: httpx.Client) -> None:
    """The true time's mark and what was known when an event was decided are plain values with names
    CloudEvents allows.
    """
    event = replace(leg_down(), exact=True)
    house.happen(event)
    known = {
        "incident": "i1",
        "flapping": True,
        "explained": None,
        "hands_off": "2026-03-01T14:00:00+00:00",
        "over": False,
    }
    with house.bridge.database.writing() as connection:
        event_store.note(connection, {event.id: known})
    (item,) = reader.get("/api/v1/events").json()["items"]
    assert {name: item[name] for name in ("exact", "incident", "flapping", "handsoff")} == {
        "exact": True,
        "incident": "i1",
        "flapping": True,
        "handsoff": "2026-03-01T14:00:00+00:00",
    }
    assert not {"explained", "over"} & set(item)
    assert all(re.fullmatch("[a-z0-9]+", name) for name in item)
    assert all(name == "data" or not isinstance(value, dict | list) for name, value in item.items())
    page = reader.get(f"/events/{event.id}").text
    assert "the server's own time" in page.replace("&#39;", "'")
    assert "hands off <b>2026-03-01T14:00:00+00:00</b>" in page


def test_incidents(house: House, reader: httpx.Client) -> None:
    """Incidents are a list like the others; one of them comes with the events it owns; an unknown
    id is a 404.
    """
    assert reader.get("/api/v1/incidents").json() == {"items": [], "next": None}
    first = leg_down(1)
    other = leg_down(2, seconds=9)
    house.happen(first, other)
    one = Incident(
        "i1",
        ("aggregator", "7"),
        "failed",
        EPOCH,
        EPOCH,
        bonds=frozenset({3}),
        legs=frozenset({12}),
    )
    with house.bridge.database.writing() as connection:
        incident_store.save(connection, "hq", Kept(one, "vancouver-1", EPOCH), EPOCH)
        incident_store.attach(connection, {first.id: "i1"})
    (item,) = reader.get("/api/v1/incidents").json()["items"]
    assert (item["id"], item["cause"], item["key"], item["name"]) == (
        "i1",
        "aggregator",
        "7",
        "vancouver-1",
    )
    assert (item["state"], item["bonds"], item["legs"], item["ended"]) == (
        "failed",
        [3],
        [12],
        None,
    )
    told = reader.get("/api/v1/incidents/i1").json()
    assert (told["incident"], [each["id"] for each in told["members"]]) == (item, [first.id])
    assert reader.get("/api/v1/incidents/i").status_code == 404


def test_filters(house: House, reader: httpx.Client) -> None:
    """Events by a glob of types, decisions by ruling, jobs by state; the story joins them."""
    house.happen(
        leg_down(), an_event("scope.baseline", 1, {"scope": {"name": "legs", "objects": 12}})
    )
    call, tell = house.bridge.decider.run("hq")
    house.doubt(call)
    types = [
        item["type"]
        for item in reader.get("/api/v1/events", params={"type": "leg.*"}).json()["items"]
    ]
    assert types == ["leg.down"]
    skipped = reader.get("/api/v1/decisions", params={"ruling": "skip"}).json()["items"]
    assert {each["verdict"] for each in skipped} == {"skip(dry_run)", "skip(condition)"}
    (doubtful,) = reader.get("/api/v1/jobs", params={"state": "in_doubt"}).json()["items"]
    assert (doubtful["id"], doubtful["doubt"], "fence" in doubtful) == (call.id, True, False)
    story = reader.get(f"/api/v1/events/{call.event}").json()
    assert story["event"]["id"] == call.event
    acting = next(each for each in story["decisions"] if each["rule"] == "restart")
    assert [job["id"] for job in acting["jobs"]] == [call.id, tell.id]
    (attempt,) = acting["jobs"][0]["tried"]
    assert (attempt["what"], attempt["outcome"], attempt["ended_at"]) == (
        "send",
        "unknown",
        "2026-03-01T12:00:10Z",
    )
    assert [each["verdict"] for each in acting["verdicts"]] == ["act", "act", "ask(in_doubt)"]


@pytest.mark.parametrize(
    ("path", "about"),
    [
        ("events?limit=0", "limit takes a whole number from 1 to 200"),
        ("events?limit=201", "from 1 to 200"),
        ("events?limit=ten", "from 1 to 200"),
        ("events?limit=", "from 1 to 200"),
        ("events?before=-1", "before takes a whole number"),
        ("events?after=99999999999", "after takes a whole number"),
        ("events?after=%D9%A3", "after takes a whole number"),
        ("events?before=1&after=1", "do not go together"),
        ("events?limit=1&limit=2", "limit stands there 2 times"),
        ("events?type=leg down", "type takes an event type or a glob"),
        ("events?since=1", "there are: limit, before, after, type"),
        ("events?state=due", "there are: limit, before, after, type"),
        ("decisions?ruling=maybe", "act, skip, wait, ask"),
        ("jobs?state=lost", ", ".join(JobState)),
        ("health?verbose=1", "takes none"),
    ],
)
def test_bad_queries(reader: httpx.Client, path: str, about: str) -> None:
    """A parameter that is unknown or makes no sense is a 400 that says which, and what it takes."""
    answer = reader.get(f"/api/v1/{path}")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert about in f"{error['what']}; {error['mend']}"


def test_health(house: House, reader: httpx.Client) -> None:
    """Health is ok when every server is and nothing waits for a person; a failing scope or a doubt
    degrade it.
    """
    assert reader.get("/api/v1/health").json()["status"] == "degraded"  # nothing was polled yet
    with house.bridge.database.writing() as connection:
        snapshots.turn_health(connection, "hq", "ok")
    well = reader.get("/api/v1/health").json()
    assert (well["status"], well["now"], well["servers"]) == (
        "ok",
        "2026-03-01T12:00:00Z",
        {"hq": "ok"},
    )
    assert {
        "server": "hq",
        "name": "legs",
        "polled_at": None,
        "age_seconds": None,
        "failures": 0,
        "problem": None,
    } in well["scopes"]
    house.happen(leg_down())
    call, _ = house.bridge.decider.run("hq")
    assert reader.get("/api/v1/health").json()["status"] == "ok"
    house.doubt(call)
    doubtful = reader.get("/api/v1/health").json()
    assert (doubtful["status"], doubtful["counts"]["jobs_in_doubt"]) == ("degraded", 1)
    house.bridge.deliverer.answer(call.id, "failed", "tests")
    assert reader.get("/api/v1/health").json()["status"] == "ok"
    for rejected, status in ((True, "degraded"), (False, "ok")):
        with house.bridge.database.writing() as connection:
            rulebooks.note(connection, rejected=rejected)
        now = reader.get("/api/v1/health").json()
        assert (now["status"], now["counts"]["rulebook_rejected"], set(now["servers"])) == (
            status,
            int(rejected),
            {"hq"},
        )
    with house.bridge.database.writing() as connection:
        scope = snapshots.claim_scope(connection, "hq", "legs", 60)
        assert scope is not None
        snapshots.reschedule(connection, scope, EPOCH, "no answer")
    failing = reader.get("/api/v1/health").json()
    assert failing["status"] == "degraded"
    assert {
        (scope["failures"], scope["problem"])
        for scope in failing["scopes"]
        if scope["name"] == "legs"
    } == {(1, "no answer")}


def test_errors_are_json(
    house: House, reader: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    """Unknown addresses and ids, wrong methods and our own failures have one shape; a failure shows
    nothing of our insides.
    """
    unknown = reader.get("/api/v1/nothing")
    no_event = reader.get("/api/v1/events/nothing")
    wrong = reader.post("/api/v1/jobs")
    assert [each.status_code for each in (unknown, no_event, wrong)] == [404, 404, 405]
    with house.bridge.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE attempts")
    house.happen(leg_down())
    failed = reader.get(f"/api/v1/events/{leg_down().id}")
    assert (failed.status_code, failed.headers["Retry-After"]) == (503, "5")
    for answer in (unknown, no_event, wrong, failed):
        error = answer.json()["error"]
        assert set(error) == {"status", "what", "mend"}
        assert error["status"] == answer.status_code
    assert "attempts" not in failed.text
    assert "no such table: attempts" in capfd.readouterr().out
    assert wrong.headers["Allow"]


def test_not_a_number(house: House, reader: httpx.Client) -> None:
    """A number that JSON cannot say, sent by somebody in a webhook, does not make the API's answers
    unreadable.
    """
    house.happen(
        an_event("scope.baseline", 1, {"scope": {"name": "legs", "objects": float("inf")}})
    )
    answer = reader.get("/api/v1/events")

    def strict(word: str) -> None:
        raise AssertionError(word)

    (item,) = json.loads(answer.content, parse_constant=strict)["items"]
    assert item["data"]["scope"]["objects"] == "Infinity"


def test_health_and_readiness_judge_movement(house: House) -> None:
    """A bridge that nobody polls for is degraded and not ready, whatever its rows last said."""
    with house.visitor() as client, house.visitor(house.token()) as reader:
        assert client.get("/readyz").text == "ok\n"
        for _ in range(20):
            house.machine += timedelta(seconds=10)
            answer = client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "nobody polls hq\n")
        found = reader.get("/api/v1/health").json()
        assert (found["status"], [each["name"] for each in found["stalled"]]) == (
            "degraded",
            ["nobody polls hq"],
        )


def test_healthz(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor learns without a token whether the database can be written."""
    monkeypatch.setattr(health, "_PROBED", 0.0)
    with house.visitor() as client:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.text) == (200, "ok\n")
        with house.bridge.database.writing() as connection:
            connection.exec_driver_sql("DROP TABLE installation")
        assert client.get("/healthz").status_code == 503
