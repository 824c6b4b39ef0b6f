"""Who may look: one mechanism, tokens, carried in a header by programs and in a cookie by browsers."""

import secrets
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from bridge.errors import Bug
from bridge.store import tokens
from bridge.web import site
from bridge.web.problems import Problem

COOKIE = "bondbridge_token"
_LASTS = timedelta(hours=12)
_SPENT = (
    "This link does not work: a sign-in link works once, and not for long. Get another with "
    "“bondbridge token create NAME”, and paste the token here."
)
_WRONG = "This is not a valid token. Get one with “bondbridge token create NAME”, and paste it here."

log = structlog.get_logger()
routes = Blueprint("auth", __name__)


def holder() -> str | None:
    """Whose token came with this request; None without one, or with one that does not count."""
    token = _carried()
    if token is None:
        return None
    with site.bridge().database.reading() as connection:
        return tokens.holder(connection, token, site.bridge().machine())


def named(holder: str) -> bool:
    """Whether a token's name is that of somebody in particular: a sign-in by a one-time link says nothing of who it was."""
    return not holder.startswith(tokens.SIGN_IN)


def pages_only_with_token() -> Response | None:
    """Send people who have not signed in to where they can."""
    return None if holder() else make_response(redirect(url_for("auth.sign_in"), 303))


def api_only_with_token() -> None:
    """Answer programs that show no valid token with 401."""
    if not holder():
        mend = "send “Authorization: Bearer TOKEN” with a token of “bondbridge token create NAME”"
        raise Problem(401, "a valid token is needed here", mend, {"WWW-Authenticate": "Bearer"})


@routes.get("/sign-in")
def sign_in() -> Response:
    """The form; with a one-time token in the address, the sign-in itself."""
    token = request.args.get("token")
    if token is None or request.method == "HEAD":  # whoever only previews a link must not use it up
        return _form()
    lasting = _exchanged(token)
    if lasting is None:
        log.warning("sign-in refused", why="the link is wrong, old or used")
        return _form(_SPENT, 403)
    return _signed_in(lasting)


@routes.post("/sign-in")
def sign_in_with_token() -> Response:
    """Sign in with a lasting token, pasted into the form."""
    from_our_own_page()
    token = request.form.get("token", "").strip()
    with site.bridge().database.reading() as connection:
        name = tokens.holder(connection, token, site.bridge().machine())
    if name is None:
        log.warning("sign-in refused", why="the token is wrong or old")
        return _form(_WRONG, 403)
    return _signed_in(token)


@routes.post("/sign-out")
def sign_out() -> Response:
    """Forget the cookie, and end the sign-in it stood for; a token that was pasted stays good."""
    from_our_own_page()
    name = holder()
    if name is not None and not named(name):
        with site.bridge().database.writing() as connection:
            tokens.revoke(connection, name)
    response = make_response(redirect(url_for("auth.sign_in"), 303))
    response.delete_cookie(COOKIE, path=_path(), secure=_secure(), httponly=True, samesite="Lax")
    return response


def _carried() -> str | None:
    given = request.authorization
    if given is not None:
        return given.token if given.type == "bearer" else None
    return request.cookies.get(COOKIE)


def _exchanged(token: str) -> str | None:
    """A fresh sign-in for a one-time token, which is used up by this; None if it was wrong, old or used."""
    now = site.bridge().machine()
    with site.bridge().database.writing() as connection:
        if not tokens.spend(connection, token, now):
            return None
        tokens.forget_expired(connection, now)
        fresh = tokens.create(connection, tokens.SIGN_IN + secrets.token_hex(8), expires_at=now + _LASTS)
    if fresh is None:
        raise Bug("two sign-ins got the same random name")
    return fresh


def _signed_in(token: str) -> Response:
    response = make_response(redirect(url_for("pages.stream"), 303))
    response.set_cookie(
        COOKIE, token, max_age=int(_LASTS.total_seconds()), path=_path(), secure=_secure(), httponly=True, samesite="Lax"
    )
    return response


def _form(problem: str = "", status: int = 200) -> Response:
    return make_response(render_template("sign_in.html", problem=problem), status)


def _path() -> str:
    """Where the cookie counts: below the path that we are reached at."""
    return f"{request.script_root}/"


def _secure() -> bool:
    return urlsplit(site.bridge().settings.web.url).scheme == "https"


def from_our_own_page() -> None:
    """Refuse a form that another site made the browser send. Programs send neither header, and no cookie unasked."""
    site_of_page, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    ours = {_origin(request.host_url), _origin(site.bridge().settings.web.url)}
    if site_of_page is not None:
        cross = site_of_page not in ("same-origin", "none")
    else:
        cross = origin is not None and origin not in ours
    if cross:
        raise Problem(403, "this form was sent from another site", "open bondbridge itself and send it from there")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port not in (None, usual) else "")
