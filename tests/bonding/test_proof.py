"""What later reads can tell about a request whose answer never came."""

from collections.abc import Mapping

import pytest

from bridge.bonding.catalogue import OPERATIONS, Operation
from bridge.bonding.effect_checks import prove
from bridge.core.model import Json
from bridge.errors import Refused
from tests.case_tables import all_cases

from .sample_objects import HOST

TUNING = {"bond": 3, "tuning": 7}


def proved(
    operation: str, arguments: dict, answers: Mapping[str, Json], body: dict | None = None
) -> bool | None:
    """What is proved when reading gives these answers; an error among them is raised."""

    def read(name: str, /, **_: Json) -> Json:
        if isinstance(answers[name], Exception):
            raise answers[name]
        return answers[name]

    return prove(operation, arguments, body, read)


def objects(*numbers: int) -> list[dict]:
    """Objects with these ids."""
    return [{"id": number} for number in numbers]


@pytest.mark.parametrize(
    ("operation", "arguments", "answers", "result"),
    [
        ("bond_tuning.accept", TUNING, {"bond_tuning.get": {"id": 7, "accepted": True}}, True),
        ("bond_tuning.accept", TUNING, {"bond_tuning.get": {"id": 7, "accepted": None}}, False),
        ("bond_tuning.accept", TUNING, {"bond_tuning.get": {"id": 7, "accepted": False}}, False),
        ("bond_tuning.decline", TUNING, {"bond_tuning.get": {"id": 7, "accepted": False}}, True),
        ("bond_tuning.decline", TUNING, {"bond_tuning.get": {"id": 7, "accepted": True}}, False),
        ("bond_tuning.cancel", TUNING, {"bond_tuning.get": {"id": 7, "status": "Canceled"}}, True),
        ("bond_tuning.cancel", TUNING, {"bond_tuning.get": {"id": 7, "status": "running"}}, False),
        (
            "interface_leg_tuning.cancel",
            {**TUNING, "leg": 5},
            {"interface_leg_tuning.get": {"id": 7, "status": "canceled"}},
            True,
        ),
        (
            "mobile_broadband_leg_tuning.accept",
            {**TUNING, "leg": 5},
            {"mobile_broadband_leg_tuning.get": {"id": 7, "accepted": True}},
            True,
        ),
        (
            "bond.restore_to_primary_agg",
            {"bond": 3},
            {"bond.get": {"id": 3, "aggregator": 9}, "aggregator.bonds_current": objects(1, 3)},
            True,
        ),
        (
            "bond.restore_to_primary_agg",
            {"bond": 3},
            {"bond.get": {"id": 3, "aggregator": 9}, "aggregator.bonds_current": objects(1)},
            False,
        ),
        (
            "bond.restore_to_primary_agg",
            {"bond": 3},
            {"bond.get": {"id": 3}, "aggregator.bonds_current": objects(3)},
            None,
        ),
        ("bond.restart", {"bond": 3}, {}, None),
        ("bond.delete", {"bond": 3}, {"bond.get": {"id": 3}}, False),
        ("bond.delete", {"bond": 3}, {"bond.get": Refused("404", 404)}, True),
        ("interface_leg.delete", {"bond": 3, "leg": 5}, {"interface_leg.get": {"id": 5}}, False),
    ],
)
def test_what_a_later_look_can_tell(
    operation: str, arguments: dict, answers: dict, result: bool | None
) -> None:
    """Each proof says yes, no, or that this server does not show it."""
    assert proved(operation, arguments, answers) is result


def test_what_may_not_be_seen_proves_nothing_about_its_deletion() -> None:
    """Only a 404 says that it is gone; another refusal is passed on."""
    with pytest.raises(Refused):
        proved("bond.delete", {"bond": 3}, {"bond.get": Refused("403", 403)})


@pytest.mark.parametrize(
    ("body", "found", "result"),
    [
        ({"note": "x"}, {"note": "x"}, True),
        ({"note": "x"}, {"note": "X"}, False),
        ({"note": "x", "circuit_id": 5}, {"note": "x", "circuit_id": "5"}, True),
        ({"aggregator": f"{HOST}/aggregators/9/"}, {"aggregator": "/api/v4/aggregators/9/"}, True),
        ({"aggregator": {"id": 9}}, {"aggregator": f"{HOST}/aggregators/9/"}, True),
        ({"aggregator": f"{HOST}/aggregators/9/"}, {"aggregator": f"{HOST}/aggregators/8/"}, False),
        ({"space": {"key": "acme", "name": "other name"}}, {"space": f"{HOST}/spaces/acme/"}, True),
        ({"space": f"{HOST}/spaces/lab/"}, {"space": {"key": "acme", "name": "lab"}}, False),
        ({"secondary_aggregator": None}, {"secondary_aggregator": None}, True),
        ({"secondary_aggregator": None}, {"secondary_aggregator": f"{HOST}/aggregators/9/"}, False),
        ({"compression": True}, {"compression": 1}, True),
        ({"compression": True}, {"compression": "yes"}, False),
        ({"password": "p", "note": "x"}, {"note": "x"}, None),
        ({"password": "p", "note": "x"}, {"note": "y"}, False),
        ({}, {"note": "x"}, None),
    ],
)
def test_whether_an_update_took_effect(body: dict, found: dict, result: bool | None) -> None:
    """Each field that was sent is compared, references by what they name; what is not shown leaves
    it open.
    """
    assert proved("bond.update", {"bond": 3}, {"bond.get": {"id": 3, **found}}, body) is result


@pytest.mark.parametrize(
    ("operation", "body", "listed", "result"),
    [
        ("bond.create", {"name": "van"}, [], False),
        ("bond.create", {"name": "van"}, [{"id": 1, "name": "other"}], False),
        ("bond.create", {"name": "van"}, [{"id": 1, "name": "van"}], None),
        ("bond.create", {"name": "van "}, [{"id": 1, "name": "Van"}], None),
        ("bond.create", {"password": "p"}, [{"id": 1, "name": "van"}], None),
        (
            "user.create",
            {"email": "a@x.org", "name": "A"},
            [{"id": 1, "email": "a@x.org", "name": "B"}],
            True,
        ),
        (
            "user.create",
            {"email": "a@x.org", "name": "A"},
            [{"id": 1, "email": "b@x.org", "name": "A"}],
            False,
        ),
        ("user.create", {"name": "A"}, [{"id": 1, "email": "b@x.org", "name": "A"}], None),
        ("space.create", {"key": "acme", "name": "A"}, [{"id": 1, "key": "acme"}], True),
        ("bond.create", {}, [], None),
    ],
)
def test_whether_something_was_created(
    operation: str, body: dict, listed: list, result: bool | None
) -> None:
    """None like it: no. One with the value that only one can have: yes. Else it may be another that
    looks the same.
    """
    assert proved(operation, {}, {f"{operation.partition('.')[0]}.list": listed}, body) is result


@all_cases("row", [row for row in OPERATIONS.values() if row.proof], ids=lambda row: row.name)
def test_every_proof_can_be_read(row: Operation) -> None:
    """What a proof reads is an operation of the catalogue that takes the request's own
    arguments.
    """
    head = row.name.rpartition(".")[0]
    if row.proof != "bond_at_primary":
        reads = OPERATIONS[f"{head}.list" if row.proof == "created" else f"{head}.get"]
        assert (reads.writes, reads.arguments) == (False, row.arguments)
