"""Microsoft Teams: outgoing webhooks."""

import json
from datetime import UTC, datetime

import pytest

from bridge.core.chat.reply import Reply
from bridge.errors import Refused
from bridge.webhooks.platform import JSON, CommandDelivery, Keys, Named, Options, Request
from bridge.webhooks.teams import Teams, asked, signed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
# the security token of the example at
# https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook
SECRET = "vqF0En+Z0ucuRTM/01o2GuhMH3hKKk/N2bOmlM31zaA="
KEYS = Keys([SECRET], 300.0, Options())
ACTIVITY = {
    "type": "message",
    "id": "1485983408511",
    "timestamp": "2017-02-01T21:10:07.437Z",
    "text": "<at>bond</at>&nbsp;legs down\n",
    "from": {
        "id": (
            "29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85gQtHieVkKilBZ9XHoq9j7Zaqt7CZ-NJWi7me2kHTL3Bw"
        ),
        "name": "Ann",
        "aadObjectId": "cc9d0d43-0000-0000-0000-000000000000",
    },
    "conversation": {
        "id": "19:253b1f341670408fb6fe51050b6e5ceb@thread.skype;messageid=1485983194839"
    },
}


def read(activity: object = ACTIVITY) -> CommandDelivery:
    """What a signed activity comes to."""
    body = json.dumps(activity).encode()
    (said,) = (
        Teams()
        .read(
            Request({"content-type": JSON[0], "authorization": signed(body, SECRET)}, body),
            KEYS,
            NOW,
        )
        .deliveries
    )
    assert isinstance(said, CommandDelivery)
    return said


def test_the_signature_is_what_openssl_makes() -> None:
    """What `openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary` and base64 give for the same
    body.
    """
    assert (
        signed(b'{"type":"message"}', SECRET) == "HMAC j+dI9anrE9YRqUcFI9N5ednHoZEXfwn7T6gESXpi3Kk="
    )


def test_what_is_written_to_the_webhook_is_a_command() -> None:
    """Person by directory id, room without the thread, words without the mention and the markup."""
    said = read()
    assert (said.text, said.person) == (
        "legs down",
        Named("cc9d0d43-0000-0000-0000-000000000000", "Ann"),
    )
    assert said.room.id == "19:253b1f341670408fb6fe51050b6e5ceb@thread.skype"
    assert said.answer_at is None
    assert read({**ACTIVITY, "from": {"id": "29:1XJ"}}).person == Named("29:1XJ", "29:1XJ")


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("<at>bond</at> status", "status"),
        (
            '<div><div><at id="1">my bond</at>&nbsp;bond &quot;head quarter&quot;</div></div>',
            'bond "head quarter"',
        ),
        ("<AT>b</AT>a<br>b", "a b"),
        ("a &lt;b&gt; c", "a <b> c"),
        ("<at <at <at", "<at <at <at"),
        ("", ""),
    ],
)
def test_markup_is_no_part_of_what_is_asked(words: str, plain: str) -> None:
    """Mentions, tags, entities and hard spaces are gone, and what a person wrote as text is
    left.
    """
    assert asked(words) == plain


def test_the_activity_in_its_room_names_the_delivery() -> None:
    """The same activity is the same delivery; another one, or one of another room, is not."""
    other = {**ACTIVITY, "conversation": {"id": "19:another"}}
    assert (
        len(
            {
                read().id,
                read({**ACTIVITY, "text": "again"}).id,
                read({**ACTIVITY, "id": "2"}).id,
                read(other).id,
            }
        )
        == 3
    )


@pytest.mark.parametrize(
    "activity",
    [
        {**ACTIVITY, "type": "conversationUpdate"},
        {**ACTIVITY, "id": 3},
        {**ACTIVITY, "from": None},
        {**ACTIVITY, "conversation": {}},
        {**ACTIVITY, "from": {"aadObjectId": 3}},
    ],
)
def test_an_activity_that_is_no_message_is_refused(activity: object) -> None:
    """What lacks its id, person or room is refused by the name of the field."""
    with pytest.raises(Refused) as caught:
        read(activity)
    assert caught.value.status == 400


def test_a_secret_that_is_no_base64_is_good_for_nothing() -> None:
    """Nor is an empty one: what Teams did not make lets nobody in, and does not fail."""
    body = json.dumps(ACTIVITY).encode()
    for secret in ("not base64!", "", "=", "é"):
        with pytest.raises(Refused) as caught:
            Teams().read(
                Request({"content-type": JSON[0], "authorization": "HMAC x"}, body),
                Keys([secret], 300.0),
                NOW,
            )
        assert caught.value.status == 401


def test_the_answer_is_markdown() -> None:
    """Names stay words, and the way to ask on is as one asks there."""
    shown = Teams().shown(Reply("*b* <b>", ("x",), event="3f9a"))
    assert shown == {
        "type": "message",
        "textFormat": "markdown",
        "text": "\\*b\\* &lt;b&gt;\n\n- x\n\nwhy: @\u200bbond why 3f9a",
    }
