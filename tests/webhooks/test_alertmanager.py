"""Alertmanager: one delivery for each alert."""

import base64
import json
from dataclasses import replace

import pytest

from bridge.core.model import Body
from bridge.errors import Refused
from bridge.webhooks.platform import DeliveryReading, EventDelivery
from tests.webhooks.senders import ALERT, NOTIFICATION, SECRET, SENDERS

SENDER = SENDERS["alertmanager"]
RESOLVED = {**ALERT, "status": "resolved", "endsAt": "2025-12-31T23:59:30Z"}


def read(*alerts: object, **more: object) -> DeliveryReading:
    """What a notification of these alerts comes to."""
    return SENDER.read(
        SENDER.request(json.dumps({**NOTIFICATION, "alerts": alerts, **more}).encode())
    )


def bodies(reading: DeliveryReading) -> list[Body]:
    """What each delivery says."""
    return [each.body for each in reading.deliveries if isinstance(each, EventDelivery)]


def test_each_alert_is_a_delivery_that_says_where_it_is_from() -> None:
    """With what the notification says of all of them beside it."""
    other = {**ALERT, "fingerprint": "ff", "labels": {"alertname": "LegDown"}}
    reading = read(ALERT, other, externalURL="http://am.example:9093", truncatedAlerts=3)
    first, second = bodies(reading)
    assert len({each.id for each in reading.deliveries}) == 2
    assert (first["labels"]["bond"], second["labels"]["alertname"], first["status"]) == (
        "hq",
        "LegDown",
        "firing",
    )
    assert (first["receiver"], first["externalURL"], first["truncatedAlerts"]) == (
        "bondbridge",
        "http://am.example:9093",
        3,
    )
    assert first["startsAt"] == "2025-12-31T23:59:00.123456+00:00"


def test_a_repeat_is_the_same_delivery_and_an_end_is_another() -> None:
    """Fingerprint, beginning and status name it, in whatever zone the beginning is written; nothing
    else does.
    """
    (first,) = read(ALERT).deliveries
    (again,) = read(
        {**ALERT, "startsAt": "2026-01-01T00:59:00.123456+01:00", "annotations": {"x": "y"}}
    ).deliveries
    (ended,) = read(RESOLVED).deliveries
    (anew,) = read({**ALERT, "startsAt": "2025-12-31T23:59:01Z"}).deliveries
    assert first.id == again.id
    assert len({first.id, ended.id, anew.id}) == 3
    assert len(read(ALERT, ALERT).deliveries) == 1


@pytest.mark.parametrize(
    ("alert", "why"),
    [
        ({**ALERT, "startsAt": "2026-01-01T01:00:01Z"}, "began more than 3600 s in the future"),
        ({**RESOLVED, "endsAt": "2025-12-31T22:59:59Z"}, "ended more than 3600 s ago"),
        ({**RESOLVED, "endsAt": "0001-01-01T00:00:00Z"}, "ended more than 3600 s ago"),
        (
            {name: value for name, value in RESOLVED.items() if name != "endsAt"},
            "is resolved, and does not say since when",
        ),
    ],
)
def test_old_news_is_left_out_and_not_refused(alert: Body, why: str) -> None:
    """Alertmanager repeats what lasts: that is no mistake of its own, and the others in the same
    notification count.
    """
    reading = read(alert, {**ALERT, "fingerprint": "ff"})
    assert [each["fingerprint"] for each in bodies(reading)] == ["ff"]
    assert reading.ignored == (f"alerts[0] 'a1b2c3d4e5f60718' {why}",)


def test_what_began_long_ago_and_fires_is_news() -> None:
    """It may have been silenced for days: fingerprint, beginning and status keep out what was here
    before.
    """
    assert len(read({**ALERT, "startsAt": "2025-12-01T00:00:00Z"}).deliveries) == 1


def test_alerts_that_were_left_out_are_said() -> None:
    """With what to change in Alertmanager."""
    assert read(ALERT).lost == ""
    assert (
        read(ALERT, truncatedAlerts=3).lost
        == "3 alerts of one notification were left out: raise `max_alerts` of the receiver in"
        " Alertmanager"
    )


def test_what_began_long_ago_and_ended_now_is_news() -> None:
    """An end is fresh by when it ended."""
    assert len(read({**RESOLVED, "startsAt": "2025-12-01T00:00:00Z"}).deliveries) == 1


@pytest.mark.parametrize("starts", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_the_ends_of_the_calendar_are_moments_too(starts: str) -> None:
    """A beginning that no clock can show in UTC is one like any other."""
    assert len(read({**RESOLVED, "startsAt": starts}).deliveries) == 1
    assert len(read({**ALERT, "startsAt": starts}).deliveries) == (1 if starts < "1" else 0)


@pytest.mark.parametrize(
    ("alert", "place"),
    [
        (3, "alerts[1]"),
        ({}, "alerts[1].status"),
        ({**ALERT, "status": "odd"}, "alerts[1].status"),
        ({**ALERT, "startsAt": "yesterday"}, "alerts[1].startsAt"),
        ({**ALERT, "startsAt": "2026-01-01T00:00:00"}, "alerts[1].startsAt"),
        ({**ALERT, "labels": []}, "alerts[1].labels"),
        ({**ALERT, "labels": {"x<y": 3}}, "alerts[1].labels.…"),
        ({**ALERT, "fingerprint": ""}, "alerts[1].fingerprint"),
        ({**ALERT, "fingerprint": None}, "alerts[1].fingerprint"),
    ],
)
def test_a_malformed_alert_is_refused_by_its_place(alert: object, place: str) -> None:
    """What is wrong is told by where it stands, never by what was written there; nothing of the
    notification is taken.
    """
    with pytest.raises(Refused) as caught:
        read(ALERT, alert)
    assert caught.value.status == 400
    assert str(caught.value).startswith(f"{place}: ")


@pytest.mark.parametrize(
    "more",
    [
        {"version": "3"},
        {"version": 4},
        {"alerts": {}},
        {"alerts": None},
        {"truncatedAlerts": "many"},
    ],
)
def test_another_version_of_the_body_is_refused(more: Body) -> None:
    """Only version 4 is known, and it is a list of alerts."""
    with pytest.raises(Refused) as caught:
        read(**more)
    assert caught.value.status == 400


def test_basic_credentials_where_a_user_is_set() -> None:
    """User and secret as its http_config sends them; another user, or the bearer token alone, is
    refused.
    """
    basic = replace(SENDER, options={"user": "prometheus"})

    def credentials(user: str) -> str:
        return f"Basic {base64.b64encode(f'{user}:{SECRET}'.encode()).decode()}"

    assert basic.read(basic.request(authorization=credentials("prometheus"))).deliveries
    for wrong in (credentials("grafana"), f"Bearer {SECRET}", "Basic", "Basic é"):
        with pytest.raises(Refused) as caught:
            basic.read(basic.request(authorization=wrong))
        assert caught.value.status == 401
