"""Standard Webhooks."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bridge.errors import BadInput, Refused
from bridge.webhooks.platform import JSON, EventDelivery, Keys, Options, Request
from bridge.webhooks.standard_webhooks import Standard
from tests.webhooks.senders import NOW, SECRET, SENDERS, STAMP

# https://github.com/standard-webhooks/standard-webhooks, the test of signing in its libraries
# (go/webhook_test.go)  # noqa: ERA001
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    "content-type": "application/json",
}
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# RFC 8032 §7.1 names this key pair, TEST 1
PRIVATE = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
PUBLIC = (
    "whpk_"
    + base64.b64encode(PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
)


def take(headers: dict[str, str], body: bytes, *secrets: str, now: datetime = NOW) -> EventDelivery:
    """The one delivery of a request."""
    (posted,) = (
        Standard().read(Request(headers, body), Keys(secrets, 300.0, Options()), now).deliveries
    )
    assert isinstance(posted, EventDelivery)
    return posted


@pytest.mark.parametrize("secret", [VECTOR_SECRET, VECTOR_SECRET.removeprefix("whsec_")])
def test_the_vector_of_the_specification_is_taken(secret: str) -> None:
    """With the published secret, with or without its prefix, at the published moment."""
    posted = take(VECTOR, VECTOR_BODY, secret, now=datetime.fromtimestamp(1614265330, UTC))
    assert posted.body == {"test": 2432232314}


def test_one_good_signature_among_others_is_enough() -> None:
    """A sender that rotates signs with both secrets; foreign versions and broken ones beside it do
    no harm.
    """
    several = {
        **VECTOR,
        "webhook-signature": f"v1,AAAA v2,x nonsense v1a,AAAA {VECTOR['webhook-signature']}",
    }
    assert take(
        several, VECTOR_BODY, PUBLIC, VECTOR_SECRET, now=datetime.fromtimestamp(1614265330, UTC)
    )
    many = {**VECTOR, "webhook-signature": "v1,AAAA " * 16 + VECTOR["webhook-signature"]}
    with pytest.raises(Refused, match="the signature is wrong"):
        take(many, VECTOR_BODY, VECTOR_SECRET, now=datetime.fromtimestamp(1614265330, UTC))


def test_the_signed_id_names_the_delivery() -> None:
    """Another try of the sender has another timestamp, and is the same delivery."""
    sender = SENDERS["standard"]
    first = sender.read(sender.request())
    later = sender.read(sender.request(stamp=STAMP + 60))
    assert first.deliveries[0].id == later.deliveries[0].id
    with pytest.raises(Refused, match="the signature is wrong"):
        sender.read(sender.request(webhook_id="msg_2"))


def asymmetric(body: bytes, version: str = "v1a") -> dict[str, str]:
    """Headers signed with a private key."""
    made = base64.b64encode(PRIVATE.sign(f"msg_1.{STAMP}.".encode() + body)).decode()
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(STAMP),
        "webhook-signature": f"{version},{made}",
        "content-type": JSON[0],
    }


def test_a_public_key_checks_what_the_private_one_signed() -> None:
    """Ed25519 by the sender's public key; another body, another key or another version's name is
    refused.
    """
    assert take(asymmetric(b"{}"), b"{}", SECRET, PUBLIC).body == {}
    for headers, secrets in (
        (asymmetric(b"{ }"), [PUBLIC]),
        (asymmetric(b"{}"), ["whpk_" + "A" * 43 + "=", "whpk_", "whpk_AAAA", SECRET]),
        (asymmetric(b"{}", "v1"), [PUBLIC, SECRET]),
    ):
        with pytest.raises(Refused, match="the signature is wrong"):
            take(headers, b"{}", *secrets)


def test_a_public_key_is_no_shared_secret() -> None:
    """Anyone who reads the public key cannot sign with it as if it were a secret."""
    forged = SENDERS["standard"].sign(b"{}", PUBLIC.removeprefix("whpk_"), STAMP)
    with pytest.raises(Refused, match="the signature is wrong"):
        take({**forged, "content-type": JSON[0]}, b"{}", PUBLIC)
    with pytest.raises(BadInput, match="only the sender has the other half"):
        Standard().example(Keys([PUBLIC], 300.0, Options()), NOW)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_é", "not base64", "whsec_A"])
def test_a_secret_nobody_can_sign_with_is_good_for_nothing(secret: str) -> None:
    """It lets nobody in, and does not fail."""
    with pytest.raises(Refused, match="the signature is wrong"):
        take(VECTOR, VECTOR_BODY, secret, now=datetime.fromtimestamp(1614265330, UTC))
