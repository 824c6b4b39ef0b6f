"""The catalogue against the vendor's table."""

import re

import pytest

from bridge.bonding.catalogue import KINDS, OPERATIONS, ROOT, Danger, Kind, Operation
from bridge.bonding.proof import PROOFS
from bridge.bonding.scopes import FAMILIES, WHOLE, family, tunings_of
from bridge.core import schema
from bridge.core.model import Repeat

# the rows of the vendor's v4 table that the catalogue speaks of
VENDOR = {
    "/api/v4/": "GET",
    "/api/v4/spaces/": "GET POST",
    "/api/v4/spaces/X/": "GET PUT PATCH DELETE",
    "/api/v4/aggregators/": "GET POST",
    "/api/v4/aggregators/X/": "GET PUT PATCH DELETE",
    "/api/v4/aggregators/X/bonds/": "GET",
    "/api/v4/aggregators/X/bonds_secondary/": "GET",
    "/api/v4/aggregators/X/bonds_current/": "GET",
    "/api/v4/bonds/": "GET POST",
    "/api/v4/bonds/X/": "GET PUT PATCH DELETE",
    "/api/v4/bonds/X/restart/": "POST",
    "/api/v4/bonds/X/restore_to_primary_agg/": "POST",
    "/api/v4/bonds/X/tuners/": "GET POST",
    "/api/v4/bonds/X/tuners/Z/": "GET",
    "/api/v4/bonds/X/tuners/Z/cancel/": "POST",
    "/api/v4/bonds/X/tuners/Z/accept/": "POST",
    "/api/v4/bonds/X/tuners/Z/decline/": "POST",
    "/api/v4/legs/": "GET",
    "/api/v4/legs/X/": "GET",
    "/api/v4/system/status/backups/": "GET",
}


def shape(path: str) -> str:
    """A path with every identifier as one sign."""
    return re.sub(r"\{\w+\}|(?<=/)[XYZ](?=/)", "#", path)


BY_SHAPE = {shape(path): methods.split() for path, methods in VENDOR.items()}


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=lambda row: row.name)
def test_every_operation_is_in_the_vendors_table(row: Operation) -> None:
    """Path and method of each row are the vendor's, and its arguments are the names in its path."""
    assert row.method in BY_SHAPE[shape(ROOT + row.path)]
    assert list(row.arguments) == re.findall(r"\{(\w+)\}", row.path)
    assert row.path.endswith("/")


def test_names_and_requests_are_unique() -> None:
    """No operation has two rows, and no two rows are the same request."""
    assert all(name == row.name for name, row in OPERATIONS.items())
    assert len({(row.method, shape(row.path)) for row in OPERATIONS.values()}) == len(OPERATIONS)


def test_a_read_is_a_get_and_a_write_says_what_a_second_one_would_do() -> None:
    """What reads is a GET that may be repeated; what writes is not READ, and a POST that acts is done once."""
    for row in OPERATIONS.values():
        assert (row.method == "GET") == (not row.writes) == (row.repeat is Repeat.READ) == (row.danger is Danger.READ)
        assert not (row.paged and row.writes)
        assert row.proof is None or row.writes


def test_nothing_that_restarts_or_starts_is_repeated_or_taken_for_provable() -> None:
    """A second restart or a second tuning is never silent: these are done once, and nothing shows whether they were."""
    for name in ("bond.restart", "bond_tuning.start"):
        assert (OPERATIONS[name].repeat, OPERATIONS[name].proof) == (Repeat.ONCE, None)


def test_every_proof_exists_and_is_used() -> None:
    """The catalogue and the proofs name the same functions."""
    assert {row.proof for row in OPERATIONS.values() if row.proof} == set(PROOFS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_has_its_operations_and_its_body(kind: Kind) -> None:
    """Its collection is a reading list, its single a reading address that ends in its own id, its volatile fields exist."""
    assert OPERATIONS[kind.collection].method == "GET"
    if kind.single:
        single = OPERATIONS[kind.single]
        assert (single.method, single.paged) == ("GET", False)
        assert shape(single.path) == shape(OPERATIONS[kind.collection].path) + "#/"
    assert kind.volatile <= set(schema.BODIES[kind.name])
    assert kind.by in schema.BODIES[kind.name]


def test_scopes_belong_to_families_and_read_known_lists() -> None:
    """Every scope's name has its family, and every whole scope its kind and list."""
    assert {family(name) for name in (*WHOLE, "placements", tunings_of("12"))} == set(FAMILIES)
    assert tunings_of("12") == "bonds/12/tuners"
    for kind, operation in WHOLE.values():
        assert KINDS[kind].collection == operation
