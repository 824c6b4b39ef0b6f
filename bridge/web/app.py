"""The application: rooms joined, errors in our words, the same headers on every answer."""

from collections.abc import Callable
from datetime import UTC, tzinfo

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from bridge.core.time_format import in_zone
from bridge.web import app_context, auth, errors, health, webhook_endpoint
from bridge.web.api import controls, journal
from bridge.web.pages import acknowledge_link, approval_link, dashboard
from bridge.web.reverse_proxy import Prefixed
from bridge.web.serializers import Provider
from bridge.web.wake_up import Bell
from bridge.wiring import Bridge

# Data in the pages comes from other people's servers: whatever got past the escaping could still
# load or send nothing.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'"
    " data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(bridge: Bridge, ring: Callable[..., None]) -> Flask:
    """The application over this bridge; `ring("decide", server)` is called after a webhook was
    stored.
    """
    app = Flask("bridge.web")
    app.config["MAX_CONTENT_LENGTH"] = bridge.settings.web.largest_body
    if bridge.settings.web.proxies:
        behind = ProxyFix(app.wsgi_app, x_for=bridge.settings.web.proxies, x_proto=0, x_host=0)
        app.wsgi_app = behind  # type: ignore[method-assign]
    public = bridge.settings.web.public_url
    app.wsgi_app = Prefixed(app.wsgi_app, str(public) if public else None)  # type: ignore[method-assign]
    app.json = Provider(app)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app_context.put(app, bridge, Bell(ring))
    for room in (
        auth.routes,
        webhook_endpoint.routes,
        journal.routes,
        controls.routes,
        dashboard.routes,
        approval_link.routes,
        acknowledge_link.routes,
    ):
        app.register_blueprint(room)
    app.register_blueprint(health.routes)
    errors.register(app)
    app.before_request(errors.no_unstorable)
    app.after_request(_dressed)
    _show_times(app, bridge.settings.zone, bridge.settings.timezone)
    return app


def _show_times(app: Flask, zone: tzinfo, name: str) -> None:
    """Pages show times by the clocks of the settings; what scripts read stays in UTC."""

    def told(response: Response) -> Response:
        if response.mimetype == "text/html" and zone is not UTC:
            response.set_data(in_zone(response.get_data(as_text=True), zone))
        return response

    app.add_template_filter(lambda moment: moment.astimezone(zone), "local")
    app.jinja_env.globals["zone"] = name
    app.after_request(told)


def _dressed(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
