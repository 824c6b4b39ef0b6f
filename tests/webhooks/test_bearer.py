"""Bearer tokens."""

from dataclasses import replace
from datetime import timedelta

from bridge.webhooks.platform import EventDelivery
from tests.webhooks.senders import NOW, SENDERS, Sender

SENDER = SENDERS["bearer"]


def take(
    sender: Sender = SENDER, body: bytes | None = None, *, after: float = 0, **headers: str
) -> EventDelivery:
    """The one delivery of a request, so many seconds later."""
    (posted,) = sender.read(
        sender.request(body, **headers), NOW + timedelta(seconds=after)
    ).deliveries
    assert isinstance(posted, EventDelivery)
    return posted


def test_the_same_body_is_one_delivery_within_its_window() -> None:
    """And across the edge of a window it is found by the id it had before the edge."""
    first = take()
    at_the_end = take(after=299)
    over_the_edge = take(after=301)
    assert at_the_end.id == first.id
    assert over_the_edge.id != first.id
    assert over_the_edge.earlier == first.id
    assert take(after=601).earlier != first.id
    assert take(body=b"{}").id != first.id


def test_a_header_may_name_the_delivery() -> None:
    """Then another id is another delivery, and the same id is one for ever; where it is not sent,
    the body counts.
    """
    named = replace(SENDER, options={"id_header": "X-Request-Id"})
    assert take(named, x_request_id="1").id != take(named, x_request_id="2").id
    assert take(named, x_request_id="1", after=86_400).id == take(named, x_request_id="1").id
    assert take(named).id == take().id
    assert take(x_request_id="1").id == take().id


def test_the_token_may_stand_in_another_header() -> None:
    """Alone, without the word Bearer."""
    other = replace(
        SENDER,
        options={"header": "X-Token"},
        sign=lambda _body, secret, _stamp: {"x-token": secret},
        proof="x-token",
    )
    assert take(other).body == {"bond": 3}
