"""Names that depend on the type of the leg."""

from collections.abc import Callable
from typing import Any

import pytest

from bridge.bonding.operation_aliases import resolve
from bridge.errors import BadInput, Garbled, Refused


def leg(**fields: Any) -> Callable[..., Any]:
    """A read that knows one leg."""
    return lambda operation, /, **arguments: (
        {"id": arguments["leg"], "bond_id": 3, **fields} if operation == "leg.get" else None
    )


@pytest.mark.parametrize(
    ("kind", "name", "arguments", "expected"),
    [
        ("interface", "leg.update", {"leg": 5}, ("interface_leg.update", {"leg": 5, "bond": 3})),
        (
            "mobilebroadband",
            "leg.update",
            {"leg": 5},
            ("mobile_broadband_leg.update", {"leg": 5, "bond": 3}),
        ),
        (
            "Mobile_Broadband",
            "leg_tuning.accept",
            {"leg": 5, "tuning": 7},
            ("mobile_broadband_leg_tuning.accept", {"leg": 5, "tuning": 7, "bond": 3}),
        ),
        ("interface", "leg.get", {"leg": 5}, ("leg.get", {"leg": 5})),
        ("interface", "bond.get", {"bond": 5}, ("bond.get", {"bond": 5})),
    ],
)
def test_an_alias_is_what_the_leg_says(
    kind: str, name: str, arguments: dict, expected: tuple
) -> None:
    """The type chooses the operation and the leg names its bond; what is no alias stays as it
    is.
    """
    assert resolve(name, arguments, leg(type=kind)) == expected


@pytest.mark.parametrize(
    ("arguments", "fields", "error"),
    [
        ({}, {}, BadInput),
        ({"leg": "x"}, {}, BadInput),
        ({"leg": 5, "bond": 3}, {}, BadInput),
        ({"leg": 5}, {"type": "carrier pigeon"}, Refused),
        ({"leg": 5}, {"type": "interface", "bond_id": None}, Garbled),
    ],
)
def test_an_alias_that_cannot_be_resolved_says_why(
    arguments: dict, fields: dict, error: type
) -> None:
    """Wrong arguments are told before anything is read, and a leg of no known type is refused."""
    with pytest.raises(error):
        resolve("leg.update", arguments, leg(**fields))
