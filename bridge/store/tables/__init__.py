"""The tables. Their history is in `migrations/`; a test holds the two together.

Moments are domain time unless their name says otherwise; leases are seconds by the database's own
clock.
"""

from bridge.store.tables.columns import metadata
from bridge.store.tables.controls import (
    approvals,
    breakers,
    conversations,
    locks,
    meters,
    pauses,
    rechecks,
    schedules,
    silences,
    spendings,
    sweeps,
    tokens,
    undos,
)
from bridge.store.tables.execution import (
    attempts,
    cooldowns,
    decisions,
    facts,
    gatherings,
    jobs,
    rulebooks,
    verdicts,
)
from bridge.store.tables.installation import installation
from bridge.store.tables.notifications import outlets, tellings
from bridge.store.tables.snapshots import (
    events,
    faults,
    flaps,
    hands_off,
    incidents,
    members,
    objects,
    scopes,
    servers,
)

__all__ = [
    "approvals",
    "attempts",
    "breakers",
    "conversations",
    "cooldowns",
    "decisions",
    "events",
    "facts",
    "faults",
    "flaps",
    "gatherings",
    "hands_off",
    "incidents",
    "installation",
    "jobs",
    "locks",
    "members",
    "metadata",
    "meters",
    "objects",
    "outlets",
    "pauses",
    "rechecks",
    "rulebooks",
    "schedules",
    "scopes",
    "servers",
    "silences",
    "spendings",
    "sweeps",
    "tellings",
    "tokens",
    "undos",
    "verdicts",
]
