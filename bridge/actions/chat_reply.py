"""`reply`: a later answer to a person's command, where they said it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bridge.actions.action import FireAndForgetAction, Result, ended
from bridge.actions.outbound_http import at
from bridge.core.chat.reply import Reply, Tone
from bridge.core.chat.signed_tokens import TokenSigner
from bridge.core.model import Body, Outcome
from bridge.core.requests import ReplyRequest
from bridge.errors import BridgeError

_TIMEOUT = 5.0


class Gone(Exception):
    """There is no place to answer, or not any more; in a sentence."""


@dataclass(frozen=True, slots=True)
class ReplyPlace:
    """Where an answer goes: the webhook that the command came by, and an address that nobody else
    may see.
    """

    webhook: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReplyRoute:
    """How people are answered who came by a webhook: `show` makes the platform's message.

    `buttons`: whether it can have some; `inside`: the settings name the places, so they need not be
    public.
    """

    show: Callable[[Reply], Body]
    buttons: bool
    inside: bool = False


class ChatReply(FireAndForgetAction[ReplyRequest]):
    """`place` finds where an answer goes, and raises Gone; `ways` by webhook.

    The buttons of a question are sealed when it is sent; its word is for where there are none.
    """

    def __init__(
        self, place: Callable[[str], ReplyPlace], ways: Mapping[str, ReplyRoute], seals: TokenSigner
    ) -> None:
        self._place = place
        self._ways = ways
        self._seals = seals

    def lasts(self, server: str, request: ReplyRequest) -> float:
        """As long as all its steps may."""
        del server, request
        return at("https://a.example/", inside=False, timeout=_TIMEOUT).longest

    def send(self, server: str, request: ReplyRequest) -> Result:
        """One answer, one attempt."""
        del server
        try:
            place = self._place(request.event)
        except Gone as error:
            return Result(Outcome.REFUSED, str(error))
        way = self._ways.get(place.webhook)
        if way is None:
            return Result(Outcome.REFUSED, f"nobody talks by a webhook {place.webhook!r} any more")
        content = json.dumps(way.show(self._answer(request, place.webhook, way))).encode()
        target = at(place.address, inside=way.inside, timeout=_TIMEOUT)
        try:
            return Result(
                Outcome.DONE,
                str(target.post(content, {"Content-Type": "application/json; charset=utf-8"})),
            )
        except BridgeError as error:
            return ended(error)

    def _answer(self, request: ReplyRequest, hook: str, way: ReplyRoute) -> Reply:
        tone = Tone(request.tone or Tone.PLAIN)
        said = Reply(
            request.text,
            tuple(request.lines or ()),
            event=request.event,
            tone=tone,
            replaces=bool(request.replaces),
            to_all=bool(request.to_all),
        )
        asked = request.question
        if not asked:
            return said
        if way.buttons:
            return replace(
                said, buttons=self._seals.yes_or_no(asked["approval"], asked["plan"], hook)
            )
        return replace(
            said,
            lines=(*said.lines, f"to do it, say: yes {asked['word']}", f"else: no {asked['word']}"),
        )
