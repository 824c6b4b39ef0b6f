"""Who may answer: the role in the space of every bond, not the person who asked for it, and nobody
whose name is not known.
"""

from pathlib import Path

import httpx
import pytest

from bridge.core.chat.roles import Grant, Role
from bridge.pipeline.approvals.eligibility import Answerer, asker_of
from bridge.store import tokens
from tests.store.builders import event

from .harness import ANA, BOB, ELSE, RULES, VIC, Scene, scene

FOUR_EYES = RULES.replace("expires: 30m", "expires: 30m, not_by_asker: true")


@pytest.mark.parametrize("answer", ["Yes, do it", "No"])
def test_a_role_too_low_or_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Neither who only looks, nor who acts in other spaces, nor a stranger answers; each refusal
    says why, in the journal.
    """
    with scene(tmp_path, monkeypatch, strangers="viewer") as here:
        here.ask()
        for who in (VIC, ELSE, ("UNEW", "new")):
            assert here.press(here.buttons()[answer], who).status_code == 200
        told = [each["text"] for each in here.later(ELSE)]
        assert told == [
            "This does not count: this is no question that you may answer."
        ]  # no word of where it is
        refused = here.events("approval.refused")
        assert [each["who"] for each in refused] == [
            "vic (slack/UVIC)",
            "els (slack/UELSE)",
            "new (slack/UNEW)",
        ]
        assert all("it needs the role operator in space" in each["why"] for each in refused)
        assert (here.question()["state"], here.restarts()) == ("asked", 0)
        here.press(here.buttons()[answer], ANA)
        assert here.question()["state"] != "asked"


def test_strangers_without_any_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where strangers have no role at all, they answer nothing either."""
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        here.press(here.buttons()["Yes, do it"], ("UNEW", "ana"))
        assert here.question()["state"] == "asked"


def test_the_role_that_the_rule_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule may ask for an admin: an operator's yes is not enough."""
    rules = RULES.replace("expires: 30m", "expires: 30m, role: admin")
    with scene(tmp_path, monkeypatch, rules=rules) as here:
        here.ask()
        here.press(here.buttons()["Yes, do it"], ANA)
        assert here.question()["state"] == "asked"
        here.press(here.buttons()["Yes, do it"], BOB)
        assert (here.question()["state"], here.question()["who"]) == ("granted", "bob")


def test_a_webhook_for_other_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes by a webhook that is for some spaces answers nothing about others, no matter who
    presses.
    """
    with scene(tmp_path, monkeypatch, spaces=["elsewhere"]) as here:
        here.ask()
        here.press(here.buttons()["Yes, do it"], BOB)
        assert (
            here.events("approval.refused")[0]["why"]
            == "what comes by this webhook acts only in other spaces"
        )
        assert here.question()["state"] == "asked"


def test_every_space_of_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role in the space of one bond is not enough for a plan that touches another's, or what is
    in no space.
    """
    rules = RULES + '    - {call: bond.restart, with: {bond: "${event.data.body.bond + 1}"}}\n'
    with scene(tmp_path, monkeypatch, rules=rules) as here:
        asked = here.ask()
        bonds = here.stage.sim.world.bonds
        first, second = (bonds[each].space for each in (3, 4))
        assert first != second
        approver = here.stage.bridge.approver

        def may(*spaces: str) -> bool:
            by = Answerer("ana", "slack/UANA", [Grant(Role.OPERATOR, "UANA", spaces=spaces)])
            return approver.decide(asked["id"], yes=True, by=by).refused is None

        assert not may(str(first))
        assert not may(str(second))
        assert may(str(first), str(second))


def test_what_is_in_no_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan about something that is in no known space needs the role everywhere."""
    with scene(tmp_path, monkeypatch) as here:
        asked = here.ask(bond=999)
        limited, free = (
            Answerer("a", "a", [Grant(Role.ADMIN, "a", spaces=spaces)]) for spaces in (("*",), ())
        )
        approver = here.stage.bridge.approver
        assert "everywhere" in str(approver.decide(asked["id"], yes=True, by=limited).refused)
        assert approver.decide(asked["id"], yes=False, by=free).refused is None


def test_not_by_who_asked_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With not_by_asker no link goes out, and the asker's own yes does not count, by whatever way
    they come; another's does.
    """
    with scene(tmp_path, monkeypatch, rules=FOUR_EYES) as here:
        asked = here.ask()
        here.change(asker="bob")
        assert (asked["answered_by"], "/approve/" in here.ear.heard[-1]["message"]) == (
            "others",
            False,
        )
        assert "somebody whose name is known" in here.ear.heard[-1]["message"]
        assert "somebody whose name is known" in str(here.posts()[-1])
        here.press(here.buttons()["Yes, do it"], BOB)
        steering = here.stage.bridge.steering
        assert steering.answer(asked["id"], yes=True, who="bob").refused is not None
        assert [each["why"] for each in here.events("approval.refused")] == [
            "the person who asked for it cannot say yes to it: somebody else must"
        ] * 2
        here.press(here.buttons()["Yes, do it"], ANA)
        assert (here.question()["state"], here.restarts()) == ("granted", 1)


def test_another_spelling_of_a_name_is_no_other_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With not_by_asker a name that differs from the asker's by case, spaces or the width of its
    letters cannot say yes.
    """
    with scene(tmp_path, monkeypatch, rules=FOUR_EYES) as here:
        asked = here.ask()
        here.change(asker="otto b")
        for who in ("Otto B", " otto b ", "OTTOB", "\uff4ftto\u200bb"):
            assert (
                here.stage.bridge.steering.answer(asked["id"], yes=True, who=who).refused
                is not None
            )
        assert (
            here.stage.bridge.steering.answer(asked["id"], yes=True, who="otto c").refused is None
        )


def test_who_asked_for_it_may_take_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A no of the asker's own needs nobody else."""
    with scene(tmp_path, monkeypatch, rules=FOUR_EYES) as here:
        here.ask()
        here.change(asker="bob")
        here.press(here.buttons()["No"], BOB)
        assert here.question()["state"] == "denied"


def _browser(here: Scene, name: str) -> httpx.Client:
    with here.stage.bridge.database.writing() as connection:
        token = tokens.create(connection, name)
    return httpx.Client(base_url=here.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_nobody_in_particular(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With not_by_asker neither a link nor a sign-in by a one-time link counts; a token of one's
    own has a name.
    """
    with scene(tmp_path, monkeypatch, rules=FOUR_EYES) as here:
        asked = here.ask()
        way = f"/api/v1/approvals/{asked['id']}"
        with _browser(here, "sign-in-0123456789abcdef") as nobody, _browser(here, "cleo") as cleo:
            for yes in (True, False):
                answer = nobody.post(way, json={"yes": yes})
                assert (answer.status_code, "whose name is known" in answer.text) == (403, True)
            assert (
                nobody.post(f"/approvals/{asked['id']}", data={"answer": "yes"}).status_code == 403
            )
            by_link = here.stage.bridge.approver.decide(
                asked["id"], yes=True, by=Answerer("a holder of the link")
            )
            assert by_link.refused is not None
            assert cleo.post(way, json={"yes": True}).json()["who"] == "cleo"


def test_a_confirmation_is_theirs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What only the asker can confirm nobody else answers, neither with a yes nor with a no."""
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        here.change(asker="slack/UANA", answered_by="asker")
        for each in ("Yes, do it", "No"):
            here.press(here.buttons()[each], BOB)
        assert here.question()["state"] == "asked"
        here.press(here.buttons()["Yes, do it"], ANA)
        assert here.question()["state"] == "granted"


def test_who_brought_it_about() -> None:
    """The person whose command an event is; nobody for what was seen or what another system
    sent.
    """
    chat = {"who": "slack/U1", "user": {"id": "U1", "name": "ana"}}
    assert asker_of([event(), event(name="chat.command", data={"chat": chat})]) == "slack/U1"
    assert asker_of([event(), event(name="webhook.demo", data={"body": {"chat": chat}})]) is None
