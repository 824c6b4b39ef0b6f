"""How everything stands: the servers, the scopes that are polled, and what waits or went wrong."""

import time
from collections.abc import Mapping
from datetime import datetime

import structlog
from flask import Blueprint, Response

from bridge.core.model import Body
from bridge.store import installation, internal_errors, rulebooks
from bridge.store.database import Unusable
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import Scope
from bridge.store.views import journal
from bridge.web import app_context, errors
from bridge.wiring import Bridge

# what people should look at; an open job or an undecided event is business as usual
_PROBED = 2.0  # seconds that one probe counts
_WRONG = ("jobs_late", "jobs_in_doubt", "rulebook_rejected", "internal_errors")


log = structlog.get_logger()
routes = Blueprint("health", __name__)
_written: dict[str, float] = {}


@routes.get("/healthz")
def alive() -> Response:
    """Whether this process runs and its database can be written; for supervisors, so nobody has to
    sign in.
    """
    try:
        _probe(app_context.bridge())
    except Unusable as error:
        log.warning("the database cannot be written", why=errors.shown(error))
        return _plain("the database cannot be written", 503)
    return _plain("ok")


@routes.get("/readyz")
def moving() -> Response:
    """Whether the bridge does its work: polls, decides, delivers and tells. Nobody has to sign in
    for it.
    """
    found = app_context.movement().look()
    if found:
        return _plain("\n".join(each.name for each in found), 503)
    return _plain("ok")


def _plain(text: str, status: int = 200) -> Response:
    return Response(f"{text}\n", status, mimetype="text/plain")


def _probe(bridge: Bridge) -> None:
    """Write next to nothing, every few seconds at most, however often strangers ask. Raises what
    the database raises.
    """
    now = time.monotonic()
    if now - _written.get(bridge.database.url, -_PROBED) < _PROBED:
        return
    with bridge.database.writing() as connection:
        installation.probe(connection, bridge.machine().isoformat())
    _written[bridge.database.url] = now


def report(bridge: Bridge) -> Body:
    """`{"status": "ok" | "degraded", "now", "servers", "scopes", "counts", "stalled"}`; ages in
    seconds of domain time.
    """
    now = bridge.now()
    watched = [server.name for server in bridge.settings.servers]
    with bridge.database.reading() as connection:
        known = snapshots.health_of(connection)
        counts = dict(journal.counts(connection, now))
        counts["rulebook_rejected"] = int(rulebooks.rejected(connection))
        counts["internal_errors"] = internal_errors.count(connection, now)
        scopes = [scope for scope in snapshots.all_scopes(connection) if scope.server in watched]
    stalled = app_context.movement().look()
    servers = {name: known.get(name, "unknown") for name in watched}
    return {
        "status": "ok" if _well(servers, scopes, counts) and not stalled else "degraded",
        "now": now,
        "servers": servers,
        "scopes": [_scope(scope, now) for scope in scopes],
        "counts": counts,
        "stalled": [
            {"name": each.name, "says": each.says, "since": each.since} for each in stalled
        ],
    }


def _well(servers: Mapping[str, str], scopes: list[Scope], counts: Mapping[str, int]) -> bool:
    polled = all(health == "ok" for health in servers.values()) and not any(
        scope.failures for scope in scopes
    )
    return polled and not any(counts[name] for name in _WRONG)


def _scope(scope: Scope, now: datetime) -> Body:
    return {
        "server": scope.server,
        "name": scope.name,
        "polled_at": scope.polled_at,
        "age_seconds": round((now - scope.polled_at).total_seconds(), 3)
        if scope.polled_at
        else None,
        "failures": scope.failures,
        "problem": scope.problem,
    }
