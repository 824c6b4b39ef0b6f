"""The page behind a link: it shows, and decides only when its form is sent; each way it can fail
says which.
"""

from pathlib import Path

import httpx
import pytest

from bridge.core.chat.signed_tokens import ApprovalLink
from bridge.store.tables import jobs

from .harness import RULES, Scene, scene


def test_a_link_shows_and_its_form_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening it, as previews do, decides nothing; the form's yes does, told and remembered as that
    of a holder of the link.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        path = here.link()
        for _ in range(3):
            page = here.open(path)
            assert httpx.head(f"{here.url}{path}").status_code == 200
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert "<code>bond.restart bond=3 (victoria-hq)</code>" in page.text
        assert "because: webhook demo: action restart, bond 3" in page.text
        assert "<script" not in page.text
        assert here.question()["state"] == "asked"
        done = here.send(path, answer="yes", name=" Ana\n<b> ")
        assert (done.status_code, "Ana&lt;b&gt;" in done.text) == (200, True)
        assert here.restarts() == 1
        assert here.question()["who"] == "Ana<b> (a holder of the link sent to noc)"
        assert "Ana<b> (a holder of the link sent to noc) said yes" in here.ear.titles()[-1]
        assert "a holder of the link sent to noc" in here.said()[-1]


def test_a_double_click_is_one_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same sent twice is answered alike and done once; the other answer after it is told whose
    the first was.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        first, second = (here.send(here.link(), answer="no") for _ in range(2))
        assert (first.status_code, second.status_code) == (200, 200)
        late = here.send(here.link(), answer="yes")
        assert (late.status_code, "a holder of the link sent to noc said no" in late.text) == (
            409,
            True,
        )
        assert (here.open(here.link()).status_code, here.restarts()) == (409, 0)


def test_a_link_is_over_with_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the moment on at which the question ends, whether or not that was noted: 410, for
    looking and for answering.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        here.stage.sim.advance(1801)
        assert here.open(here.link()).status_code == 410
        assert here.question()["state"] == "asked"
        assert here.send(here.link(), answer="yes").status_code == 410
        assert here.question()["state"] == "expired"
        assert here.open(here.link()).status_code == 410
        assert here.restarts() == 0


def test_forged_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What we did not seal as a link is nothing: cut ones, buttons, guesses; and one of a question
    that is not there.
    """
    with scene(tmp_path, monkeypatch) as here:
        asked = here.ask()
        path = here.link()
        strange = here.stage.bridge.seals.link(ApprovalLink("0" * 24, asked["digest"], "noc"))
        button = here.buttons()["Yes, do it"]
        for forged in (
            path[:-1],
            path + "A",
            f"/approve/{button}",
            "/approve/%C3%BC",
            f"/approve/{strange}",
            "/approve/x",
        ):
            assert (
                here.open(forged).status_code == here.send(forged, answer="yes").status_code == 404
            ), forged
        assert here.send("/approve/", answer="yes").status_code == 404
        assert here.question()["state"] == "asked"


def test_a_form_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another site cannot send it, and what is neither a yes nor a no is none."""
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        where = f"{here.url}{here.link()}"
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            assert httpx.post(where, data={"answer": "yes"}, headers=headers).status_code == 403
        for form in ({}, {"answer": "perhaps"}, {"yes": "yes"}):
            assert here.send(here.link(), **form).status_code == 400
        assert here.question()["state"] == "asked"


def _changed(here: Scene) -> None:
    """What is held is not what was asked about any more."""
    with here.stage.bridge.database.writing() as connection:
        other = {"operation": "bond.restart", "arguments": {"bond": 4}}
        connection.execute(jobs.update().where(jobs.c.action == "call").values(request=other))


def test_a_plan_that_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No yes counts to it, by link, by button or by name: each says so, nothing is done, and a no
    still ends it.
    """
    with scene(tmp_path, monkeypatch) as here:
        asked = here.ask()
        _changed(here)
        assert (
            here.open(here.link()).status_code
            == here.send(here.link(), answer="yes").status_code
            == 409
        )
        assert here.press(here.buttons()["Yes, do it"]).status_code == 200
        given = here.stage.bridge.steering.answer(asked["id"], yes=True, who="root")
        assert given.refused is not None
        assert {each["why"][:32] for each in here.events("approval.refused")} == {
            given.refused.why[:32]
        }
        assert (here.question()["state"], here.restarts()) == ("asked", 0)
        here.press(here.buttons()["No"], at=1)
        assert (here.question()["state"], here.restarts()) == ("denied", 0)


def test_a_link_for_another_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link, though sealed by us, whose digest is not the question's: refused, whatever it
    says.
    """
    with scene(tmp_path, monkeypatch) as here:
        other = "/approve/" + here.stage.bridge.seals.link(
            ApprovalLink(here.ask()["id"], "f" * 24, "noc")
        )
        assert here.open(other).status_code == 409
        assert [here.send(other, answer=each).status_code for each in ("yes", "no")] == [409, 409]
        assert here.question()["state"] == "asked"


def test_names_are_only_words_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bond called <script>, and who is said to have asked, are shown as they are written and do
    nothing.
    """
    call = (
        '- call: bond.update\n      with: {bond: "${event.data.body.bond}"}\n      set: {name:'
        ' "<script>alert(1)</script>"}'
    )
    rules = RULES.replace(
        '- call: bond.restart\n      with: {bond: "${event.data.body.bond}"}', call
    )
    monkeypatch.setenv("BONDBRIDGE_ALLOW", '["configure"]')
    with scene(tmp_path, monkeypatch, rules=rules) as here:
        here.ask()
        here.change(asker="<img src=x>", detail="<i>the rule asks</i>")
        page = here.open(here.link()).text
        assert "name=&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "&lt;img src=x&gt;" in page
        assert "&lt;i&gt;the rule asks&lt;/i&gt;" in page
        assert not [each for each in ("<script", "<img", "<i>") if each in page]
        assert "<script" not in str(here.posts()[-1])
