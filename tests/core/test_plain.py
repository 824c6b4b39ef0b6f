import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.json_safety import DEEPEST, TooDeep, decoded, storable

TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=6) | st.sampled_from(
    ["\0", "\ud800", "é", "😀", "\\u0000"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=8,
)


def _storable(value: object) -> object:
    if isinstance(value, dict):
        return {storable(name): _storable(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_storable(below) for below in value]
    return storable(value) if isinstance(value, str) else value


@given(JSON, st.booleans())
def test_nothing_unstorable_comes_in_however_it_is_spelt(value: object, ascii_only: bool) -> None:
    """Escaped or as it is, in values and in names: what cannot be stored is �, and all else
    stays.
    """
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert decoded(text) == _storable(json.loads(text))


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_so_deep_and_no_deeper(opening: str, closing: str) -> None:
    """Something below forty lists or objects is taken, and below forty-one it is not."""
    assert decoded((opening * DEEPEST + "1" + closing * DEEPEST).encode())
    with pytest.raises(TooDeep):
        decoded((opening * (DEEPEST + 1) + "1" + closing * (DEEPEST + 1)).encode())
