"""`webhook`: tell another system, with a CloudEvent signed as Standard Webhooks says."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import standardwebhooks

from bridge.actions.action import FireAndForgetAction, Result, ended
from bridge.actions.outbound_http import Target
from bridge.core.model import Outcome, Repeat
from bridge.core.requests import WebhookRequest
from bridge.errors import BridgeError


@dataclass(frozen=True, slots=True)
class OutgoingWebhook:
    """Where it goes, and what it is signed with: with each of the secrets, so that a receiver may
    have the old one yet.
    """

    target: Target
    secrets: Sequence[str]


class Webhook(FireAndForgetAction[WebhookRequest]):
    """`hooks` by name; `now`: the machine's, for signatures."""

    def __init__(self, hooks: Mapping[str, OutgoingWebhook], now: Callable[[], datetime]) -> None:
        self._hooks = hooks
        self._now = now

    def repeat(self, request: WebhookRequest) -> Repeat:
        """The same id twice is one message to anyone who keeps to the standard: so it is safe to
        repeat.
        """
        del request
        return Repeat.SAFE

    def lasts(self, server: str, request: WebhookRequest) -> float:
        """As long as all its steps may."""
        del server
        hook = self._hooks.get(request.to)
        if hook:
            return hook.target.longest
        return 0.0

    def send(self, server: str, request: WebhookRequest) -> Result:
        """Sign it for this try, and send it."""
        hook = self._hooks.get(request.to)
        if hook is None:
            return Result(
                Outcome.REFUSED,
                f"not sent: the settings name no outgoing webhook {request.to!r} any more",
            )
        text = cloud_event(server, request)
        moment = self._now().astimezone(UTC)
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": request.id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(
                standardwebhooks.Webhook(each).sign(request.id, moment, text)
                for each in hook.secrets
            ),
        }
        try:
            return Result(Outcome.DONE, str(hook.target.post(text.encode(), headers)))
        except BridgeError as error:
            return ended(error)


def cloud_event(server: str, request: WebhookRequest) -> str:
    """A CloudEvent of one id for all tries. `event` and `rule` are extensions: what happened, and
    who tells it.
    """
    about = {
        "id": request.id,
        "type": request.type,
        "subject": request.subject,
        "time": request.time,
        "event": request.event,
        "rule": request.rule,
        "data": request.data,
    }
    unwritten = request.unwritten
    if unwritten:  # an extension is a text
        about["unwritten"] = "; ".join(f"{name}: {why}" for name, why in unwritten.items())
    return json.dumps(
        {"specversion": "1.0", "source": server, "datacontenttype": "application/json", **about}
    )
