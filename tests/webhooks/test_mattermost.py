"""Mattermost: commands and buttons."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from bridge.core.chat.reply import Button, Reply, Tone
from bridge.errors import Refused
from bridge.webhooks.mattermost import Mattermost
from bridge.webhooks.platform import (
    FORM,
    JSON,
    ButtonDelivery,
    CommandDelivery,
    DeliveryReading,
    Keys,
    Named,
    Options,
    Request,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = "xr3j5x3p4pfk7kk6ck7b4e6ghh"
KEYS = Keys(["another one", TOKEN], 300.0, Options())
# the fields of https://developers.mattermost.com/integrate/slash-commands/custom
FIELDS = {
    "channel_id": "jh1nskx7ofdyjbxwojgnqxrijr",
    "channel_name": "town-square",
    "command": "/bond",
    "team_domain": "eastside",
    "response_url": "https://chat.example.com/hooks/commands/w7zk",
    "team_id": "rdc9bgrikty",
    "text": "legs down",
    "token": TOKEN,
    "trigger_id": "ZWZ5dWF6aTZtN2Z5",
    "user_id": "aoa1agao6t8fp8cqjnfnzzk3jc",
    "user_name": "ann",
}
PRESS = {
    "user_id": "u1",
    "user_name": "ann",
    "channel_id": "c1",
    "channel_name": "ops",
    "post_id": "p1",
    "trigger_id": "t1",
    "type": "button",
    "context": {"value": "signed by us"},
}


def read(body: bytes, kind: str = FORM[0], **headers: str) -> DeliveryReading:
    """What a request comes to."""
    return Mattermost().read(Request({"content-type": kind, **headers}, body), KEYS, NOW)


def test_a_command_is_taken_with_its_token_in_header_or_body() -> None:
    """The token counts wherever Mattermost puts it, and the trigger id alone names the delivery."""
    bare = {name: value for name, value in FIELDS.items() if name != "token"}
    (first,) = read(urlencode(FIELDS).encode()).deliveries
    (second,) = read(urlencode(bare).encode(), authorization=f"Token {TOKEN}").deliveries
    assert isinstance(first, CommandDelivery)
    assert first == second
    assert (first.text, first.person, first.room) == (
        "legs down",
        Named("aoa1agao6t8fp8cqjnfnzzk3jc", "ann"),
        Named("jh1nskx7ofdyjbxwojgnqxrijr", "town-square"),
    )
    assert first.answer_at == FIELDS["response_url"]


@pytest.mark.parametrize(
    "header", [{}, {"authorization": "Token nobody's"}, {"authorization": "Token "}]
)
def test_a_command_without_the_token_is_refused(header: dict[str, str]) -> None:
    """A wrong token in the header is not mended by a good one in the body."""
    fields = FIELDS if header else {**FIELDS, "token": "nobody's"}
    with pytest.raises(Refused) as caught:
        read(urlencode(fields).encode(), **header)
    assert caught.value.status == 401


def test_a_press_is_read_without_a_token() -> None:
    """Mattermost sends none with it: the value itself is to be checked by anyone who takes it. Each
    press is its own.
    """
    (pressed,) = read(json.dumps(PRESS).encode(), JSON[0]).deliveries
    (again,) = read(json.dumps({**PRESS, "trigger_id": "t2"}).encode(), JSON[0]).deliveries
    assert isinstance(pressed, ButtonDelivery)
    assert (pressed.value, pressed.person, pressed.room) == (
        "signed by us",
        Named("u1", "ann"),
        Named("c1", "ops"),
    )
    assert pressed.answer_at is None
    assert pressed.id != again.id


@pytest.mark.parametrize(
    "press",
    [
        {},
        {**PRESS, "context": None},
        {**PRESS, "context": {"value": 3}},
        {**PRESS, "user_id": ""},
        FIELDS,
    ],
)
def test_what_is_neither_command_nor_press_is_refused(press: object) -> None:
    """JSON that no button of ours can have sent is not taken."""
    with pytest.raises(Refused) as caught:
        read(json.dumps(press).encode(), JSON[0])
    assert caught.value.status == 400


def test_the_answer_cannot_mention_link_or_mark_up() -> None:
    """Names from other people's servers stay words: nobody is called, nothing is a link, a heading
    or a line of its own.
    """
    shown = Mattermost().shown(
        Reply("@all *x* <!channel>", ("a\n# b", "[x](http://evil)"), event="3f_9a")
    )
    assert (
        shown["text"] == "@\u200ball \\*x\\* &lt;\\!channel&gt;\n\n- a \\# b\n-"
        " \\[x\\]\\(http:\u200b//evil\\)\n\nwhy: /bond why 3f\\_9a"
    )
    assert shown["response_type"] == "ephemeral"


def test_buttons_come_back_to_our_webhook_with_their_values() -> None:
    """Each carries its value and the address it comes back to."""
    shown = Mattermost().shown(
        Reply("sure?", buttons=(Button("yes", "v", Tone.BAD),)), "https://us.example/webhooks/mm"
    )
    (action,) = shown["attachments"][0]["actions"]
    assert action["integration"] == {
        "url": "https://us.example/webhooks/mm",
        "context": {"value": "v"},
    }
    assert (action["name"], action["style"], action["id"]) == ("yes", "danger", "press0")


def test_a_press_is_answered_in_place_or_to_the_one_who_pressed() -> None:
    """A decision replaces the question and its buttons; a refusal is seen by the presser alone, and
    the buttons stay.
    """
    assert Mattermost().pressed(Reply("done", replaces=True)) == {
        "update": {"message": "done", "props": {"attachments": []}}
    }
    assert Mattermost().pressed(Reply("no"))["ephemeral_text"] == "no"


def test_an_address_of_ours_is_a_link() -> None:
    """Only what is meant as a link is one, and it reaches its reader whole."""
    link = "https://us.example/approvals/a_b-c.d~e?x=1&y=(2)"
    assert (
        "[open](https://us.example/approvals/a_b-c.d~e?x=1&y=%282%29)"
        in Mattermost().shown(Reply("see", link=link))["text"]
    )
