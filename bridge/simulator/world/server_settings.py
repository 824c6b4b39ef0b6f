"""The server-wide settings that the world's own behaviour depends on, with what holds where nobody
has set them.

Source: the vendor's pages on aggregator failover settings and on prevented downtime; the names are
our likeliest guess.
"""

from typing import Any

DEFAULTS: dict[str, Any] = {
    "aggregator_failover_maintenance_mode": False,  # true: no bond is moved
    # true: no bond is moved while too many aggregators look failed
    "aggregator_failover_suspension": True,
    # more than this share of all aggregators is too many
    "aggregator_failover_suspension_percentage": 50,
    "prevented_downtime_minimum_seconds": 30,  # shorter outages do not count
}


def setting(world: object, name: str) -> Any:
    """Give one setting of DEFAULTS as the world has it, or its default."""
    for record in getattr(world, "records", {}).get("settings", {}).values():
        return record.values.get(name, DEFAULTS[name])
    return DEFAULTS[name]
