"""How everything stands: the servers, the scopes that are polled, and what waits or went wrong."""

from collections.abc import Mapping
from datetime import datetime

from bridge.core.model import Body
from bridge.store import faults, journal, rulebooks, watching
from bridge.store.watching import Scope
from bridge.wiring import Bridge

# what people should look at; an open job or an undecided event is business as usual
_WRONG = ("jobs_late", "jobs_in_doubt", "rulebook_rejected", "internal_errors")


def glance(bridge: Bridge) -> None:
    """Read next to nothing; raises whatever the database raises."""
    with bridge.database.reading() as connection:
        watching.health_of(connection)


def report(bridge: Bridge) -> Body:
    """`{"status": "ok" | "degraded", "now", "servers", "scopes", "counts"}`; ages in seconds of domain time."""
    now, watched = bridge.now(), [server.name for server in bridge.settings.servers]
    with bridge.database.reading() as connection:
        known, counts = watching.health_of(connection), dict(journal.counts(connection, now))
        counts["rulebook_rejected"] = int(rulebooks.rejected(connection))
        counts["internal_errors"] = faults.count(connection, now)
        scopes = [scope for scope in watching.all_scopes(connection) if scope.server in watched]
    servers = {name: known.get(name, "unknown") for name in watched}
    return {
        "status": "ok" if _well(servers, scopes, counts) else "degraded",
        "now": now,
        "servers": servers,
        "scopes": [_scope(scope, now) for scope in scopes],
        "counts": counts,
    }


def _well(servers: Mapping[str, str], scopes: list[Scope], counts: Mapping[str, int]) -> bool:
    polled = all(health == "ok" for health in servers.values()) and not any(scope.failures for scope in scopes)
    return polled and not any(counts[name] for name in _WRONG)


def _scope(scope: Scope, now: datetime) -> Body:
    return {
        "server": scope.server,
        "name": scope.name,
        "polled_at": scope.polled_at,
        "age_seconds": round((now - scope.polled_at).total_seconds(), 3) if scope.polled_at else None,
        "failures": scope.failures,
        "problem": scope.problem,
    }
