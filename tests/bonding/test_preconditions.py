"""What reads tell against a request before it is sent."""

from collections.abc import Mapping

import pytest

from bridge.bonding.catalogue import OPERATIONS
from bridge.bonding.effect_checks import Sent
from bridge.bonding.preconditions import AGAINST, stands_against
from bridge.core.model import Json
from bridge.errors import Unreachable

TUNING = {"bond": 3, "tuning": 7}
RUNS = {"id": 7, "status": "running", "started": "2026-03-01T12:00:00Z"}
WAITS = {"id": 7, "status": "waiting"}
GOOD = {"id": 7, "status": "finished", "success": True, "recommendations": {"legs": [{"leg": 1}]}}


def told(
    operation: str, arguments: dict, answers: Mapping[str, Json], body: dict | None = None
) -> str | None:
    """What stands against it when reading gives these answers; an error among them is raised."""

    def read(name: str, /, **_: Json) -> Json:
        if isinstance(answers[name], Exception):
            raise answers[name]
        return answers[name]

    return stands_against(Sent(OPERATIONS[operation], arguments, body or {}, read))


@pytest.mark.parametrize("verb", ["accept", "decline"])
@pytest.mark.parametrize(
    ("tuning", "against"),
    [
        (GOOD, None),
        (RUNS, "tuning 7 is not finished"),
        ({**GOOD, "success": False}, "tuning 7 has not succeeded: failed"),
        ({"id": 7, "status": "canceled"}, "tuning 7 has not succeeded: cancelled"),
        ({**GOOD, "recommendations": None}, "tuning 7 recommends nothing"),
        ({**GOOD, "accepted": True}, "tuning 7 has been accepted already"),
        ({**GOOD, "accepted": False}, "tuning 7 has been declined already"),
        ({**GOOD, "status": "levitating"}, None),
    ],
)
def test_what_stands_against_deciding_a_tuning(
    verb: str, tuning: dict, against: str | None
) -> None:
    """It must have finished well, recommend something and be undecided; a status nobody knows is
    left to the server.
    """
    assert told(f"bond_tuning.{verb}", TUNING, {"bond_tuning.get": tuning}) == against
    of_leg = told(
        f"mobile_broadband_leg_tuning.{verb}",
        {**TUNING, "leg": 5},
        {"mobile_broadband_leg_tuning.get": tuning},
    )
    assert of_leg == against


@pytest.mark.parametrize(
    ("operation", "arguments", "answers", "against"),
    [
        ("bond_tuning.cancel", TUNING, {"bond_tuning.get": RUNS}, None),
        ("bond_tuning.cancel", TUNING, {"bond_tuning.get": WAITS}, None),
        ("bond_tuning.cancel", TUNING, {"bond_tuning.get": {**GOOD, "status": "levitating"}}, None),
        (
            "bond_tuning.cancel",
            TUNING,
            {"bond_tuning.get": GOOD},
            "tuning 7 has ended already: recommended",
        ),
        (
            "bond.restore_to_primary_agg",
            {"bond": 3},
            {"bond.get": {"id": 3, "aggregator": 9}, "aggregator.bonds_current": [{"id": 3}]},
            "bond 3 is on its primary aggregator already",
        ),
        (
            "bond.restore_to_primary_agg",
            {"bond": 3},
            {"bond.get": {"id": 3, "aggregator": 9}, "aggregator.bonds_current": [{"id": 1}]},
            None,
        ),
        ("bond.restore_to_primary_agg", {"bond": 3}, {"bond.get": {"id": 3}}, None),
        (
            "mobile_provider_profile.delete",
            {"profile": 2},
            {"mobile_provider_profile.get": {"id": 2, "leg_count": 1}},
            "provider profile 2 is in use by 1 leg",
        ),
        (
            "mobile_provider_profile.delete",
            {"profile": 2},
            {"mobile_provider_profile.get": {"id": 2, "leg_count": "3"}},
            "provider profile 2 is in use by 3 legs",
        ),
        (
            "mobile_provider_profile.delete",
            {"profile": 2},
            {"mobile_provider_profile.get": {"id": 2, "leg_count": 0}},
            None,
        ),
        (
            "mobile_provider_profile.delete",
            {"profile": 2},
            {"mobile_provider_profile.get": {"id": 2}},
            None,
        ),
        ("bond.update", {"bond": 3}, {"bond_tuning.list": [GOOD, RUNS]}, "tuning 7 is running"),
        (
            "bond.update",
            {"bond": 3},
            {
                "bond_tuning.list": [WAITS],
                "interface_leg.list": [{"id": 5, "bond": 3, "overall_state": "up"}],
                "mobile_broadband_leg.list": [{"id": 6, "bond": 3, "overall_state": "testing"}],
                "mobile_broadband_leg_tuning.list": [RUNS],
            },
            "tuning 7 is running",
        ),
        (
            "bond.delete",
            {"bond": 3},
            {
                "bond_tuning.list": [GOOD],
                "interface_leg.list": [{"id": 5, "bond": 3, "overall_state": "up"}],
                "mobile_broadband_leg.list": [],
            },
            None,
        ),
        (
            "interface_leg.update",
            {"bond": 3, "leg": 5},
            {"bond_tuning.list": [], "interface_leg_tuning.list": [RUNS]},
            "tuning 7 is running",
        ),
        (
            "interface_leg.delete",
            {"bond": 3, "leg": 5},
            {"bond_tuning.list": [], "interface_leg_tuning.list": []},
            None,
        ),
        ("bond.restart", {"bond": 3}, {}, None),
        ("speedtest.start", {"bond": 3}, {}, None),
    ],
)
def test_what_stands_against_a_request(
    operation: str, arguments: dict, answers: dict, against: str | None
) -> None:
    """Each note that reading can answer is answered; where this server does not show it, nothing is
    said.
    """
    assert told(operation, arguments, answers) == against


@pytest.mark.parametrize(
    ("body", "parent", "against"),
    [
        (
            {"parent": "/api/v4/spaces/globex/"},
            "/api/v4/spaces/root/",
            "space acme is below root and cannot be moved below globex",
        ),
        ({"parent": {"key": "root"}}, "/api/v4/spaces/root/", None),
        ({"parent": "/api/v4/spaces/globex/"}, None, None),
        ({"name": "Acme"}, "/api/v4/spaces/root/", None),
    ],
)
def test_a_space_stays_below_its_parent(
    body: dict, parent: str | None, against: str | None
) -> None:
    """Moving one is told before it is tried; what keeps the parent, or does not speak of it, may
    go.
    """
    answers = {"space.get": {"key": "acme", "parent": parent}}
    assert told("space.update", {"space": "acme"}, answers, body) == against


def test_what_cannot_be_read_is_not_taken_for_nothing() -> None:
    """The caller learns that the server could not be asked."""
    with pytest.raises(Unreachable):
        told("bond_tuning.accept", TUNING, {"bond_tuning.get": Unreachable("away")})


@pytest.mark.parametrize("name", AGAINST)
def test_what_has_a_precondition_writes_and_says_so(name: str) -> None:
    """Every row here is an operation that changes something and whose note, or proof, names what is
    read.
    """
    row = OPERATIONS[name]
    assert row.writes
    assert row.note or row.proof
