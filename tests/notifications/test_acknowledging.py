"""Somebody has acknowledged it: by a link, a button, the command line, the API, a page. Once, and
only who may.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bridge.core.chat.signed_tokens import AcknowledgeToken, TokenSigner
from bridge.store import tokens
from tests.approvals.harness import ANA, BOB, ELSE, VIC, Scene, scene
from tests.notifications.leg_events import happens, passes
from tests.test_cli import Run, run, standing

__all__ = ["run"]

RULES = """
- id: outage
  when: leg.down
  do: [{notify: {to: noc, title: "leg ${leg.id} is down", follow: {repeat_every: 1h,
      escalate: {after: 15m, to: oncall}}}}]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A channel with an address of Apprise's and a room of Slack's, and a rule that follows what it
    tells there.
    """
    monkeypatch.setenv("BONDBRIDGE_CHANNELS__ONCALL__URLS", '[{"env": "STAGE_CHANNEL"}]')
    with scene(tmp_path, monkeypatch, rules=RULES) as ready:
        yield ready


def link(here: Scene, what: str = "ack") -> str:
    """The path of the newest link of this kind that was sent."""
    said = "\n".join(each["message"] for each in here.ear.heard)
    return re.findall(rf"https://bridge\.example(/{what}/\S+)", said)[-1]


def who(here: Scene, event: str) -> set[str | None]:
    """Who has acknowledged it, by all the addresses."""
    return {each["acked_by"] for each in here.stage.bridge.follower.of_event(event)}


def test_a_notice_says_what_follows_and_leads_on(here: Scene) -> None:
    """What is told again and who else is notified, how to take it, and where its story is; its end
    only leads to the story.
    """
    event = happens(here.stage, "leg.down", 1)
    told = here.ear.heard[0]["message"]
    assert (
        "told again every 1h while it lasts, oncall is told after 15m,"
        " unless somebody acknowledges: bondbridge ack" in told
    )
    assert link(here, "events") == f"/events/{event}"
    happens(here.stage, "leg.up", 1)
    assert "/ack/" not in here.ear.heard[-1]["message"]
    assert f"story: https://bridge.example/events/{event}" in here.ear.heard[-1]["message"]


def test_a_link_shows_and_its_form_takes(here: Scene) -> None:
    """Opening it, as previews do, takes nothing; its form does, once; anyone who is late is told
    who has acknowledged it.
    """
    event = happens(here.stage, "leg.down", 1)
    path = link(here)
    for _ in range(3):
        page = here.open(path)
        assert (page.status_code, "leg 1 is down" in page.text, "<script" in page.text) == (
            200,
            True,
            False,
        )
    assert who(here, event) == {None}
    assert [here.send(path, name="Cy").status_code for _ in range(2)] == [200, 200]
    assert who(here, event) == {"Cy (a holder of the link sent to noc)"}
    late = here.send(path, name="Di")
    assert (late.status_code, "has acknowledged it already" in late.text) == (409, True)
    assert "<form" not in here.open(path).text
    before = len(here.ear.heard)
    passes(here.stage, 7200)
    assert len(here.ear.heard) == before
    happens(here.stage, "leg.up", 1)
    assert "acknowledged by Cy (a holder of the link sent to noc)" in here.ear.heard[-1]["message"]
    assert here.send(path, name="Di").status_code == 409


def test_each_line_of_a_digest_takes_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two outages in one message: by its link one is taken and not the other; the room names both
    by their ids.
    """
    monkeypatch.setenv("BONDBRIDGE_CHANNELS__ONCALL__URLS", '[{"env": "STAGE_CHANNEL"}]')
    with scene(tmp_path, monkeypatch, rules=RULES, telling=", digest: 1m") as here:
        first, second = (happens(here.stage, "leg.down", leg) for leg in (1, 2))
        began = here.stage.now()
        passes(here.stage, 61)
        (told,) = here.ear.heard
        assert told["title"] == "2 notices: 2 leg.down"
        lines = told["message"].splitlines()
        assert [line.partition(" · ")[0] for line in lines[:2]] == [
            "- leg 1 is down",
            "- leg 2 is down",
        ]
        for event, line in zip((first, second), lines, strict=False):
            assert f"story: https://bridge.example/events/{event}" in line
        assert lines[2] == f"the oldest since {began:%Y-%m-%d %H:%M} UTC"
        (path,) = re.findall(r"acknowledge: https://bridge\.example(/ack/\S+)", lines[1])
        assert here.send(path, name="Cy").status_code == 200
        assert (who(here, first), who(here, second)) == (
            {None},
            {"Cy (a holder of the link sent to noc)"},
        )
        shown = json.dumps(here.posts()[-1])
        assert all(f"bondbridge ack {event[:8]}" in shown for event in (first, second))
        story = here.stage.story(first)["decisions"][0]["jobs"][0]["tried"][-1]["detail"]
        assert story == "told, in one message with 1 other"


def test_forged_links_and_forms_from_elsewhere(here: Scene) -> None:
    """What we did not seal as such a link takes nothing: cut ones, buttons, another key's; nor does
    another site.
    """
    event = happens(here.stage, "leg.down", 1)
    path = link(here)
    seals = here.stage.bridge.seals
    button = seals.take(AcknowledgeToken(event, "noc", "slack"))
    theirs = TokenSigner(b"other").take(AcknowledgeToken(event, "noc"))
    gone = seals.take(AcknowledgeToken("0" * 24, "noc"))
    for forged in (
        path[:-1],
        f"/ack/{button}",
        f"/ack/{theirs}",
        f"/ack/{gone}",
        "/ack/%C3%BC",
        f"/approve/{path[5:]}",
    ):
        assert (
            here.open(forged).status_code == here.send(forged, answer="yes").status_code == 404
        ), forged
    lured = httpx.post(f"{here.url}{path}", headers={"Sec-Fetch-Site": "cross-site"}, timeout=30)
    assert (lured.status_code, who(here, event)) == (403, {None})


def test_a_button_takes_it_for_who_may(here: Scene) -> None:
    """An operator's press takes it, everybody in the room sees that; a viewer's and a stranger's
    are refused and recorded.
    """
    event = happens(here.stage, "leg.down", 1)
    value = here.buttons()["Acknowledge"]
    for somebody in (VIC, ELSE):
        assert here.press(value, somebody).status_code == 200
        (refused,) = here.later(somebody)
        assert "needs the role operator" in refused["text"]
        assert refused["replace_original"] is False
    assert who(here, event) == {None}
    for _ in range(2):
        here.press(value, ANA)
    (shown,) = here.later(ANA)
    assert (shown["replace_original"], "ana (slack/UANA) acknowledged" in shown["text"]) == (
        True,
        True,
    )
    here.press(value, BOB)
    assert "has acknowledged it already" in here.later(BOB)[0]["text"]
    assert who(here, event) == {"ana (slack/UANA)"}
    assert len(here.stage.events("chat.refused")) == 3
    assert [each["data"]["telling"]["who"] for each in here.stage.events("event.acknowledged")] == [
        "ana (slack/UANA)"
    ]


def test_whoever_has_it_and_presses_again_is_answered(here: Scene) -> None:
    """They are told since when, for themselves; the same press sent once more says nothing more."""
    happens(here.stage, "leg.down", 1)
    value = here.buttons()["Acknowledge"]
    for at in (0, 1, 1, 0):
        assert here.press(value, ANA, at=at).status_code == 200
    first, again = here.later(ANA)
    assert "ana (slack/UANA) acknowledged" in first["text"]
    assert again["text"].startswith("You said so already: you acknowledged it at 2026-03-01")
    assert again["replace_original"] is False
    assert len(here.stage.events("chat.refused")) == 1


def test_forged_buttons(here: Scene) -> None:
    """What we did not seal as such a button, or for another webhook, is refused, though Slack's
    signature is good.
    """
    event = happens(here.stage, "leg.down", 1)
    value = here.buttons()["Acknowledge"]
    seals = here.stage.bridge.seals
    other = seals.take(AcknowledgeToken(event, "noc", "mattermost"))
    for forged in (
        value[:-1],
        link(here)[5:],
        other,
        TokenSigner(b"other").take(AcknowledgeToken(event, "noc", "slack")),
    ):
        assert here.press(forged).status_code == 403, forged
    assert here.press(seals.take(AcknowledgeToken("0" * 24, "noc", "slack"))).status_code == 410
    assert who(here, event) == {None}


def test_nothing_that_is_stored_or_logged_can_take_it(
    here: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    """Values of buttons and links are made when they are sent, and stand neither in the database
    nor in the log.
    """
    happens(here.stage, "leg.down", 1)
    rights = [here.buttons()["Acknowledge"], link(here)[5:]]
    here.open(link(here))
    stored = here.stored()
    logged = capfd.readouterr().out
    assert not [each for each in rights if each in stored or each in logged]


def test_the_command_line(here: Scene, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`channels open` lists what lasts and who has acknowledged it; `ack` takes it by the beginning
    of its id, once and while it lasts.
    """
    monkeypatch.chdir(here.stage.folder)
    said = standing(here.stage, run)
    event = happens(here.stage, "leg.down", 1)
    rows = json.loads(said("channels", "open", "--json").out)
    assert [(row["event"], row["acked_by"]) for row in rows] == [(event, None)] * 2
    assert sorted(row["address"] for row in rows) == ["noc/0", "noc/1"]
    unknown = said("ack", "ffff0000")
    assert (unknown.code, "no event that people were told of begins" in unknown.err) == (2, True)
    assert "acknowledged it, told at 2 addresses" in said("ack", event[:8]).out
    late = said("ack", event[:8])
    assert (late.code, "has acknowledged it already" in late.err) == (4, True)
    assert who(here, event) != {None}
    assert "acknowledged it at" in said("events", event).out
    happens(here.stage, "leg.up", 1)
    assert "nothing that was told lasts" in said("channels", "open").out
    over = said("ack", event[:8])
    assert (over.code, "it is over already" in over.err) == (4, True)


def test_the_api_and_the_page(here: Scene) -> None:
    """The owner of the token has it: listed, shown in the story; once; not without a token, nor by
    another site's form.
    """
    first, second = (happens(here.stage, "leg.down", leg) for leg in (1, 2))
    with here.stage.bridge.database.writing() as connection:
        token = tokens.create(connection, "nina")
    with httpx.Client(base_url=here.url, timeout=120) as stranger:
        assert stranger.post(f"/api/v1/events/{first}/acknowledge").status_code == 401
        assert stranger.get("/api/v1/tellings").status_code == 401
    with httpx.Client(
        base_url=here.url, headers={"Authorization": f"Bearer {token}"}, timeout=120
    ) as nina:
        assert len(nina.get("/api/v1/tellings").json()["items"]) == 4
        assert nina.post(f"/api/v1/events/{first}/acknowledge").json() == {
            "event": first,
            "who": "nina",
            "addresses": 2,
        }
        late = nina.post(f"/api/v1/events/{first}/acknowledge")
        assert (late.status_code, late.json()["error"]["what"]) == (
            409,
            "nina has acknowledged it already",
        )
        assert nina.post("/api/v1/events/none/acknowledge").status_code == 409
        page = f"/events/{second}"
        assert 'id="take"' in nina.get(page).text
        lured = nina.post(f"{page}/acknowledge", headers={"Sec-Fetch-Site": "cross-site"})
        assert (lured.status_code, who(here, second)) == (403, {None})
        assert nina.post(f"{page}/acknowledge").status_code == 303
        story = nina.get(page).text
        assert ("<b>nina</b> acknowledged it at" in story, 'id="take"' in story) == (True, False)
        told = nina.get(f"/api/v1{page}").json()["tellings"]
        assert {each["acked_by"] for each in told} == {"nina"}


def test_what_is_told_late_is_had_already(here: Scene) -> None:
    """A place that hears of it only after somebody took it does not repeat it either, and hears its
    end.
    """
    event = happens(here.stage, "leg.down", 1)
    here.stage.bridge.follower.acknowledge(event, "ana")
    with here.stage.bridge.database.writing() as connection:
        connection.exec_driver_sql(
            "DELETE FROM tellings WHERE job IN (SELECT id FROM jobs WHERE target = 'noc/0')"
        )
        connection.exec_driver_sql("UPDATE jobs SET state = 'due' WHERE target = 'noc/0'")
    passes(here.stage, 0)
    assert who(here, event) == {"ana"}
