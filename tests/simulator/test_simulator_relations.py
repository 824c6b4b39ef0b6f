"""What holds between objects, relation by relation."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bridge.bonding.catalogue import ROOT
from bridge.simulator.api.runner import Running

BOND = f"{ROOT}/bonds/1"
LAN = f"{ROOT}/bonders/4/ethernet_interfaces/12/"


def made(api: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    """Create an object that can be created, and give it."""
    answer = api.post(ROOT + path, json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def refusal(answer: httpx.Response) -> Any:
    """Give what a refusal with 400 says."""
    assert answer.status_code == 400, answer.text
    return answer.json()


def test_a_bond_brings_its_bonder_and_takes_it_along(sim: Running, api: httpx.Client) -> None:
    """A new bond has a bonder with the default's name, an id that no node has, and a key; deleting
    the bond ends it all.
    """
    bond = made(api, "/bonds/", aggregator=f"{ROOT}/aggregators/1/")
    bonder = api.get(bond["bonder"]["url"]).json()
    assert re.fullmatch(r"default-[a-z0-9]{8}", bonder["name"])
    assert (bonder["name"], bonder["key"]) == (bond["bonder"]["name"], bond["bonder"]["key"])
    assert bonder["id"] == 10
    assert [it["id"] for it in api.get(f"{ROOT}/nodes/").json()] == list(range(1, 11))
    port = made(api, f"/bonders/{bonder['id']}/ethernet_interfaces/", name="eth0")
    leg = made(api, f"/bonds/{bond['id']}/interface_legs/", interface=port["url"])
    ip = made(api, f"/bonds/{bond['id']}/connected_ips/", interface=port["url"], ip="10.1.0.1/24")
    assert api.delete(bond["url"]).status_code == 204
    for gone in (bond, bonder, leg, ip):
        assert api.get(gone["url"]).status_code == 404
    assert api.get(f"{ROOT}/nodes/{bonder['id']}/").status_code == 404
    removed = [(line["kind"], line["id"]) for line in sim.world.truth if line["what"] == "removed"]
    assert set(removed) >= {
        ("bond", bond["id"]),
        ("bonder", 10),
        ("leg", leg["id"]),
        ("connected_ip", ip["id"]),
    }


def test_a_bond_may_be_named_when_it_is_made(api: httpx.Client) -> None:
    """A posted name is the bonder's too; changing one changes the other; a name is used once in a
    space.
    """
    body = {"aggregator": f"{ROOT}/aggregators/1/", "space": {"key": "acme"}, "name": "van"}
    bond = made(api, "/bonds/", **body)
    assert (bond["name"], bond["bonder"]["name"], bond["space"]["key"]) == ("van", "van", "acme")
    api.patch(bond["bonder"]["url"], json={"name": "vancouver"})
    assert api.get(bond["url"]).json()["name"] == "vancouver"
    assert refusal(api.post(f"{ROOT}/bonds/", json=body | {"name": "vancouver"})) == {
        "name": ["Name must be unique in its space."]
    }
    assert (
        api.post(
            f"{ROOT}/bonds/", json=body | {"name": "vancouver", "space": {"key": "globex"}}
        ).status_code
        == 201
    )


def test_ids_are_never_given_twice(api: httpx.Client) -> None:
    """Legs of both types count in one sequence, and an object that is gone leaves its number
    unused.
    """
    first = made(api, "/bonds/1/interface_legs/", interface=LAN)
    assert api.delete(first["url"]).status_code == 204
    second = made(
        api,
        "/bonds/6/mobile_broadband_legs/",
        mobile_provider_profile=f"{ROOT}/mobile_provider_profiles/1/",
    )
    assert (first["id"], second["id"]) == (13, 14)
    assert api.get(f"{ROOT}/legs/14/").json()["url"] == second["url"]
    assert api.get(f"{ROOT}/bonds/6/interface_legs/14/").status_code == 404


def test_interfaces_are_the_same_under_nodes_and_bonders(api: httpx.Client) -> None:
    """A bonder's interfaces are listed and changed under both paths; an aggregator's only under
    nodes.
    """
    ours = api.get(f"{ROOT}/bonders/4/ethernet_interfaces/").json()
    assert ours == api.get(f"{ROOT}/nodes/4/ethernet_interfaces/").json()
    api.patch(f"{ROOT}/nodes/4/ethernet_interfaces/12/", json={"note": "seen"})
    assert api.get(LAN).json()["note"] == "seen"
    assert (
        api.get(f"{ROOT}/nodes/1/ethernet_interfaces/")
        .json()[0]["url"]
        .endswith("/nodes/1/ethernet_interfaces/15/")
    )
    assert api.get(f"{ROOT}/bonders/1/ethernet_interfaces/").status_code == 404
    assert api.get(f"{ROOT}/bonders/5/ethernet_interfaces/12/").status_code == 404


REFUSED: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "ethernet name": ("PATCH", LAN, {"name": "lan9"}, "name", "cannot be changed"),
    "vlan mode": (
        "PATCH",
        f"{ROOT}/bonders/4/vlan_interfaces/13/",
        {"mode": "1000full"},
        "mode",
        "only be changed on the Eth",
    ),
    "vlan of another node": (
        "POST",
        f"{ROOT}/bonders/5/vlan_interfaces/",
        {"trunk": LAN, "vlan_id": 9},
        "trunk",
        "same node",
    ),
    "vlan on a vxlan": (
        "POST",
        f"{ROOT}/bonders/4/vlan_interfaces/",
        {"trunk": f"{ROOT}/bonders/4/vxlan_interfaces/14/", "vlan_id": 9},
        "trunk",
        "Incorrect URL match|does not exist",
    ),
    "leg on another bonder": (
        "POST",
        f"{ROOT}/bonds/2/interface_legs/",
        {"interface": LAN},
        "interface",
        "same node",
    ),
    "leg on nothing": (
        "POST",
        f"{BOND}/interface_legs/",
        {"interface": f"{ROOT}/bonders/4/ethernet_interfaces/99/"},
        "interface",
        "Object does not exist",
    ),
    "gateway outside": (
        "POST",
        f"{BOND}/routes/",
        {"network": "10.9.0.0/16", "gateway": "10.0.0.1"},
        "gateway",
        "inside",
    ),
    "public and unallocated": (
        "POST",
        f"{BOND}/connected_ips/",
        {"interface": LAN, "ip": "8.8.8.1/29"},
        "ip",
        "allocation",
    ),
    "service of another bond": (
        "POST",
        f"{ROOT}/bonds/2/dns_cache_services/",
        {"connected_ip": f"{BOND}/connected_ips/1/"},
        "connected_ip",
        "same",
    ),
    "second DHCP of a leg": (
        "POST",
        f"{BOND}/dhcp_addressings/",
        {"leg": f"{BOND}/interface_legs/1/"},
        "leg",
        "has a dhcp addressing already",
    ),
    "secondary as primary": (
        "PATCH",
        f"{BOND}/",
        {"secondary_aggregator": f"{ROOT}/aggregators/1/"},
        "secondary_aggregator",
        "differ",
    ),
    "space to another parent": (
        "PATCH",
        f"{ROOT}/spaces/acme/",
        {"parent": f"{ROOT}/spaces/globex/"},
        "parent",
        "cannot be moved",
    ),
    "key of a space": (
        "POST",
        f"{ROOT}/spaces/",
        {"name": "A", "key": "acme"},
        "key",
        "Key must be unique",
    ),
    "delegated from nowhere": (
        "POST",
        f"{ROOT}/spaces/acme/delegated_ip_allocations/",
        {"network": "10.0.0.0/24"},
        "network",
        "parent space",
    ),
    "filter without a filter": (
        "PATCH",
        f"{ROOT}/dynamic_routing/bonder/protocols/1/",
        {"import_ipv4": "filter"},
        "import_ipv4_filter",
        "required",
    ),
    "number for a link": (
        "PATCH",
        f"{BOND}/",
        {"aggregator": 1},
        "aggregator",
        "Expected URL string, received int",
    ),
    "address of nothing": (
        "PATCH",
        f"{BOND}/",
        {"aggregator": "/x/"},
        "aggregator",
        "No URL match",
    ),
    "address of another kind": (
        "PATCH",
        f"{BOND}/",
        {"aggregator": f"{BOND}/"},
        "aggregator",
        "Incorrect URL match",
    ),
    "null": ("PATCH", f"{BOND}/", {"aggregator": None}, "aggregator", "may not be null"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_may_not_be_is_refused_by_its_field(
    case: tuple[str, str, dict[str, Any], str, str], api: httpx.Client
) -> None:
    """Each relation is kept by a 400 that names the field and says why."""
    method, path, body, name, says = case
    told = refusal(api.request(method, path, json=body))
    assert list(told) == [name]
    assert re.search(says, told[name][0]), told


IN_USE: dict[str, tuple[str, str]] = {
    "aggregator": (f"{ROOT}/aggregators/1/", "in use"),
    "interface": (LAN, "in use by"),
    "profile with legs": (f"{ROOT}/mobile_provider_profiles/1/", "in use by mobile broadband leg"),
    "QoS profile": (f"{ROOT}/qos/1/", "in use by bond"),
    "space with bonds": (f"{ROOT}/spaces/acme/", "not empty"),
    "space with children": (f"{ROOT}/spaces/root/", "child spaces"),
    "allocation with delegations": (f"{ROOT}/spaces/root/ip_allocations/1/", "delegated"),
}


@pytest.mark.parametrize("case", IN_USE.values(), ids=IN_USE)
def test_what_is_needed_cannot_be_deleted(case: tuple[str, str], api: httpx.Client) -> None:
    """What other objects need is refused with a detail, and stays."""
    path, says = case
    assert says in refusal(api.delete(path))["detail"]
    assert api.get(path).status_code == 200


def test_a_profile_counts_its_legs(api: httpx.Client) -> None:
    """leg_count says how many legs use a profile; one without any can be deleted."""
    profiles = api.get(f"{ROOT}/mobile_provider_profiles/").json()
    assert [it["leg_count"] for it in profiles] == [1, 0]
    assert api.delete(profiles[1]["url"]).status_code == 204


def test_one_address_of_a_leg_is_active(api: httpx.Client) -> None:
    """Of a leg's addresses of all kinds the enabled one with the lowest id is active, whatever a
    client says.
    """
    leg = f"{BOND}/interface_legs/2/"
    first = made(api, "/bonds/1/static_addressings/", leg=leg, ip="10.1.0.2/24")
    second = made(api, "/bonds/1/static_addressings/", leg=leg, ip="10.2.0.2/24", active=True)
    third = made(api, "/bonds/1/dhcp_addressings/", leg=leg)
    assert [it["active"] for it in (first, second, third)] == [True, False, False]
    api.patch(first["url"], json={"enabled": False})
    api.delete(second["url"])
    assert [api.get(it["url"]).json()["active"] for it in (first, third)] == [False, True]
    api.delete(leg)
    assert api.get(third["url"]).status_code == 404


def test_an_address_is_enabled_on_one_bond_at_a_time(api: httpx.Client) -> None:
    """As the vendor's script for pairs of bonders needs: disabled on the peer first, then enabled
    here.
    """
    other = f"{ROOT}/bonders/5/ethernet_interfaces/3/"
    body = {"interface": other, "ip": "192.168.1.1/24"}
    assert "ip" in refusal(api.post(f"{ROOT}/bonds/2/connected_ips/", json=body))
    here = made(api, "/bonds/2/connected_ips/", **body, enabled=False)
    there = f"{BOND}/connected_ips/1/"
    assert "enabled" in refusal(api.patch(here["url"], json={"enabled": True}))
    assert api.patch(there, json={"enabled": False}).status_code == 200
    assert api.patch(here["url"], json={"enabled": True}).json()["enabled"] is True


def test_a_bond_moves_without_public_addresses(api: httpx.Client) -> None:
    """An enabled public address keeps a bond in its space, and those below it, until it is
    disabled.
    """
    made(api, "/spaces/root/ip_allocations/", network="8.8.8.0/24", routing_groups=[1])
    made(api, "/spaces/acme/delegated_ip_allocations/", network="8.8.8.0/28")
    child = made(api, "/spaces/", name="Child", key="child", parent=f"{ROOT}/spaces/acme/")
    ip = made(api, "/bonds/1/connected_ips/", interface=LAN, ip="8.8.8.1/29")
    assert "space" in refusal(api.patch(f"{BOND}/", json={"space": {"key": "globex"}}))
    assert api.patch(f"{BOND}/", json={"space": child}).status_code == 200
    api.patch(ip["url"], json={"enabled": False})
    assert api.patch(f"{BOND}/", json={"space": {"key": "globex"}}).status_code == 200


def test_services_go_with_their_connected_ip(api: httpx.Client) -> None:
    """Deleting a connected IP takes the services along that are bound to it."""
    assert api.delete(f"{BOND}/connected_ips/1/").status_code == 204
    assert api.get(f"{BOND}/dnsmasq_services/").json() == []


def test_nothing_is_edited_while_a_tuning_runs(sim: Running, api: httpx.Client) -> None:
    """A bond and its legs refuse PUT, PATCH and DELETE until the tuning is over; other bonds do not
    mind.
    """
    tuning = made(api, "/bonds/1/tuners/")
    for path in (f"{BOND}/", f"{BOND}/interface_legs/1/"):
        for method in ("PUT", "PATCH", "DELETE"):
            assert "tuning" in refusal(api.request(method, path, json={"note": "x"}))["detail"]
    assert api.patch(f"{ROOT}/bonds/2/", json={"note": "x"}).status_code == 200
    api.post(f"{BOND}/tuners/{tuning['id']}/cancel/")
    assert api.patch(f"{BOND}/", json={"note": "x"}).status_code == 200
    assert sim.world.bonds[1].note == "x"


def test_a_leg_may_go_after_its_tuning(sim: Running, api: httpx.Client) -> None:
    """What a finished tuning recommends for a leg that is gone since is nobody's business any
    more.
    """
    tuning = made(api, "/bonds/1/tuners/")
    sim.advance(300)
    assert api.delete(f"{BOND}/interface_legs/2/").status_code == 204
    accepted = api.post(f"{BOND}/tuners/{tuning['id']}/accept/")
    assert [it["leg"] for it in accepted.json()["recommendations"]["legs"]] == [1]


def test_the_world_follows_what_is_configured(sim: Running, api: httpx.Client) -> None:
    """A leg taken offline shows it; a bond given another primary moves there; what is deleted does
    not come back by itself.
    """
    assert (
        api.patch(f"{BOND}/interface_legs/1/", json={"link_mode": "offline"}).json()[
            "overall_state"
        ]
        == "offline"
    )
    api.patch(f"{BOND}/", json={"aggregator": f"{ROOT}/aggregators/3/"})
    assert [it["id"] for it in api.get(f"{ROOT}/aggregators/3/bonds_current/").json()] == [1, 3, 6]
    api.post(f"{ROOT}/bonds/4/restart/")
    assert api.delete(f"{ROOT}/bonds/4/").status_code == 204
    sim.advance(120)
    assert len(sim.world.legs) == 10
    empty = made(api, "/aggregators/", name="new-1", ip="198.51.100.90")
    sim.advance(120)
    assert api.delete(empty["url"]).status_code == 204
    sim.advance(120)


def test_a_space_may_get_another_key(api: httpx.Client) -> None:
    """Everything in a space, and below it, goes by the new key; the old one is gone; levels count
    from the root.
    """
    child = made(api, "/spaces/", name="Child", key="child", parent=f"{ROOT}/spaces/acme/")
    assert (child["level"], api.get(f"{ROOT}/spaces/root/").json()["level"]) == (2, 0)
    assert api.patch(f"{ROOT}/spaces/acme/", json={"key": "acme-2"}).json()["key"] == "acme-2"
    assert api.get(f"{ROOT}/spaces/acme/").status_code == 404
    assert api.get(f"{BOND}/").json()["space"]["key"] == "acme-2"
    assert api.get(child["url"]).json()["parent"].endswith("/spaces/acme-2/")
    assert len(api.get(f"{ROOT}/spaces/acme-2/ip_allocations/").json()) == 1
    assert api.get(f"{ROOT}/users/1/").json()["space"]["key"] == "acme-2"


FORMS: dict[str, Callable[[str], Any]] = {
    "absolute": lambda host: f"{host}{ROOT}/spaces/globex/",
    "relative": lambda _: f"{ROOT}/spaces/globex/",
    "object with a url": lambda host: {"name": "whatever", "url": f"{host}{ROOT}/spaces/globex/"},
    "object with a key": lambda _: {"key": "globex"},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_references_are_taken_in_all_forms(
    form: Callable[[str], Any], sim: Running, api: httpx.Client
) -> None:
    """A space may be named by its address, with or without the host, or by an object that holds
    address or key.
    """
    assert api.patch(f"{BOND}/", json={"space": form(sim.url)}).json()["space"]["key"] == "globex"
