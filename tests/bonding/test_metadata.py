"""Which fields an operation takes."""

from typing import Any

import pytest

from bridge.bonding.catalogue import OPERATIONS
from bridge.bonding.wire import fields_of

UPDATE, CREATE, SETTINGS = (
    OPERATIONS[name] for name in ("bond.update", "bond.create", "settings.update")
)
SAID = {
    "actions": {
        "PUT": {"id": {"read_only": True}, "note": {"read_only": False}},
        "POST": {"bonder": {}},
    }
}


def test_the_servers_own_word_goes_first() -> None:
    """Its answer to an OPTIONS names what can be set by each method, an update like a replacement,
    and what cannot.
    """
    update = fields_of(UPDATE, SAID)
    create = fields_of(CREATE, SAID)
    assert update is not None
    assert create is not None
    assert (update.names, "id" in update.fixed, update.told) == ({"note"}, True, True)
    assert create.names == {"bonder"}
    assert (update.wrong("note"), update.wrong("notes")) == (
        None,
        ("the server knows no field 'notes'", "did you mean 'note'?"),
    )
    assert update.wrong("id") == ("id is the server's to set", "")


@pytest.mark.parametrize(
    "said",
    [None, [], {}, "text", {"actions": []}, {"actions": {"POST": {}}}, {"actions": {"PUT": 5}}],
)
def test_where_it_does_not_say_our_table_does(said: Any) -> None:
    """Whatever else the answer is, and for methods that it does not name; of what has no table
    nothing is known.
    """
    fields = fields_of(UPDATE, said)
    assert fields is not None
    assert not fields.told
    assert {"note", "circuit_id", "packet_distribution", "password"} <= fields.names
    assert fields.wrong("zebra") == ("bondbridge knows no field 'zebra'", "")
    assert fields_of(SETTINGS, said) is None
