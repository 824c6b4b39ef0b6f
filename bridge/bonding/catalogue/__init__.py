"""The catalogue: one row per operation of the vendor's v4 URI table, one row per kind of object.

Everything that lists operations is a view of these rows: the names a rule may call, `bondbridge
call`, the simulator's routes, `docs/operations.md`. A new operation is one new row. Methods, paths
and notes: the vendor's "v4 URIs" page (6.6).
"""

from bridge.bonding.catalogue.object_kinds import KINDS, SECRET_INSIDE, SPACES, one
from bridge.bonding.catalogue.operation import ROOT, Danger, Kind, Operation
from bridge.bonding.catalogue.operations import ALIASES, IMPOSSIBLE, LITERAL, OPERATIONS, Alias
from bridge.bonding.catalogue.suggestions import did_you_mean, meant

__all__ = [
    "ALIASES",
    "IMPOSSIBLE",
    "KINDS",
    "LITERAL",
    "OPERATIONS",
    "ROOT",
    "SECRET_INSIDE",
    "SPACES",
    "Alias",
    "Danger",
    "Kind",
    "Operation",
    "did_you_mean",
    "meant",
    "one",
]
