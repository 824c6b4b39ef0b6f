"""A conversation in Slack, over HTTP, with the whole running stack; a stand-in takes what Slack's
response_url would.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from bridge.webhooks import slack
from bridge.wiring import machine_time
from tests.bonding.scripted_server import Reply, Scripted, serving
from tests.test_whole_stack import Stack, free_ports, started

ROOT = Path(__file__).parent.parent
SECRET = "of Slack and us"
LEG = 3
BOND = 2  # cable of kelowna-hq


@dataclass
class Slack:
    """Slack, as far as the bridge sees it: what people type and press arrives signed, answers are
    kept by address.
    """

    url: str
    place: Scripted
    sent: int = 0
    shown: dict[str, Any] = field(default_factory=dict)
    last: tuple[bytes, dict[str, str]] = (b"", {})

    def says(self, user: str, text: str) -> str:
        """`/bond TEXT`; all words of the answer in the response itself."""
        self.sent += 1
        fields = {
            "command": "/bond",
            "text": text,
            "user_id": user,
            "user_name": user.lower(),
            "channel_id": "C1",
            "channel_name": "noc",
            "trigger_id": str(self.sent),
            "response_url": f"{self.place.url}/answers/{self.sent}",
        }
        self.shown = self._post(fields)
        return words(self.shown)

    def presses(self, user: str, button: dict[str, Any]) -> None:
        """A press of a button; Slack reads nothing in the response."""
        self.sent += 1
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": user.lower()},
            "channel": {"id": "C1", "name": "noc"},
            "response_url": f"{self.place.url}/answers/{self.sent}",
            "actions": [{"value": button["value"]}],
        }
        assert self._post({"payload": json.dumps(payload)}) == {}

    def later(self, sent: int) -> list[dict[str, Any]]:
        """What arrived at the address of one command or press."""
        return [
            json.loads(each.body) for each in self.place.asked if each.path == f"/answers/{sent}"
        ]

    def _post(self, fields: dict[str, str]) -> Any:
        body = urlencode(fields).encode()
        stamp = int(machine_time().timestamp())
        self.last = (
            body,
            {
                "content-type": "application/x-www-form-urlencoded",
                **slack.signed(body, SECRET, stamp),
            },
        )
        return self.again()

    def again(self) -> Any:
        """The newest request once more, to the byte."""
        body, headers = self.last
        return (
            httpx.post(f"{self.url}/webhooks/slack", content=body, headers=headers, timeout=120)
            .raise_for_status()
            .json()
        )


def words(body: dict[str, Any]) -> str:
    """All that a message says."""
    told = [block["text"]["text"] for block in body["blocks"] if block["type"] == "section"]
    told += [
        each["text"]
        for block in body["blocks"]
        if block["type"] == "context"
        for each in block["elements"]
    ]
    return "\n".join(told)


def buttons(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons below a message, yes first."""
    return [
        each for block in body["blocks"] if block["type"] == "actions" for each in block["elements"]
    ]


def settings(folder: Path, place: Scripted) -> dict[str, str]:
    """What the environment adds to the demo: the commands that ship, and Slack with two people."""
    (folder / "rules").mkdir()
    shutil.copy(ROOT / "rules" / "chat.yaml", folder / "rules")
    (folder / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    people = [
        {"user": "UVIEW", "role": "viewer"},
        {"user": "UOP", "role": "operator", "name": "ana"},
    ]
    hook = {
        "platform": "slack",
        "server": "demo",
        "secret": {"file": str(folder / "secret")},
        "people": people,
        "answers_at": [place.url],
    }
    return {
        "BONDBRIDGE_DEMO_SPEED": "1",
        "BONDBRIDGE_RULES": str(folder / "rules"),
        "BONDBRIDGE_WEBHOOKS__SLACK": json.dumps(hook),
    }


def begin(stack: Stack) -> None:
    """The bridge has seen the bonds, and a leg that is down."""
    seen = ("bonds", "legs")
    stack.until(
        lambda: (
            {each["name"] for each in stack.api("health")["scopes"] if each["polled_at"]} >= {*seen}
        ),
        "bonds and legs are seen",
    )
    change = {"kind": "leg", "id": LEG, "field": "state", "value": "down"}
    httpx.post(f"http://127.0.0.1:{stack.ports[1]}/_sim/set", json=change).raise_for_status()
    stack.until(
        lambda: [each for each in stack.events("leg.down") if each["subject"] == f"leg/{LEG}"],
        "the leg is seen down",
    )


@pytest.mark.takes(50)
@pytest.mark.timeout(1800)
def test_a_conversation_in_slack(tmp_path: Path) -> None:
    """Asked what is down; a viewer is refused, an operator asked, sure, and told the end; why tells
    the story; no replay.
    """
    ports = free_ports(3)
    with serving(Reply()) as place, started(tmp_path, ports, **settings(tmp_path, place)) as stack:
        begin(stack)
        chat = Slack(f"http://127.0.0.1:{ports[0]}", place)
        assert "kelowna-hq/cable is down" in chat.says("UVIEW", "legs down")

        assert "restart needs the role operator for kelowna-hq, and you are viewer" in chat.says(
            "UVIEW", "restart kelowna"
        )
        assert chat.shown["response_type"] == "ephemeral"
        (refused,) = stack.events("chat.refused")
        assert f"/bond why {refused['id']}" in words(chat.shown)

        assert "restart kelowna-hq: waiting for confirmation" in chat.says("UOP", "restart kelowna")
        command = chat.sent
        ours = next(each for each in stack.events("chat.command") if "restart" in each["headline"])
        (question,) = stack.until(lambda: chat.later(command), "the question")
        assert "restart kelowna-hq: are you sure?" in words(question)
        assert stack.ledger("bond.restart") == []

        yes, _ = buttons(question)
        chat.presses("UVIEW", yes)
        told = stack.until(lambda: chat.later(chat.sent), "the refusal of the press")
        assert "does not count" in words(told[0])
        chat.presses("UOP", yes)
        told = stack.until(lambda: chat.later(chat.sent), "the answer to the press")
        assert (told[0]["replace_original"], "ana said yes" in words(told[0])) == (True, True)
        ends = stack.until(lambda: chat.later(command)[1:], "the end")
        assert [words(each).splitlines()[0] for each in ends] == ["restart kelowna-hq: done"]
        (restart,) = stack.ledger("bond.restart")
        assert (restart["effective"], restart["arguments"]["bond"]) == (True, BOND)

        story = chat.says("UOP", f"why {ours['id'][:10]}")
        assert "rule chat-restart: ask(confirmation)" in story
        assert "bond.restart bond=2: succeeded" in story

        chat.says("UOP", "restart kelowna")
        assert "this was here before" in words(chat.again())
        assert "this was here before" in words(chat.again())
        assert (
            len([each for each in stack.events("chat.command") if "restart" in each["headline"]])
            == 2
        )
    assert stack.left_behind() == []
