"""Scopes on lists that are given."""

import pytest

from bridge.bonding.scopes import read
from bridge.core import bodies
from bridge.errors import Garbled

from .samples import HOST

KEY = b"a key of this installation"


def lists(**given: list) -> object:
    """A fetch that hands out these lists; `bonds_1` is the list of aggregator 1."""

    def fetch(operation: str, /, **arguments: object) -> list:
        name = operation.partition(".")[2]
        return given.get("_".join([name, *map(str, arguments.values())]), [])

    return fetch


def objects(*numbers: int) -> list[dict]:
    """Objects with these ids."""
    return [{"id": number} for number in numbers]


def test_placements_are_put_together_from_the_aggregators() -> None:
    """One object per bond: where it belongs, where it may go and where it is."""
    fetch = lists(
        list=objects(1, 2), bonds_1=objects(7, 8), bonds_2=[f"{HOST}/bonds/9/"], bonds_secondary_2=objects(7),
        bonds_current_1=objects(8), bonds_current_2=objects(7, 9),
    )  # fmt: skip
    seen = {
        each.id: (each.body["primary"], each.body["secondary"], each.body["current"]) for each in read("placements", fetch, KEY)
    }
    assert seen == {"7": (1, 2, 2), "8": (1, None, 1), "9": (2, None, 2)}
    assert {tuple(each.body) for each in read("placements", fetch, KEY)} == {tuple(bodies.BODIES["placement"])}


@pytest.mark.parametrize(
    "given",
    [
        {"bonds_1": objects(7), "bonds_current_1": objects(7), "bonds_current_2": objects(7)},
        {"bonds_1": objects(7), "bonds_2": objects(7), "bonds_current_1": objects(7)},
        {"bonds_1": objects(7)},
        {"bonds_current_1": objects(7)},
        {"bonds_1": [{"name": "nobody"}], "bonds_current_1": []},
        {"bonds_1": objects(7, 7), "bonds_current_1": objects(7)},
    ],
    ids=["two current", "two primary", "no current", "no primary", "no id", "twice"],
)
def test_a_bond_in_two_lists_or_in_none_is_garbled(given: dict) -> None:
    """While a bond moves, the lists disagree, and there is no snapshot of them."""
    with pytest.raises(Garbled):
        read("placements", lists(list=objects(1, 2), **given), KEY)


def test_an_object_that_stands_in_a_list_twice_is_garbled() -> None:
    """A list with one object twice was moving."""
    with pytest.raises(Garbled, match="twice"):
        read("legs", lists(list=objects(1, 1)), KEY)


def test_a_tuning_that_is_no_object_is_garbled() -> None:
    """Half a list of tunings is no snapshot: an item that cannot be read is not left out in silence."""
    with pytest.raises(Garbled):
        read("bonds/3/tuners", lists(list_3=[{"id": 1}, "what is this"]), KEY)


def test_the_tunings_of_a_bond_know_their_bond() -> None:
    """A tuning's bond is the one whose list it stands in."""
    (seen,) = read("bonds/3/tuners", lists(list_3=[{"id": 1, "bond": 99}]), KEY)
    assert seen.body["bond"] == 3
