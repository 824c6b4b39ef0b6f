"""Objects in the shapes that they may well come in."""

from typing import Any

import pytest

from bridge.bonding.catalogue import KINDS
from bridge.bonding.wire import normalise
from bridge.bonding.wire.field_map import FIELDS, VITAL
from bridge.core.objects import object_schemas
from tests.case_tables import all_cases

from .sample_objects import HOST

KEY = b"k"


def body(kind: str, raw: Any, **parents: Any) -> dict[str, Any]:
    """The body of one object."""
    return dict(normalise(kind, raw, KEY, **parents).body)


@all_cases("kind", KINDS)
def test_every_field_has_a_reading(kind: str) -> None:
    """Each field of every configured object is read by the table, and no kind's table reads what is
    no field of it.
    """
    assert set(FIELDS[kind]) <= set(object_schemas.BODIES[kind])
    if kind in object_schemas.CONFIGURED:
        assert set(object_schemas.BODIES[kind]) - {"other"} == set(FIELDS[kind])
    assert VITAL[kind] <= set(FIELDS[kind])


@pytest.mark.parametrize(
    ("kind", "raw", "parents", "field", "value"),
    [
        ("bond_tuning", {"id": 1}, {"bond": 3}, "bond", 3),
        ("bond_tuning", {"id": 1, "bond": 4}, {"bond": 3}, "bond", 4),
        ("leg_tuning", {"id": 1}, {"bond": 3, "leg": 5}, "leg", 5),
        ("ethernet_interface", {"id": 1}, {"node": 8}, "node", 8),
        ("ip_allocation", {"id": 1}, {"space": "acme"}, "space", {"key": "acme", "name": None}),
        (
            "ip_allocation",
            {"id": 1, "space": f"{HOST}/spaces/lab/"},
            {"space": "acme"},
            "space",
            {"key": "lab", "name": None},
        ),
        ("route", {"id": 1}, {"bond": 3, "leg": 9}, "bond", 3),
    ],
)
def test_parents_fill_what_the_object_does_not_say(
    kind: str, raw: dict, parents: dict, field: str, value: object
) -> None:
    """An object in a list of a bond, a node or a space belongs to it, unless it says otherwise."""
    found = body(kind, raw, **parents)
    assert found[field] == value
    assert set(found) == set(object_schemas.BODIES[kind])


@pytest.mark.parametrize(
    ("kind", "raw", "field", "value"),
    [
        ("repository", "6.6.65", "version", "6.6.65"),
        ("repository", {"name": "6.6.65"}, "version", "6.6.65"),
        ("node", {"id": 8, "name": "van"}, "version", None),
        ("leg", {"id": 5, "name": "", "note": "cable"}, "name", "cable"),
        ("leg", {"id": 5, "name": "first", "note": "cable"}, "name", "first"),
        ("leg", {"id": 5, "note": ""}, "name", "leg 5"),
        ("iso", "bonder.iso", "name", "bonder.iso"),
        ("backup", "2020.zip", "name", "2020.zip"),
        ("backup", {"filename": "2020.zip"}, "name", "2020.zip"),
        ("bonding_version", "6.6.65", "version", "6.6.65"),
        ("versions", [{"name": "a", "version": "1"}], "versions", {"a": "1"}),
        (
            "settings",
            [{"name": "failover_maintenance_mode", "value": True}],
            "failover",
            "maintenance",
        ),
        ("settings", {"failover_suspended": True}, "failover", "suspended"),
        ("settings", {"failover_enabled": False}, "failover", "maintenance"),
        ("settings", {"maintenance_mode": False}, "failover", "on"),
        ("settings", {"failover_suspension_percentage": 50}, "failover", None),
        (
            "failover_checks",
            {"1": {"success": 5, "failure": 1}, "2": {"success": "7", "failure": 0}},
            "success",
            12,
        ),
        (
            "failover_checks",
            [{"aggregator": 1, "failures": 2}, {"aggregator": 2, "failures": 3}],
            "failure",
            5,
        ),
        ("failover_checks", {}, "success", None),
        (
            "config_updates",
            {"status": [{"status": "Pending", "count": 4}, {"status": "done", "count": 1}]},
            "pending",
            4,
        ),
        ("config_updates", {"status": {"complete": 3}}, "pending", 0),
        ("config_updates", {"count": 3}, "pending", None),
        ("config_updates", {"count": "3"}, "count", 3),
        (
            "downtime_report",
            {"week_start": "2020-03-01T00:00:00Z"},
            "week_start",
            "2020-03-01T00:00:00+00:00",
        ),
        ("downtime_report", {"week": {"count": "3"}}, "week_count", 3),
        (
            "leg",
            {"id": 5, "url": f"{HOST}/bonds/3/mobile_broadband_legs/5/"},
            "type",
            "mobile_broadband",
        ),
        ("leg", {"id": 5, "url": f"{HOST}/bonds/3/mobile_broadband_legs/5/"}, "bond", 3),
        (
            "leg",
            {"id": 5, "mobile_provider_profile": f"{HOST}/mobile_provider_profiles/71/"},
            "provider",
            71,
        ),
        ("space", {"key": "acme", "parent": {"key": "root", "name": "R"}}, "parent", "root"),
        ("user", {"id": 1, "groups": [{"id": 3}, 2, "/api/v4/groups/1/"]}, "groups", [1, 2, 3]),
        ("group", {"id": 1, "permissions": {"b": "B", "a": "A"}}, "permissions", ["a", "b"]),
        ("user", {"id": 1, "email": "a@x.org"}, "name", "a@x.org"),
        ("speedtest", {"id": 1, "status": "queued"}, "outcome", None),
        ("speedtest", {"id": 1, "status": "failed"}, "outcome", "failed"),
        ("speedtest", {"id": 1, "status": "levitating"}, "outcome", "unknown"),
        ("speedtest", {"id": 1}, "outcome", "unknown"),
        ("speedtest", {"id": 1, "status": "finished", "success": False}, "outcome", "failed"),
    ],
)
def test_likely_shapes_are_read(kind: str, raw: object, field: str, value: object) -> None:
    """Each shape that a server may well use says the same."""
    assert body(kind, raw)[field] == value


def test_what_changes_by_itself_is_no_configuration() -> None:
    """Rates, counts and run-time states are left out of `other`, at any depth, and so is the
    object's address.
    """
    raw = {
        "id": 1,
        "url": "u",
        "upload_rate": 5,
        "status": "x",
        "qos": {"a": 1, "uptime": 5},
        "list": [{"download_rate": 1}],
    }
    assert body("connected_ip", raw)["other"] == {"qos": {"a": 1}, "list": [{}]}


@pytest.mark.parametrize(
    "raw",
    [
        {"api_key": "IN-CLEAR"},
        {"smtp": {"Password": "IN-CLEAR"}},
        {"tls": ["-----BEGIN PRIVATE KEY-----IN-CLEAR"]},
        {"x": "-----BEGIN EC PRIVATE KEY-----IN-CLEAR"},
        {"admin_token": "IN-CLEAR"},
    ],
)
@pytest.mark.parametrize("kind", ["settings", "bonder", "certificate"])
def test_what_is_called_a_secret_is_one(kind: str, raw: dict) -> None:
    """A field that nobody knows, but whose name or look is a secret's, is never stored in clear."""
    seen = normalise(kind, {"id": 1, **raw}, KEY)
    assert "IN-CLEAR" not in str((seen.body, seen.raw))
