"""The catalogue against the vendor's table."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from bridge.bonding.catalogue import (
    ALIASES,
    IMPOSSIBLE,
    KINDS,
    LITERAL,
    OPERATIONS,
    ROOT,
    Alias,
    Danger,
    Kind,
    Operation,
    meant,
    one,
)
from bridge.bonding.effect_checks import PROOFS
from bridge.bonding.scopes import FAMILIES, PLACEMENTS, STATISTICS, WHOLE, address, following
from bridge.core.model import Repeat
from bridge.core.objects import object_schemas
from tests.case_tables import all_cases

# the vendor's own table: path -> methods
VENDOR: dict[str, str] = json.loads(
    (Path(__file__).parent / "v4_uris.json").read_text(encoding="utf-8")
)


def shape(path: str) -> str:
    """A path with every identifier as one sign."""
    return re.sub(r"\{\w+\}|(?<=/)[XYZ](?=/)", "#", path)


def _requests(rows: Iterable[Operation]) -> set[tuple[str, str]]:
    return {(row.method, shape(ROOT + row.path)) for row in rows}


def test_to_the_letter_the_catalogue_is_the_vendors_table() -> None:
    """Read literally, all 275 operations of the 135 URIs have a row, and no row is an invention."""
    table = {
        (method, shape(path)) for path, methods in VENDOR.items() for method in methods.split()
    }
    assert (len(VENDOR), len(table)) == (135, 275)
    assert _requests(LITERAL.values()) == table


def test_with_the_swapped_rows_put_right_there_are_276() -> None:
    """The list of interface legs can create, and one leg can be changed and deleted: nothing else
    differs from the table.
    """
    right = _requests(OPERATIONS.values())
    literal = _requests(LITERAL.values())
    one = "/api/v4/bonds/#/interface_legs/#/"
    several = "/api/v4/bonds/#/interface_legs/"
    changing = ("PUT", "PATCH", "DELETE")
    assert len(right) == 276
    assert right - literal == {("POST", several), *((method, one) for method in changing)}
    assert literal - right == {(method, several) for method in changing}


@pytest.mark.parametrize("alias", ALIASES.values(), ids=lambda alias: alias.name)
def test_an_alias_means_the_same_for_every_type_of_leg(alias: Alias) -> None:
    """Whatever the leg's type, an alias is as dangerous and as repeatable, and needs the bond
    besides its own arguments.
    """
    rows = [alias.operation(each) for each in ("interface", "mobile_broadband", "mobilebroadband")]
    assert {(r.method, r.danger, r.repeat, r.note, r.proof, r.takes, r.kind) for r in rows} == {
        (r.method, r.danger, r.repeat, r.note, r.proof, r.takes, r.kind) for r in (alias.sample,)
    }
    assert all(sorted(row.arguments) == sorted(("bond", *alias.arguments)) for row in rows)


def test_what_cannot_be_done_is_no_operation() -> None:
    """What the catalogue says is impossible has neither a row nor an alias."""
    assert not IMPOSSIBLE.keys() & (OPERATIONS.keys() | ALIASES.keys())


def test_names_and_requests_are_unique() -> None:
    """No operation has two rows, and no two rows are the same request."""
    assert all(name == row.name for name, row in OPERATIONS.items())
    assert len({(row.method, shape(row.path)) for row in OPERATIONS.values()}) == len(OPERATIONS)


def test_a_read_is_a_get_and_a_write_says_what_a_second_one_would_do() -> None:
    """What reads is a GET that may be repeated; what writes is not READ, and a POST that acts is
    done once.
    """
    for row in OPERATIONS.values():
        assert (
            (row.method == "GET")
            == (not row.writes)
            == (row.repeat is Repeat.READ)
            == (row.danger is Danger.READ)
        )
        assert not (row.paged and row.writes)
        assert row.proof is None or row.writes


def test_nothing_that_restarts_or_starts_is_repeated_or_taken_for_provable() -> None:
    """A second restart or a second tuning is never silent: these are done once, and nothing shows
    whether they were.
    """
    for name in ("bond.restart", "bond_tuning.start"):
        assert (OPERATIONS[name].repeat, OPERATIONS[name].proof) == (Repeat.ONCE, None)


def test_every_proof_exists_and_is_used() -> None:
    """The catalogue and the proofs name the same functions."""
    assert {row.proof for row in OPERATIONS.values() if row.proof} == set(PROOFS)


@all_cases("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_has_its_operations_and_its_body(kind: Kind) -> None:
    """Its collection is a reading list, its single a reading address that ends in its own id, its
    volatile fields exist.
    """
    assert OPERATIONS[kind.collection].method == "GET"
    if kind.single:
        single = OPERATIONS[kind.single]
        assert (single.method, single.paged) == ("GET", False)
        assert shape(single.path) == shape(OPERATIONS[kind.collection].path) + "#/"
    assert kind.volatile <= set(object_schemas.BODIES[kind.name])
    assert not kind.by or kind.by in object_schemas.BODIES[kind.name]


def test_every_kind_that_has_a_list_is_in_a_scope() -> None:
    """Each kind of object is read by the scope of its own collection, and by no other but a leg's
    tunings, which have two.
    """
    of_kind: dict[str, set[str]] = {}
    for name, each in FAMILIES.items():
        assert name == each.template
        if each.kind and each.kind != "placement":
            of_kind.setdefault(each.kind, set()).add(each.operation)
    tunings = of_kind.pop("leg_tuning")
    assert tunings == {"interface_leg_tuning.list", "mobile_broadband_leg_tuning.list"}
    assert of_kind == {
        kind.name: {kind.collection} for kind in KINDS.values() if kind.name != "leg_tuning"
    }


def test_a_scope_is_called_like_the_address_it_reads() -> None:
    """Every whole scope is found by its name, and one that belongs to an object by its name with
    the object's id.
    """
    assert {PLACEMENTS, STATISTICS, "legs", "tlsinfo"} <= set(WHOLE)
    assert all(
        address(name).family is FAMILIES[name] and not address(name).arguments for name in WHOLE
    )
    of_bond = address("bonds/12/tuners")
    assert (of_bond.family.operation, of_bond.arguments) == ("bond_tuning.list", {"bond": 12})
    assert address("spaces/acme/ip_allocations").arguments == {"space": "acme"}
    with pytest.raises(KeyError):
        address("bonds/twelve/tuners")


def test_what_follows_an_object_is_a_scope() -> None:
    """What a new bond, node, space or leg brings is all found again by its name, and read by an
    operation that takes its id.
    """
    bodies_of = {
        "bond": {"id": 12},
        "node": {"id": 3},
        "space": {"key": "acme"},
        "leg": {"id": 5, "bond": 12, "type": None},
    }
    for kind, body in bodies_of.items():
        names = following(kind, body)
        assert names
        for name in names:
            at = address(name)
            assert set(OPERATIONS[at.family.operation].arguments) == set(at.arguments)
    assert following("leg", {"id": 5, "bond": None, "type": None}) == []


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("bond.resart", "bond.restart"),
        ("bond.gett", "bond.get"),
        ("bond.deleet", "bond.delete"),
        ("user.craete", "user.create"),
        ("bond.remove", "bond.delete"),
        ("nonsense", ""),
    ],
)
def test_what_was_meant_is_never_worse_than_what_was_written(word: str, near: str) -> None:
    """The nearest operation is suggested, one that deletes only where the word itself speaks of
    deleting.
    """
    assert meant(word) == near


def test_no_word_that_does_not_speak_of_deleting_is_answered_with_a_deletion() -> None:
    """Whatever kind it is of, and among the operations a rule may call as well as among all."""
    writing = [name for name, row in OPERATIONS.items() if row.writes]
    for kind in {name.partition(".")[0] for name in OPERATIONS}:
        for verb in ("get", "set", "read", "list", "select", "replate", "updte"):
            assert not meant(f"{kind}.{verb}", writing).endswith("delete"), f"{kind}.{verb}"


def test_kinds_are_spoken_of_in_english() -> None:
    """With the article that is spoken."""
    assert [one(kind) for kind in ("leg", "aggregator", "user", "ssh_key", "iso")] == [
        "a leg",
        "an aggregator",
        "a user",
        "an ssh_key",
        "an iso",
    ]
