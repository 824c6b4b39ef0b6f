"""What buttons and links carry: which question, of which exact plan, and the answer; or which event
somebody has.

Sealed so that only we can write it. A seal proves that we wrote it, and nothing more: whether it
still counts is read from the question. It has to be proof by itself where a platform does not sign
what is pressed, and it is never stored: it is made anew whenever a message is sent.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from bridge.core.chat.reply import Button, Tone

_LONGEST = 2000  # of what is looked at: ours are a tenth of that


@dataclass(frozen=True, slots=True)
class ApprovalButton:
    """A button: yes or no to the plan of this digest. `hook`: the webhook it may be pressed
    through.

    `place`: which place it was shown in, such as "noc/1"; "" for a conversation.
    """

    approval: str
    plan: str
    yes: bool
    hook: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalLink:
    """A link: to the question about the plan of this digest, as it was sent to a channel."""

    approval: str
    plan: str
    channel: str


@dataclass(frozen=True, slots=True)
class AcknowledgeToken:
    """A button or a link: anyone who uses it has what this event is about. `channel`: where it was
    told.

    `hook`: the webhook that the button may be pressed through; "" for a link.
    """

    event: str
    channel: str
    hook: str = ""


class TokenSigner:
    """Seals and opens, with a key of ours. What was sealed for one use opens for no other."""

    def __init__(self, key: bytes) -> None:
        self._buttons = _serializer(key, "button")
        self._links = _serializer(key, "link")
        self._taking_buttons = _serializer(key, "button that takes")
        self._taking_links = _serializer(key, "link that takes")

    def button(self, choice: ApprovalButton) -> str:
        """The value of a button."""
        return self._buttons.dumps(
            [choice.approval, choice.plan, choice.yes, choice.hook, choice.place]
        )

    def pressed(self, value: str) -> ApprovalButton | None:
        """What a button of ours says; None for what is none."""
        found = _opened(self._buttons, value)
        if found:
            return ApprovalButton(*found)
        return None

    def link(self, way: ApprovalLink) -> str:
        """What stands behind `/approve/`."""
        return self._links.dumps([way.approval, way.plan, way.channel])

    def followed(self, token: str) -> ApprovalLink | None:
        """Where a link of ours leads; None for what is none."""
        found = _opened(self._links, token)
        if found:
            return ApprovalLink(*found)
        return None

    def take(self, take: AcknowledgeToken) -> str:
        """The value of a button, or where it has no webhook what stands behind `/ack/`."""
        if take.hook:
            return self._taking_buttons.dumps([take.event, take.channel, take.hook])
        return self._taking_links.dumps([take.event, take.channel])

    def pressed_to_take(self, value: str) -> AcknowledgeToken | None:
        """What a button of ours takes; None for what is none."""
        found = _opened(self._taking_buttons, value)
        if found:
            return AcknowledgeToken(*found)
        return None

    def followed_to_take(self, token: str) -> AcknowledgeToken | None:
        """What a link of ours takes; None for what is none."""
        found = _opened(self._taking_links, token)
        if found:
            return AcknowledgeToken(*found)
        return None

    def yes_or_no(
        self, approval: str, plan: str, hook: str, place: str = ""
    ) -> tuple[Button, Button]:
        """The two buttons below a question."""
        good, bad = (
            self.button(ApprovalButton(approval, plan, yes, hook, place)) for yes in (True, False)
        )
        return Button("Yes, do it", good, Tone.GOOD), Button("No", bad, Tone.BAD)


def _serializer(key: bytes, use: str) -> URLSafeSerializer:
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(key, salt=f"bondbridge {use}", signer_kwargs=how)


def _opened(serializer: URLSafeSerializer, text: str) -> list[Any] | None:
    loads: Callable[[str], Any] = serializer.loads
    if len(text) > _LONGEST:
        return None
    try:
        return list(loads(text))
    except (BadData, ValueError):  # a text that is no ASCII is no token either
        return None
