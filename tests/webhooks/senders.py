"""Honest senders of every platform: what they send, and how they sign it, by each platform's
published recipe.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from bridge.core.model import Body
from bridge.webhooks.platform import FORM, JSON, DeliveryReading, Keys, Options, Request
from bridge.webhooks.registry import PLATFORMS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STAMP = int(NOW.timestamp())
SECRET = "whsec_" + base64.b64encode(b"a secret of just enough bytes.").decode()
# what Teams calls a security token is base64 and nothing else
TOKEN = base64.b64encode(b"a secret of just enough bytes.").decode()

Sign = Callable[[bytes, str, int], dict[str, str]]


def mac(secret: bytes, material: bytes) -> bytes:
    """HMAC-SHA256."""
    return hmac.new(secret, material, hashlib.sha256).digest()


def _standard(body: bytes, secret: str, stamp: int) -> dict[str, str]:
    made = mac(base64.b64decode(secret.removeprefix("whsec_")), f"msg_1.{stamp}.".encode() + body)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
    }


def _hmac(body: bytes, secret: str, stamp: int) -> dict[str, str]:
    made = mac(secret.encode(), f"{stamp}.".encode() + body).hex()
    return {"x-bondbridge-timestamp": str(stamp), "x-bondbridge-signature": f"sha256={made}"}


def _slack(body: bytes, secret: str, stamp: int) -> dict[str, str]:
    made = mac(secret.encode(), f"v0:{stamp}:".encode() + body).hex()
    return {"x-slack-request-timestamp": str(stamp), "x-slack-signature": f"v0={made}"}


def _github(body: bytes, secret: str, stamp: int) -> dict[str, str]:
    made = mac(secret.encode(), body).hex()
    return {
        "x-hub-signature-256": f"sha256={made}",
        "x-github-event": "push",
        "x-github-delivery": f"72d3162e-{stamp}",
    }


def _teams(body: bytes, secret: str, stamp: int) -> dict[str, str]:
    del stamp
    return {
        "authorization": f"HMAC {base64.b64encode(mac(base64.b64decode(secret), body)).decode()}"
    }


def _bearer(body: bytes, secret: str, stamp: int) -> dict[str, str]:
    del body, stamp
    return {"authorization": f"Bearer {secret}"}


def _mattermost(body: bytes, secret: str, stamp: int) -> dict[str, str]:
    del body, stamp
    return {"authorization": f"Token {secret}"}


ALERT = {
    "status": "firing",
    "labels": {"alertname": "BondDown", "bond": "hq"},
    "annotations": {},
    "fingerprint": "a1b2c3d4e5f60718",
    "startsAt": "2025-12-31T23:59:00.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "",
}
NOTIFICATION = {
    "version": "4",
    "receiver": "bondbridge",
    "status": "firing",
    "groupLabels": {},
    "alerts": [ALERT],
}
COMMAND = {
    "command": "/bond",
    "text": "legs down",
    "user_id": "U1",
    "user_name": "ann",
    "channel_id": "C1",
    "channel_name": "ops",
    "trigger_id": "t1",
}
ACTIVITY = {
    "type": "message",
    "id": "1485983408511",
    "text": "<at>bond</at>&nbsp;legs down",
    "from": {"id": "U1", "name": "ann"},
    "conversation": {"id": "C1"},
}


@dataclass(frozen=True)
class Sender:
    """One platform as its sender sees it. `dated`: whether it refuses what is old. `signed`:
    whether the body is signed.

    `authorized`: the header that holds what proves it.
    """

    name: str
    sign: Sign
    content: bytes
    proof: str
    kind: str = JSON[0]
    secret: str = SECRET
    dated: bool = False
    signed: bool = True
    options: Body = field(default_factory=dict)

    def keys(self, *secrets: str) -> Keys:
        """What the bridge has of it."""
        platform = PLATFORMS[self.name]
        options: Options = platform.options.model_validate(self.options)
        return Keys(secrets or [self.secret], platform.tolerance, options)

    def request(
        self, body: bytes | None = None, *, secret: str = "", stamp: int = STAMP, **headers: str
    ) -> Request:
        """A signed request; headers given go over those it has, with _ for -."""
        content = self.content if body is None else body
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return Request(
            {
                "content-type": self.kind,
                **self.sign(content, secret or self.secret, stamp),
                **given,
            },
            content,
        )

    def read(self, request: Request, now: datetime = NOW) -> DeliveryReading:
        """What it comes to."""
        return PLATFORMS[self.name].read(request, self.keys(), now)


SENDERS = {
    each.name: each
    for each in (
        Sender("standard", _standard, b'{"bond": 3}', "webhook-signature", dated=True),
        Sender("hmac", _hmac, b'{"bond": 3}', "x-bondbridge-signature", dated=True),
        Sender("bearer", _bearer, b'{"bond": 3}', "authorization", signed=False),
        Sender("github", _github, b'{"ref": "main"}', "x-hub-signature-256"),
        Sender(
            "alertmanager",
            _bearer,
            json.dumps(NOTIFICATION).encode(),
            "authorization",
            signed=False,
        ),
        Sender(
            "slack", _slack, urlencode(COMMAND).encode(), "x-slack-signature", FORM[0], dated=True
        ),
        Sender(
            "mattermost",
            _mattermost,
            urlencode(COMMAND).encode(),
            "authorization",
            FORM[0],
            signed=False,
        ),
        Sender("teams", _teams, json.dumps(ACTIVITY).encode(), "authorization", secret=TOKEN),
    )
}
