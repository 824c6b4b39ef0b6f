"""`slack`: slash commands, and buttons under our own messages.

    X-Slack-Request-Timestamp: 1767225600
    X-Slack-Signature: v0=<hex of HMAC-SHA256(signing secret, "v0:1767225600:" + body)>

https://docs.slack.dev/authentication/verifying-requests-from-slack. The signature names the
delivery: it covers the moment and the body as they are written, so a replay has the same one.
"""

import hashlib
from datetime import datetime
from urllib.parse import urlencode

from slack_sdk.signature import Clock, SignatureVerifier

from bridge.core.chat.reply import Button, Reply, Tone
from bridge.core.model import Body
from bridge.errors import Bug, Refused
from bridge.webhooks import secret_strength
from bridge.webhooks.chat_text import address, cut, escaped, fitting, one_line
from bridge.webhooks.payload_fields import below, form, known, named, text
from bridge.webhooks.platform import (
    FORM,
    JSON,
    ButtonDelivery,
    CommandDelivery,
    DeliveryReading,
    Keys,
    Named,
    Options,
    Request,
    check_type,
    content_type,
    json_object,
)
from bridge.webhooks.timestamps import check_fresh, whole_seconds

TIMESTAMP = "x-slack-request-timestamp"
SIGNATURE = "x-slack-signature"
# https://docs.slack.dev/reference/block-kit/blocks and …/block-elements/button-element
_SECTION = 3000
_ELEMENTS = 25
_LABEL = 75
_VALUE = 2000
# our own: beyond four sections nobody reads on, and the whole message has a limit that Slack does
# not write down
_SECTIONS = 4
_LINE = 600
_STYLES = {Tone.GOOD: "primary", Tone.BAD: "danger"}


class Slack:
    """The platform."""

    name = "slack"
    title = "Slack"
    tolerance = 300.0
    proof = (
        "sign it with the signing secret of the Slack app, which stands here, at the time it is"
        " sent"
    )
    options = Options
    answers_at = ("https://hooks.slack.com/",)
    buttons = True
    seconds = 3.0

    def read(self, request: Request, keys: Keys, now: datetime) -> DeliveryReading:
        """Raises Refused: 401 for a wrong signature or an old timestamp, 400 or 415 for what Slack
        does not send.
        """
        signature = _checked(request, keys, now)
        if content_type(request.headers) in JSON:
            return _challenge(json_object(request.body))
        check_type(request.headers, FORM)
        fields = form(request.body)
        if fields.get("ssl_check"):
            return DeliveryReading(answer={"ok": True})
        delivery = hashlib.sha256(signature.encode()).hexdigest()
        return DeliveryReading(
            (
                (
                    _pressed(delivery, fields["payload"])
                    if "payload" in fields
                    else _said(delivery, fields)
                ),
            )
        )

    def example(self, keys: Keys, now: datetime) -> Request:
        """A person asks for help."""
        fields = {
            "command": "/bond",
            "text": "help",
            "user_id": "UTEST",
            "user_name": "test of bondbridge",
            "channel_id": "CTEST",
            "channel_name": "test of bondbridge",
        }
        body = urlencode(fields).encode()
        return Request(
            {"content-type": FORM[0], **signed(body, keys.secrets[0], int(now.timestamp()))}, body
        )

    def howto(self, url: str, keys: Keys) -> str:
        """Where it is entered at Slack."""
        del keys
        return (
            "At https://api.slack.com/apps, in your app:\n"
            "  Basic Information → Signing Secret: put it into the file of this webhook's secret\n"
            f"  Slash Commands → Create New Command: /bond, Request URL: {url}\n"
            f"  Interactivity & Shortcuts → on, Request URL: {url}\n"
            "  Install App → to your workspace"
        )

    def wrong(self, secret: str) -> str:
        """Slack gives 32 hexadecimal digits, and may give something longer one day."""
        return secret_strength.given(secret, "the Signing Secret of the app")

    def shown(self, answer: Reply, url: str = "") -> Body:
        """Blocks; only the one who asked sees them, unless the answer is for all. Slack itself
        knows where buttons go.
        """
        del url
        seen = {"response_type": "in_channel" if answer.to_all else "ephemeral"}
        return {**seen, "replace_original": answer.replaces, **_message(answer)}

    def pressed(self, answer: Reply, url: str = "") -> Body:
        """Slack reads nothing here: the answer goes to the address of the message."""
        del answer, url
        return {}

    def posted(self, answer: Reply, url: str = "") -> Body:
        """A message for an incoming webhook of Slack's."""
        del url
        return _message(answer)


def signed(body: bytes, secret: str, timestamp: int) -> dict[str, str]:
    """The headers of a request as Slack signs it."""
    signature = SignatureVerifier(secret).generate_signature(timestamp=str(timestamp), body=body)
    return {TIMESTAMP: str(timestamp), SIGNATURE: signature or ""}


def escape(words: str) -> str:
    """The three characters that make links and mentions.
    https://docs.slack.dev/messaging/formatting-message-text.
    """
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _At(Clock):
    """The moment that a request says it was made at: how old it may be is not the verifier's
    business but ours.
    """

    def __init__(self, stamp: int) -> None:
        self._stamp = stamp

    def now(self) -> float:
        return self._stamp


def _checked(request: Request, keys: Keys, now: datetime) -> str:
    """The signature, found good."""
    written = request.headers.get(TIMESTAMP, "")
    signature = request.headers.get(SIGNATURE, "")
    stamp = whole_seconds(written)
    if stamp is None or not signature:
        raise Refused(f"needs the headers {TIMESTAMP} and {SIGNATURE}", 401)
    if not any(_good(request.body, secret, written, signature, stamp) for secret in keys.secrets):
        raise Refused("the signature is wrong", 401)
    check_fresh(stamp, now, keys.tolerance)
    return signature


def _good(body: bytes, secret: str, written: str, signature: str, stamp: int) -> bool:
    try:
        return SignatureVerifier(secret, _At(stamp)).is_valid(body, written, signature)
    except UnicodeError as error:
        # the verifier signs text only, and Slack sends nothing else
        raise Refused("the body is not UTF-8", 400) from error
    except (TypeError, ValueError):
        # a signature beyond ASCII, or a secret of spaces only
        return False


def _challenge(body: Body) -> DeliveryReading:
    if body.get("type") != "url_verification":
        raise Refused(
            "only commands and pressed buttons are taken from Slack, no other events", 400
        )
    return DeliveryReading(answer={"challenge": text(body, "challenge")})


def _said(delivery: str, fields: Body) -> CommandDelivery:
    text(fields, "command")
    person = named(known(fields, "user_id"), fields.get("user_name"))
    room = named(known(fields, "channel_id"), fields.get("channel_name"))
    return CommandDelivery(
        delivery, fields.get("text", "").strip(), person, room, fields.get("response_url") or None
    )


def _pressed(delivery: str, payload: str) -> ButtonDelivery:
    body = json_object(payload.encode())
    if body.get("type") != "block_actions":
        raise Refused("only pressed buttons are taken from Slack's interactivity", 400)
    actions = body.get("actions")
    if not isinstance(actions, list) or len(actions) != 1 or not isinstance(actions[0], dict):
        raise Refused("`actions` must be a list of one button", 400)
    address = below(body, "response_url")
    return ButtonDelivery(
        delivery,
        text(actions[0], "value"),
        _one(body, "user"),
        _one(body, "channel"),
        address if isinstance(address, str) and address else None,
    )


def _one(body: Body, which: str) -> Named:
    return named(
        known(body, which, "id"), below(body, which, "name") or below(body, which, "username")
    )


def _message(answer: Reply) -> Body:
    blocks = [_section(escaped(answer.text, _SECTION, escape)), *_lines(answer.lines)]
    if answer.link:
        blocks.append(_section(f"<{escape(address(answer.link))}|open>"))
    for start in range(0, len(answer.buttons), _ELEMENTS):
        some = answer.buttons[start : start + _ELEMENTS]
        blocks.append(
            {
                "type": "actions",
                "elements": [_button(start + n, each) for n, each in enumerate(some)],
            }
        )
    if answer.event:
        why = {
            "type": "plain_text",
            "text": cut(f"why: /bond why {one_line(answer.event)}", _SECTION),
            "emoji": False,
        }
        blocks.append({"type": "context", "elements": [why]})
    return {
        "text": escaped(answer.text, _SECTION, escape),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _lines(lines: tuple[str, ...]) -> list[Body]:
    """Sections of bullets, each as full as it may be."""
    bullets = fitting(
        [f"• {escaped(line, _LINE, escape)}" for line in lines], _SECTIONS * (_SECTION - _LINE - 2)
    )
    sections = []
    held = ""
    for bullet in bullets:
        if held:
            longer = f"{held}\n{bullet}"
        else:
            longer = bullet
        if len(longer) > _SECTION:
            sections.append(_section(held))
            longer = bullet
        held = longer
    if held:
        return [*sections, _section(held)]
    return sections


def _section(words: str) -> Body:
    # verbatim: nothing in it is made a link or a mention that we did not write as one
    return {"type": "section", "text": {"type": "mrkdwn", "text": words or " ", "verbatim": True}}


def _button(number: int, button: Button) -> Body:
    if len(button.value) > _VALUE:
        raise Bug(f"a button's value of {len(button.value)} characters, Slack takes {_VALUE}")
    label = {"type": "plain_text", "text": cut(one_line(button.label), _LABEL), "emoji": False}
    if button.tone in _STYLES:
        style = {"style": _STYLES[button.tone]}
    else:
        style = {}
    return {
        "type": "button",
        "action_id": f"press_{number}",
        "text": label,
        "value": button.value,
        **style,
    }
