"""`teams`: outgoing webhooks of Microsoft Teams: somebody writes to the webhook's name, in a
channel of its team.

    Authorization: HMAC <base64 of HMAC-SHA256(base64-decoded secret, body)>

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook.
The activity id in its room, signed with the body, names the delivery. Nothing is dated; answers go
into the response and nowhere else.
"""

import base64
import hashlib
import hmac
import json
import re
from datetime import datetime
from html import unescape

from bridge.core.chat.reply import Reply
from bridge.core.json_safety import storable
from bridge.core.model import Body
from bridge.errors import Refused
from bridge.webhooks import secret_strength
from bridge.webhooks.chat_markdown import written
from bridge.webhooks.payload_fields import below, known, named, text
from bridge.webhooks.platform import (
    JSON,
    CommandDelivery,
    DeliveryReading,
    Keys,
    Options,
    Request,
    check_type,
    json_object,
)

_MENTION = re.compile(r"<at\b[^<>]*>[^<]*</at\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


class Teams:
    """The platform."""

    name = "teams"
    title = "Microsoft Teams"
    tolerance = 300.0
    proof = (
        "sign the body with the security token of the outgoing webhook, which stands here as the"
        " secret"
    )
    options = Options
    answers_at: tuple[str, ...] = ()
    buttons = False
    seconds = 5.0

    def read(self, request: Request, keys: Keys, now: datetime) -> DeliveryReading:
        """Raises Refused: 401 for a wrong signature, 400 or 415 for what Teams does not send."""
        del now
        _check(request, keys)
        check_type(request.headers, JSON)
        body = json_object(request.body)
        if body.get("type") != "message":
            raise Refused("`type` must be `message`", 400)
        person = known(body, "from", "aadObjectId" if below(body, "from", "aadObjectId") else "id")
        room = named(_room(body), below(body, "channelData", "channel", "name"))
        delivery = hashlib.sha256(f"{room.id} {text(body, 'id')}".encode()).hexdigest()
        words = body.get("text")
        if isinstance(words, str):
            said = asked(words)
        else:
            said = ""
        return DeliveryReading(
            (CommandDelivery(delivery, said, named(person, below(body, "from", "name")), room),)
        )

    def example(self, keys: Keys, now: datetime) -> Request:
        """A person asks for help."""
        known_as = {"id": "test", "name": "test of bondbridge"}
        activity = {
            "type": "message",
            "id": f"test of bondbridge {now.isoformat()}",
            "text": "<at>bond</at> help",
            "from": known_as,
            "conversation": known_as,
        }
        body = json.dumps(activity).encode()
        return Request(
            {"content-type": JSON[0], "authorization": signed(body, keys.secrets[0])}, body
        )

    def howto(self, url: str, keys: Keys) -> str:
        """Where it is entered in Teams."""
        del keys
        return (
            "In Teams, the team's … → Manage team → Apps → Create an outgoing webhook:\n  Name:"
            f" bond\n  Callback URL: {url}\n  after Create, put the security token that it shows,"
            " once, into the file of this webhook's secret"
        )

    def wrong(self, secret: str) -> str:
        """Teams gives the base64 of 32 bytes."""
        amiss = secret_strength.given(secret, "the security token that Teams shows")
        try:
            base64.b64decode(secret, validate=True)
        except ValueError:
            return amiss or "it is not base64, as the security token that Teams shows"
        return amiss

    def shown(self, answer: Reply, url: str = "") -> Body:
        """Markdown, seen by all: Teams has nothing else."""
        del url
        return {"type": "message", "textFormat": "markdown", "text": written(answer, "@bond ")}

    def pressed(self, answer: Reply, url: str = "") -> Body:
        """As an answer: nothing can be pressed."""
        return self.shown(answer, url)

    def posted(self, answer: Reply, url: str = "") -> Body:
        """As an answer."""
        return self.shown(answer, url)


def signed(body: bytes, secret: str) -> str:
    """The value of the header. Raises ValueError for a secret that is not base64."""
    digest = hmac.new(base64.b64decode(secret, validate=True), body, hashlib.sha256).digest()
    return f"HMAC {base64.b64encode(digest).decode()}"


def asked(words: str) -> str:
    """What is asked in a message of HTML: without mentions and without markup."""
    plain = unescape(_TAG.sub(" ", _MENTION.sub(" ", words)))
    return storable(" ".join(plain.split()))


def _check(request: Request, keys: Keys) -> None:
    given = request.headers.get("authorization", "")
    if not given.upper().startswith("HMAC "):
        raise Refused("needs the header authorization: HMAC …", 401)
    if not any(_same(request.body, secret, given) for secret in keys.secrets):
        raise Refused("the signature is wrong", 401)


def _same(body: bytes, secret: str, given: str) -> bool:
    try:
        ours = signed(body, secret)
    except ValueError:  # a secret that Teams did not make is nobody's
        return False
    return hmac.compare_digest(ours.encode(), given.encode(errors="replace"))


def _room(body: Body) -> str:
    """The channel. A conversation's id goes on with the thread's, which is no room of its own."""
    if below(body, "channelData", "channel", "id"):
        return known(body, "channelData", "channel", "id")
    whole = text(body, "conversation", "id")
    return known({"conversation": {"id": whole.partition(";")[0]}}, "conversation", "id")
