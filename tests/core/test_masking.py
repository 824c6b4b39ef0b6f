"""Which fields of what others send are secrets."""

import pytest

from bridge.core.model import Json
from bridge.core.secret_masking import MASK, masked


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "password",
        "api_key",
        "apiKey",
        "APIKEY",
        "X-Auth-Token",
        "user_password",
        "clientSecret",
        "private-key",
        "psk",
    ],
)
def test_a_field_whose_name_says_so_is_masked(name: str) -> None:
    """However deep, and in lists."""
    assert masked({"a": [{name: "hunter2"}], name: 12}) == {"a": [{name: MASK}], name: MASK}


@pytest.mark.parametrize(
    "name", ["token_count", "key", "keyboard", "secretary", "bond", "tokens_used", "passing", ""]
)
def test_other_fields_stay(name: str) -> None:
    """Rules ask for them."""
    assert masked({name: "x"}) == {name: "x"}


@pytest.mark.parametrize("value", [None, True, [], {}, [1], {"a": 1}])
def test_what_holds_no_secret_stays(value: Json) -> None:
    """That there is none, and what lies below."""
    assert masked({"secret": value}) == {"secret": value}
