"""`mattermost`: slash commands, and buttons under our own messages.

A command is a form with a token, in `Authorization: Token …` or as a field; its trigger id names
the delivery. https://developers.mattermost.com/integrate/slash-commands/custom

A pressed button is JSON with what we put into the button, and nothing else that proves where it
comes from: https://developers.mattermost.com/integrate/plugins/interactive-messages. So anyone who
takes it must be able to see of the value itself that it is ours; Mattermost keeps it on the server
and shows it to nobody.
"""

import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlencode

from bridge.core.chat.reply import Button, Reply, Tone
from bridge.core.model import Body
from bridge.errors import Refused
from bridge.webhooks import secret_strength
from bridge.webhooks.chat_markdown import written
from bridge.webhooks.chat_text import cut, one_line
from bridge.webhooks.payload_fields import below, form, known, named, text
from bridge.webhooks.platform import (
    FORM,
    JSON,
    ButtonDelivery,
    CommandDelivery,
    DeliveryReading,
    Keys,
    Options,
    Request,
    check_type,
    content_type,
    json_object,
)

_LABEL = 75
_STYLES = {Tone.GOOD: "good", Tone.BAD: "danger", Tone.PLAIN: "default"}


class Mattermost:
    """The platform. Commands answer at addresses of one's own server, so `answers_at` is for the
    settings to say.
    """

    name = "mattermost"
    title = "Mattermost"
    tolerance = 300.0
    proof = (
        "send the token that Mattermost shows for this slash command, which stands here as the"
        " secret"
    )
    options = Options
    answers_at: tuple[str, ...] = ()
    buttons = True
    seconds = 10.0

    def read(self, request: Request, keys: Keys, now: datetime) -> DeliveryReading:
        """Raises Refused: 401 for a wrong token, 400 or 415 for what Mattermost does not send.
        Nothing is dated.
        """
        del now
        given = _given(request)
        if given is not None:
            _check(given, keys)
        check_type(request.headers, JSON + FORM)
        if content_type(request.headers) in JSON:
            return DeliveryReading((_pressed(request.body),))
        fields = form(request.body)
        if given is None:
            _check(fields.get("token", ""), keys)
        return DeliveryReading((_said(fields),))

    def example(self, keys: Keys, now: datetime) -> Request:
        """A person asks for help."""
        fields = {
            "command": "/bond",
            "text": "help",
            "user_id": "test",
            "user_name": "test of bondbridge",
            "channel_id": "test",
            "channel_name": "test of bondbridge",
            "trigger_id": f"test of bondbridge {now.isoformat()}",
        }
        headers = {"content-type": FORM[0], "authorization": f"Token {keys.secrets[0]}"}
        return Request(headers, urlencode(fields).encode())

    def howto(self, url: str, keys: Keys) -> str:
        """Where it is entered at Mattermost."""
        del keys
        return (
            "In Mattermost, Product menu → Integrations → Slash Commands → Add Slash Command:\n "
            f" Command Trigger Word: bond\n  Request URL: {url}\n  Request Method: POST\n  after"
            " Save, put the token that it shows into the file of this webhook's secret\n  and"
            " where Mattermost is into `answers_at` of this webhook, such as"
            " https://chat.example.com/\nWhere the bridge is at a private address: System Console"
            " → Environment → Developer →\n  Allow untrusted internal connections"
        )

    def wrong(self, secret: str) -> str:
        """Mattermost gives 26 letters and digits."""
        return secret_strength.given(secret, "the token of the slash command")

    def shown(self, answer: Reply, url: str = "") -> Body:
        """Markdown; only the one who asked sees it, unless the answer is for all."""
        if answer.to_all:
            kind = "in_channel"
        else:
            kind = "ephemeral"
        return {"response_type": kind, "skip_slack_parsing": True, **self.posted(answer, url)}

    def pressed(self, answer: Reply, url: str = "") -> Body:
        """In the place of the message with the buttons, which then has none but new ones; else for
        who pressed alone.
        """
        if not answer.replaces:
            return {"ephemeral_text": written(answer, "/bond "), "skip_slack_parsing": True}
        # without props, Mattermost would leave the old buttons where they are
        return {
            "update": {
                "message": written(answer, "/bond "),
                "props": {"attachments": _attached(answer, url)},
            }
        }

    def posted(self, answer: Reply, url: str = "") -> Body:
        """A message for an incoming webhook of Mattermost's."""
        attached = _attached(answer, url)
        return {
            "text": written(answer, "/bond "),
            **({"attachments": attached} if attached else {}),
        }


def _given(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "token":
        return token
    return None


def _check(given: str, keys: Keys) -> None:
    if not given:
        raise Refused("needs the token, in `Authorization: Token …` or as the field `token`", 401)
    if not any(
        hmac.compare_digest(secret.encode(), given.encode(errors="replace"))
        for secret in keys.secrets
    ):
        raise Refused("the token is wrong", 401)


def _said(fields: Body) -> CommandDelivery:
    text(fields, "command")
    delivery = hashlib.sha256(f"said {text(fields, 'trigger_id')}".encode()).hexdigest()
    person = named(known(fields, "user_id"), fields.get("user_name"))
    room = named(known(fields, "channel_id"), fields.get("channel_name"))
    return CommandDelivery(
        delivery, fields.get("text", "").strip(), person, room, fields.get("response_url") or None
    )


def _pressed(content: bytes) -> ButtonDelivery:
    """Each press has its own trigger id in the body."""
    body = json_object(content)
    person = named(known(body, "user_id"), below(body, "user_name"))
    room = named(known(body, "channel_id"), below(body, "channel_name"))
    return ButtonDelivery(
        hashlib.sha256(b"pressed " + content).hexdigest(),
        text(body, "context", "value"),
        person,
        room,
    )


def _attached(answer: Reply, url: str) -> list[Body]:
    if not answer.buttons:
        return []
    fallback = cut(one_line(", ".join(each.label for each in answer.buttons)), _LABEL)
    return [
        {
            "fallback": fallback,
            "actions": [_button(n, each, url) for n, each in enumerate(answer.buttons)],
        }
    ]


def _button(number: int, button: Button, url: str) -> Body:
    # an id of letters and digits: Mattermost's own route to it takes nothing else
    return {
        "id": f"press{number}",
        "type": "button",
        "name": cut(one_line(button.label), _LABEL),
        "style": _STYLES[button.tone],
        "integration": {"url": url, "context": {"value": button.value}},
    }
