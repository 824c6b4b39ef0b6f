"""Mattermost signs no press: what the button carries is all there is to go by, and it is enough."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from .harness import Scene, scene


def button(here: Scene, label: str) -> dict[str, Any]:
    """The newest button of this name, as Mattermost was given it."""
    attached = [each for post in here.posts() for each in post.get("attachments", ())]
    (found,) = [each for each in attached[-1]["actions"] if each["name"] == label]
    return dict(found["integration"])


def plain(words: str) -> str:
    """What a person reads of it, without what keeps names from being markup."""
    return words.replace("\\", "").replace("\u200b", "")


def press(here: Scene, pressed: dict[str, Any], user: str) -> httpx.Response:
    """What Mattermost sends when somebody presses it."""
    assert pressed["url"] == "https://bridge.example/webhooks/mattermost"
    body = {"user_id": user, "user_name": user.lower(), "channel_id": "CNOC", "channel_name": "noc"}
    return httpx.post(
        f"{here.url}/webhooks/mattermost", json={**body, "context": pressed["context"]}, timeout=30
    )


def test_the_answer_is_in_the_response(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The yes replaces the message with the buttons at once; who is late hears it for themselves;
    the room of Slack is told.
    """
    with scene(tmp_path, monkeypatch, rooms=("slack", "mattermost")) as here:
        here.ask()
        yes = button(here, "Yes, do it")
        no = button(here, "No")
        assert "it needs the role operator" in press(here, yes, "UVIC").json()["ephemeral_text"]
        shown = press(here, yes, "UANA").json()["update"]
        assert "uana (mattermost/UANA) said yes" in plain(shown["message"])
        assert shown["props"] == {"attachments": []}
        assert "Too late: uana" in plain(press(here, no, "UBOB").json()["ephemeral_text"])
        assert here.restarts() == 1
        assert len([each for each in here.posts() if "said yes" in each["text"]]) == 1


def test_a_press_without_our_seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anyone who does not have the value cannot press: not by a guess, not with another chat's
    button, not when it is over.
    """
    with scene(tmp_path, monkeypatch, rooms=("mattermost", "slack")) as here:
        here.ask()
        good = button(here, "Yes, do it")
        for value in (
            "yes",
            f"yes:{here.question()['id']}:{here.question()['digest']}",
            here.buttons()["Yes, do it"],
        ):
            assert press(here, {**good, "context": {"value": value}}, "UBOB").status_code == 403
        here.stage.sim.advance(1801)
        assert plain(press(here, good, "UBOB").json()["ephemeral_text"]).startswith(
            "Too late: nobody"
        )
        assert here.restarts() == 0


def test_one_person_by_two_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person named in the settings is one person on both chats: what they asked for on one they
    do not approve on the other.
    """
    rules = """
- id: restart
  when: webhook.demo
  guard: {approval: {from: noc, expires: 30m, not_by_asker: true}}
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""
    with scene(tmp_path, monkeypatch, rules=rules, rooms=("mattermost", "slack")) as here:
        here.ask()
        here.change(asker="bob")
        assert (
            "somebody else must"
            in press(here, button(here, "Yes, do it"), "UBOB").json()["ephemeral_text"]
        )
        assert press(here, button(here, "Yes, do it"), "UANA").json()["update"]
