"""`notify`: tell one target of a channel, through Apprise; the targets after those are its rooms."""

import logging
from collections.abc import Callable, Mapping, Sequence

from bridge.actions.kinds import Result, Unseen
from bridge.actions.post import Room
from bridge.core.chatting.answers import Answer, Tone
from bridge.core.chatting.buttons import Way
from bridge.core.model import Body, Outcome, Repeat

logging.getLogger("apprise").propagate = False  # what it says is caught below and told with the attempt


# by how bad it is, Apprise's own word; what was asked for before there were severities has none
_TYPES = {"info": "info", "warning": "warning", "critical": "failure"}
_TONES = {"warning": Tone.BAD, "critical": Tone.BAD}


class Notify(Unseen):
    """`request`: `{"to": "noc", "target": 0, "title", "body", "severity"}`; `channels`: each one's Apprise URLs.

    `rooms`: those of each channel, counted on after its URLs. A `question` (`{"approval", "plan"}`) gets a link, which
    `link` makes when it is sent: nothing that is stored can answer.
    """

    def __init__(
        self, channels: Mapping[str, Sequence[str]], rooms: Mapping[str, Sequence[Room]], link: Callable[[Way], str]
    ) -> None:
        self._channels, self._rooms, self._link = channels, rooms, link

    def repeat(self, request: Body) -> Repeat:
        """Telling twice is a nuisance, not telling is a silence that looks like health: so it is safe to repeat."""
        del request
        return Repeat.SAFE

    def send(self, server: str, request: Body) -> Result:
        """One target, one attempt."""
        del server
        urls, rooms = self._channels.get(request["to"], ()), self._rooms.get(request["to"], ())
        if request["target"] < len(urls):
            return self._tell(urls[request["target"]], request)
        room: int = request["target"] - len(urls)
        if room < len(rooms):
            lines, tone = tuple(request["body"].splitlines()), _TONES.get(request.get("severity", ""), Tone.PLAIN)
            return rooms[room].say(Answer(request["title"], lines, tone=tone, to_all=True))
        return Result(Outcome.REFUSED, f"channel {request['to']!r} has no target {request['target']} any more")

    def lasts(self, server: str, request: Body) -> float:
        """A room's may take as long as all its steps."""
        del server
        return max((room.target.longest for room in self._rooms.get(request["to"], ())), default=0.0)

    def _tell(self, url: str, request: Body) -> Result:
        from apprise import Apprise, LogCapture, NotifyFormat, NotifyType  # noqa: PLC0415  17 MB: only where something is told

        teller = Apprise()
        if not teller.add(url):
            return Result(Outcome.REFUSED, "Apprise does not understand this target's URL")
        # Apprise answers with one bool; why it failed stands only in its log (which ships without types)
        with LogCapture(level=logging.WARNING, fmt="%(message)s") as said:  # type: ignore[no-untyped-call]
            title, body = request["title"], self._body(request)
            kind = NotifyType(_TYPES[request.get("severity", "info")])
            told = teller.notify(title=title, body=body, notify_type=kind, body_format=NotifyFormat.TEXT)
        return Result(Outcome.DONE, "told") if told else Result(Outcome.UNREACHABLE, _cause(said.getvalue()))

    def _body(self, request: Body) -> str:
        asked = request.get("question")
        if not asked:
            return str(request["body"] or request["title"])
        return f"{request['body']}\n\nyes or no: {self._link(Way(asked['approval'], asked['plan'], request['to']))}"


def _cause(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1][-200:] if lines else "the service did not take it"
