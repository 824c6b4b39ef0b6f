"""From arguments and bodies to requests, and from refusals to sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.bonding.catalogue import OPERATIONS
from bridge.bonding.wire import refusal, request
from bridge.errors import BadInput


@pytest.mark.parametrize(
    ("operation", "arguments", "path"),
    [
        ("leg.list", {}, "/api/v4/legs/"),
        ("bond.get", {"bond": 3}, "/api/v4/bonds/3/"),
        ("bond.get", {"bond": "3"}, "/api/v4/bonds/3/"),
        ("bond_tuning.accept", {"tuning": 7, "bond": 3}, "/api/v4/bonds/3/tuners/7/accept/"),
        ("space.get", {"space": "acme-van_2"}, "/api/v4/spaces/acme-van_2/"),
    ],
)
def test_arguments_become_a_path(operation: str, arguments: dict, path: str) -> None:
    """Each argument stands in its place."""
    made = request(OPERATIONS[operation], arguments)
    assert (made.method, made.path, made.params) == (OPERATIONS[operation].method, path, {})


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "..",
        "../3",
        "3/../4",
        "3/",
        "3?x=1",
        "3#",
        "3%2f",
        "%33",
        "-3",
        "+3",
        "3.0",
        "٣",
        "³",
        "3\n",
        "0x3",
        "abc",
        "3 4",
        3.0,
        1.5,
        None,
        True,
        [],
        {},
        -3,
        "{bond}",
    ],
    ids=repr,
)
def test_nothing_but_a_whole_number_reaches_a_path(value: object) -> None:
    """Ids are whole numbers: no trick with slashes, dots, signs or foreign digits gets through."""
    with pytest.raises(BadInput, match="ids are whole numbers"):
        request(OPERATIONS["bond.restart"], {"bond": value})


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        ".",
        "..",
        "a/b",
        "a?b",
        "a#b",
        "%2e",
        "a b",
        "a\n",
        "-",
        None,
        True,
        5.5,
        [],
        {},
        "a.b",
    ],
    ids=repr,
)
def test_nothing_but_a_key_reaches_a_path(value: object) -> None:
    """Spaces go by their key, which is a slug; null is the key of nothing."""
    with pytest.raises(BadInput, match="not the key of a space"):
        request(OPERATIONS["space.get"], {"space": value})


def test_missing_and_extra_arguments_are_all_told() -> None:
    """Every problem of a call is told at once, before anything is sent."""
    with pytest.raises(BadInput) as caught:
        request(OPERATIONS["bond_tuning.accept"], {"bond": "x", "leg": 1})
    assert [problem.what for problem in caught.value.problems] == [
        "needs 'tuning'",
        "takes no 'leg'",
        "bond: 'x' is not an id; ids are whole numbers, 1 or more",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(-1, "-1"), (1e42, "a number of 43 digits"), ("x" * 1000, f"'{'x' * 58}…")],
    ids=["below", "large", "long"],
)
def test_what_is_not_an_id_is_shown_as_a_person_would_write_it(value: object, shown: str) -> None:
    """A number that is too large by its digits, a long text by its beginning."""
    with pytest.raises(BadInput) as caught:
        request(OPERATIONS["bond.get"], {"bond": value})
    assert caught.value.problems[0].what == (
        f"bond: {shown} is not an id; ids are whole numbers, 1 or more"
    )


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda b: st.lists(b) | st.dictionaries(st.text(max_size=3), b),
    )
)
def test_any_refusal_is_one_short_line(body: object) -> None:
    """Whatever a server says in a 4xx is told in at most 300 letters."""
    assert len(refusal(body)) <= 300


@pytest.mark.parametrize(
    ("operation", "arguments", "body"),
    [
        ("leg.list", {}, None),
        ("bond.restart", {"bond": 3}, None),
        ("bond_tuning.start", {"bond": 3}, None),
        ("speedtest.start", {"bond": 3}, {"leg": None, "length": 10}),
        ("bond.update", {"bond": 3}, {"note": "x", "space": {"key": "acme"}}),
        ("settings.update", {}, {"a": [1, {"b": None}]}),
    ],
)
def test_a_body_goes_where_one_is_taken(operation: str, arguments: dict, body: object) -> None:
    """What carries fields carries them as they are given; what may go without does."""
    assert request(OPERATIONS[operation], arguments, body=body).body == body


@pytest.mark.parametrize(
    ("operation", "arguments", "body", "says"),
    [
        ("bond.restart", {"bond": 3}, {"x": 1}, "takes no fields"),
        ("bond.get", {"bond": 3}, {}, "takes no fields"),
        ("bond.update", {"bond": 3}, None, "needs the fields to change"),
        ("bond.replace", {"bond": 3}, None, "needs the fields to change"),
        ("bond.update", {"bond": 3}, [1], "a mapping, not list"),
        ("bond.update", {"bond": 3}, "text", "a mapping, not str"),
        ("bond.update", {"bond": 3}, {"a": float("nan")}, "cannot be sent"),
        ("bond.update", {"bond": 3}, {"a": object()}, "cannot be sent"),
        ("self.get", {}, None, "never called"),
    ],
)
def test_a_body_that_cannot_be_one_is_told_before_sending(
    operation: str, arguments: dict, body: object, says: str
) -> None:
    """Fields where none are taken, none where some are needed, what is no JSON, and what is
    private: BadInput.
    """
    with pytest.raises(BadInput, match=says):
        request(OPERATIONS[operation], arguments, body=body)


def test_a_query_belongs_to_a_read() -> None:
    """Parameters go with a read, and are refused for a write."""
    assert request(OPERATIONS["bond.list"], {}, {"page_size": "5"}).params == {"page_size": "5"}
    with pytest.raises(BadInput, match="no query"):
        request(OPERATIONS["bond.restart"], {"bond": 3}, {"page_size": "5"})
