"""`ack EVENT` in chat: by an operator of where it is, of what they see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notifications.json_service import serving
from tests.pipeline.chat_harness import RULES, Talk, talking

FOLLOWING = """
- id: outage
  when: leg.down
  do: [{notify: {to: noc, title: "leg ${leg.id} is down", follow: {repeat_every: 1h}}}]
"""


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """People in Slack, a rule that follows outages, and a leg of globex that is down."""
    with serving() as service, talking(tmp_path, RULES + FOLLOWING, channel=service.url) as ready:
        ready.stage.set("leg", 3, "state", "down")
        ready.stage.live(60)
        yield ready


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("UOP", None),
        ("UADMIN", None),
        ("UBOTH", None),
        ("UVIEW", "role"),
        ("UACME", "not_understood"),  # reads as not there
        ("UNOBODY", "stranger"),
    ],
)
def test_who_may_take_what(talk: Talk, user: str, why: str | None) -> None:
    """An operator of its space; of another it reads as not there, and what is refused leaves it as
    it was.
    """
    event = talk.stage.events("leg.down")[0]["id"]
    talk.say(f"ack {event[:8]}", user)
    refusal = talk.event()["data"].get("refusal") or {}
    assert refusal.get("why") == why
    (told,) = talk.stage.bridge.follower.open()
    assert (told["acked_by"] is None) == (why is not None)
    if why is None:
        assert talk.told().startswith("acknowledged: ")
        talk.say(f"why {event[:8]}", user)
        assert f"{told['acked_by']} acknowledged it" in talk.told()


def test_what_cannot_be_taken_says_why(talk: Talk) -> None:
    """What somebody has, what nobody was told of, what is no id, and what is over."""
    event = talk.stage.events("leg.down")[0]["id"]
    talk.say(f"ack {event[:8]}", "UOP")
    talk.say(f"ack {event[:8]}", "UADMIN")
    assert "has acknowledged it already" in talk.told()
    command = talk.event()["id"]
    for words, told in (
        ("ack", "it takes the id"),
        (f"ack {command}", "nobody was told"),
        ("ack 100%", "nobody was told"),
    ):
        talk.say(words, "UOP")
        assert told in talk.told()
    talk.stage.set("leg", 3, "state", "up")
    talk.stage.live(60)
    talk.say(f"ack {event}", "UOP")
    assert "it is over already" in talk.told()
