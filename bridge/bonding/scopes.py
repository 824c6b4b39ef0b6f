"""The scopes: what one poll covers completely, and how it is read. No I/O: reading goes through the `fetch` given.

Where bonds are is asked of the aggregators (`bonds`, `bonds_secondary`, `bonds_current` of each), because the bond's own
field for it is not known. Source: the vendor's v4 URI table.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from bridge.bonding.wire import normalise, reference
from bridge.core.model import Json, Seen
from bridge.errors import Garbled


class Fetch(Protocol):
    """Every item of one complete list, in the vendor's JSON."""

    def __call__(self, operation: str, /, **arguments: Json) -> list[Json]:  # noqa: D102  said above
        ...


WHOLE: Mapping[str, tuple[str, str]] = {
    "legs": ("leg", "leg.list"),
    "bonds": ("bond", "bond.list"),
    "aggregators": ("aggregator", "aggregator.list"),
    "backups": ("backup", "backup.list"),
}
PLACEMENTS = "placements"
TUNINGS = "tunings"

# what a person can time in the settings; `tunings` is one scope per bond
FAMILIES = (*WHOLE, PLACEMENTS, TUNINGS)


def tunings_of(bond: str) -> str:
    """`"12"` → `"bonds/12/tuners"`."""
    return f"bonds/{bond}/tuners"


def family(scope: str) -> str:
    """Which of FAMILIES a scope belongs to."""
    return TUNINGS if scope.startswith("bonds/") else scope


def read(scope: str, fetch: Fetch, key: bytes) -> list[Seen]:
    """Everything in the scope, whole or not at all. Raises Garbled, Unreachable, Refused."""
    if scope == PLACEMENTS:
        return list(_placements(fetch))
    if family(scope) == TUNINGS:
        bond = int(scope.split("/")[1])
        # the tunings stand in the list of their bond and may not name it themselves
        raw = [{**each, "bond": bond} if isinstance(each, dict) else each for each in fetch("bond_tuning.list", bond=bond)]
        return _unique([normalise("bond_tuning", each, key) for each in raw])
    kind, operation = WHOLE[scope]
    return _unique([normalise(kind, each, key) for each in fetch(operation)])


def _unique(seen: list[Seen]) -> list[Seen]:
    if len({each.id for each in seen}) < len(seen):
        msg = "the same object stands in the list twice"
        raise Garbled(msg)
    return seen


def _placements(fetch: Fetch) -> Iterator[Seen]:
    """One object per bond: its primary, secondary and current aggregator. In two current lists or in none: Garbled."""
    lists: dict[str, dict[int, int]] = {"bonds": {}, "bonds_secondary": {}, "bonds_current": {}}
    for aggregator in _ids(fetch("aggregator.list")):
        for name, found in lists.items():
            for bond in _ids(fetch(f"aggregator.{name}", aggregator=aggregator)):
                if bond in found:
                    msg = f"bond {bond} stands in {name} of aggregators {found[bond]} and {aggregator}: it moved meanwhile"
                    raise Garbled(msg)
                found[bond] = aggregator
    primary, secondary, current = lists.values()
    for bond in sorted({*primary, *current}):
        if bond not in current or bond not in primary:
            msg = f"bond {bond} stands in no list of {'current' if bond in primary else 'primary'} aggregators just now"
            raise Garbled(msg)
        where = {"primary": primary[bond], "secondary": secondary.get(bond), "current": current[bond]}
        yield Seen("placement", str(bond), {"id": bond, **where})


def _ids(items: Iterable[Json]) -> list[int]:
    found = [reference(each) for each in items]
    if None in found:
        msg = "an object without an id"
        raise Garbled(msg)
    return [each for each in found if each is not None]
