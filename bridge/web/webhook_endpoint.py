"""`POST /webhooks/<name>`: what others send is checked, stored, and only then answered."""

import structlog
from flask import Blueprint, Response, jsonify, make_response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from bridge.config import Webhook
from bridge.core.model import Body
from bridge.core.time_format import all_in_zone
from bridge.errors import Refused
from bridge.pipeline.receive.receiver import IncomingWebhook, Receipt
from bridge.web import app_context
from bridge.web.errors import HttpProblem
from bridge.web.reverse_proxy import address_of
from bridge.webhooks.platform import ChatPlatform

log = structlog.get_logger()
routes = Blueprint("hooks", __name__)

_MENDS = {
    400: "send what this webhook's platform sends: docs/webhooks.md says what that is",
    415: "say what kind of body it is in the header Content-Type",
    503: "send it again later; the log of the bridge names what cannot be read",
}


@routes.post("/webhooks/<name>")
def receive(name: str) -> Response:
    """202 for what became an event, 200 for what was here before or only asks; nothing but a 2xx
    was stored.
    """
    receiver = app_context.bridge().receiver
    setting = app_context.bridge().settings.webhooks.get(name)
    if name not in receiver.hooks or setting is None:
        raise HttpProblem(
            404, "there is no webhook of this name", "name one that stands in the settings"
        )
    try:
        _check_address(setting)
        reading = receiver.read(
            name, {key.lower(): value for key, value in request.headers}, _body()
        )
        _check_rate(name, setting)
        receipt = receiver.take(name, reading)
    except Refused as error:
        raise _refused(receiver.hooks[name], error) from error
    for why in receipt.ignored:
        log.warning("part of a webhook ignored", webhook=name, why=why)
    response = _answered(receiver.hooks[name], receipt)
    if receipt.new:
        app_context.bell()("decide", receiver.hooks[name].server)
    return response


def _answered(hook: IncomingWebhook, receipt: Receipt) -> Response:
    if receipt.challenge is not None:
        return jsonify(receipt.challenge)
    if receipt.answer is not None and isinstance(hook.platform, ChatPlatform):
        if receipt.pressed:
            show = hook.platform.pressed
        else:
            show = hook.platform.shown
        settings = app_context.bridge().settings
        return jsonify(
            all_in_zone(
                show(receipt.answer, f"{settings.web.url}webhooks/{hook.name}"), settings.zone
            )
        )
    told: list[Body] = [{"event": each.event.id, "new": each.new} for each in receipt.taken]
    whole: Body = (
        told[0]
        if len(told) == 1 and not receipt.ignored
        else {"events": told, "ignored": receipt.ignored}
    )
    return make_response(jsonify(whole), 202 if receipt.new else 200)


def _refused(hook: IncomingWebhook, error: Refused) -> HttpProblem:
    status = error.status or 400
    if status == 401:  # noqa: PLR2004
        mend = hook.platform.proof
    else:
        mend = _MENDS.get(status, "")
    return HttpProblem(status, str(error), mend)


def _check_address(setting: Webhook) -> None:
    """Raises Refused(403) for an address that this webhook is not for. The header of proxies counts
    only behind them.
    """
    if not setting.allow_from:
        return
    sender = address_of(request.remote_addr)
    if sender is None or not any(sender in network for network in setting.allow_from):
        raise Refused("this webhook is not for this address", 403)


def _check_rate(name: str, setting: Webhook) -> None:
    seconds = app_context.rates().spend(name, setting.rate)
    if seconds is not None:
        mend = "send it again later, or raise `rate` of this webhook in the settings"
        raise HttpProblem(
            429,
            "more deliveries than this webhook takes",
            mend,
            {"Retry-After": str(round(seconds))},
        )


def _body() -> bytes:
    """The bytes that were signed, all of them and as they came: nothing here unpacks them.

    One more than is allowed is read, or a longer body would only look cut.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise HttpProblem(
            415,
            f"the body is packed: Content-Encoding {encoding[:40]!r}",
            "send it as it is, without a Content-Encoding",
        )
    most = app_context.bridge().settings.web.largest_body
    request.max_content_length = most + 1
    try:
        body = request.get_data(cache=False)
    except ClientDisconnected as error:
        raise _cut() from error
    if len(body) > most:
        raise RequestEntityTooLarge
    # a server hands on what came of a body whose sender went away, as if that were all of it
    if request.content_length not in (None, len(body)):
        raise _cut()
    return body


def _cut() -> HttpProblem:
    return HttpProblem(
        400,
        "the body was cut off on the way: less came than was announced",
        "send it again, all of it",
    )
