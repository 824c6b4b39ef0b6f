"""Errors as answers: one shape in JSON, one page for people, and nothing of our insides in
either.
"""

import traceback
from http import HTTPStatus

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from bridge.core.json_safety import storable
from bridge.store.database import Away

_WEBHOOKS = "/webhooks/"
_MACHINES = ("/api/", _WEBHOOKS)
_LINKS = ("/approve/", "/ack/")
_FRAMES = 4
_LONGEST_NAME = 80
_AGAIN = "5"  # seconds

_TOLD = {
    400: ("this request cannot be read", "see the documentation for what this address takes"),
    404: (
        "there is nothing at this address",
        "check its spelling; what was removed does not come back",
    ),
    405: ("this address does not take this method", "use one of those in the Allow header"),
    413: ("the body is too large", "send less, or raise web.largest_body in the settings"),
    415: ("this kind of body is not read here", "send it as the documentation says"),
    503: (
        "the database cannot be used now",
        "try again in a little while; bondbridge's log names the cause",
    ),
    500: ("bondbridge could not answer this request", "try again; its log says what went wrong"),
}

log = structlog.get_logger()


class HttpProblem(HTTPException):
    """Something to answer instead: the status, what is wrong and how to mend it."""

    def __init__(
        self, status: int, what: str, mend: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(what)
        self.code = status
        self.what = what
        self.mend = mend
        self.headers = headers or {}


def register(app: Flask) -> None:
    """Let every error of this application be told here."""
    app.register_error_handler(HTTPException, _expected)
    app.register_error_handler(Away, _away)
    app.register_error_handler(Exception, _unexpected)


def no_unstorable() -> None:
    """No address, query or form holds what no database can store: NUL, and halves of characters."""
    if storable(request.path) != request.path:
        raise HttpProblem(404, *_TOLD[404])
    # the body of a webhook is read as it was signed, and not as a form
    form = [] if request.path.startswith(_WEBHOOKS) else request.form.items(multi=True)
    given = [*request.args.items(multi=True), *form]
    if any(storable(each) != each for pair in given for each in pair):
        raise HttpProblem(
            400, "a character in it cannot be stored", "leave out NUL and halves of characters"
        )


def shown(error: BaseException) -> str:
    """An error in one line for the log: a database's further lines hold the values, and so secrets
    and bodies.
    """
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}".removesuffix(": ")


def _expected(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, HttpProblem):
        return _refused(status, error.what, error.mend, error.headers)
    if error.response is not None or status < HTTPStatus.BAD_REQUEST:
        return make_response(error.get_response())
    what, mend = _TOLD.get(status, (error.name.lower(), ""))
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return _refused(status, what, mend, kept)


def _refused(status: int, what: str, mend: str, headers: dict[str, str]) -> Response:
    """What a webhook refuses is in the log, no matter what found it: the platform, the reading of
    the body, or Flask.
    """
    if request.path.startswith(_WEBHOOKS):
        name = request.path.removeprefix(_WEBHOOKS)[:_LONGEST_NAME]
        if name.isprintable():
            known_as = name
        else:
            known_as = ascii(name)
        log.warning(
            "webhook refused", webhook=known_as, why=what, status=status, sender=request.remote_addr
        )
    return _told(status, what, mend, headers)


def _away(error: Exception) -> Response:
    """Gone, full, read-only or busy: nothing was stored, so the person who sent something sends it
    again.
    """
    log.warning("the database cannot be used", path=_spoken(), why=shown(error))
    return _refused(503, *_TOLD[503], {"Retry-After": _AGAIN})


def _unexpected(error: Exception) -> Response:
    # the frames and not the values in them: those could be tokens, or the body of a webhook
    frames = [
        f"{frame.filename}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    ]
    log.error("a request failed", path=_spoken(), why=shown(error), at=frames)
    return _told(500, *_TOLD[500], {})


def _spoken() -> str:
    """The path for the log; behind the link of a question or a notice it is a right, and stays
    unsaid.
    """
    return next(
        (f"{begins}…" for begins in _LINKS if request.path.startswith(begins)), request.path
    )


def _told(status: int, what: str, mend: str, headers: dict[str, str]) -> Response:
    if request.path.startswith(_MACHINES):
        answer = jsonify(error={"status": status, "what": what, "mend": mend})
    else:
        answer = make_response(render_template("error.html", status=status, what=what, mend=mend))
    answer.status_code = status
    answer.headers.update(headers)
    return answer
