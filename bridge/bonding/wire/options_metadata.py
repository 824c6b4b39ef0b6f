"""What fields an operation takes: by the server's own word, the answer to an OPTIONS, else by our
table of guesses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bridge.bonding.catalogue import KINDS, Operation
from bridge.bonding.wire.field_map import FIELDS, KNOWN
from bridge.core.model import Json


@dataclass(frozen=True, slots=True)
class Fields:
    """`names` that can be set, `fixed` those that only the server sets; `told`: the server itself
    says so.
    """

    names: frozenset[str]
    fixed: frozenset[str]
    told: bool

    def wrong(self, name: str) -> tuple[str, str] | None:
        """What is wrong with setting this field, and the nearest that can be set; None for one that
        can.
        """
        if name in self.names:
            return None
        near = get_close_matches(name, sorted(self.names), n=1)
        if near:
            mend = f"did you mean {near[0]!r}?"
        else:
            mend = ""
        if name in self.fixed:
            return f"{name} is the server's to set", mend
        return (
            f"the server knows no field {name!r}"
            if self.told
            else f"bondbridge knows no field {name!r}"
        ), mend


def fields_of(row: Operation, described: Json) -> Fields | None:
    """The fields an operation takes. `described`: the answer to an OPTIONS at its address, None
    where there is none.

    It has fields only for methods that the user may use: `{"actions": {"PUT": {"name":
    {"read_only": false, …}}}}`. None where nobody can tell.
    """
    if isinstance(described, dict):
        actions = described.get("actions")
    else:
        actions = None
    if isinstance(actions, dict):
        told = actions.get("PUT" if row.method == "PATCH" else row.method)
    else:
        told = None
    if isinstance(told, dict) and told:
        fixed = frozenset(
            name
            for name, about in told.items()
            if isinstance(about, Mapping) and about.get("read_only") is True
        )
        names = frozenset(told) - fixed
        if row.kind in KINDS:
            measured = KINDS[row.kind].volatile
        else:
            measured = frozenset()
        return Fields(names, fixed | (measured - names), told=True)
    if row.kind not in KINDS or not FIELDS[row.kind]:
        return None
    guessed = frozenset(name for field in FIELDS[row.kind].values() for name in field.names)
    known = guessed | KNOWN.get(row.kind, frozenset()) | KINDS[row.kind].secret
    address = frozenset({"id", "url"})
    return Fields(known - address, address, told=False)
