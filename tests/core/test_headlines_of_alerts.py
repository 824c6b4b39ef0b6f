"""What an alert of Alertmanager reads as, wherever events are told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.core.events.headlines import headline
from bridge.core.model import Event

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIRING: dict[str, Any] = {
    "status": "firing",
    "labels": {
        "alertname": "BondDown",
        "severity": "critical",
        "job": "x",
        "instance": "gw1:9100",
        "bond": "burnaby-hq",
    },
    "annotations": {"summary": "no line is left", "description": "long"},
    "startsAt": "2026-02-28T20:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "webhook alerts: BondDown firing on burnaby-hq: no line is left"),
        (
            {"status": "resolved"},
            "webhook alerts: BondDown resolved on burnaby-hq: no line is left",
        ),
        ({"annotations": {}}, "webhook alerts: BondDown firing on burnaby-hq"),
        (
            {"annotations": {"description": "a {b}"}},
            "webhook alerts: BondDown firing on burnaby-hq: a {b}",
        ),
        (
            {"labels": {"alertname": "Watchdog"}, "annotations": {}},
            "webhook alerts: Watchdog firing",
        ),
        (
            {"labels": {"severity": "x"}, "annotations": {}},
            "webhook alerts: status firing, startsAt",
        ),
        ({"annotations": "nonsense"}, "webhook alerts: BondDown firing on burnaby-hq"),
    ],
)
def test_an_alert_is_told_by_its_name_its_object_and_its_summary(
    more: dict[str, Any], told: str
) -> None:
    """Not by its first fields; what is no alert is told as any webhook is."""
    data = {"body": {**FIRING, **more}}
    event = Event("x", "webhook.alerts", "hq", "webhook/alerts", NOW, NOW, data)
    assert headline(event).startswith(told)
    assert "0001-01-01" not in headline(event) or "alertname" not in data["body"]["labels"]
