"""`post`: tell one room of a chat, in its platform's own format; below a question stand buttons."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from bridge.actions.action import MISCONFIGURED, FireAndForgetAction, Result, ended, misconfigured
from bridge.actions.outbound_http import Target
from bridge.core.chat.reply import Reply, Tone
from bridge.core.chat.signed_tokens import TokenSigner
from bridge.core.model import Body, Outcome
from bridge.core.requests import PostRequest
from bridge.errors import BridgeError, Refused


@dataclass(frozen=True, slots=True)
class Room:
    """A room of a chat. `hook`: the webhook that its buttons are pressed through; `show`: the
    platform's message.
    """

    hook: str
    target: Target
    show: Callable[[Reply], Body]

    def say(self, answer: Reply) -> Result:
        """Post it. The address is a secret of its own, and stands in no outcome."""
        content = json.dumps(self.show(answer)).encode()
        try:
            return Result(
                Outcome.DONE,
                str(self.target.post(content, {"Content-Type": "application/json; charset=utf-8"})),
            )
        except Refused as error:
            known = error.status in MISCONFIGURED and not _moved(error)
            if known:
                return misconfigured(f"the chat {error}")
            return ended(error)
        except BridgeError as error:
            return ended(error)


def _moved(error: Refused) -> bool:
    """It leads elsewhere, and says itself what to mend."""
    return error.status is not None and error.status < HTTPStatus.BAD_REQUEST


class Post(FireAndForgetAction[PostRequest]):
    """`rooms`: those of each channel. The buttons of a question are sealed when it is sent: nothing
    that is stored can answer.
    """

    def __init__(self, rooms: Mapping[str, Sequence[Room]], seals: TokenSigner) -> None:
        self._rooms = rooms
        self._seals = seals

    def lasts(self, server: str, request: PostRequest) -> float:
        """As long as all its steps may."""
        del server
        room = self._room(request)
        if room:
            return room.target.longest
        return 0.0

    def send(self, server: str, request: PostRequest) -> Result:
        """One room, one attempt."""
        del server
        room = self._room(request)
        if room is None:
            return Result(
                Outcome.REFUSED, f"channel {request.to!r} has no room {request.room} any more"
            )
        answer = Reply(
            request.text,
            tuple(request.lines),
            event=request.event,
            tone=Tone(request.tone),
            to_all=True,
        )
        asked = request.question
        if asked:
            place = f"{request.to}/{request.room}"
            answer = replace(
                answer,
                buttons=self._seals.yes_or_no(asked["approval"], asked["plan"], room.hook, place),
            )
        return room.say(answer)

    def _room(self, request: PostRequest) -> Room | None:
        rooms = self._rooms.get(request.to, ())
        if request.room < len(rooms):
            return rooms[request.room]
        return None
