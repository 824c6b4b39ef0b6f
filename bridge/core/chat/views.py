"""Answers to those who only look: from what they may see, the worst first, long lists cut with a
count.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from bridge.core.chat.commands import Command
from bridge.core.chat.inventory import Inventory
from bridge.core.chat.name_resolution import InventoryObject
from bridge.core.chat.reply import Reply, Tone
from bridge.core.model import Json

_MOST = 20
_WORST = ("down", "degraded", "on_failover", "unknown", "up")
_WELL = "up"


def cut(lines: Sequence[str], most: int = _MOST) -> tuple[str, ...]:
    """So many of them, and how many more there are."""
    if len(lines) <= most:
        return tuple(lines)
    return (*lines[:most], f"… and {len(lines) - most} more")


def help_of(commands: Iterable[Command], role: str) -> Reply:
    """What can be said."""
    lines = [f"{each.usage}: {each.help}" if each.help else each.usage for each in commands]
    return Reply(f"you are {role} here, and can say:", cut(lines, 60))


def status(server: str, health: str, fleet: Inventory, more: Sequence[str]) -> Reply:
    """How everything stands; `more`: what else is to be known."""
    states = Counter(_state(fleet, bond) for bond in fleet.bonds)
    legs = Counter(str(leg.body.get("standing") or "unknown") for leg in fleet.legs)
    bad = sorted(
        (bond for bond in fleet.bonds if _state(fleet, bond) != _WELL),
        key=lambda bond: _rank(_state(fleet, bond)),
    )
    told = (
        f"{server} is {health}; {len(fleet.bonds)} bonds: {_counts(states)}; {len(fleet.legs)}"
        f" legs: {_counts(legs)}"
    )
    lines = [
        f"{bond.called} is {_state(fleet, bond)}{_how(fleet, bond)}"
        for bond in bad
        if _state(fleet, bond) != "unknown"
    ]
    return Reply(told, (*more, *cut(lines)), tone=Tone.BAD if states["down"] else Tone.PLAIN)


def legs_down(fleet: Inventory) -> Reply:
    """Legs that do not stand as they should."""
    bad = [leg for leg in fleet.legs if leg.body.get("standing") in ("down", "degraded")]
    lines = [
        f"{leg.called} is {leg.body['standing']} ({leg.body.get('state')}){_at(leg)}"
        for leg in sorted(bad, key=_worst)
    ]
    if not lines:
        return Reply(f"no leg is down or degraded, of {len(fleet.legs)}", tone=Tone.GOOD)
    return Reply(f"{len(lines)} of {len(fleet.legs)} legs are down or degraded", cut(lines))


def bond(fleet: Inventory, one: InventoryObject) -> Reply:
    """One bond, its legs, and where it is."""
    if one.space:
        space = f" in space {one.space}"
    else:
        space = ""
    lines = [_where(fleet, one), *(_leg(leg) for leg in fleet.legs_of(one))]
    return Reply(
        f"{one.called} (bond {one.id}){space} is {_state(fleet, one)}{_how(fleet, one)}", cut(lines)
    )


def _state(fleet: Inventory, one: InventoryObject) -> str:
    return str(fleet.conditions.get(one.id, {}).get("state") or "unknown")


def _rank(state: str) -> int:
    if state in _WORST:
        return _WORST.index(state)
    return len(_WORST)


def _how(fleet: Inventory, one: InventoryObject) -> str:
    condition = fleet.conditions.get(one.id, {})
    if condition.get("down"):
        return f": {condition['down']} of {condition.get('active')} legs down"
    return ""


def _counts(found: Counter[str]) -> str:
    return (
        ", ".join(
            f"{count} {state.replace('_', ' ')}"
            for state, count in sorted(found.items(), key=_first)
        )
        or "none"
    )


def _first(counted: tuple[str, int]) -> tuple[int, str]:
    return _rank(counted[0]), counted[0]


def _worst(leg: InventoryObject) -> tuple[int, str]:
    return _rank(str(leg.body.get("standing"))), leg.called


def _at(leg: InventoryObject) -> str:
    if leg.body.get("provider"):
        return f", {leg.body['provider']}"
    return ""


def _where(fleet: Inventory, one: InventoryObject) -> str:
    current = one.body.get("current")
    primary = one.body.get("primary")
    if current is None:
        return (
            f"its primary aggregator is {_aggregator(fleet, primary)}; where it is now is not known"
        )
    if current == primary:
        home = "its primary"
    else:
        home = f"its primary is {_aggregator(fleet, primary)}"
    return f"it is on aggregator {_aggregator(fleet, current)}, {home}"


def _aggregator(fleet: Inventory, identifier: Json) -> str:
    if identifier is None:
        return "not known"
    return fleet.aggregators.get(str(identifier), str(identifier))


def _leg(leg: InventoryObject) -> str:
    speeds = [leg.body.get("down_speed"), leg.body.get("up_speed")]
    if None in speeds:
        fast = ""
    else:
        fast = f", {speeds[0]:g}/{speeds[1]:g} Mbit/s"
    if leg.body.get("mode"):
        mode = f", {leg.body['mode']}"
    else:
        mode = ""
    return (
        f"leg {leg.name or leg.id} is"
        f" {leg.body.get('standing') or leg.body.get('state') or 'unknown'}{mode}{fast}"
    )
