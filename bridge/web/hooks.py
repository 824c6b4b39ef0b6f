"""`POST /webhooks/<name>`: what another system sends is stored before it is answered."""

from collections.abc import Callable
from functools import partial

import structlog
from flask import Blueprint, Response, make_response, request
from werkzeug.exceptions import RequestEntityTooLarge

from bridge.errors import Refused
from bridge.web import site
from bridge.web.problems import Problem, shown

log = structlog.get_logger()
routes = Blueprint("hooks", __name__)


@routes.post("/webhooks/<name>")
def receive(name: str) -> Response:
    """202 for a delivery that became an event, 200 for one that was here before."""
    receiver = site.bridge().receiver
    if name not in receiver.hooks:
        raise Problem(404, "there is no webhook of this name", "name one that stands in the settings")
    headers = {key.lower(): value for key, value in request.headers}
    try:
        receipt = receiver.take(name, headers, _body())
    except Refused as error:
        log.warning("webhook refused", webhook=name, why=str(error), status=error.status)
        mend = "sign it with the secret of the settings, at the time it is sent" if error.status == 401 else ""  # noqa: PLR2004
        raise Problem(error.status or 400, str(error), mend) from error
    response = make_response({"event": receipt.event.id, "new": receipt.new}, 202 if receipt.new else 200)
    if receipt.new:
        # a broker that is away takes its time to say so, and whoever sent this need not wait for that
        response.call_on_close(partial(_ring, site.bell(), receipt.event.server))
    return response


def _body() -> bytes:
    """The bytes that were signed. One more than is allowed is read: without it, a longer body would only look cut."""
    most = site.bridge().settings.web.largest_body
    request.max_content_length = most + 1
    body = request.get_data(cache=False)
    if len(body) > most:
        raise RequestEntityTooLarge
    return body


def _ring(bell: Callable[..., None], server: str) -> None:
    """Have it decided at once. It is stored already, so whatever is wrong with the bell must not refuse it."""
    try:
        bell("decide", server)
    except Exception as error:  # noqa: BLE001  said above
        log.warning("the bell does not ring", why=shown(error))
