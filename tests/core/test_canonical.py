"""One spelling for one value."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.canonical_json import canonical, identity

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=15,
)


def shuffled(value: object) -> object:
    """The same value with every mapping written the other way round."""
    if isinstance(value, dict):
        return {name: shuffled(value[name]) for name in reversed(value)}
    return [shuffled(each) for each in value] if isinstance(value, list) else value


@given(JSON)
def test_the_order_of_keys_does_not_matter(value: object) -> None:
    """A value and itself with its keys in another order are spelt alike and have one identity."""
    assert canonical(value) == canonical(shuffled(value))
    assert identity(value) == identity(shuffled(value))


@given(JSON)
def test_nothing_is_lost(value: object) -> None:
    """What was spelt can be read back as it was, so different values never have one spelling."""
    assert json.loads(canonical(value)) == value


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_different_parts_have_different_ids(one: list[str], other: list[str]) -> None:
    """Parts are kept apart: moving a letter from one to the next gives another id."""
    assert (identity(*one) == identity(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("ab", ""), ("a", "b")), ((1,), ("1",)), ((1,), (True,)), ((None,), ()), (([],), ({},))],
)
def test_types_are_kept_apart(one: tuple, other: tuple) -> None:
    """A number is not its digits and nothing is not no part."""
    assert identity(*one) != identity(*other)


def test_the_spelling_is_fixed() -> None:
    """Ids live in databases for ever: the spelling and the length are written down here."""
    assert (
        canonical({"b": [1, 1.5, None, True], "a": "é\n"}) == '{"a":"é\\n","b":[1,1.5,null,true]}'
    )
    assert identity("a", 1) == hashlib.sha256(b'["a",1]').hexdigest()[:24]
