"""Who may look: one mechanism, tokens, carried in a header by programs and in a cookie by
browsers.
"""

import secrets
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from bridge.core.events.headlines import headline
from bridge.core.events.operator_events import Deed
from bridge.errors import Bug
from bridge.store import tokens
from bridge.store.observations import audit_log
from bridge.web import app_context
from bridge.web.errors import HttpProblem

COOKIE = "bondbridge_token"
_LASTS = timedelta(hours=12)
_SPENT = (
    "This link does not work: a sign-in link works once, and not for long. Get another with "
    "“bondbridge token create NAME”, and paste the token here."
)
_WRONG = (
    "This is not a valid token. Get one with “bondbridge token create NAME”, and paste it here."
)
_NAMELESS = "Say who you are: your name stands beside what you do here."
_LONGEST = 60

log = structlog.get_logger()
routes = Blueprint("auth", __name__)


def holder() -> str | None:
    """Whose token came with this request; None without one, or with one that does not count."""
    token = _carried()
    if token is None:
        return None
    with app_context.bridge().database.reading() as connection:
        return tokens.holder(connection, token, app_context.bridge().machine())


def person() -> str:
    """Who that is, as it is told: after a sign-in by a link, the name they gave."""
    found = holder() or "nobody"
    return tokens.told_as(found)


def place() -> str:
    """From where: the page or the API, and the sender's address."""
    if request.authorization is None:
        way = "page"
    else:
        way = "API"
    return f"{way}, {request.remote_addr}"


def named(holder: str) -> bool:
    """Whether a token's name is that of somebody in particular: a sign-in by a one-time link says
    nothing of who it was.
    """
    return not holder.startswith(tokens.SIGN_IN)


def pages_only_with_token() -> Response | None:
    """Send people who have not signed in to where they can."""
    if holder():
        return None
    return make_response(redirect(url_for("auth.sign_in"), 303))


def api_only_with_token() -> None:
    """Answer programs that show no valid token with 401."""
    if not holder():
        mend = "send “Authorization: Bearer TOKEN” with a token of “bondbridge token create NAME”"
        raise HttpProblem(401, "a valid token is needed here", mend, {"WWW-Authenticate": "Bearer"})


@routes.get("/sign-in")
def sign_in() -> Response:
    """The form; with a one-time token in the address, the one that asks for the person's name."""
    link = request.args.get("token")
    if link is None:
        return _form()
    with app_context.bridge().database.reading() as connection:
        good = tokens.spendable(connection, link, app_context.bridge().machine())
    if not good:
        _refused("the link is wrong, old or used")
        return _form(_SPENT, 403)
    return _form(link=link)


@routes.post("/sign-in")
def sign_in_with_token() -> Response:
    """Sign in with a lasting token, pasted into the form."""
    from_our_own_page()
    link = request.form.get("link")
    if link is not None:
        return _sign_in_by(link, request.form.get("name", "").strip())
    token = request.form.get("token", "").strip()
    with app_context.bridge().database.reading() as connection:
        name = tokens.holder(connection, token, app_context.bridge().machine())
    if name is None:
        _refused("the token is wrong or old")
        return _form(_WRONG, 403)
    with app_context.bridge().database.writing() as connection:
        deed = Deed("signed_in", tokens.told_as(name), place(), why="with a token")
        event = audit_log.record(connection, deed, app_context.bridge().now())
    log.info(headline(event))
    return _signed_in(token)


def _sign_in_by(link: str, name: str) -> Response:
    """Sign in by a one-time link, which this uses up."""
    if not name or len(name) > _LONGEST or not name.isprintable():
        return _form(_NAMELESS, 400, link)
    lasting = _exchanged(link, name)
    if lasting is None:
        _refused("the link is wrong, old or used")
        return _form(_SPENT, 403)
    return _signed_in(lasting)


def _refused(why: str) -> None:
    """Noted, at most once a minute for each address and reason: guesses fill no journal."""
    bridge = app_context.bridge()
    log.warning("sign-in refused", why=why, address=request.remote_addr)
    n = [request.remote_addr, why, bridge.machine().replace(second=0, microsecond=0).isoformat()]
    with bridge.database.writing() as connection:
        deed = Deed("sign_in_refused", "nobody", place(), why=why)
        audit_log.record(connection, deed, bridge.now(), n)


@routes.post("/sign-out")
def sign_out() -> Response:
    """Forget the cookie, and end the sign-in it stood for; a token that was pasted stays good."""
    from_our_own_page()
    name = holder()
    if name is not None:
        with app_context.bridge().database.writing() as connection:
            if not named(name):
                tokens.revoke(connection, name)
            deed = Deed("signed_out", tokens.told_as(name), place())
            audit_log.record(connection, deed, app_context.bridge().now())
    response = make_response(redirect(url_for("auth.sign_in"), 303))
    response.delete_cookie(COOKIE, path=_path(), secure=_secure(), httponly=True, samesite="Lax")
    return response


def _carried() -> str | None:
    given = request.authorization
    if given is not None:
        if given.type == "bearer":
            return given.token
        return None
    return request.cookies.get(COOKIE)


def _exchanged(token: str, person: str) -> str | None:
    """A fresh sign-in for a one-time token, which is used up by this; None if it was wrong, old or
    used.
    """
    now = app_context.bridge().machine()
    with app_context.bridge().database.writing() as connection:
        if not tokens.spend(connection, token, now):
            return None
        tokens.forget_expired(connection, now)
        name = f"{tokens.SIGN_IN}{secrets.token_hex(8)} {person}"
        fresh = tokens.create(connection, name, expires_at=now + _LASTS)
        if fresh is None:
            raise Bug("two sign-ins got the same random name")
        deed = Deed("signed_in", tokens.told_as(name), place(), why="by a one-time link")
        event = audit_log.record(connection, deed, app_context.bridge().now())
    log.info(headline(event))
    return fresh


def _signed_in(token: str) -> Response:
    response = make_response(redirect(url_for("pages.stream"), 303))
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(_LASTS.total_seconds()),
        path=_path(),
        secure=_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def _form(problem: str = "", status: int = 200, link: str = "") -> Response:
    return make_response(render_template("sign_in.html", problem=problem, link=link), status)


def _path() -> str:
    """Where the cookie counts: below the path that we are reached at."""
    return f"{request.script_root}/"


def _secure() -> bool:
    return urlsplit(app_context.bridge().settings.web.url).scheme == "https"


def from_our_own_page() -> None:
    """Refuse a form that another site made the browser send. Programs send neither header, and no
    cookie unasked.
    """
    site_of_page = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    ours = {_origin(request.host_url), _origin(app_context.bridge().settings.web.url)}
    if site_of_page is not None:
        cross = site_of_page not in ("same-origin", "none")
    else:
        cross = origin is not None and origin not in ours
    if cross:
        raise HttpProblem(
            403,
            "this form was sent from another site",
            "open bondbridge itself and send it from there",
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}" + (
        f":{parts.port}" if parts.port not in (None, usual) else ""
    )
