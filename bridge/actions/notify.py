"""`notify`: tell one target of a channel, through Apprise."""

import logging
from collections.abc import Mapping, Sequence

from bridge.actions.kinds import Result, Unseen
from bridge.core.model import Body, Outcome, Repeat

logging.getLogger("apprise").propagate = False  # what it says is caught below and told with the attempt


# by how bad it is, Apprise's own word; what was asked for before there were severities has none
_TYPES = {"info": "info", "warning": "warning", "critical": "failure"}


class Notify(Unseen):
    """`request`: `{"to": "noc", "target": 0, "title", "body", "severity"}`; `channels`: each one's Apprise URLs."""

    def __init__(self, channels: Mapping[str, Sequence[str]]) -> None:
        self._channels = channels

    def repeat(self, request: Body) -> Repeat:
        """Telling twice is a nuisance, not telling is a silence that looks like health: so it is safe to repeat."""
        del request
        return Repeat.SAFE

    def send(self, server: str, request: Body) -> Result:
        """One target, one attempt."""
        del server
        from apprise import Apprise, LogCapture, NotifyFormat, NotifyType  # noqa: PLC0415  17 MB: only where something is told

        urls = self._channels.get(request["to"], ())
        if request["target"] >= len(urls):
            return Result(Outcome.REFUSED, f"channel {request['to']!r} has no target {request['target']} any more")
        teller = Apprise()
        if not teller.add(urls[request["target"]]):
            return Result(Outcome.REFUSED, "Apprise does not understand this target's URL")
        # Apprise answers with one bool; why it failed stands only in its log (which ships without types)
        with LogCapture(level=logging.WARNING, fmt="%(message)s") as said:  # type: ignore[no-untyped-call]
            title, body = request["title"], request["body"] or request["title"]
            kind = NotifyType(_TYPES[request.get("severity", "info")])
            told = teller.notify(title=title, body=body, notify_type=kind, body_format=NotifyFormat.TEXT)
        return Result(Outcome.DONE, "told") if told else Result(Outcome.UNREACHABLE, _cause(said.getvalue()))


def _cause(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1][-200:] if lines else "the service did not take it"
