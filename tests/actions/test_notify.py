"""What people are told, as a service gets it from Apprise."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.actions.notify import Notify
from bridge.core.model import Outcome
from bridge.core.requests import NoticeRequest
from tests.rollout.notification_receiver import listening

REQUEST = {"to": "noc", "target": 0, "title": "leg cable is down", "body": ""}


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"severity": "info"}, "info"),
        ({"severity": "warning"}, "warning"),
        ({"severity": "critical"}, "failure"),
        ({}, "info"),
    ],
)
def test_a_severity_is_a_type_of_apprises(more: dict[str, Any], kind: str) -> None:
    """Services show it as a colour or a sign; what was asked for before there were severities is
    information.
    """
    with listening() as ear:
        assert (
            Notify({"noc": [ear.url]}, {}, str)
            .send("hq", NoticeRequest.of({**REQUEST, **more}))
            .outcome
            is Outcome.DONE
        )
    assert [(each["title"], each["type"]) for each in ear.heard] == [("leg cable is down", kind)]


def test_times_are_those_of_the_settings() -> None:
    """Title, body and the notices of a digest show them by the clocks that people have there."""
    request = {
        **REQUEST,
        "title": "down since 2026-07-01 02:00 UTC",
        "body": "until 2026-01-01 02:00 UTC",
    }
    with listening() as ear:
        notify = Notify({"noc": [ear.url]}, {}, str, zone=ZoneInfo("Europe/Berlin"))
        notify.send("hq", NoticeRequest.of(request))
        digest = {
            "notices": [{"title": request["title"], "event": None, "takes": False}],
            "left": 0,
        }
        notify.send("hq", NoticeRequest.of({**REQUEST, **digest}))
    assert ear.heard[0]["title"] == "down since 2026-07-01 04:00 CEST"
    assert ear.heard[0]["message"].startswith("until 2026-01-01 03:00 CET")
    assert "down since 2026-07-01 04:00 CEST" in ear.heard[1]["message"]
