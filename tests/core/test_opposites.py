"""Which calls want opposite things of one object, and what a call touches."""

import pytest

from bridge.bonding.catalogue import ALIASES, OPERATIONS
from bridge.core.call_conflicts import opposed, target
from bridge.core.requests import CallRequest


def call(operation: str, body: dict | None = None, **arguments: object) -> CallRequest:
    """A call's request."""
    return CallRequest(operation=operation, arguments=arguments, body=body)


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        (
            call("bond_tuning.accept", bond=3, tuning=7),
            call("bond_tuning.decline", bond="3", tuning="7"),
            True,
        ),
        (
            call("bond_tuning.accept", bond=3, tuning=7),
            call("bond_tuning.decline", bond=3, tuning=8),
            False,
        ),
        (
            call("bond_tuning.accept", bond=3, tuning=7),
            call("bond_tuning.accept", bond=3, tuning=7),
            False,
        ),
        (
            call("bond_tuning.accept", bond=3, tuning=7),
            call("leg_tuning.decline", leg=3, tuning=7),
            False,
        ),
        (
            call("leg_tuning.accept", leg=5, tuning=7),
            call("interface_leg_tuning.decline", bond=3, leg=5, tuning=7),
            True,
        ),
        (
            call("interface_leg_tuning.accept", bond=3, leg=5, tuning=7),
            call("leg_tuning.decline", leg=6, tuning=7),
            False,
        ),
        (call("bond_tuning.start", bond=3), call("bond_tuning.cancel", bond=3, tuning=7), True),
        (call("bond_tuning.start", bond=4), call("bond_tuning.cancel", bond=3, tuning=7), False),
        (
            call("leg_tuning.start", leg=5),
            call("mobile_broadband_leg_tuning.cancel", bond=3, leg=5, tuning=7),
            True,
        ),
        (call("bond_tuning.start", bond=3), call("leg_tuning.cancel", leg=5, tuning=7), False),
        (
            call("bond_tuning.accept", bond=3, tuning=7),
            call("bond_tuning.cancel", bond=3, tuning=7),
            False,
        ),
        (
            call("leg.update", {"link_mode": "idle"}, leg=5),
            call("interface_leg.update", {"link_mode": "active", "note": "x"}, bond=3, leg=5),
            True,
        ),
        (
            call("leg.update", {"link_mode": "idle"}, leg=5),
            call("leg.update", {"link_mode": "active"}, leg=6),
            False,
        ),
        (
            call("leg.update", {"link_mode": "idle"}, leg=5),
            call("leg.replace", {"link_mode": "active"}, leg=5),
            True,
        ),
        (
            call("leg.update", {"link_mode": "idle"}, leg=5),
            call("leg.update", {"note": "x"}, leg=5),
            False,
        ),
        (
            call("leg.update", {"down_speed": 50}, leg=5),
            call("leg.update", {"down_speed": "50.0"}, leg=5),
            False,
        ),
        (call("leg.update", {"note": None}, leg=5), call("leg.update", {"note": ""}, leg=5), True),
        (call("leg.update", leg=5), call("leg.update", {"note": ""}, leg=5), False),
        (
            call("bond.update", {"note": "a"}, bond=3),
            call("leg.update", {"note": "b"}, leg=5),
            False,
        ),
        (
            call("bonder_vlan_interface.update", {"mtu": 1500}, bonder=4, interface=13),
            call("vlan_interface.update", {"mtu": 1400}, node=4, interface=13),
            True,
        ),
        (
            call("bonder_routing_filter.update", {"name": "a"}, filter=1),
            call("aggregator_routing_filter.update", {"name": "b"}, filter=1),
            False,
        ),
        (call("settings.update", {"a": 1}), call("settings.update", {"a": 2}), True),
        (call("settings.update", {"a": 1}), call("settings.update", {"b": 2}), False),
        (
            call("leg.update", {"note": "a"}, leg=5),
            call("interface_leg.update", {"note": "b"}, bond=3),
            False,
        ),
        (call("bond.restart", bond=3), call("bond.restore_to_primary_agg", bond=3), False),
        (call("bond.delete", bond=3), call("bond.update", {"note": "x"}, bond=3), False),
    ],
)
def test_what_is_opposed(one: dict, other: dict, are: bool) -> None:
    """A yes and a no, a start and a stop, two values of one field: of one object, by whatever name,
    in either order.
    """
    assert opposed(one, other) is are
    assert opposed(other, one) is are


def test_no_call_is_opposed_to_itself() -> None:
    """Of every operation that there is, asked twice for the same."""
    for name, row in {**OPERATIONS, **ALIASES}.items():
        one = call(name, {"note": "x"}, **dict.fromkeys(row.arguments, 1))
        assert not opposed(one, one), name


@pytest.mark.parametrize(
    ("request_", "touched"),
    [
        (call("bond.restart", bond=3), "bond/3"),
        (call("interface_leg_tuning.accept", bond="3", leg=5, tuning=7), "bond/3"),
        (call("leg.update", {}, leg=5), "bond/3"),
        (call("leg.update", {}, leg="5"), "bond/3"),
        (call("leg.update", {}, leg=6), "leg/6"),
        (call("leg_tuning.accept", leg=6, tuning=7), "tuning/7"),
        (call("leg.update", {}, leg=8), "leg/8"),
        (call("mobile_provider_profile.delete", profile=2), "profile/2"),
        (call("bonder_vlan_interface.update", {}, bonder=4, interface=13), "interface/13"),
        (call("system.createisos"), ""),
    ],
)
def test_what_a_call_touches(request_: dict, touched: str) -> None:
    """The bond, where the call or the leg tells it; else what the call is about; else nothing."""
    assert target(request_, {5: 3, 8: None}) == touched
