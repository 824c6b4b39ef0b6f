"""`hmac`: an HMAC over the body, or over `timestamp.body`, in headers of one's own choice.

Without options:

    X-Bondbridge-Timestamp: 1767225600          seconds since 1970
    X-Bondbridge-Signature: sha256=<hex of HMAC-SHA256(secret, "1767225600." + body)>

Where there is a timestamp it is signed, so an old request cannot be made to look new. The signed
material names the delivery, so the same one sent again is recognised.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Literal

from pydantic import field_validator

from bridge.errors import Refused
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

TIMESTAMP = "x-bondbridge-timestamp"
SIGNATURE = "x-bondbridge-signature"


class HmacOptions(Options):
    """Headers and form of the signature; without `timestamp_header` only the body is signed, and
    nothing is dated.
    """

    header: str = SIGNATURE
    timestamp_header: str | None = TIMESTAMP
    algorithm: Literal["sha256", "sha384", "sha512", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = "sha256="

    @field_validator("header", "timestamp_header")
    @classmethod
    def _lower(cls, value: str | None) -> str | None:
        if value:
            return value.lower()
        return None


def sign(
    body: bytes, secret: str, timestamp: int | None, options: HmacOptions | None = None
) -> str:
    """The value of the signature header."""
    how = options or HmacOptions()
    if timestamp is None:
        material = body
    else:
        material = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), material, getattr(hashlib, how.algorithm))
    return how.prefix + (
        digest.hexdigest() if how.encoding == "hex" else base64.b64encode(digest.digest()).decode()
    )


def signed(body: bytes, secret: str, timestamp: int) -> dict[str, str]:
    """The headers of a request to a webhook without options."""
    return {
        "content-type": "application/json",
        TIMESTAMP: str(timestamp),
        SIGNATURE: sign(body, secret, timestamp),
    }


class Hmac:
    """The platform."""

    name = "hmac"
    title = "any sender that signs with an HMAC"
    tolerance = 300.0
    proof = "sign it with a secret of this webhook, at the time it is sent"
    options = HmacOptions

    def read(self, request: Request, keys: Keys, now: datetime) -> DeliveryReading:
        """Raises Refused: 401 for a wrong signature or an old timestamp, 400 or 415 for a body that
        is no JSON object.
        """
        how: HmacOptions = keys.options
        stamp = _stamp(request, how)
        given = request.headers.get(how.header, "")
        if not given:
            raise Refused(_needs(how), 401)
        if not any(_same(sign(request.body, secret, stamp, how), given) for secret in keys.secrets):
            raise Refused("the signature is wrong", 401)
        if stamp is not None:
            check_fresh(stamp, now, keys.tolerance)
        check_type(request.headers, JSON)
        if stamp is None:
            material = request.body
        else:
            material = f"{stamp}.".encode() + request.body
        return DeliveryReading(
            (EventDelivery(hashlib.sha256(material).hexdigest(), json_object(request.body)),)
        )

    def example(self, keys: Keys, now: datetime) -> Request:
        """As the page says."""
        how: HmacOptions = keys.options
        body = b'{"test": "of bondbridge"}'
        stamp = int(now.timestamp()) if how.timestamp_header else None
        headers = {
            "content-type": "application/json",
            how.header: sign(body, keys.secrets[0], stamp, how),
        }
        if how.timestamp_header:
            dated = {how.timestamp_header: str(stamp)}
        else:
            dated = {}
        return Request({**headers, **dated}, body)

    def howto(self, url: str, keys: Keys) -> str:
        """What a sender must do."""
        how: HmacOptions = keys.options
        if how.timestamp_header:
            dated = f"\n  {how.timestamp_header}: seconds since 1970"
        else:
            dated = ""
        if how.timestamp_header:
            material = '"TIMESTAMP." + body'
        else:
            material = "the body"
        signature = (
            f"{how.prefix}{how.encoding} of HMAC-{how.algorithm.upper()}(secret, {material})"
        )
        return f"POST {url}\n  Content-Type: application/json{dated}\n  {how.header}: {signature}"

    def wrong(self, secret: str) -> str:
        """Any key will do that is long enough; all of the text is the key."""
        return secret_strength.short(secret)


def _stamp(request: Request, how: HmacOptions) -> int | None:
    if how.timestamp_header is None:
        return None
    stamp = whole_seconds(request.headers.get(how.timestamp_header, ""))
    if stamp is None:
        raise Refused(_needs(how), 401)
    return stamp


def _needs(how: HmacOptions) -> str:
    both = [name for name in (how.timestamp_header, how.header) if name]
    return f"needs the header{'s' if len(both) > 1 else ''} {' and '.join(both)}"


def _same(ours: str, given: str) -> bool:
    return hmac.compare_digest(ours.encode(), given.encode(errors="replace"))
