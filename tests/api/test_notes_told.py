"""The notes of the vendor's table that promise something, rather than forbid it."""

from typing import Any

import httpx
import pytest

from bridge.bonding.catalogue import OPERATIONS, ROOT
from bridge.simulator.api.runner import Running
from tests.api.cases import SAMPLE

BOND = f"{ROOT}/bonds/1"
# what a statistic counts besides `count`
COUNTS = {
    "users": {"active"},
    "bonds": set(),
    "qos_profiles": set(),
    "speed_tests": {"leg", "bond"},
    "aggregators": {"recent"},
    "connected_ips": {"enabled"},
    "routes": set(),
    "cpe_nat_ips": set(),
    "bonders": {"recent"},
    "legs": {"interface", "mobilebroadband", "link_mode"},
}


def get(api: httpx.Client, path: str) -> Any:
    """What stands at an address below the root."""
    answer = api.get(ROOT + path)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.mark.parametrize("what", COUNTS)
def test_statistics_count_the_space_and_those_below(what: str, api: httpx.Client) -> None:
    """Each counts what is in the space alone, and with the spaces below it, in the fields that its
    note names.
    """
    told = get(api, f"/spaces/root/statistics/{what}/")
    assert set(told) == {"local", "including_child_spaces"}
    for counted in told.values():
        assert set(counted) >= {"count"} | COUNTS[what]
    assert told["local"]["count"] <= told["including_child_spaces"]["count"]
    assert {f"space.statistics.{each}" for each in COUNTS} == {
        it for it in OPERATIONS if it.startswith("space.statistics.")
    }


def test_a_bonder_comes_and_goes_with_its_bond(api: httpx.Client) -> None:
    """A new bond has a bonder, which is a node; with the bond it is gone, and cannot go alone."""
    made = api.post(f"{ROOT}/bonds/", json=SAMPLE["bond"].body).json()
    bonder = made["bonder"]["id"]
    assert bonder in {it["id"] for it in get(api, "/bonders/")} & {
        it["id"] for it in get(api, "/nodes/")
    }
    assert api.delete(made["url"]).status_code == 204
    assert (
        api.get(f"{ROOT}/bonders/{bonder}/").status_code
        == api.get(f"{ROOT}/nodes/{bonder}/").status_code
        == 404
    )


def test_nodes_are_bonders_and_aggregators(api: httpx.Client) -> None:
    """The list of nodes holds both and nothing else."""
    both = [it["id"] for kind in ("bonders", "aggregators") for it in get(api, f"/{kind}/")]
    assert sorted(both) == sorted(it["id"] for it in get(api, "/nodes/"))


def test_of_a_qos_profile_three_fields_change(api: httpx.Client) -> None:
    """Name, overhead margin and space can be changed, and the rest stays whatever is sent."""
    before = get(api, "/qos/1/")
    wish = {"name": "Other", "overhead_margin": 9, "classes": [], "id": 7}
    assert api.patch(f"{ROOT}/qos/1/", json=wish).is_success
    assert get(api, "/qos/1/") == before | {"name": "Other", "overhead_margin": 9}


def test_legs_are_listed_over_all_bonds_only(api: httpx.Client) -> None:
    """All legs stand in one list, told apart by their type; a bond has no list of legs of every
    type.
    """
    assert {it["type"] for it in get(api, "/legs/")} == {"interface", "mobile_broadband"}
    assert len({it["bond_id"] for it in get(api, "/legs/")}) == len(get(api, "/bonds/"))
    assert api.get(f"{BOND}/legs/").status_code == 404


def test_private_networks_are_left_out_unless_said(api: httpx.Client) -> None:
    """What is new is not included in the private WAN by default: the one default that differs from
    version 3.
    """
    for prefix in ("connected_ip", "route"):
        made = api.post(SAMPLE[prefix].path("create"), json=SAMPLE[prefix].body)
        assert (made.status_code, made.json()["include_private_wan"]) == (201, False)


@pytest.mark.parametrize(
    "path", ["/bonds/1/", "/bonds/1/interface_legs/1/", "/bonds/6/mobile_broadband_legs/12/"]
)
def test_a_tuning_starts_when_it_is_created(path: str, sim: Running, api: httpx.Client) -> None:
    """POST to the list makes a tuning that runs by itself, and the list has it."""
    number = api.post(f"{ROOT}{path}tuners/").json()["id"]
    sim.advance(10)
    assert [(it["id"], it["status"]) for it in get(api, f"{path}tuners/")] == [(number, "running")]


def test_mtus_are_detected_on_active_legs(sim: Running, api: httpx.Client) -> None:
    """Of a bond's legs those in active mode are looked at."""
    api.patch(f"{BOND}/interface_legs/1/", json={"link_mode": "idle"}).raise_for_status()
    notes = {it["id"]: it["note"] for it in get(api, "/legs/") if it["bond_id"] == 1}
    assert api.post(f"{BOND}/detect_leg_mtus/").is_success
    effect = sim.world.ledger[-1]["effect"]
    assert [number for number, note in notes.items() if note in effect] == [
        number for number in notes if number != 1
    ]


def test_prevented_downtime_has_a_week_and_a_month(api: httpx.Client) -> None:
    """Of one bond and of all: each with its start and end, seconds and count."""
    for path in ("/bonds/1/downtime_prevented/", "/system/status/downtime_prevented/"):
        told = get(api, path)
        assert set(told) == {"week", "month"}
        assert all(set(span) == {"start", "end", "duration", "count"} for span in told.values())


def test_configuration_updates_are_summed_up(sim: Running, api: httpx.Client) -> None:
    """All records are counted by their status, and the failures of all are one sum."""
    wish = {"kind": "node", "id": 4, "field": "away", "value": True}
    api.post("/_sim/set", json=wish).raise_for_status()
    api.patch(f"{BOND}/", json={"note": "x"}).raise_for_status()
    sim.advance(300)
    told = get(api, "/system/status/configupdates/")
    assert told["count"] == sum(told["status"].values())
    assert told["failures"] > 0


def test_a_task_that_is_answered_is_only_queued(sim: Running, api: httpx.Client) -> None:
    """The list of tasks names it; POST to it is answered at once, and done later."""
    (path,) = get(api, "/system/tasks/").values()
    before = get(api, "/system/isos/")
    assert api.post(path).is_success
    assert get(api, "/system/isos/") == before
    sim.advance(60)
    assert get(api, "/system/isos/") != before


def test_allocations_are_owned_and_delegated(api: httpx.Client) -> None:
    """A space's own allocations and those of a space above it stand in two lists, and the flat list
    is short.
    """
    own = {it["network"] for it in get(api, "/spaces/acme/ip_allocations/")}
    delegated = {it["network"] for it in get(api, "/spaces/acme/delegated_ip_allocations/")}
    assert own
    assert delegated
    assert not own & delegated
    assert all(
        len(flat) < len(whole)
        for flat, whole in zip(get(api, "/flat/spaces/"), get(api, "/spaces/"), strict=True)
    )


def test_a_history_is_contiguous(api: httpx.Client, sim: Running) -> None:
    """Each state begins where the one before it ended."""
    api.post(
        "/_sim/set", json={"kind": "leg", "id": 1, "field": "state", "value": "down"}
    ).raise_for_status()
    sim.advance(60)
    told = get(api, "/bonds/1/interface_legs/1/state_history/")
    assert len(told) > 1
    spans = sorted((it["start"], it["end"]) for it in told)
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
