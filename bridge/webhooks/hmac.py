"""`hmac`: HMAC-SHA256 over `timestamp.body`, in two headers.

    X-Bondbridge-Timestamp: 1767225600          seconds since 1970
    X-Bondbridge-Signature: sha256=<hex of HMAC-SHA256(secret, "1767225600." + body)>

The timestamp is signed, so an old request cannot be made to look new; the signed material names the delivery, so the
same one sent again is recognised.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from bridge.errors import Refused
from bridge.webhooks.delivery import Delivery, json_object

TIMESTAMP = "x-bondbridge-timestamp"
SIGNATURE = "x-bondbridge-signature"
_DIGITS = 11  # of a time any machine can express


def sign(body: bytes, secret: str, timestamp: int) -> str:
    """The value of the signature header."""
    material = f"{timestamp}.".encode() + body
    return "sha256=" + hmac.new(secret.encode(), material, hashlib.sha256).hexdigest()


def receive(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime, tolerance: float) -> Delivery:
    """Raises Refused: 401 for a wrong signature or an old timestamp, 400 for a body that is no JSON object."""
    given, stamp = headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, "")
    if not given or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _DIGITS):
        raise Refused(f"needs the headers {TIMESTAMP} and {SIGNATURE}", 401)
    if not hmac.compare_digest(sign(body, secret, int(stamp)).encode(), given.encode()):
        raise Refused("the signature is wrong", 401)
    if abs((now - datetime.fromtimestamp(int(stamp), UTC)).total_seconds()) > tolerance:
        raise Refused(f"the timestamp is more than {tolerance:.0f} s from now", 401)
    return Delivery(hashlib.sha256(f"{int(stamp)}.".encode() + body).hexdigest(), json_object(body))
