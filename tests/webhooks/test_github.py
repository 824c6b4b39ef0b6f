"""GitHub."""

import json
from urllib.parse import urlencode

import pytest

from bridge.errors import Refused
from bridge.webhooks.github import GitHub, sign
from bridge.webhooks.platform import FORM, EventDelivery, Keys, Options, Request
from tests.webhooks.senders import NOW, SENDERS

SENDER = SENDERS["github"]
# https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
VECTOR_SECRET = "It's a Secret to Everybody"
VECTOR_BODY = b"Hello, World!"
VECTOR = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def take(request: Request) -> EventDelivery:
    """The one delivery of a request."""
    (posted,) = SENDER.read(request).deliveries
    assert isinstance(posted, EventDelivery)
    return posted


def test_the_vector_of_githubs_page_is_good() -> None:
    """The published secret and text have the published signature; it is let in, and only then is no
    JSON.
    """
    assert sign(VECTOR_BODY, VECTOR_SECRET) == VECTOR
    request = SENDER.request(VECTOR_BODY, x_hub_signature_256=VECTOR)
    with pytest.raises(Refused) as caught:
        GitHub().read(request, Keys([VECTOR_SECRET], 300.0, Options()), NOW)
    assert (str(caught.value), caught.value.status) == ("the body is not JSON", 400)


def test_what_happened_stands_beside_the_payload() -> None:
    """The event's name is not written over a field of GitHub's own, and rules find the action at
    one place.
    """
    payload = {"event": "theirs", "action": "opened"}
    posted = take(SENDER.request(json.dumps(payload).encode(), x_github_event="issues"))
    assert posted.body == {
        "event": "issues",
        "action": "opened",
        "delivery": "72d3162e-1767225600",
        "payload": payload,
    }
    assert take(SENDER.request(b'{"action": 3}')).body["action"] == ""


def test_both_content_types_come_to_the_same() -> None:
    """A form has the same JSON in its field `payload`."""
    form = urlencode({"payload": SENDER.content.decode()}).encode()
    assert take(SENDER.request(form, content_type=FORM[0])).body == take(SENDER.request()).body


def test_body_and_delivery_name_the_delivery() -> None:
    """The same body in another delivery is another; GitHub's own redelivery keeps both."""
    ids = [
        take(SENDER.request()).id,
        take(SENDER.request(x_github_delivery="2")).id,
        take(SENDER.request(b"{}")).id,
    ]
    assert len(set(ids)) == 3


@pytest.mark.parametrize("header", ["x_github_event", "x_github_delivery"])
@pytest.mark.parametrize("value", ["", "a b", "é", "x" * 101, "a\nb"])
def test_its_own_headers_are_words(header: str, value: str) -> None:
    """They are not signed, so nothing but a word is taken from them."""
    with pytest.raises(Refused) as caught:
        SENDER.read(SENDER.request(**{header: value}))
    assert caught.value.status == 400
