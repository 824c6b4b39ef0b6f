"""How each bond stands, from its legs.

The rules are those of the product's own page for Nagios: all active legs up is well, any of them
down is a warning, running on the failover leg or all of them down is critical. Source: the vendor's
page on Nagios integration.
"""

from collections.abc import Iterable, Mapping

from bridge.core.model import Body, Seen

_CARRIES = frozenset({"up", "degraded"})


def conditions(legs: Iterable[Seen]) -> list[Seen]:
    """One `bond_condition` per bond that has legs; legs that do not say their bond are left out."""
    by_bond: dict[int, list[Body]] = {}
    for leg in legs:
        if leg.body["bond"] is not None:
            by_bond.setdefault(leg.body["bond"], []).append(leg.body)
    return [
        Seen("bond_condition", str(bond), {"id": bond, **_condition(those)})
        for bond, those in sorted(by_bond.items())
    ]


def _condition(legs: list[Body]) -> Mapping[str, object]:
    active = [leg for leg in legs if leg["mode"] in ("active", None)]
    regular = [leg for leg in active if not leg["failover"]] or active
    counts = {
        name: sum(leg["standing"] == name for leg in active) for name in ("up", "down", "degraded")
    }
    return {"state": _state(active, regular), **counts, "active": len(active)}


def _state(active: list[Body], regular: list[Body]) -> str:
    known = [leg["standing"] for leg in regular if leg["standing"] is not None]
    if not known:
        return "unknown"
    if all(each == "down" for each in known):
        spare = any(leg["standing"] in _CARRIES for leg in active if leg not in regular)
        if spare:
            return "on_failover"
        return "down"
    if all(each == "up" for each in known):
        return "up"
    return "degraded"
