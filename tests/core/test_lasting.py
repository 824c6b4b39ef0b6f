"""Which events last, what ends them, and whether an object still shows them."""

from typing import Any

import pytest

from bridge.core.events.builder import EVENTS, happenings
from bridge.core.events.types import EventType
from bridge.core.objects.object_schemas import BODIES

from .builders import body, change

LASTING = [row for row in EVENTS.values() if row.ends]
# the state of a bond, or of the backups, stands in an object of its own
STATE_OF = {"bond_condition": "bond", "placement": "bond", "backup_schedule": "backup"}

# event, what its object is while it lasts, what it is when it is over
STATES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("leg.down", {"standing": "down"}, {"standing": "up"}),
    ("leg.down", {"standing": "down"}, {"standing": "degraded"}),
    ("leg.degraded", {"standing": "degraded"}, {"standing": "down"}),
    ("leg.degraded", {"standing": "degraded"}, {"standing": None}),
    ("bond.down", {"state": "down"}, {"state": "on_failover"}),
    ("bond.degraded", {"state": "degraded"}, {"state": "up"}),
    ("bond.on_failover_leg", {"state": "on_failover"}, {"state": "degraded"}),
    ("bond.failed_over", {"primary": 1, "current": 2}, {"primary": 1, "current": 1}),
    ("bond.failed_over", {"primary": 1, "current": 2}, {"primary": 1, "current": None}),
    ("aggregator.failed", {"standing": "down"}, {"standing": "up"}),
    ("aggregator.checks_failing", {"state": "failing"}, {"state": "clear"}),
    ("failover.disabled", {"failover": "maintenance"}, {"failover": "on"}),
    ("failover.disabled", {"failover": "suspended"}, {"failover": None}),
    ("bond_tuning.started", {"outcome": None}, {"outcome": "unknown"}),
    ("leg_tuning.started", {"outcome": None}, {"outcome": "failed"}),
    ("speedtest.started", {"outcome": None}, {"outcome": "succeeded"}),
    (
        "bond_tuning.recommended",
        {"outcome": "recommended"},
        {"outcome": "recommended", "verdict": "accepted"},
    ),
    (
        "leg_tuning.recommended",
        {"outcome": "recommended"},
        {"outcome": "recommended", "verdict": "declined"},
    ),
    ("config_updates.failing", {"state": "stuck"}, {"state": "clear"}),
    ("config_updates.stuck", {"state": "stuck"}, {"state": "failing"}),
    ("backup.pending", {"state": "overdue"}, {"state": "due"}),
    ("backup.overdue", {"state": "overdue"}, {"state": "pending"}),
    ("tls.expiring", {"stage": 0}, {"stage": None}),
    ("node.outdated", {"outdated": True}, {"outdated": None}),
]


@pytest.mark.parametrize(("name", "lasts", "is_over"), STATES)
def test_an_object_shows_whether_what_began_still_lasts(
    name: str, lasts: dict, is_over: dict
) -> None:
    """The state that the event began is recognised by itself, and no other state is taken for
    it.
    """
    row = EVENTS[name]
    assert row.still
    assert row.kind
    assert row.still(body(row.kind, **lasts))
    assert not row.still(body(row.kind, **is_over))


def test_every_state_that_lasts_is_in_the_table() -> None:
    """No lasting event that an object shows goes unproved above."""
    assert {name for name, *_ in STATES} == {row.name for row in LASTING if row.kind}


@pytest.mark.parametrize("row", LASTING, ids=lambda row: row.name)
def test_what_ends_an_event_is_an_event_of_the_same_thing(row: EventType) -> None:
    """Ends exist, are other events than the one they end, and are about its object or about what
    its object is the state of.
    """
    assert row.name not in row.ends
    assert (row.still is None) == (row.kind is None)
    for name in row.ends:
        kind = EVENTS[name].kind
        assert kind in {row.kind, STATE_OF.get(row.kind or ""), None} or (row.name, name) == (
            "leg.flapping",
            "leg.removed",
        )


@pytest.mark.parametrize(
    "kind", [kind for kind in BODIES if any(row.kind == kind for row in LASTING)]
)
def test_nothing_is_known_of_a_blank_object_to_last(kind: str) -> None:
    """What a server does not say is nothing that lasts, but a run whose outcome is open is one that
    runs.
    """
    found = [
        row.name for row in LASTING if row.kind == kind and row.still and row.still(body(kind))
    ]
    assert all(name.endswith(".started") for name in found)


@pytest.mark.parametrize(("name", "lasts", "is_over"), STATES)
def test_when_it_is_over_an_end_is_told(name: str, lasts: dict, is_over: dict) -> None:
    """From the state that lasts to a known one that does not: one of its ends happens, if the
    object tells it at all.
    """
    row = EVENTS[name]
    assert row.kind
    told = {
        each.name
        for each in happenings(change(row.kind, body(row.kind, **lasts), body(row.kind, **is_over)))
    }
    unknown = None in [value for field, value in is_over.items() if field != "verdict"]
    elsewhere = row.kind in {"backup_schedule", "certificate"} or name == "config_updates.stuck"
    assert unknown or elsewhere or told & set(row.ends)
