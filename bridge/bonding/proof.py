"""Did it happen? What a later read can tell about a request whose answer never came.

Each function takes `read` (one object, or one complete list) and the request's arguments, and answers True (it took
effect), False (it did not) or None (this server does not show it).
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from bridge.bonding.wire import normalise, reference
from bridge.core.model import Json


class Read(Protocol):
    """The answer to a reading operation, in the vendor's JSON."""

    def __call__(self, operation: str, /, **arguments: Json) -> Json:  # noqa: D102  said above
        ...


Arguments = Mapping[str, Json]


def _tuning(read: Read, arguments: Arguments) -> Mapping[str, Json]:
    return normalise("bond_tuning", read("bond_tuning.get", **arguments), b"").body


def tuning_accepted(read: Read, arguments: Arguments) -> bool | None:
    """The tuning says whether its recommendations were accepted."""
    return bool(_tuning(read, arguments)["verdict"] == "accepted")


def tuning_declined(read: Read, arguments: Arguments) -> bool | None:
    """The tuning says whether its recommendations were declined."""
    return bool(_tuning(read, arguments)["verdict"] == "declined")


def tuning_cancelled(read: Read, arguments: Arguments) -> bool | None:
    """A cancelled tuning says so."""
    return bool(_tuning(read, arguments)["outcome"] == "cancelled")


def bond_at_primary(read: Read, arguments: Arguments) -> bool | None:
    """The bond stands in its primary aggregator's list of current bonds."""
    bond = int(arguments["bond"])
    primary = normalise("bond", read("bond.get", bond=bond), b"").body["primary"]
    if primary is None:
        return None
    return bond in [reference(each) for each in read("aggregator.bonds_current", aggregator=primary)]


PROOFS: Mapping[str, Callable[[Read, Arguments], bool | None]] = {
    function.__name__: function for function in (tuning_accepted, tuning_declined, tuning_cancelled, bond_at_primary)
}
