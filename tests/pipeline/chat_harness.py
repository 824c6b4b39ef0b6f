"""People who talk to a stage through Slack: really signed commands and presses, and the place where
later answers arrive.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bridge.pipeline.receive.receiver import Receipt
from bridge.webhooks import slack
from tests.bonding.scripted_server import Reply, Scripted, serving
from tests.pipeline.harness import Stage, staged

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
ROOT = Path(__file__).parent.parent.parent
RULES = (ROOT / "rules" / "chat.yaml").read_text(encoding="utf-8")

PEOPLE = """
      - {user: UOP, role: operator, name: ana}
      - {user: UVIEW, role: viewer}
      - {user: UADMIN, role: admin}
      - {user: UACME, role: operator, spaces: [acme]}
      - {user: UBOTH, role: viewer}
      - {user: UBOTH, role: operator, spaces: [globex]}"""

HOOKS = """  slack:
    platform: slack
    server: demo
    secret: {{env: STAGE_SLACK}}
    answers_at: ["{place}"]
    people:{people}
  acme-only:
    platform: slack
    server: demo
    secret: {{env: STAGE_SLACK}}
    spaces: [acme]
    people: [{{user: UOP, role: operator}}]
  mattermost:
    platform: mattermost
    server: demo
    secret: {{env: STAGE_SLACK}}
    answers_at: ["{place}"]
    people: [{{user: UOP, role: operator, name: ana}}]
  teams:
    platform: teams
    server: demo
    secret: {{env: STAGE_TEAMS}}
    people: [{{user: UOP, role: operator, name: ana}}]
"""
TEAMS = "c2VjcmV0IG9mIHRlYW1zLCBsb25nIGVub3VnaA=="


@dataclass
class Talk:
    """A stage, and what arrived where later answers go."""

    stage: Stage
    place: Scripted
    said: int = 0
    seen: int = 0
    stamp: int = 0
    last: Receipt = field(default_factory=Receipt)

    def say(
        self,
        text: str,
        user: str = "UOP",
        *,
        hook: str = "slack",
        later: bool = True,
        again: bool = False,
    ) -> Receipt:
        """Say `/bond TEXT`; what it comes to. `later`: an address for later answers comes with it;
        `again`: sent once more.
        """
        self.said += 0 if again else 1
        fields = {
            "command": "/bond",
            "text": text,
            "user_id": user,
            "user_name": user.lower(),
            "channel_id": "C1",
            "channel_name": "noc",
            "trigger_id": str(self.said),
        }
        fields |= {"response_url": f"{self.place.url}/answers/{self.said}"} if later else {}
        self.last = self._send(hook, fields, again=again)
        return self.last

    def press(self, yes: bool, user: str = "UOP", room: str = "C1") -> Receipt:
        """Press a button of the newest question."""
        buttons = next(found for found in reversed(self.answers()) if found["buttons"])["buttons"]
        value = next(
            each["value"]
            for each in buttons
            if each.get("style") == ("primary" if yes else "danger")
        )
        self.said += 1
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": user.lower()},
            "channel": {"id": room, "name": "noc"},
            "response_url": f"{self.place.url}/pressed/{self.said}",
            "actions": [{"value": value}],
            "trigger_id": str(self.said),
        }
        self.last = self._send("slack", {"payload": json.dumps(payload)})
        return self.last

    def _send(self, hook: str, fields: Mapping[str, str], *, again: bool = False) -> Receipt:
        body = urlencode(fields).encode()
        receiver = self.stage.bridge.receiver
        # who sends the same once more signs nothing anew, though it is another second by now
        self.stamp = self.stamp if again else int(self.stage.bridge.machine().timestamp())
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            **slack.signed(body, SECRET, self.stamp),
        }
        return receiver.take(hook, receiver.read(hook, headers, body))

    def told(self) -> str:
        """The newest answer, all of its words."""
        assert self.last.answer is not None
        return "\n".join((self.last.answer.text, *self.last.answer.lines))

    def event(self) -> dict[str, Any]:
        """The newest event of the last command."""
        (found,) = [
            each for each in self.stage.events() if each["id"] == self.last.taken[0].event.id
        ]
        return found

    def answers(self) -> list[dict[str, Any]]:
        """Later answers so far: their text, lines, and buttons."""
        return [_read(json.loads(each.body)) for each in self.place.asked]

    def later(self) -> list[str]:
        """The texts of those that arrived since this was asked last."""
        told = [each["text"] for each in self.answers()]
        new = told[self.seen :]
        self.seen = len(told)
        return new


def _read(body: Mapping[str, Any]) -> dict[str, Any]:
    blocks = body["blocks"]
    words = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    buttons = [each for block in blocks if block["type"] == "actions" for each in block["elements"]]
    return {"text": body["text"], "words": "\n".join(words), "buttons": buttons, "body": body}


@contextmanager
def talking(
    folder: Path,
    rules: str = RULES,
    *,
    people: str = PEOPLE,
    reply: Reply | None = None,
    **more: Any,
) -> Iterator[Talk]:
    """A stage that people talk to, with the commands that ship."""
    os.environ.update(STAGE_SLACK=SECRET, STAGE_TEAMS=TEAMS)
    with serving(reply or Reply()) as place:
        hooks = HOOKS.format(place=place.url, people=people)
        with staged(folder, rules=rules, hooks=hooks, **more) as stage:
            yield Talk(stage, place)
