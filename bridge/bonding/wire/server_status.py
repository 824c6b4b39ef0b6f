"""What the server says of itself as a whole, in the few shapes these summaries may have."""

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.bonding.wire import parsers
from bridge.core.model import Body, Json

Raw = Mapping[str, Any]

# names of statuses that mean an update is still owed to its node; the vendor publishes none of them
_OWED = parsers.words(
    "pending queued waiting new created scheduled sent sending running in_progress started retrying"
    " unsent"
)


def config_updates(_: Raw, body: Body) -> Body:
    """`pending`: how many records have a status that means not finished."""
    statuses = body["statuses"]
    owed = [
        count for name, count in statuses.items() if name.strip().lower().replace(" ", "_") in _OWED
    ]
    return {"pending": sum(owed) if statuses else None}


_SUCCESS = ("success", "successes", "succeeded", "success_count", "passed", "ok")
_FAILURE = ("failure", "failures", "failed", "failure_count", "errors")


def failover_checks(raw: Raw, _: Body) -> Body:
    """Two counts, or two for each aggregator, which are summed."""
    parts = list(_counted(raw))
    return {
        name: _sum(parts, names) for name, names in (("success", _SUCCESS), ("failure", _FAILURE))
    }


def _counted(value: Json) -> Iterator[Raw]:
    if isinstance(value, list):
        for each in value:
            yield from _counted(each)
    elif isinstance(value, dict) and any(
        parsers.whole(value.get(name)) is not None for name in (*_SUCCESS, *_FAILURE)
    ):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _counted(each)


def _sum(parts: list[Raw], names: tuple[str, ...]) -> int | None:
    found = [
        count
        for count in (parsers.whole(parsers.first(part, names)) for part in parts)
        if count is not None
    ]
    if found:
        return sum(found)
    return None


_SPANS = ("week", "month")
_REPORT = {
    "start": (parsers.moment, ("start", "start_time", "begin", "from")),
    "end": (parsers.moment, ("end", "end_time", "to", "until")),
    "duration": (parsers.number, ("duration", "seconds", "downtime")),
    "count": (parsers.whole, ("count", "outages")),
}


def downtime_report(raw: Raw, _: Body) -> Body:
    """`{"week": {…}, "month": {…}}`, or the same flat, as `week_start`."""
    found: dict[str, Json] = {}
    for span in _SPANS:
        below = raw.get(span) or raw.get(f"previous_{span}")
        if isinstance(below, dict):
            part = below
        else:
            part = {}
        for name, (read, names) in _REPORT.items():
            flat = {each: raw.get(f"{span}_{each}") for each in names}
            found[f"{span}_{name}"] = read(parsers.first({**flat, **part}, names))
    return found


def versions(raw: Raw, _: Body) -> Body:
    """Each software's version by its name."""
    return {"versions": {name: version for name, version in raw.items() if name != "url"}}


_MAINTENANCE = (
    "aggregator_failover_maintenance_mode",
    "aggregator_failover_maintenance",
    "agg_failover_maintenance_mode",
    "failover_maintenance_mode",
    "maintenance_mode",
)
_SUSPENDED = ("aggregator_failover_suspended", "agg_failover_suspended", "failover_suspended")
_ENABLED = ("aggregator_failover_enabled", "agg_failover_enabled", "failover_enabled")


def settings(raw: Raw, _: Body) -> Body:
    """`failover`: maintenance before suspended before on; None where no field speaks of it."""
    maintenance, suspended, enabled = (
        parsers.flag(parsers.first(raw, names)) for names in (_MAINTENANCE, _SUSPENDED, _ENABLED)
    )
    known = [each for each in (maintenance, suspended, enabled) if each is not None]
    if known:
        state = "on"
    else:
        state = None
    if suspended:
        state = "suspended"
    if maintenance or enabled is False:
        state = "maintenance"
    return {
        "failover": state,
        "other": {name: value for name, value in raw.items() if name not in ("id", "url")},
    }


# the names by which these documents are read, wherever in them they stand
NAMES: Mapping[str, frozenset[str]] = {
    "failover_checks": frozenset({*_SUCCESS, *_FAILURE, "items"}),
    "downtime_report": frozenset(
        {
            *_SPANS,
            *(f"previous_{span}" for span in _SPANS),
            *(
                name
                for _, names in _REPORT.values()
                for each in names
                for name in (each, *(f"{span}_{each}" for span in _SPANS))
            ),
        }
    ),
    "settings": frozenset({*_MAINTENANCE, *_SUSPENDED, *_ENABLED}),
}
