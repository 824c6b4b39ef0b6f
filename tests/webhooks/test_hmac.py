"""Incoming webhooks signed with HMAC."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.json_safety import decoded
from bridge.errors import Refused
from bridge.webhooks.generic_hmac import SIGNATURE, TIMESTAMP, Hmac, HmacOptions, sign
from bridge.webhooks.platform import JSON, EventDelivery, Keys, Request, json_object

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STAMP = 1767225600
SECRET = "a word between two machines"
BODY = b'{"bond": 3, "text": "\xc3\xa9"}'


def headers(body: bytes = BODY, *, stamp: object = STAMP, secret: str = SECRET) -> dict[str, str]:
    """Headers as an honest sender makes them, by the documented recipe and not by our own code."""
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"content-type": JSON[0], TIMESTAMP: str(stamp), SIGNATURE: f"sha256={signature}"}


def take(
    given_headers: dict[str, str], body: bytes = BODY, options: HmacOptions | None = None
) -> EventDelivery:
    """Receive with the usual secret and five minutes of tolerance."""
    keys = Keys([SECRET], 300.0, options or HmacOptions())
    (delivery,) = Hmac().read(Request(given_headers, body), keys, NOW).deliveries
    assert isinstance(delivery, EventDelivery)
    return delivery


def test_an_honest_request_is_a_delivery() -> None:
    """What was signed with the secret just now is taken, with other headers beside it."""
    delivery = take({**headers(), "x-other": "header"})
    assert delivery.body == {"bond": 3, "text": "é"}
    assert sign(BODY, SECRET, STAMP) == headers()[SIGNATURE]


def test_the_id_is_of_the_delivery() -> None:
    """The same request again has the same id; another body or another moment has another."""
    ids = [
        take(headers()).id,
        take(headers(b'{"bond": 4}'), b'{"bond": 4}').id,
        take(headers(stamp=STAMP + 1)).id,
    ]
    assert len(set(ids)) == 3
    assert take(headers()).id == ids[0]


def test_a_replay_in_another_spelling_is_the_same_delivery() -> None:
    """The same moment written with a zero before it does not make a captured request a new one."""
    replayed = {**headers(), TIMESTAMP: f"0{STAMP}"}
    try:
        again = take(replayed)
    except Refused:
        return
    assert again.id == take(headers()).id


def test_form_and_headers_are_for_the_sender_to_choose() -> None:
    """Other header names, another algorithm in base64, no prefix, and no date: as many senders do
    it.
    """
    how = HmacOptions(
        header="X-Signature",
        timestamp_header=None,
        algorithm="sha512",
        encoding="base64",
        prefix="",
    )
    made = base64.b64encode(hmac.new(SECRET.encode(), BODY, hashlib.sha512).digest()).decode()
    assert take({"content-type": JSON[0], "x-signature": made}, BODY, how).body["bond"] == 3
    with pytest.raises(Refused, match="the signature is wrong"):
        take({"content-type": JSON[0], "x-signature": made}, BODY + b" ", how)


def refused(given_headers: dict[str, str], body: bytes = BODY) -> tuple[str, int | None]:
    """What is said to a request that is not taken."""
    with pytest.raises(Refused) as caught:
        take(given_headers, body)
    assert SECRET not in str(caught.value)
    return str(caught.value), caught.value.status


@pytest.mark.parametrize(
    "given_headers",
    [
        headers(secret="another word"),
        headers(b"{}"),
        {**headers(), TIMESTAMP: str(STAMP + 1)},
        {**headers(), SIGNATURE: headers()[SIGNATURE].removeprefix("sha256=")},
        {**headers(), SIGNATURE: headers()[SIGNATURE].upper()},
        {**headers(), SIGNATURE: headers()[SIGNATURE][:-1]},
        {**headers(), SIGNATURE: headers()[SIGNATURE] + " "},
        {**headers(), SIGNATURE: "sha256="},
        {**headers(), SIGNATURE: "sha1=" + "0" * 40},
        {**headers(), SIGNATURE: "é" * 71},
    ],
)
def test_a_wrong_signature_is_refused(given_headers: dict[str, str]) -> None:
    """Another secret, body or moment than was signed, and anything but the exact form, is not let
    in.
    """
    assert refused(given_headers) == ("the signature is wrong", 401)


@pytest.mark.parametrize("missing", [TIMESTAMP, SIGNATURE])
@pytest.mark.parametrize("instead", [None, ""])
def test_both_headers_are_needed(missing: str, instead: str | None) -> None:
    """A request without one of them, or with an empty one, is told which are needed."""
    given_headers = {name: value for name, value in headers().items() if name != missing}
    if instead is not None:
        given_headers[missing] = instead
    said, status = refused(given_headers)
    assert (status, TIMESTAMP in said, SIGNATURE in said) == (401, True, True)


@pytest.mark.parametrize(
    "stamp",
    ["now", "-1", "+1", "1.5", "1e9", " 1", "1 ", "١٢٣", "²", "9" * 12, "9" * 5000, "0x1", "1\x00"],
)
def test_a_timestamp_is_whole_seconds(stamp: str) -> None:
    """Anything but digits, and not too many of them, is refused before it is counted with, even if
    it was signed.
    """
    assert refused(headers(stamp=stamp))[1] == 401


@pytest.mark.parametrize(
    ("away", "taken"),
    [
        (0, True),
        (-300, True),
        (300, True),
        (-301, False),
        (301, False),
        (-(10**9), False),
        (98232774399, False),
    ],
)
def test_old_and_future_requests_are_refused(away: int, taken: bool) -> None:
    """A signed request is good for the tolerance on both sides, and not a second longer."""
    given_headers = headers(stamp=STAMP + away)
    if taken:
        assert take(given_headers).body["bond"] == 3
    else:
        assert refused(given_headers) == ("the timestamp is more than 300 s from now", 401)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"bond=3",
        b"{",
        b'{"a": 1}x',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": NaN}',
        b'{"a": [Infinity]}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
    ],
    ids=lambda body: repr(body)[:20],
)
def test_a_signed_body_that_is_not_json_is_refused(body: bytes) -> None:
    """What no other system would read as JSON is the sender's mistake, however broken or
    foreign.
    """
    assert refused(headers(body), body) == ("the body is not JSON", 400)


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"a": "\xff"}'], ids=repr)
def test_a_signed_body_that_is_not_utf8_is_called_that(body: bytes) -> None:
    """Anyone who sends it learns that its encoding is wrong, and not its JSON."""
    assert refused(headers(body), body) == ("the body is not UTF-8", 400)


@pytest.mark.parametrize(
    "body",
    [b"[" * 10_000, b'{"a":' * 10_000, b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"],
    ids=lambda body: repr(body)[:20],
)
def test_a_signed_body_that_is_too_deep_is_called_that(body: bytes) -> None:
    """However deep, and whether it ever ends: it is refused as the sender's mistake."""
    assert refused(headers(body), body) == ("the body is nested too deeply", 400)


@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b'"text"', b"true", b'[{"bond": 3}]'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """Rules see the body by its names, so it must have some."""
    assert refused(headers(body), body) == ("the body must be a JSON object", 400)


def test_the_body_is_read_only_once_its_signature_is_good() -> None:
    """A stranger cannot make us parse anything: broken JSON under a wrong signature is a wrong
    signature.
    """
    assert refused(headers(b"{", secret="another"), b"{") == ("the signature is wrong", 401)


@pytest.mark.parametrize("depth", [100, 500, 900])
def test_a_body_too_deep_for_those_who_read_it_later_is_refused(depth: int) -> None:
    """What is taken must be stored, matched and shown by others: nesting beyond reason is no
    delivery.
    """
    with pytest.raises(Refused):
        json_object(b'{"a": ' + b"[" * depth + b"]" * depth + b"}")


def test_a_body_of_honest_depth_is_taken() -> None:
    """Twenty levels are more than any chat room sends."""
    assert json_object(b'{"a": ' + b"[" * 20 + b"]" * 20 + b"}")


@given(
    st.dictionaries(
        st.sampled_from([TIMESTAMP, SIGNATURE, "x-other"]),
        st.text(max_size=80) | st.integers().map(str),
    ),
    st.binary(max_size=100),
)
def test_any_request_is_a_delivery_or_refused(given_headers: dict[str, str], body: bytes) -> None:
    """Whatever a stranger sends is refused, and never fails in another way."""
    with pytest.raises(Refused) as caught:
        take(given_headers, body)
    assert caught.value.status == 401


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_signed_body_is_a_delivery_or_refused(body: bytes) -> None:
    """Whatever a friend sends is taken if it is a JSON object, and refused with 400 if not."""
    try:
        delivery = take(headers(body), body)
    except Refused as error:
        assert error.status == 400  # noqa: PT017 the other branch is no error
        return
    assert delivery.body == decoded(body)
