"""Questions in a room: buttons that only we can make, one answer, and everybody who was asked is
told of it.
"""

from pathlib import Path

import pytest

from bridge.core.chat.signed_tokens import ApprovalButton, TokenSigner

from .harness import ANA, BOB, RULES, VIC, Scene, scene


def test_a_question_is_answered_by_a_button(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in the room with its plan; a yes does it once, is told by name where a link was
    sent, and in the journal.
    """
    with scene(tmp_path, monkeypatch) as here:
        asked = here.ask()
        (post,) = here.posts()
        assert post["text"] == "restart asks: the rule asks noc"
        assert "bond.restart bond=3" in str(post["blocks"])
        assert list(here.buttons()) == ["Yes, do it", "No"]
        assert here.restarts() == 0
        assert here.press(here.buttons()["Yes, do it"]).status_code == 200
        assert here.restarts() == 1
        assert (here.question()["state"], here.question()["who"]) == ("granted", "ana (slack/UANA)")
        assert here.events("approval.granted")[0]["id"] == asked["id"]
        assert "ana (slack/UANA) said yes" in here.ear.titles()[-1]


GUARDED = """
- id: restart
  when: webhook.demo
  guard: {blast_radius: {most: 1, of: bonds, within: 1h}}
  do:
    - call: bond.restart
      with: {bond: "${event.data.body.bond}"}
"""


def test_a_guards_question_goes_to_the_usual_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the rule names nobody it has the same buttons and the same link, and one yes does
    it.
    """
    monkeypatch.setenv("BONDBRIDGE_ASKS", "noc")
    with scene(tmp_path, monkeypatch, rules=GUARDED) as here:
        here.stage.webhook(3, "a")
        here.stage.work()
        assert here.ask(4, "b")["reason"] == "blast_radius"
        assert here.restarts() == 1
        assert here.link()
        assert here.press(here.buttons()["Yes, do it"]).status_code == 200
        assert here.restarts() == 2


def test_without_a_usual_channel_it_is_put_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits all the same, for rules that tell of it and for anyone who looks."""
    with scene(tmp_path, monkeypatch, rules=GUARDED) as here:
        here.stage.webhook(3, "a")
        assert here.ask(4, "b")["to"] is None
        assert here.posts() == []
        assert here.restarts() == 1


def test_the_question_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it was pressed the answer takes the place of the buttons, with what was asked; that
    room is told nothing twice.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        assert here.press(here.buttons()["Yes, do it"]).json() == {}
        (shown,) = here.later()
        assert (shown["replace_original"], shown["response_type"]) == (True, "in_channel")
        assert "ana (slack/UANA) said yes, 2026-03-01" in shown["text"]
        assert "bond.restart bond=3" in str(shown["blocks"])
        assert "actions" not in {block["type"] for block in shown["blocks"]}
        assert f"/bond why {here.stage.events('approval.granted')[0]['id']}" in str(shown["blocks"])
        assert len(here.posts()) == 1


def test_whoever_is_late_is_told_who_was_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only they see it, and the message stays as it is; who may not answer is told why."""
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        buttons = here.buttons()
        for value, who in (
            (buttons["Yes, do it"], VIC),
            (buttons["No"], BOB),
            (buttons["Yes, do it"], ANA),
        ):
            here.press(value, who)
        (refused,) = here.later(VIC)
        (late,) = here.later(ANA)
        assert "This does not count: it needs the role operator in space" in refused["text"]
        assert "Too late: bob said no, 2026-03-01" in late["text"]
        for each in (refused, late):
            assert (each["replace_original"], each["response_type"]) == (False, "ephemeral")


def test_answers_go_only_where_the_platform_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that is not one of the platform's is never written to: the press counts, and the
    room is told of it.
    """
    with scene(tmp_path, monkeypatch, answers_at=["https://hooks.slack.com/"]) as here:
        here.ask()
        here.press(here.buttons()["Yes, do it"])
        assert (here.later(), here.question()["state"]) == ([], "granted")
        assert "ana (slack/UANA) said yes" in here.said()[-1]


def test_a_no_by_a_button(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is done, and a yes after it changes nothing: anyone who is late is remembered, with
    whose answer it was.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        buttons = here.buttons()
        assert here.press(buttons["No"], BOB).status_code == 200
        assert here.press(buttons["Yes, do it"], ANA).status_code == 200
        assert here.restarts() == 0
        (late,) = here.events("approval.refused")
        assert (late["who"], late["why"]) == ("ana (slack/UANA)", "too late: bob said no")


def test_the_same_press_again_is_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A press that is sent again word for word is answered and does, says and records nothing
    more.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        buttons = here.buttons()
        for _ in range(3):
            assert here.press(buttons["Yes, do it"], ANA).status_code == 200
        for _ in range(2):
            assert here.press(buttons["No"], BOB).status_code == 200
        assert here.restarts() == 1
        assert [len(here.later(who)) for who in (ANA, BOB)] == [1, 1]
        assert len(here.events("approval.refused")) == 1


def test_saying_so_once_more_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another press of one's own button says what one said and when, to oneself alone, and does
    nothing; each is told once.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        yes = here.buttons()["Yes, do it"]
        for at in (0, 1, 1):
            assert here.press(yes, ANA, at=at).status_code == 200
        first, again = here.later(ANA)
        assert "ana (slack/UANA) said yes, 2026-03-01" in first["text"]
        assert again["text"].startswith(
            "You said so already: ana (slack/UANA) said yes, 2026-03-01"
        )
        assert (again["replace_original"], again["response_type"]) == (False, "ephemeral")
        assert here.restarts() == 1
        assert [each["why"] for each in here.events("approval.refused")] == [
            "they had said so already"
        ]


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time is over it is a no, which every place that was asked is told; a press after
    that is too late.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        buttons = here.buttons()
        here.stage.sim.advance(1801)
        assert here.stage.bridge.approver.expire() == 1
        assert here.restarts() == 0
        assert "nobody answered in time" in here.said()[-1]
        assert "nobody answered in time" in here.ear.titles()[-1]
        here.press(buttons["Yes, do it"])
        assert here.restarts() == 0
        assert here.events("approval.refused")[0]["why"].startswith(
            "too late: nobody answered in time"
        )


def test_another_place_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer on the command line is told in the room and by Apprise."""
    with scene(tmp_path, monkeypatch) as here:
        here.stage.bridge.steering.answer(here.ask()["id"], yes=False, who="root")
        here.stage.work()
        assert "root said no" in here.said()[-1]
        assert "root said no" in here.ear.titles()[-1]


def _forged(here: Scene) -> list[str]:
    asked = here.question()
    buttons = here.buttons()
    good = buttons["Yes, do it"]
    other = buttons["No"]
    way = here.link().removeprefix("/approve/")
    theirs = TokenSigner(b"another key").button(
        ApprovalButton(asked["id"], asked["digest"], yes=True, hook="slack")
    )
    mixed = good.rpartition(".")[0] + "." + other.rpartition(".")[2]
    return [
        f"yes:{asked['id']}:{asked['digest']}",
        good[:-1],
        good[1:],
        good + "A",
        mixed,
        way,
        theirs,
        "ü",
        "x" * 1900,
    ]


def test_forged_buttons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever we did not seal as a button is refused, though Slack's signature is good: guesses,
    cuts, mixtures, links.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        for value in _forged(here):
            assert here.press(value).status_code == 403, value
        assert here.question()["state"] == "asked"


def test_a_button_of_another_webhook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A button counts only through the webhook whose room it was shown in: its people are those who
    may press it.
    """
    with scene(tmp_path, monkeypatch) as here:
        asked = here.ask()
        value = here.stage.bridge.seals.button(
            ApprovalButton(asked["id"], asked["digest"], yes=True, hook="mattermost")
        )
        assert here.press(value).status_code == 403
        gone = here.stage.bridge.seals.button(
            ApprovalButton("0" * 24, asked["digest"], yes=True, hook="slack")
        )
        assert here.press(gone).status_code == 410
        assert here.question()["state"] == "asked"


def test_nothing_that_is_stored_or_logged_can_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Values of buttons and links are made when they are sent: neither stands in the database or
    the log, nor the address.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        rights = [
            *here.buttons().values(),
            here.link().removeprefix("/approve/"),
            "of-the-room",
            "/later/",
        ]
        here.press(here.buttons()["No"])
        here.open(here.link())
        here.stage.work()
        stored = here.stored()
        logged = capfd.readouterr().out
        assert not [each for each in rights if each in stored or each in logged]


def test_a_question_that_is_withdrawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer decision takes its place: the room and Apprise are told, and a press of the old
    buttons does nothing.
    """
    rules = RULES.replace("  when:", "  overlap: restart\n  when:")
    with scene(tmp_path, monkeypatch, rules=rules) as here:
        here.ask()
        old = here.buttons()
        link = here.link()
        here.ask(nonce="b")
        assert sum("withdrawn, since decision" in each for each in here.said()) == 1
        assert sum("withdrawn, since decision" in each for each in here.ear.titles()) == 1
        assert here.open(link).status_code == 410
        here.press(old["Yes, do it"])
        assert "Too late: withdrawn, since decision" in here.later()[0]["text"]
        here.press(here.buttons()["Yes, do it"], at=1)
        assert here.restarts() == 1
