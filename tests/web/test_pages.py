import json
from html import unescape
from pathlib import Path

import httpx
import pytest

from bridge import config
from bridge.core.chat.signed_tokens import AcknowledgeToken, ApprovalLink
from bridge.core.model import Reason, Ruling
from bridge.store.views import journal
from bridge.web.pages import phrases
from tests.web.app_harness import EPOCH, House, an_event, leg_down, serving

NASTY = "<script>alert(1)</script>"


def test_stream(house: House, reader: httpx.Client) -> None:
    """One glance at a row: when, what, and of every rule that met it the verdict with its reason
    and its jobs' states.
    """
    house.happen(
        leg_down(),
        an_event("scope.baseline", 1, {"scope": {"name": "legs", "objects": 12}}, seconds=1),
    )
    assert reader.get("/").text.count("not decided yet") == 2
    call, _ = house.bridge.decider.run("hq")
    house.happen(leg_down(2, seconds=30))
    house.bridge.decider.run("hq")
    page = reader.get("/").text
    assert "leg cable of vancouver is down" in page
    assert (
        '<time datetime="2026-03-01T12:00:30Z" title="2026-03-01T12:00:30Z">12:00:30</time>' in page
    )
    for word in ("act", "skip(dry_run)", "skip(condition)", "skip(cooldown)", "due", "waiting"):
        assert f">{word}</span>" in page
    assert page.index("12:00:30") < page.index("12:00:01") < page.index("12:00:00")
    assert page.count("no rule listens") == 1
    assert "nobody knows" not in page
    house.doubt(call)
    page = reader.get("/").text
    assert "One job is in doubt: nobody knows whether it took effect" in page
    assert f'href="/events/{call.event}#job-{call.id}"' in page
    assert ">in_doubt</span>" in page
    assert "(1 in doubt) bondbridge</title>" in page


def test_older(house: House, reader: httpx.Client) -> None:
    """The stream shows fifty events and leads to those before; a place that makes no sense is a
    page that says so.
    """
    house.happen(*(leg_down(n, seconds=n) for n in range(60)))
    newest = reader.get("/").text
    assert newest.count('class="event"') == 50
    older = newest.partition('id="older" href="')[2].partition('"')[0]
    page = reader.get(older).text
    assert page.count('class="event"') == 10
    assert 'data-live="/stream?before=11"' in page
    bad = reader.get("/?before=x")
    assert (bad.status_code, "before takes a whole number" in bad.text.lower()) == (400, True)


def test_two_queries(house: House) -> None:
    """A page's decisions and jobs are fetched whole, by event, each decision with its jobs in
    order.
    """
    made = [leg_down(n, leg=f"leg {n}", seconds=n) for n in range(3)]
    house.happen(*made)
    house.bridge.decider.run("hq")
    with house.bridge.database.reading() as connection:
        ruled = journal.ruled(connection, [event.id for event in made])
        assert journal.ruled(connection, []) == {}
    assert set(ruled) == {event.id for event in made}
    assert [each["rule"] for each in ruled[made[0].id]] == ["restart", "only-says", "never"]
    assert [(job["step"], job["action"]) for job in ruled[made[0].id][0]["jobs"]] == [
        (0, "call"),
        (1, "notify"),
    ]


def test_etag(house: House, reader: httpx.Client) -> None:
    """The part that is asked for every second is sent again only when it has changed."""
    for path in ("/stream", f"/events/{leg_down().id}/part"):
        house.happen(leg_down())
        first = reader.get(path)
        again = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert "<html" not in first.text
    house.bridge.decider.run("hq")
    for path in ("/stream", f"/events/{leg_down().id}/part"):
        assert reader.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_story(house: House, reader: httpx.Client) -> None:
    """A story tells what changed, every rule's verdict in a sentence, every condition and guard,
    and the jobs with attempts.
    """
    house.happen(leg_down())
    call, _ = house.bridge.decider.run("hq")
    page = unescape(reader.get(f"/events/{call.event}").text)
    assert '<th scope="row">state</th><td class="was">up</td><td>Down</td>' in page
    assert '<th scope="row">name</th><td class="was">' not in page  # it did not change
    assert phrases.sentence({"ruling": "skip", "reason": "dry_run"}) in page
    assert "leg.name == 'nobody'" in page
    assert "guard cooldown" in page
    assert "bond.restart bond 3" in page
    assert "It is about to be tried." in page
    assert "It waits for the step or the batch before it." in page
    assert "restarted vancouver" in page
    assert '"specversion": "1.0"' in page


def test_story_in_doubt(house: House, reader: httpx.Client) -> None:
    """A job in doubt is said at the top and at the job, with its attempt and the three commands
    that settle it.
    """
    house.happen(leg_down())
    call, _ = house.bridge.decider.run("hq")
    assert "settle" not in reader.get(f"/events/{call.event}").text
    house.doubt(call)
    page = reader.get(f"/events/{call.event}").text
    assert "A job of this event is <b>in doubt</b>" in page
    for word in ("done", "failed", "again"):
        assert f"<code>bondbridge jobs settle {call.id} {word}</code>" in page
    assert "the answer never came" in page
    assert "10.0 s" in page
    house.bridge.deliverer.answer(call.id, "done", "the night shift")
    page = reader.get(f"/events/{call.event}").text
    assert "in doubt</b>" not in page
    assert "the night shift answered: done" in page


def test_story_of_an_action(house: House, reader: httpx.Client) -> None:
    """What became of a call leads back to the event it came of."""
    job = {
        "id": "j1",
        "rule": "restart",
        "cause": "c1",
        "operation": "bond.restart",
        "arguments": {},
        "outcome": "done",
    }
    event = an_event("action.succeeded", 1, {"job": {**job, "detail": "200"}}, subject="job/j1")
    house.happen(event)
    assert 'href="/events/c1#job-j1"' in reader.get(f"/events/{event.id}").text


def test_escaping(house: House, reader: httpx.Client) -> None:
    """Names of others' servers and bodies of webhooks are text on every page, whatever they
    hold.
    """
    body = {"name": NASTY, NASTY: ["'\"><img src=x>"], "deep": {"a": {"b": {NASTY: 1}}}}
    hooked = house.deliver(json.dumps(body).encode()).json()["event"]
    event = leg_down(leg=NASTY, bond="'\"><img src=x onerror=alert(1)>")
    house.happen(event)
    house.bridge.decider.run("hq")
    for path in ("/", "/stream", f"/events/{event.id}", f"/events/{hooked}"):
        answer = reader.get(path)
        assert answer.status_code == 200
        assert NASTY not in answer.text
        assert "<img" not in answer.text
        assert path == "/" or "alert(1)" in answer.text or "/stream" in path
    assert "alert(1)" in reader.get("/").text
    assert reader.get(f"/events/{NASTY}").text.count("<script>") == 0


def test_strange_data(house: House, reader: httpx.Client) -> None:
    """An event whose data is not of its type's shape, or nested without end, still has its row and
    its story.
    """
    deep: object = 1
    for _ in range(300):
        deep = {"a": deep}
    for event in (
        an_event("leg.up", 1, {"leg": None}),
        an_event("leg.up", 2, {"leg": {"name": "x"}, "bond": deep}),
    ):
        house.happen(event)
        assert reader.get(f"/events/{event.id}").status_code == 200
    assert reader.get("/").text.count("leg.up") >= 2


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/stream",
        "/sign-in",
        "/nothing",
        "/events/nothing",
        "/api/v1/events",
        "/api/v1/nothing",
    ],
)
def test_headers(reader: httpx.Client, path: str) -> None:
    """Every answer says that nothing foreign may be loaded or run, and that it is not to be
    kept.
    """
    headers = reader.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert (
        policy["script-src"]
        == policy["style-src"]
        == policy["connect-src"]
        == policy["form-action"]
        == "'self'"
    )
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


def test_pages_obey_their_own_policy(house: House, reader: httpx.Client) -> None:
    """No page has a script or a style inside, and what it loads is there."""
    house.happen(leg_down())
    for path in ("/", f"/events/{leg_down().id}", "/sign-in"):
        page = reader.get(path).text
        assert "style=" not in page
        assert "<script>" not in page
        assert " on" + "click" not in page
        for part in page.split('"'):
            if part.startswith("/static/"):
                assert reader.get(part).status_code == 200


def test_errors_are_pages(house: House, reader: httpx.Client) -> None:
    """People get a page for what is not there, for a wrong method and for our own failures, and no
    insides.
    """
    for path, status in (("/nothing", 404), ("/events/nothing", 404)):
        answer = reader.get(path)
        assert (answer.status_code, "<h1>404: " in answer.text) == (status, True)
    assert reader.post("/").status_code == 405
    with house.bridge.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE attempts")
    house.happen(leg_down())
    failed = reader.get(f"/events/{leg_down().id}")
    assert failed.status_code == 503
    assert "attempts" not in failed.text
    assert "log names the cause" in failed.text.lower()


def test_every_reason_has_a_sentence() -> None:
    """Whatever a verdict's ruling and reason, the story has a sentence for it."""
    said = {phrases.sentence({"ruling": str(ruling), "reason": None}) for ruling in Ruling}
    said |= {phrases.sentence({"ruling": "skip", "reason": str(reason)}) for reason in Reason}
    assert len(said) == len(Ruling) + len(Reason)


def test_late_words() -> None:
    """A job that is tried again says when, until when, and that it looks first."""
    due = {"state": "due", "attempts": 2, "due_at": EPOCH, "not_after": EPOCH, "doubt": True}
    at = "2026-03-01 12:00:00 UTC"
    assert phrases.standing(due).startswith(
        f"Tried so far: 2. Next try at {at}, at the latest {at}."
    )
    assert "looked up first" in phrases.standing(due)


def test_a_right_in_the_path_is_not_logged(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    """A link whose request fails is logged without what it carries: the right to answer, or to take
    what was told.
    """
    seals = house.bridge.seals
    links = {
        "/approve/": seals.link(ApprovalLink("q1", "p1", "noc")),
        "/ack/": seals.take(AcknowledgeToken("e1", "noc")),
    }
    with house.bridge.database.writing() as connection:
        for table in ("approvals", "tellings"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    with house.visitor() as client:
        assert [client.get(path + token).status_code for path, token in links.items()] == [503, 503]
    logged = capfd.readouterr().out
    for path, token in links.items():
        assert f"path={path}… " in logged
        assert token not in logged


def test_pages_show_times_by_the_clocks_of_the_settings(settings_file: Path) -> None:
    """Times, days and what verdicts say of moments; the machine-readable time of each stays in UTC,
    and so does the API.
    """
    text = settings_file.read_text(encoding="utf-8")
    settings_file.write_text(f"timezone: America/Los_Angeles\n{text}", encoding="utf-8")
    with serving(config.load(settings_file)) as house, house.visitor(house.token()) as reader:
        house.happen(leg_down(seconds=13 * 3600))
        page = reader.get("/").text
        assert (
            '<time datetime="2026-03-02T01:00:00Z" title="2026-03-02T01:00:00Z">17:00:00</time>'
            in page
        )
        assert "Sunday, 1 March 2026" in page
        assert "America/Los_Angeles" in page
        told = reader.get("/api/v1/events", headers={"Accept": "application/json"}).text
        assert "2026-03-02T01:00:00" in told
