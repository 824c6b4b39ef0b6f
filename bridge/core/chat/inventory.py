"""What a person can name and ask about: the objects of a server, as far as they may see them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.core.chat.name_resolution import InventoryObject, UnknownObject, find
from bridge.core.model import Body, Json


@dataclass(frozen=True, slots=True)
class Inventory:
    """`bonds` carry where they are. `conditions` by the bond's id; `aggregators`: names by id."""

    bonds: Sequence[InventoryObject] = ()
    legs: Sequence[InventoryObject] = ()
    spaces: Sequence[InventoryObject] = ()
    tunings: Sequence[InventoryObject] = ()
    conditions: Mapping[str, Body] = field(default_factory=dict)
    aggregators: Mapping[str, str] = field(default_factory=dict)

    def seen(self, sees: Callable[[str | None], bool]) -> "Inventory":
        """What of it lies in spaces that may be seen: the rest reads as not there."""
        return replace(
            self,
            bonds=[each for each in self.bonds if sees(each.space)],
            legs=[each for each in self.legs if sees(each.space)],
            spaces=[each for each in self.spaces if sees(each.space)],
            tunings=[each for each in self.tunings if sees(each.space)],
        )

    def legs_of(self, bond: InventoryObject) -> list[InventoryObject]:
        """The legs of a bond."""
        return [each for each in self.legs if str(each.body.get("bond")) == bond.id]

    def named(self, kind: str, word: str) -> InventoryObject:
        """The object that a word means. Raises UnknownObject."""
        if kind == "tuning":
            return self._tuning(find("bond", word, self.bonds))
        return find(kind, word, {"bond": self.bonds, "leg": self.legs, "space": self.spaces}[kind])

    def bond_of(self, thing: InventoryObject) -> InventoryObject | None:
        """The bond that a leg or a tuning belongs to; of a bond itself."""
        if thing.kind == "space":
            return None
        if thing.kind == "bond":
            key = thing.id
        else:
            key = str(thing.body.get("bond"))
        return next((each for each in self.bonds if each.id == key), None)

    def _tuning(self, bond: InventoryObject) -> InventoryObject:
        """The newest tuning of the bond that recommends something and is undecided."""
        mine = [each for each in self.tunings if str(each.body.get("bond")) == bond.id]
        if not mine:
            raise UnknownObject(f"no tuning of {bond.called} recommends anything that is undecided")
        return max(mine, key=_age)


def _age(tuning: InventoryObject) -> tuple[int, Json]:
    if tuning.id.isdigit():
        return (int(tuning.id), "")
    return (0, tuning.id)
