"""What is told about objects that are not as expected."""

from collections.abc import Iterable
from typing import Any

import pytest

from bridge.bonding.catalogue import KINDS
from bridge.bonding.wire import normalise, strange
from tests.case_tables import all_cases

from .sample_objects import FULL


@all_cases("kind", KINDS)
def test_what_is_expected_is_not_strange(kind: str) -> None:
    """A full object of each kind has nothing strange; what a configured one has beyond our table is
    in its `other`.
    """
    assert strange(kind, FULL[kind]) is None


def test_what_took_the_place_of_a_missing_field_is_told_with_it() -> None:
    """In a configured object further fields are no news by themselves, but beside a missing one
    they are a hint.
    """
    assert strange("route", {**FULL["route"], "x_more": 1}) is None
    found = strange("route", renamed("route", {"network"}))
    assert found is not None
    assert (found.missing, found.unexpected) == (("network",), {"x_network": "text(15)"})


def renamed(kind: str, names: Iterable[str]) -> dict[str, Any]:
    """A full object with these fields under names that nobody knows."""
    return {f"x_{name}" if name in names else name: value for name, value in FULL[kind].items()}


@pytest.mark.parametrize(
    ("kind", "field", "lost"),
    [
        ("leg", "overall_state", "state"),
        ("leg", "link_mode", "mode"),
        ("bond_tuning", "status", "status"),
        ("aggregator", "status", "status"),
        ("config_updates", "failures", "failures"),
        ("certificate", "certificate", "not_after"),
        ("settings", "aggregator_failover_maintenance_mode", "failover"),
        ("connected_ip", "enabled", "enabled"),
        ("failover_checks", "success", "success"),
        ("speedtest", "results", "results"),
        ("downtime_report", "week", "week_count"),
    ],
)
def test_a_field_that_is_not_found_is_told(kind: str, field: str, lost: str) -> None:
    """Where a name that matters is another, it is said which of our fields is not told any more."""
    found = strange(
        kind,
        {name: value for name, value in renamed(kind, {field}).items() if name != "x_certificate"},
    )
    assert found is not None
    assert lost in found.missing


@pytest.mark.parametrize(
    ("kind", "raw", "unexpected"),
    [
        (
            "settings",
            {"email_host": "secretly", "x_failover": True},
            {"x_failover": "flag", "email_host": "text(8)"},
        ),
        (
            "failover_checks",
            [{"aggregator": 1, "good": 3}, {"aggregator": 2, "good": 4}],
            {"items.aggregator": "number", "items.good": "number"},
        ),
        (
            "downtime_report",
            {"week": {"start": "secretly", "outages_seen": 3}, "url": "u"},
            {"week.outages_seen": "number"},
        ),
        (
            "bonding_version",
            {"release": "secretly", "versions": []},
            {"versions": "list(0)", "release": "text(8)"},
        ),
        (
            "certificate",
            {"cert": {"subject": "secretly", "Not Valid": {"later": 5}}},
            {"cert.Not Valid.later": "number", "cert.subject": "text(8)"},
        ),
    ],
)
def test_of_a_document_the_unknown_keys_are_shown(
    kind: str, raw: object, unexpected: dict[str, str]
) -> None:
    """Where a document does not say what it should, its keys that nobody knows are told, masked,
    the likeliest first.
    """
    found = strange(kind, normalise(kind, raw, b"").raw)
    assert found is not None
    assert found.missing
    assert list(found.unexpected.items()) == list(unexpected.items())


def test_unexpected_fields_are_shown_masked() -> None:
    """A sample says what stands there and how large it is, and nothing of what it says."""
    more = {
        "x_text": "secretly",
        "x_list": [{"a": "secretly"}],
        "x_none": None,
        "x_flag": True,
        "x_number": 5.5,
        "x_map": {},
    }
    found = strange("leg", {**FULL["leg"], **more})
    assert found is not None
    assert (found.kind, found.missing) == ("leg", ())
    assert found.unexpected == {
        "x_flag": "flag",
        "x_list": "list(1) of object(1)",
        "x_map": "object(0)",
        "x_none": "null",
        "x_number": "number",
        "x_text": "text(8)",
    }


@pytest.mark.parametrize("raw", [None, [], 5, "text"])
def test_an_object_that_is_none_is_strange(raw: object) -> None:
    """What is no object at all is told with its type."""
    found = strange("leg", raw)
    assert found is not None
    assert list(found.unexpected) == [""]


def test_strangeness_has_an_end() -> None:
    """However many strange fields there are, a handful is told."""
    found = strange("leg", {**FULL["leg"], **{f"x{i}" * 50: i for i in range(500)}})
    assert found is not None
    assert len(found.unexpected) <= 20
    assert max(map(len, found.unexpected)) <= 60
