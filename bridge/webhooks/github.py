"""`github`: webhooks of GitHub, in both of its content types.

    X-Hub-Signature-256: sha256=<hex of HMAC-SHA256(secret, body)>

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries. Nothing is dated. The
signature covers the body alone: neither `X-GitHub-Event` nor `X-GitHub-Delivery`, which together
with the body names the delivery.

The event's body is `{"event": "push", "action": "", "delivery": "…", "payload": {…}}`: ours beside
GitHub's, not among it.
"""

import hashlib
import hmac
import json
import re
from datetime import datetime

from bridge.core.model import Body
from bridge.errors import Refused
from bridge.webhooks import secret_strength
from bridge.webhooks.payload_fields import form
from bridge.webhooks.platform import (
    FORM,
    JSON,
    DeliveryReading,
    EventDelivery,
    Keys,
    Options,
    Request,
    check_type,
    content_type,
    json_object,
)

SIGNATURE = "x-hub-signature-256"
EVENT = "x-github-event"
DELIVERY = "x-github-delivery"
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class GitHub:
    """The platform."""

    name = "github"
    title = "GitHub"
    tolerance = 300.0
    proof = "sign the body with a secret of this webhook: at GitHub, enter the one that stands here"
    options = Options

    def read(self, request: Request, keys: Keys, now: datetime) -> DeliveryReading:
        """Raises Refused: 401 for a wrong signature, 400 or 415 for what GitHub does not send."""
        del now
        given = request.headers.get(SIGNATURE, "")
        if not given:
            raise Refused(f"needs the header {SIGNATURE}", 401)
        if not any(
            hmac.compare_digest(sign(request.body, each).encode(), given.encode(errors="replace"))
            for each in keys.secrets
        ):
            raise Refused("the signature is wrong", 401)
        check_type(request.headers, JSON + FORM)
        event = _word(request, EVENT)
        delivery = _word(request, DELIVERY)
        payload = _payload(request)
        action = payload.get("action")
        body = {
            "event": event,
            "action": action if isinstance(action, str) else "",
            "delivery": delivery,
            "payload": payload,
        }
        return DeliveryReading(
            (
                EventDelivery(
                    hashlib.sha256(f"{delivery} ".encode() + request.body).hexdigest(), body
                ),
            )
        )

    def example(self, keys: Keys, now: datetime) -> Request:
        """What GitHub itself sends first."""
        body = json.dumps({"zen": "test of bondbridge", "hook_id": 0}).encode()
        delivery = f"test-{int(now.timestamp())}"
        headers = {SIGNATURE: sign(body, keys.secrets[0]), EVENT: "ping", DELIVERY: delivery}
        return Request({"content-type": JSON[0], **headers}, body)

    def howto(self, url: str, keys: Keys) -> str:
        """Where it is entered at GitHub."""
        del keys
        return (
            "At GitHub, in the repository or organization: Settings → Webhooks → Add webhook:\n "
            f" Payload URL: {url}\n  Content type: application/json\n  Secret: the secret of this"
            " webhook"
        )

    def wrong(self, secret: str) -> str:
        """Any key will do that is long enough; all of the text is the key."""
        return secret_strength.short(secret)


def sign(body: bytes, secret: str) -> str:
    """The value of the signature header."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def _word(request: Request, header: str) -> str:
    given = request.headers.get(header, "")
    if not _WORD.fullmatch(given):
        raise Refused(f"needs the header {header}, of letters and digits", 400)
    return given


def _payload(request: Request) -> Body:
    if content_type(request.headers) in JSON:
        return json_object(request.body)
    return json_object(form(request.body).get("payload", "").encode())
