"""Scopes on lists that are given."""

import pytest

from bridge.bonding.scopes import read, single
from bridge.core.objects import object_schemas
from bridge.errors import Garbled

from .sample_objects import HOST

KEY = b"a key of this installation"


class Lists:
    """A source that hands out what it was given; `bonds_1` is the list of aggregator 1, `document`
    any one document.
    """

    def __init__(
        self, *, document: object = None, shown: dict | None = None, **given: list
    ) -> None:
        self._given = given
        self._document = document
        self._shown = shown

    def list(self, operation: str, /, **arguments: object) -> list:
        """The list given under the operation's last name and its arguments, or an empty one."""
        name = operation.partition(".")[2]
        return self._given.get("_".join([name, *map(str, arguments.values())]), [])

    def get(self, _operation: str, /, **_arguments: object) -> object:
        """The one document."""
        return self._document

    def certificate(self) -> dict | None:
        """What the handshake shows."""
        return self._shown


def objects(*numbers: int) -> list[dict]:
    """Objects with these ids."""
    return [{"id": number} for number in numbers]


def test_placements_are_put_together_from_the_aggregators() -> None:
    """One object per bond: where it belongs, where it may go and where it is."""
    source = Lists(
        list=objects(1, 2),
        bonds_1=objects(7, 8),
        bonds_2=[f"{HOST}/bonds/9/"],
        bonds_secondary_2=objects(7),
        bonds_current_1=objects(8),
        bonds_current_2=objects(7, 9),
    )
    seen = {
        each.id: (each.body["primary"], each.body["secondary"], each.body["current"])
        for each in read("placements", source, KEY)
    }
    assert seen == {"7": (1, 2, 2), "8": (1, None, 1), "9": (2, None, 2)}
    assert {tuple(each.body) for each in read("placements", source, KEY)} == {
        tuple(object_schemas.BODIES["placement"])
    }


@pytest.mark.parametrize(
    "given",
    [
        {"bonds_1": objects(7), "bonds_current_1": objects(7), "bonds_current_2": objects(7)},
        {"bonds_1": objects(7), "bonds_2": objects(7), "bonds_current_1": objects(7)},
        {"bonds_1": objects(7)},
        {"bonds_current_1": objects(7)},
        {"bonds_1": [{"name": "nobody"}], "bonds_current_1": []},
    ],
    ids=["two current", "two primary", "no current", "no primary", "no id"],
)
def test_a_bond_in_two_lists_or_in_none_is_garbled(given: dict) -> None:
    """While a bond moves, the lists disagree, and there is no snapshot of them."""
    with pytest.raises(Garbled):
        read("placements", Lists(list=objects(1, 2), **given), KEY)


def test_a_bond_that_stands_twice_in_one_list_is_once() -> None:
    """The same said twice is no contradiction: where the bond is, is as clear as before."""
    (seen,) = read(
        "placements", Lists(list=objects(1), bonds_1=objects(7, 7), bonds_current_1=objects(7)), KEY
    )
    assert (seen.body["primary"], seen.body["current"]) == (1, 1)


def test_an_object_that_stands_in_a_list_twice_and_differs_is_garbled() -> None:
    """A list in which one object is told twice in two ways was moving; twice the same is once."""
    with pytest.raises(Garbled, match="twice"):
        read("legs", Lists(list=[{"id": 1, "state": "up"}, {"id": 1, "state": "down"}]), KEY)
    assert [each.id for each in read("legs", Lists(list=objects(1, 1)), KEY)] == ["1"]


def test_a_tuning_that_is_no_object_is_garbled() -> None:
    """Half a list of tunings is no snapshot: an item that cannot be read is not left out in
    silence.
    """
    with pytest.raises(Garbled):
        read("bonds/3/tuners", Lists(list_3=[{"id": 1}, "what is this"]), KEY)


def test_the_tunings_of_a_bond_know_their_bond() -> None:
    """A tuning's bond is the one whose list it stands in."""
    (seen,) = read("bonds/3/tuners", Lists(list_3=[{"id": 1, "bond": 99}]), KEY)
    assert seen.body["bond"] == 3


def test_words_in_a_list_are_objects_called_so() -> None:
    """A list of plain versions is read as well as one of objects, and a kind without an id goes by
    its name.
    """
    (seen,) = read("repositories", Lists(list=["6.6"]), KEY)
    assert (seen.kind, seen.id) == ("repository", "6.6")


def test_one_allocation_in_two_spaces_is_two_objects() -> None:
    """What may stand in the lists of several spaces is known by its space too, so that neither
    hides the other.
    """
    (seen,) = read("spaces/acme/ip_allocations", Lists(list_acme=objects(4)), KEY)
    assert seen.id == "acme/4"


def test_a_certificate_that_cannot_be_read_is_taken_from_the_handshake() -> None:
    """Where the document says no end, the connection itself does; where neither does, it stays
    unknown.
    """
    shown = {"not_after": "2027-01-01T00:00:00+00:00", "subject": "CN=m"}
    (seen,) = read("tlsinfo", Lists(document={}, shown=shown), KEY)
    assert (seen.body["not_after"], seen.body["source"]) == (shown["not_after"], "handshake")
    assert read("tlsinfo", Lists(document={}), KEY)[0].body["not_after"] is None


@pytest.mark.parametrize(
    ("scope", "kind", "identifier", "wanted"),
    [
        ("bonds/12/routes", "route", "4", ("route.get", {"bond": 12, "route": 4})),
        (
            "spaces/acme/ip_allocations",
            "ip_allocation",
            "acme/4",
            ("ip_allocation.get", {"space": "acme", "allocation": 4}),
        ),
        ("spaces", "space", "acme", ("space.get", {"space": "acme"})),
        (
            "bonds/1/interface_legs/2/tuners",
            "leg_tuning",
            "9",
            ("interface_leg_tuning.get", {"bond": 1, "leg": 2, "tuning": 9}),
        ),
        ("backups", "backup", "x.zip", None),
    ],
)
def test_what_is_missing_is_asked_for_at_its_own_address(
    scope: str, kind: str, identifier: str, wanted: object
) -> None:
    """The operation that reads one object, with the arguments of its scope and its own; none where
    the API has none.
    """
    assert single(scope, kind, identifier) == wanted
