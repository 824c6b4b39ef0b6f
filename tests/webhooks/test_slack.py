"""Slack: commands and buttons."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from bridge.core.chat.reply import Button, Reply, Tone
from bridge.errors import Bug, Refused
from bridge.webhooks.platform import (
    FORM,
    ButtonDelivery,
    CommandDelivery,
    DeliveryReading,
    Keys,
    Named,
    Options,
    Request,
)
from bridge.webhooks.slack import SIGNATURE, TIMESTAMP, Slack, signed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STAMP = 1767225600
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
KEYS = Keys([SECRET], 300.0, Options())
# the request that Slack's page calculates a signature for, and that signature:
# https://docs.slack.dev/authentication/verifying-requests-from-slack
VECTOR = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
VECTOR_STAMP = 1531420618
VECTOR_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def read(body: bytes, kind: str = FORM[0], stamp: int = STAMP, **headers: str) -> DeliveryReading:
    """What a signed body comes to."""
    return Slack().read(
        Request({"content-type": kind, **signed(body, SECRET, stamp), **headers}, body), KEYS, NOW
    )


def test_the_request_of_slacks_own_page_is_taken() -> None:
    """The published body, moment, secret and signature are a command without words, by that person
    in that room.
    """
    headers = {"content-type": FORM[0], TIMESTAMP: str(VECTOR_STAMP), SIGNATURE: VECTOR_SIGNATURE}
    reading = Slack().read(
        Request(headers, VECTOR), KEYS, datetime.fromtimestamp(VECTOR_STAMP, UTC)
    )
    (said,) = reading.deliveries
    assert isinstance(said, CommandDelivery)
    assert (said.text, said.person, said.room) == (
        "",
        Named("U2CERLKJA", "roadrunner"),
        Named("G8PSS9T3V", "foobar"),
    )
    assert (
        said.answer_at
        == "https://hooks.slack.com/commands/T1DC2JH3J/397700885554/96rGlfmibIGlgcZRskXaIFfN"
    )


PRESS = {
    "type": "block_actions",
    "user": {"id": "U1", "username": "ann", "name": "ann"},
    "channel": {"id": "C1", "name": "ops"},
    "response_url": "https://hooks.slack.com/actions/T1/2/3",
    "actions": [{"action_id": "press_0", "value": "yes!"}],
}


def test_a_pressed_button_gives_its_value() -> None:
    """A press is its value, who pressed it, where, and where the answer goes."""
    (pressed,) = read(urlencode({"payload": json.dumps(PRESS)}).encode()).deliveries
    assert isinstance(pressed, ButtonDelivery)
    assert (pressed.value, pressed.person, pressed.room) == (
        "yes!",
        Named("U1", "ann"),
        Named("C1", "ops"),
    )
    assert pressed.answer_at == PRESS["response_url"]


@pytest.mark.parametrize(
    "press",
    [
        {**PRESS, "type": "view_submission"},
        {**PRESS, "actions": []},
        {**PRESS, "actions": None},
        {**PRESS, "actions": [3]},
        {**PRESS, "user": "U1"},
        {**PRESS, "user": {"id": 3}},
        {**PRESS, "channel": {"id": ""}},
        {**PRESS, "actions": [{}]},
        {**PRESS, "user": {"id": "U" * 129}},
    ],
)
def test_a_press_that_is_none_is_refused(press: object) -> None:
    """What lacks the value, the person or the room is refused by the name of the field."""
    with pytest.raises(Refused) as caught:
        read(urlencode({"payload": json.dumps(press)}).encode())
    assert caught.value.status == 400


def test_what_slack_only_wants_to_hear_back_is_answered() -> None:
    """Its checks of certificate and address deliver nothing."""
    assert read(b"ssl_check=1&token=x") == DeliveryReading(answer={"ok": True})
    challenge = b'{"type": "url_verification", "challenge": "3eZbrw1aB10FEMAGAZd4FyFQ"}'
    assert read(challenge, "application/json") == DeliveryReading(
        answer={"challenge": "3eZbrw1aB10FEMAGAZd4FyFQ"}
    )
    with pytest.raises(Refused, match="no other events"):
        read(b'{"type": "event_callback"}', "application/json")


def test_the_answer_cannot_mention_link_or_fake_lines() -> None:
    """Names from other people's servers stay words: no mention, no link, no line that is not
    ours.
    """
    shown = Slack().shown(Reply("a <!channel> & b", ("x\ny", "<http://evil|good>"), event="3f9a"))
    assert shown["text"] == "a &lt;!channel&gt; &amp; b"
    assert shown["blocks"][1]["text"] == {
        "type": "mrkdwn",
        "text": "• x y\n• &lt;http://evil|good&gt;",
        "verbatim": True,
    }
    assert shown["blocks"][2]["elements"][0]["text"] == "why: /bond why 3f9a"
    assert (shown["response_type"], shown["replace_original"]) == ("ephemeral", False)


@pytest.mark.parametrize("name", ["x" * 5000, "&" * 5000, "short", "é" * 599])
def test_the_answer_keeps_slacks_limits(name: str) -> None:
    """However many and long the lines are, no section has over 3000 characters, and what is left
    out is counted.
    """
    shown = Slack().shown(Reply(name, tuple(name for _ in range(2000)), to_all=True, replaces=True))
    assert all(len(block["text"]["text"]) <= 3000 for block in shown["blocks"])
    assert len(shown["blocks"]) <= 50
    kept = "\n".join(block["text"]["text"] for block in shown["blocks"][1:]).split("\n")
    assert kept[-1] == f"… and {2000 - len(kept) + 1} more"
    assert not any(line.replace("…", "").rstrip().endswith(("&am", "&a")) for line in kept)
    assert (shown["response_type"], shown["replace_original"]) == ("in_channel", True)


def test_buttons_are_shown_with_their_values() -> None:
    """Each has its own action, its value as it is, and its colour; a value that Slack would not
    take is our bug.
    """
    buttons = tuple(Button(f"b{n}", f"v{n}", Tone.BAD) for n in range(26))
    blocks = Slack().posted(Reply("sure?", buttons=buttons), "https://us.example/")["blocks"]
    elements = [each for block in blocks[1:] for each in block["elements"]]
    assert [each["value"] for each in elements] == [button.value for button in buttons]
    assert len({each["action_id"] for each in elements}) == 26
    assert elements[0]["style"] == "danger"
    assert Slack().pressed(Reply("done")) == {}
    with pytest.raises(Bug):
        Slack().shown(Reply("sure?", buttons=(Button("yes", "v" * 2001),)))
