"""`standard`: Standard Webhooks,
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.

    webhook-id: msg_2KWPBgLlAfxdpx2AI54pPJ85f4W
    webhook-timestamp: 1767225600
    webhook-signature: v1,<base64 of HMAC-SHA256(secret, "id.timestamp.body")>
                       v1a,<base64 of Ed25519 over the same>

Any of the signatures may be good by any of the secrets: `whsec_…` for v1, the sender's public key
`whpk_…` for v1a. The id is signed, and is the same when the sender tries again with another
timestamp: it names the delivery.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import standardwebhooks
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import EmptyWebhookSecretError

from bridge.errors import BadInput, Problem, Refused
from bridge.webhooks import secret_strength
from bridge.webhooks.platform import (
    JSON,
    DeliveryReading,
    EventDelivery,
    Keys,
    Options,
    Request,
    check_type,
    json_object,
)
from bridge.webhooks.timestamps import check_fresh, whole_seconds

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"
PUBLIC = "whpk_"
_PUBLIC_BYTES = 32
# what the specification asks of a secret, in bytes
_LEAST = 24
_MOST = 64
_LONGEST_ID = 256
_MOST_SIGNATURES = 16  # a sender has a few while it rotates; each costs us work


class Standard:
    """The platform."""

    name = "standard"
    title = "any sender that keeps to Standard Webhooks"
    tolerance = 300.0
    proof = "sign it with a secret of this webhook, at the time it is sent"
    options = Options

    def read(self, request: Request, keys: Keys, now: datetime) -> DeliveryReading:
        """Raises Refused: 401 for no good signature or an old timestamp, 400 or 415 for a body that
        is no JSON object.
        """
        known_as, stamp, signatures = _headers(request)
        if not any(
            _good(request.body, known_as, stamp, each, secret)
            for each in signatures
            for secret in keys.secrets
        ):
            raise Refused("the signature is wrong", 401)
        check_fresh(stamp, now, keys.tolerance)
        check_type(request.headers, JSON)
        return DeliveryReading(
            (
                EventDelivery(
                    hashlib.sha256(known_as.encode()).hexdigest(), json_object(request.body)
                ),
            )
        )

    def example(self, keys: Keys, now: datetime) -> Request:
        """Signed with the first secret that signs. Raises BadInput where there are public keys
        only.
        """
        secret = next((each for each in keys.secrets if not each.startswith(PUBLIC)), None)
        if secret is None:
            what = "nothing can be signed with a public key: only the sender has the other half"
            raise BadInput([Problem("secret", what, "have the sender send its own test")])
        body = b'{"test": "of bondbridge"}'
        stamp = int(now.timestamp())
        return Request(
            {"content-type": JSON[0], **signed(body, secret, f"test_{stamp}", stamp)}, body
        )

    def howto(self, url: str, keys: Keys) -> str:
        """What a sender must do."""
        del keys
        return (
            f"POST {url}\n  Content-Type: application/json\n  with the three headers of"
            " https://www.standardwebhooks.com:\n  either share the secret (whsec_…) with the"
            " sender, or write the sender's public key (whpk_…) as the secret"
        )

    def wrong(self, secret: str) -> str:
        """`whsec_` and the base64 of 24 to 64 bytes, or `whpk_` and that of the 32 of a public
        key.
        """
        if secret.startswith(PUBLIC):
            good = secret_strength.size(secret.removeprefix(PUBLIC)) == _PUBLIC_BYTES
            if good:
                return ""
            return f"it is no public key: {PUBLIC} and the base64 of {_PUBLIC_BYTES} bytes"
        if (
            secret.startswith(secret_strength.PREFIX)
            and _LEAST <= secret_strength.size(secret.removeprefix(secret_strength.PREFIX)) <= _MOST
        ):
            return ""
        wanted = f"{secret_strength.PREFIX} and the base64 of {_LEAST} to {_MOST} bytes"
        return (
            f"it is no secret of Standard Webhooks: {wanted}, or {PUBLIC} and the sender's"
            " public key"
        )


def signed(body: bytes, secret: str, known_as: str, timestamp: int) -> dict[str, str]:
    """The three headers. Raises ValueError for a secret that is not base64, or a body that is not
    UTF-8.
    """
    signature = standardwebhooks.Webhook(secret).sign(
        known_as, datetime.fromtimestamp(timestamp, UTC), body.decode()
    )
    return {ID: known_as, TIMESTAMP: str(timestamp), SIGNATURE: signature}


def _headers(request: Request) -> tuple[str, int, list[tuple[str, str]]]:
    """Id, timestamp, and the signatures with their versions."""
    known_as = request.headers.get(ID, "")
    stamp = whole_seconds(request.headers.get(TIMESTAMP, ""))
    given = request.headers.get(SIGNATURE, "").split()
    if stamp is None or not given or not known_as:
        raise Refused(f"needs the headers {ID}, {TIMESTAMP} and {SIGNATURE}", 401)
    if len(known_as) > _LONGEST_ID or not known_as.isprintable():
        raise Refused(f"{ID} is no id: longer than {_LONGEST_ID} characters, or not printable", 401)
    parts = (each.partition(",") for each in given[:_MOST_SIGNATURES])
    return known_as, stamp, [(version, signature) for version, _, signature in parts]


def _good(body: bytes, known_as: str, stamp: int, given: tuple[str, str], secret: str) -> bool:
    version, signature = given
    if version != ("v1a" if secret.startswith(PUBLIC) else "v1"):
        return False
    if version == "v1a":
        return _by_public_key(f"{known_as}.{stamp}.".encode() + body, signature, secret)
    try:
        ours = signed(body, secret, known_as, stamp)[SIGNATURE]
    except UnicodeDecodeError as error:
        # the library signs text only, and JSON is UTF-8
        raise Refused("the body is not UTF-8", 400) from error
    except (ValueError, EmptyWebhookSecretError):
        return False  # a secret that nobody can sign with
    return hmac.compare_digest(ours.encode(), f"v1,{signature}".encode(errors="replace"))


def _by_public_key(material: bytes, signature: str, key: str) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(
            base64.b64decode(key.removeprefix(PUBLIC), validate=True)
        )
        public.verify(base64.b64decode(signature, validate=True), material)
    except (ValueError, InvalidSignature):
        return False
    return True
