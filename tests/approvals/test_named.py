"""What is asked names the objects that it is about, and says what brought it about, wherever people
see it.
"""

from pathlib import Path

import pytest

from .harness import scene

TUNING = """
- id: restart
  when: webhook.demo
  guard: {approval: {from: noc, expires: 30m}}
  do:
    - call: leg_tuning.start
      with: {leg: "${event.data.body.bond}"}
"""


def test_a_bond_is_named_wherever_it_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the room, the mail, on the page and for the command line: its number, its name, and the
    webhook that wants it.
    """
    with scene(tmp_path, monkeypatch) as here:
        asked = here.ask()
        question = here.stage.bridge.steering.question(asked["id"])
        page = here.open(here.link()).text
        assert question["plan"] == ["bond.restart bond=3 (victoria-hq)"]
        assert question["cause"] == "webhook demo: action restart, bond 3, nonce a"
        for place in (here.ear.heard[-1]["message"], str(here.posts()[-1]["blocks"]), page):
            assert "bond.restart bond=3 (victoria-hq)" in place
            assert "because: webhook demo: action restart, bond 3" in place


def test_a_leg_is_named_with_its_bond(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A leg's name alone is no name: every site has its dsl."""
    with scene(tmp_path, monkeypatch, rules=TUNING) as here:
        asked = here.ask(bond=1)
        assert here.stage.bridge.steering.question(asked["id"])["plan"] == [
            "leg_tuning.start leg=1 (vancouver-hq/cable)"
        ]


def test_what_nobody_knows_is_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object that the view does not have is told by its number, and asked about all the same."""
    with scene(tmp_path, monkeypatch) as here:
        asked = here.ask(bond=999)
        assert here.stage.bridge.steering.question(asked["id"])["plan"] == ["bond.restart bond=999"]


def test_a_new_name_changes_nothing_of_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bond that is called something else meanwhile is shown by that name, and a yes to the
    question still counts.
    """
    with scene(tmp_path, monkeypatch) as here:
        asked = here.ask()
        button = here.buttons()["Yes, do it"]
        here.stage.set("bond", 3, "name", "victoria\nnew")
        here.stage.live(60)
        assert here.stage.bridge.steering.question(asked["id"])["plan"] == [
            "bond.restart bond=3 (victoria new)"
        ]
        here.press(button)
        assert (here.question()["state"], here.restarts()) == ("granted", 1)
