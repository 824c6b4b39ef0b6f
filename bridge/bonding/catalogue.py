"""The catalogue: one row per operation of the vendor's v4 URI table, one row per kind of object.

Everything that lists operations is a view of these rows: the names a rule may call, `bondbridge call`, the simulator's
routes. A new operation is one new row here. Methods, paths and notes: the vendor's "v4 URIs" page (product 6.6).
"""

import string
from dataclasses import dataclass
from enum import StrEnum

from bridge.core.model import Repeat

ROOT = "/api/v4"


class Danger(StrEnum):
    """How much harm a call can do; decides what a rule may call without being allowed to by name."""

    READ = "read"
    OPERATE = "operate"
    CONFIGURE = "configure"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one URI.

    `path` is relative to ROOT; its `{names}` are the arguments, integers but for `{space}`, which is the space's key.
    `note` is the vendor's own precondition, in our words. `proof` names the function of `bonding.proof` that can tell
    from later reads whether the call took effect; without one, an unknown outcome stays unknown.
    """

    name: str
    method: str
    path: str
    paged: bool = False
    repeat: Repeat = Repeat.READ
    danger: Danger = Danger.READ
    note: str = ""
    proof: str | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names in the path, in order: `("bond", "tuning")`."""
        return tuple(name for _, name, _, _ in string.Formatter().parse(self.path) if name)

    @property
    def writes(self) -> bool:
        """Whether the call is meant to change something on the server."""
        return self.danger is not Danger.READ


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object.

    `collection` is the operation whose list is diffed (its one canonical collection), `single` the one that reads one
    of them by its own address, `by` the field that identifies the object within its scope. `volatile` fields change on
    every read: kept, never compared. `secret` fields of the vendor's JSON become keyed digests before anything can store
    them; so does, inside any object it refers to, whatever SECRET_INSIDE names.
    """

    name: str
    collection: str
    single: str | None = None
    by: str = "id"
    volatile: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()


def _read(name: str, path: str, *, paged: bool = False) -> Operation:
    return Operation(name, "GET", path, paged=paged)


def _operate(name: str, path: str, note: str = "", proof: str | None = None) -> Operation:
    return Operation(name, "POST", path, repeat=Repeat.ONCE, danger=Danger.OPERATE, note=note, proof=proof)


_UNDECIDED = "only if the tuning finished successfully, with recommendations that are neither accepted nor declined"

_ROWS = (
    _read("core.list", "/"),
    _read("space.list", "/spaces/", paged=True),
    _read("space.get", "/spaces/{space}/"),
    _read("aggregator.list", "/aggregators/", paged=True),
    _read("aggregator.get", "/aggregators/{aggregator}/"),
    _read("aggregator.bonds", "/aggregators/{aggregator}/bonds/", paged=True),
    _read("aggregator.bonds_secondary", "/aggregators/{aggregator}/bonds_secondary/", paged=True),
    _read("aggregator.bonds_current", "/aggregators/{aggregator}/bonds_current/", paged=True),
    _read("bond.list", "/bonds/", paged=True),
    _read("bond.get", "/bonds/{bond}/"),
    # A restart leaves no trace that the API shows, so it has no proof: an unknown outcome asks a person.
    _operate("bond.restart", "/bonds/{bond}/restart/"),
    _operate(
        "bond.restore_to_primary_agg",
        "/bonds/{bond}/restore_to_primary_agg/",
        note="refused with 400 while the primary aggregator is still failed",
        proof="bond_at_primary",
    ),
    _read("bond_tuning.list", "/bonds/{bond}/tuners/", paged=True),
    # Looking for "my" new tuning among others cannot be certain, so starting one has no proof.
    _operate("bond_tuning.start", "/bonds/{bond}/tuners/"),
    _read("bond_tuning.get", "/bonds/{bond}/tuners/{tuning}/"),
    _operate("bond_tuning.cancel", "/bonds/{bond}/tuners/{tuning}/cancel/", "only while not finished", "tuning_cancelled"),
    _operate("bond_tuning.accept", "/bonds/{bond}/tuners/{tuning}/accept/", _UNDECIDED, "tuning_accepted"),
    _operate("bond_tuning.decline", "/bonds/{bond}/tuners/{tuning}/decline/", _UNDECIDED, "tuning_declined"),
    _read("leg.list", "/legs/", paged=True),
    _read("leg.get", "/legs/{leg}/"),
    _read("backup.list", "/system/status/backups/"),
)

OPERATIONS: dict[str, Operation] = {row.name: row for row in _ROWS}

_RATES = frozenset({"upload_rate", "download_rate"})
# A node's key lets whoever holds it act as the node; a bonder's password is the customer's.
_NODE_SECRETS = frozenset({"key", "password"})

# The server may write any reference as the object itself. The key of a space is its address and no secret.
SECRET_INSIDE = _NODE_SECRETS
SPACES = frozenset({"space", "parent"})

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("leg", "leg.list", "leg.get", volatile=_RATES, secret=frozenset({"password"})),
        Kind("bond", "bond.list", "bond.get", volatile=_RATES, secret=_NODE_SECRETS),
        Kind("aggregator", "aggregator.list", "aggregator.get", secret=_NODE_SECRETS),
        Kind("bond_tuning", "bond_tuning.list", "bond_tuning.get"),
        Kind("backup", "backup.list", by="name"),
    )
}
