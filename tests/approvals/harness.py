"""A bridge that asks people: in a Slack room with buttons, and where Apprise leads with a link;
served over HTTP.
"""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from bridge.store.decisions import approvals
from bridge.store.tables import approvals as rows
from bridge.web import create_app
from bridge.webhooks import slack
from tests.bonding.scripted_server import Asked, Reply, Scripted, serving
from tests.pipeline.harness import Stage, staged
from tests.rollout.notification_receiver import Ear, listening

SLACK_SECRET = "of slack"

ANA = ("UANA", "ana")
BOB = ("UBOB", "bob")
VIC = ("UVIC", "vic")
ELSE = ("UELSE", "els")
# Ana and Bob may act everywhere, Vic only looks, Els acts in a space without bonds
PEOPLE = [
    {"user": "UANA", "role": "operator"},
    {"user": "UBOB", "role": "admin", "name": "bob"},
    {"user": "UVIC", "role": "viewer"},
    {"user": "UELSE", "role": "operator", "spaces": ["elsewhere"]},
]

RULES = """
- id: restart
  when: webhook.demo
  guard: {approval: {from: noc, expires: 30m}}
  do:
    - call: bond.restart
      with: {bond: "${event.data.body.bond}"}
"""


@dataclass
class Scene:
    """The stage; the `room` is what Slack would be, `ear` what Apprise leads to, `url` where the
    bridge is served.

    `moment`: when everything is pressed, in seconds.
    """

    stage: Stage
    room: Scripted
    ear: Ear
    url: str
    moment: int

    def ask(self, bond: int = 3, nonce: str = "a") -> dict[str, Any]:
        """Somebody wants a bond restarted; the question."""
        self.stage.webhook(bond, nonce)
        self.stage.work()
        return self.question()

    def question(self) -> dict[str, Any]:
        """The newest question, answered or not."""
        with self.stage.bridge.database.reading() as connection:
            return dict(approvals.every(connection, 1)[0])

    def change(self, **values: object) -> None:
        """Write into the questions that there are."""
        with self.stage.bridge.database.writing() as connection:
            connection.execute(rows.update().values(**values))

    def posts(self) -> list[dict[str, Any]]:
        """What arrived in the room."""
        return self._sent("/services/")

    def later(self, who: tuple[str, str] = ANA) -> list[dict[str, Any]]:
        """What was sent to the address that came with somebody's press."""
        self.stage.work()
        return self._sent(f"/later/{who[0]}")

    def _sent(self, where: str) -> list[dict[str, Any]]:
        return [json.loads(asked.body) for asked in self.room.asked if asked.path.startswith(where)]

    def said(self) -> list[str]:
        """The first line of each message in the room."""
        return [post["text"] for post in self.posts()]

    def buttons(self) -> dict[str, str]:
        """The values of the newest buttons, by label."""
        return buttons_of(self.posts())

    def press(
        self, value: str, who: tuple[str, str] = ANA, *, hook: str = "slack", at: int = 0
    ) -> httpx.Response:
        """A press, signed as Slack signs; at another second it is another press."""
        return press(
            f"{self.url}/webhooks/{hook}",
            value,
            who,
            self.moment + at,
            f"{self.room.url}/later/{who[0]}",
        )

    def link(self) -> str:
        """The path of the newest link that was sent."""
        found = re.findall(
            r"https://bridge\.example(/approve/\S+)",
            "\n".join(each["message"] for each in self.ear.heard),
        )
        assert found
        return str(found[-1])

    def open(self, path: str) -> httpx.Response:
        """What a browser shows."""
        return httpx.get(f"{self.url}{path}", timeout=30)

    def send(self, path: str, **form: str) -> httpx.Response:
        """The form of the page, sent."""
        return httpx.post(
            f"{self.url}{path}", data=form, headers={"Sec-Fetch-Site": "same-origin"}, timeout=30
        )

    def events(self, name: str) -> list[dict[str, Any]]:
        """The nouns of the events of one type."""
        return [each["data"]["approval"] for each in self.stage.events(name)]

    def restarts(self) -> int:
        """How often a bond was restarted."""
        self.stage.work()
        return self.stage.effective("bond.restart")

    def stored(self) -> str:
        """Everything that stands in the database."""
        with self.stage.bridge.database.reading() as connection:
            tables = rows.metadata.sorted_tables
            return "\n".join(
                str(row) for table in tables for row in connection.execute(select(table)).all()
            )


def press(url: str, value: str, who: tuple[str, str], stamp: int, answer_at: str) -> httpx.Response:
    """A press of a button, signed as Slack signs."""
    payload = {
        "type": "block_actions",
        "user": {"id": who[0], "username": who[1]},
        "channel": {"id": "CNOC", "name": "noc"},
        "actions": [{"value": value}],
        "response_url": answer_at,
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        **slack.signed(body, SLACK_SECRET, stamp),
    }
    return httpx.post(url, content=body, headers=headers, timeout=30)


def buttons_of(posts: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The values of the newest buttons, by label."""
    blocks = [
        block for post in posts for block in post.get("blocks", ()) if block["type"] == "actions"
    ]
    return {each["text"]["text"]: each["value"] for each in blocks[-1]["elements"]}


def in_slack(
    patch: pytest.MonkeyPatch, room: str, rooms: Sequence[str] = ("slack",), **hooks: Any
) -> None:
    """Settings of a channel with rooms at this address, and of webhooks for their platforms."""
    patch.setenv("STAGE_SLACK", SLACK_SECRET)
    patch.setenv("STAGE_ROOM", f"{room}/services/T0/B0/of-the-room")
    setting = {
        "platform": "slack",
        "secret": {"env": "STAGE_SLACK"},
        "server": "demo",
        "people": PEOPLE,
    }
    setting |= {"answers_at": [f"{room}/"], **hooks}
    patch.setenv("BONDBRIDGE_WEBHOOKS__SLACK", json.dumps(setting))
    if "mattermost" in rooms:
        patch.setenv(
            "BONDBRIDGE_WEBHOOKS__MATTERMOST", json.dumps({**setting, "platform": "mattermost"})
        )
    there = [{"webhook": each, "url": {"env": "STAGE_ROOM"}} for each in rooms]
    patch.setenv("BONDBRIDGE_CHANNELS__NOC__ROOMS", json.dumps(there))
    patch.setenv("BONDBRIDGE_WEB__PUBLIC_URL", "https://bridge.example")


@contextmanager
def scene(
    folder: Path,
    patch: pytest.MonkeyPatch,
    *,
    rules: str = RULES,
    rooms: Sequence[str] = ("slack",),
    telling: str = "",
    **hooks: Any,
) -> Iterator[Scene]:
    """All of it; `rooms`: the platform of each room; `telling`: more of the channel; `hooks`: more
    of the webhook `slack`.
    """

    def taken(_: Asked) -> Reply:
        return Reply(b"ok")

    with serving(taken) as room, listening() as ear:
        in_slack(patch, room.url, rooms, **hooks)
        with staged(folder, rules=rules, channel=ear.url, telling=telling) as stage:
            server = make_server(
                "127.0.0.1", 0, create_app(stage.bridge, lambda *_: None), threaded=True
            )
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                moment = int(stage.bridge.machine().timestamp())
                yield Scene(stage, room, ear, f"http://127.0.0.1:{server.port}", moment)
            finally:
                server.shutdown()
                thread.join()
                server.server_close()
