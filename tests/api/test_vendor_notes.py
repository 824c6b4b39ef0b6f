"""The notes of the vendor's table, one after the other: the simulator holds them, and the bridge
says them clearly.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from bridge.actions import call_permissions
from bridge.bonding.catalogue import IMPOSSIBLE, OPERATIONS, ROOT
from bridge.bonding.client import Client
from bridge.core.rules.parser import Vocabulary, parse
from bridge.core.yaml_document import read
from bridge.errors import Refused
from bridge.simulator.api.runner import Running
from tests.api.cases import TUNED
from tests.api.simulator_server import EPOCH, USER
from tests.test_cli import Run, run

__all__ = ["run"]  # the fixture

Prepare = Callable[[Running, Client], None]
Body = dict[str, Any]
LAN = f"{ROOT}/bonders/4/ethernet_interfaces/12/"
TARGETS: dict[str, Body] = {
    "bond_tuning": {"bond": 1},
    "interface_leg_tuning": {"bond": 1, "leg": 1},
    "mobile_broadband_leg_tuning": {"bond": 6, "leg": 12},
}


@pytest.fixture
def client(sim: Running) -> Iterator[Client]:
    """The bridge's client."""
    made = Client(sim.url, USER, now=lambda: EPOCH, timeout=60)
    yield made
    made.close()


@dataclass(frozen=True)
class Note:
    """What is asked for against the note, what the server says, and the precondition that the
    bridge adds.
    """

    name: str
    arguments: Body
    text: str
    body: Body | None = None
    before: Prepare = lambda _sim, _client: None
    because: str = ""


def _failed_primary(sim: Running, _: Client) -> None:
    httpx.post(
        f"{sim.url}/_sim/set",
        json={"kind": "aggregator", "id": 1, "field": "broken", "value": True},
    ).raise_for_status()
    sim.advance(600)


def _tuned(prefix: str, seconds: float, *then: str, empty: bool = False) -> Prepare:
    def before(sim: Running, client: Client) -> None:
        number = client.call(f"{prefix}.start", TARGETS[prefix]).body["id"]
        sim.advance(seconds)
        if empty:
            sim.world.tunings[number].recommendations = None
        for verb in then:
            client.call(f"{prefix}.{verb}", {**TARGETS[prefix], "tuning": number})

    return before


def _tunings() -> Iterator[Note]:
    undecided = (
        "only if the tuning finished successfully, with recommendations that are neither accepted"
        " nor declined"
    )
    for prefix, target in TARGETS.items():
        one = {**target, "tuning": 1}
        over = "already finished"
        running = "has not finished successfully"
        yield Note(
            f"{prefix}.cancel", one, over, None, _tuned(prefix, TUNED), "only while not finished"
        )
        for verb in ("accept", "decline"):
            yield Note(f"{prefix}.{verb}", one, running, None, _tuned(prefix, 0), undecided)
            yield Note(
                f"{prefix}.{verb}", one, running, None, _tuned(prefix, 0, "cancel"), undecided
            )
            yield Note(
                f"{prefix}.{verb}",
                one,
                "has no recommendations",
                None,
                _tuned(prefix, TUNED, empty=True),
                undecided,
            )
            yield Note(
                f"{prefix}.{verb}",
                one,
                "already been accepted",
                None,
                _tuned(prefix, TUNED, "accept"),
                undecided,
            )
            yield Note(
                f"{prefix}.{verb}",
                one,
                "already been declined",
                None,
                _tuned(prefix, TUNED, "decline"),
                undecided,
            )


_MODE = (
    "mode: The interface mode can only be changed on the Ethernet interface.",
    {"mode": "100full"},
)
_TRUNK = "needs an Ethernet interface as its trunk"
NOTES = [
    Note(
        "bonder_vlan_interface.update",
        {"bonder": 4, "interface": 13},
        *_MODE,
        because="only be changed on the Ethernet",
    ),
    Note(
        "vlan_interface.update",
        {"node": 4, "interface": 13},
        *_MODE,
        because="only be changed on the Ethernet",
    ),
    Note(
        "bonder_vlan_interface.create",
        {"bonder": 4},
        "trunk: This field is required.",
        {"vlan_id": 9},
        because=_TRUNK,
    ),
    Note(
        "vlan_interface.create",
        {"node": 4},
        "trunk: This field is required.",
        {"vlan_id": 9},
        because=_TRUNK,
    ),
    Note(
        "vlan_interface.create",
        {"node": 4},
        "trunk: Invalid hyperlink",
        {"vlan_id": 9, "trunk": f"{ROOT}/nodes/4/vlan_interfaces/13/"},
        because=_TRUNK,
    ),
    Note(
        "interface_leg.create", {"bond": 1}, "interface: This field is required.", {"note": "new"}
    ),
    Note(
        "connected_ip.create",
        {"bond": 1},
        "interface: This field is required.",
        {"ip": "10.0.0.1/24"},
    ),
    Note(
        "route.create",
        {"bond": 2},
        "gateway: The gateway must be inside the network of one of the bond's connected IPs.",
        {"network": "10.9.0.0/16", "gateway": "10.8.0.1"},
    ),
    Note(
        "bond.restore_to_primary_agg", {"bond": 1}, "failed", None, _failed_primary, "still failed"
    ),
    Note(
        "mobile_provider_profile.delete",
        {"profile": 1},
        "in use by mobile broadband leg",
        because="only if leg_count is 0",
    ),
    Note(
        "delegated_ip_allocation.create",
        {"space": "acme"},
        "network: The network must be inside an IP allocation of a parent",
        {"network": "10.0.0.0/8"},
    ),
    Note(
        "space.update",
        {"space": "acme"},
        "parent: ",
        {"parent": f"{ROOT}/spaces/globex/"},
        because="cannot be moved",
    ),
    Note(
        "interface_leg.update",
        {"bond": 1, "leg": 1},
        "while a tuning of the bond is in progress",
        {"note": "x"},
        _tuned("bond_tuning", 0),
        "refused while a tuning",
    ),
    Note(
        "bond.update",
        {"bond": 1},
        "while a tuning of the bond is in progress",
        {"note": "x"},
        _tuned("bond_tuning", 0),
        "refused while a tuning",
    ),
    *_tunings(),
]


@pytest.mark.parametrize("note", NOTES, ids=lambda it: f"{it.name}: {it.text}")
def test_what_is_against_a_note_is_refused_clearly(
    note: Note, sim: Running, client: Client
) -> None:
    """The server says 400 and nothing comes of it; the bridge says Refused, with the server's words
    and the precondition.
    """
    note.before(sim, client)
    truth = len(sim.world.truth)
    with pytest.raises(Refused) as caught:
        client.call(note.name, note.arguments, body=note.body)
    assert caught.value.status == 400
    assert note.text in str(caught.value)
    assert note.because in OPERATIONS[note.name].note
    assert not note.because or f"({note.name}: {OPERATIONS[note.name].note})" in str(caught.value)
    assert len(sim.world.truth) == truth


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_has_no_operation_is_told_with_its_reason(name: str, run: Run) -> None:
    """By hand and in a rule, anyone who asks for what the API cannot do is told why, and what there
    is instead.
    """
    ran = run("call", name, "--yes")
    assert (ran.code, IMPOSSIBLE[name] in ran.err) == (2, True)
    words = Vocabulary(
        operations=call_permissions.callable_operations(),
        channels={},
        refused=call_permissions.refused(["configure"]),
    )
    rule = json.dumps({"id": "it", "when": "leg.down", "do": [{"call": name}]})
    (problem,) = parse(read(rule, "rules/it.yaml"), words)[1]
    assert (problem.key, problem.what) == ("do.0.call", IMPOSSIBLE[name])


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("node.create", "POST", "/nodes/"),
        ("bonder.create", "POST", "/bonders/"),
        ("bonder.delete", "DELETE", "/bonders/4/"),
        ("qos_profile.create", "POST", "/qos/"),
        ("ssh_key.update", "PATCH", "/ssh_keys/1/"),
        ("speedtest.delete", "DELETE", "/bonds/1/speedtests/1/"),
        ("leg.create", "POST", "/legs/"),
        ("backup.create", "POST", "/system/status/backups/"),
    ],
)
def test_what_has_no_operation_is_no_method(
    name: str, method: str, path: str, api: httpx.Client
) -> None:
    """The server does not allow it either."""
    assert name in IMPOSSIBLE
    assert api.request(method, ROOT + path, json={}).status_code == 405
