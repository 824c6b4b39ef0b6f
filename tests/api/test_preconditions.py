"""What the bridge reads against a request, and what the server says when it is sent all the
same.
"""

from collections.abc import Iterator

import pytest

from bridge.bonding.catalogue import OPERATIONS
from bridge.bonding.client import Client
from bridge.bonding.effect_checks import Sent
from bridge.bonding.preconditions import AGAINST, stands_against
from bridge.errors import Refused
from bridge.simulator.api.runner import Running
from tests.api.cases import TUNED
from tests.api.simulator_server import EPOCH, USER

from .test_vendor_notes import NOTES, TARGETS, Note

# the primary aggregator may have come back since anybody looked: the server's refusal is the answer
_UNREADABLE = frozenset({"bond.restore_to_primary_agg"})
READABLE = [note for note in NOTES if note.name in AGAINST.keys() - _UNREADABLE]


@pytest.fixture
def client(sim: Running) -> Iterator[Client]:
    """The bridge's client."""
    made = Client(sim.url, USER, now=lambda: EPOCH, timeout=60)
    yield made
    made.close()


def told(client: Client, name: str, arguments: dict, body: dict | None = None) -> str | None:
    """What stands against it on this server."""
    return stands_against(Sent(OPERATIONS[name], arguments, body or {}, client.read))


@pytest.mark.parametrize("note", READABLE, ids=lambda it: f"{it.name}: {it.text}")
def test_what_the_server_would_refuse_is_read_before(
    note: Note, sim: Running, client: Client
) -> None:
    """Wherever a note of the table can be read, the bridge has a reason, and the server indeed
    refuses.
    """
    note.before(sim, client)
    sim.advance(6)  # a tuning that was only asked for has begun
    assert told(client, note.name, note.arguments, note.body)
    with pytest.raises(Refused):
        client.call(note.name, note.arguments, body=note.body)


@pytest.mark.parametrize("prefix", TARGETS)
def test_nothing_stands_against_what_the_server_does(
    prefix: str, sim: Running, client: Client
) -> None:
    """Of a tuning: cancelling while it runs, deciding once it is done; and its legs can be edited
    when it is over.
    """
    one = {**TARGETS[prefix], "tuning": client.call(f"{prefix}.start", TARGETS[prefix]).body["id"]}
    sim.advance(6)
    assert told(client, f"{prefix}.cancel", one) is None
    sim.advance(TUNED)
    for verb in ("accept", "decline"):
        assert told(client, f"{prefix}.{verb}", one) is None
    client.call(f"{prefix}.accept", one)
    leg = {"bond": 6, "leg": 12}
    assert told(client, "mobile_broadband_leg.update", leg, {"note": "x"}) is None
    assert told(client, "bond.update", {"bond": one["bond"]}, {"note": "x"}) is None
    client.call("mobile_broadband_leg.update", leg, body={"note": "x"})
    client.call("bond.update", {"bond": one["bond"]}, body={"note": "x"})


@pytest.mark.parametrize("prefix", ["interface_leg_tuning", "mobile_broadband_leg_tuning"])
def test_a_tuning_of_a_leg_stands_against_edits_of_its_bond(
    prefix: str, sim: Running, client: Client
) -> None:
    """The leg that is tested gives it away."""
    client.call(f"{prefix}.start", TARGETS[prefix])
    sim.advance(6)
    bond = {"bond": TARGETS[prefix]["bond"]}
    assert told(client, "bond.update", bond, {"note": "x"}) == "tuning 1 is running"
    with pytest.raises(Refused):
        client.call("bond.update", bond, body={"note": "x"})


def test_a_bond_at_home_need_not_be_brought_home(sim: Running, client: Client) -> None:
    """Restoring says so where there is nothing to do, and nothing stands against it once the bond
    has moved.
    """
    bond = sim.world.bonds[1]
    assert (
        told(client, "bond.restore_to_primary_agg", {"bond": 1})
        == "bond 1 is on its primary aggregator already"
    )
    assert bond.secondary is not None
    bond.current = bond.secondary
    assert told(client, "bond.restore_to_primary_agg", {"bond": 1}) is None
