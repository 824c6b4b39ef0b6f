"""What people are told, as a service gets it from Apprise."""

from typing import Any

import pytest

from bridge.actions.notify import Notify
from bridge.core.model import Outcome
from tests.rollout.ear import listening

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
    """Services show it as a colour or a sign; what was asked for before there were severities is information."""
    with listening() as ear:
        assert Notify({"noc": [ear.url]}, {}, str).send("hq", {**REQUEST, **more}).outcome is Outcome.DONE
    assert [(each["title"], each["type"]) for each in ear.heard] == [("leg cable is down", kind)]
