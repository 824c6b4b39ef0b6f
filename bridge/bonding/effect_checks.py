"""Did it happen? What later reads can tell about a request whose answer never came."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bridge.bonding.catalogue import KINDS, OPERATIONS, Operation
from bridge.bonding.wire import normalise, reference, space_key
from bridge.core.model import Body, Json
from bridge.errors import Garbled, Refused

_NOT_FOUND = 404
# a reference to one of these is a space, which goes by its key
_SPACES = frozenset({"space", "parent", "home_space"})


class Read(Protocol):
    """The answer to a reading operation, in the vendor's JSON."""

    def __call__(self, operation: str, /, **arguments: Json) -> Json:  # noqa: D102  said above
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """The request in question, and how the server is read."""

    row: Operation
    arguments: Mapping[str, Json]
    body: Body
    read: Read

    @property
    def name(self) -> str:
        """What the operation is about: `"bond_tuning"` of `bond_tuning.accept`."""
        return self.row.name.rpartition(".")[0]

    def itself(self) -> Json:
        """The object at the request's own address, as it is now."""
        return self.read(f"{self.name}.get", **self.arguments)


def prove(
    operation: str, arguments: Mapping[str, Json], body: Body | None, read: Read
) -> bool | None:
    """Whether it took effect: True, False, or None where this server does not show it. Raises what
    reading raises.
    """
    row = OPERATIONS[operation]
    if row.proof:
        return PROOFS[row.proof](Sent(row, arguments, body or {}, read))
    return None


def tuning_accepted(sent: Sent) -> bool | None:
    """The tuning says whether its recommendations were accepted."""
    return bool(_tuning(sent)["verdict"] == "accepted")


def tuning_declined(sent: Sent) -> bool | None:
    """The tuning says whether its recommendations were declined."""
    return bool(_tuning(sent)["verdict"] == "declined")


def tuning_cancelled(sent: Sent) -> bool | None:
    """A cancelled tuning says so."""
    return bool(_tuning(sent)["outcome"] == "cancelled")


def _tuning(sent: Sent) -> Body:
    return normalise(sent.row.kind or "bond_tuning", sent.itself(), b"").body


def bond_at_primary(sent: Sent) -> bool | None:
    """The bond stands in its primary aggregator's list of current bonds."""
    bond = int(sent.arguments["bond"])
    primary = normalise("bond", sent.read("bond.get", bond=bond), b"").body["primary"]
    if primary is None:
        return None
    return bond in [
        reference(each) for each in sent.read("aggregator.bonds_current", aggregator=primary)
    ]


def created(sent: Sent) -> bool | None:
    """No object with these fields: not created. One with the same value where only one can have it:
    created.
    """
    items = sent.read(f"{sent.name}.list", **sent.arguments)
    if sent.row.kind:
        unique = KINDS[sent.row.kind].unique & sent.body.keys()
    else:
        unique = frozenset()
    wanted = {name: sent.body[name] for name in unique} or sent.body
    alike = [item for item in items if isinstance(item, dict) and _fits(wanted, item) is not False]
    if not wanted or not alike:
        if not wanted:
            return None
        return False
    if unique and any(_fits(wanted, item) for item in alike):
        return True
    return None


def updated(sent: Sent) -> bool | None:
    """Every field that was sent reads back as it was sent."""
    found = sent.itself()
    if not isinstance(found, dict) or not sent.body:
        return None
    return _fits(sent.body, found, exactly=True)


def unlike(
    operation: str, arguments: Mapping[str, Json], body: Body, read: Read
) -> Mapping[str, Json]:
    """Of the fields that were set, those that now read back as something else, with that. Raises
    what reading raises.

    What the object does not show, or shows in other capitals, is not among them.
    """
    found = Sent(OPERATIONS[operation], arguments, body, read).itself()
    if isinstance(found, dict):
        shown = found
    else:
        shown = {}
    return {
        name: shown[name]
        for name, value in body.items()
        if name in shown and not _same(name, value, shown[name], exactly=False)
    }


def deleted(sent: Sent) -> bool | None:
    """Its own address says that it is not there."""
    try:
        sent.itself()
    except Refused as error:
        if error.status == _NOT_FOUND:
            return True
        raise
    except Garbled:
        return None
    return False


def _fits(wanted: Body, found: Body, *, exactly: bool = False) -> bool | None:
    """Whether an object has these fields; None where it does not show some and differs in none."""
    shown = [
        _same(name, value, found[name], exactly=exactly)
        for name, value in wanted.items()
        if name in found
    ]
    if not all(shown):
        return False
    if len(shown) == len(wanted):
        return True
    return None


def _same(name: str, sent: Json, found: Json, *, exactly: bool) -> bool:
    """As it was sent, or the same object in another form of reference. Servers trim texts and
    change their capitals.
    """
    if sent == found:
        return True
    if name in _SPACES:
        return space_key(sent) is not None and space_key(sent) == space_key(found)
    if isinstance(sent, list) and isinstance(found, list):
        return len(sent) == len(found) and all(
            _same(name, *pair, exactly=exactly) for pair in zip(sent, found, strict=True)
        )
    if _refers(sent) or _refers(found):
        return reference(sent) is not None and reference(sent) == reference(found)
    if isinstance(sent, bool) or isinstance(found, bool) or sent is None or found is None:
        return False
    one = str(sent).strip()
    two = str(found).strip()
    return (
        one == two
        or (not exactly and one.casefold() == two.casefold())
        or _number(sent) == _number(found) is not None
    )


def _refers(value: Json) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, str) and value.endswith("/") and "/" in value[:-1]
    )


def _number(value: Json) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


PROOFS: Mapping[str, Callable[[Sent], bool | None]] = {
    function.__name__: function
    for function in (
        tuning_accepted,
        tuning_declined,
        tuning_cancelled,
        bond_at_primary,
        created,
        updated,
        deleted,
    )
}
