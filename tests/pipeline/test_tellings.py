"""What a server does besides its lines: each becomes its event, once, with the nouns that it is
about.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bridge.bonding.catalogue import ROOT
from bridge.core.events.builder import EVENTS
from bridge.core.value_types import misfits
from bridge.simulator.api import status_documents
from bridge.simulator.world.vendor_timestamps import stamp
from bridge.store.observations import snapshots
from tests.pipeline.multi_server_harness import Watch, watched

_ROUTE = {"network": "10.9.0.0/16", "gateway": "192.168.1.7"}


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """One world for all of them: each changes something else of it."""
    with watched(tmp_path_factory.mktemp("watch"), off="[]") as made:
        made.poll()
        yield made


def _since(watch: Watch, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return watch.events()[len(before) :]


def _types(watch: Watch, before: list[dict[str, Any]], like: str) -> list[str]:
    return [event["type"] for event in _since(watch, before) if event["type"].startswith(like)]


def test_configuration_updates_fail_get_stuck_and_are_cleared(watch: Watch) -> None:
    """A node that is away: failures rise, after ten minutes the queue is stuck, and when it is back
    it is clear.
    """
    before = watch.events()
    watch.set("node", 5, "away", value=True)
    watch.call("PATCH", "/bonds/2/", note="for nobody yet")
    for _ in range(14):
        watch.sim.advance(60)
        watch.poll("configupdates")
    assert _types(watch, before, "config_updates.") == [
        "config_updates.failing",
        "config_updates.stuck",
    ]
    watch.set("node", 5, "away", value=False)
    for _ in range(3):
        watch.sim.advance(60)
        watch.poll("configupdates")
    assert _types(watch, before, "config_updates.") == [
        "config_updates.failing",
        "config_updates.stuck",
        "config_updates.cleared",
    ]


def test_failover_is_disabled_and_enabled(watch: Watch) -> None:
    """Maintenance mode on and off in the server's settings."""
    before = watch.events()
    for mode in (True, False):
        watch.call("PATCH", "/settings/", aggregator_failover_maintenance_mode=mode)
        watch.poll("settings")
        watch.poll("settings")
    assert _types(watch, before, "failover.") == ["failover.disabled", "failover.enabled"]


def test_a_new_version_is_available_and_nodes_are_outdated(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repository has a new version: told once, and each node that runs the old one."""
    before = watch.events()
    monkeypatch.setattr(status_documents, "VERSION", "9.9.9")
    watch.poll("bondingversion")
    watch.poll("nodes")
    watch.poll("nodes")
    told = _since(watch, before)
    nodes = {node["id"] for node in watch.call("GET", "/nodes/")}
    assert [event["type"] for event in told if event["type"].startswith("version.")] == [
        "version.available"
    ]
    assert sorted(
        event["data"]["node"]["id"] for event in told if event["type"] == "node.outdated"
    ) == sorted(nodes)


def test_a_week_of_prevented_downtime_is_reported(watch: Watch) -> None:
    """When the server's report is of another week it is told once, with what it counts."""
    before = watch.events()
    watch.sim.advance(8 * 86_400)
    watch.poll("downtime_prevented")
    watch.poll("downtime_prevented")
    (event,) = [
        event for event in _since(watch, before) if event["type"] == "report.downtime_prevented"
    ]
    assert event["data"]["downtime_report"]["week_count"] is not None


def test_a_certificate_comes_near_its_end(watch: Watch) -> None:
    """Of the document: told at each stage once, and a renewed one as a change."""
    before = watch.events()
    about = watch.call("GET", "/system/status/tlsinfo/")["certificate"]
    for days in (20, 20, 10):
        watch.sim.world.certificate = {
            **about,
            "not_after": stamp(watch.now() + timedelta(days=days)),
        }
        watch.poll("tlsinfo")
    stages = [
        e["data"]["certificate"]["stage"]
        for e in _since(watch, before)
        if e["type"] == "tls.expiring"
    ]
    assert stages == [30, 14]
    assert "tls.changed" in _types(watch, before, "tls.")


def test_a_speed_test_is_told_from_begin_to_end(watch: Watch) -> None:
    """Started and finished, each once, with its bond and what it found."""
    before = watch.events()
    watch.call("POST", "/bonds/3/speedtests/", protocol="tcp", direction="download", length=10)
    for _ in range(20):
        watch.poll("bonds/3/speedtests")
        watch.sim.advance(5)
    told = [event for event in _since(watch, before) if event["type"].startswith("speedtest.")]
    assert [event["type"] for event in told] == ["speedtest.started", "speedtest.finished"]
    assert {event["data"]["bond"]["id"] for event in told} == {3}
    assert told[-1]["data"]["speedtest"]["outcome"] == "succeeded"


def test_the_tuning_of_a_leg_is_told_and_its_verdict(watch: Watch) -> None:
    """Started, finished, recommended, accepted: each once, with the leg and its bond."""
    before = watch.events()
    tuners = "/bonds/4/interface_legs/7/tuners/"
    number = watch.call("POST", tuners)["id"]
    for _ in range(40):
        watch.poll("bonds/4/interface_legs/7/tuners")
        watch.sim.advance(30)
    watch.call("POST", f"{tuners}{number}/accept/")
    watch.poll("bonds/4/interface_legs/7/tuners")
    told = [event for event in _since(watch, before) if event["type"].startswith("leg_tuning.")]
    names = [
        "leg_tuning.started",
        "leg_tuning.finished",
        "leg_tuning.recommended",
        "leg_tuning.accepted",
    ]
    assert [event["type"] for event in told] == names
    assert {(event["data"]["leg"]["id"], event["data"]["bond"]["id"]) for event in told} == {(7, 4)}


@pytest.mark.parametrize(
    ("kind", "path", "scope", "body", "change"),
    [
        ("route", "/bonds/1/routes/", "bonds/1/routes", _ROUTE, {"enabled": False}),
        (
            "cpe_nat_ip",
            "/bonds/1/cpe_nat_ips/",
            "bonds/1/cpe_nat_ips",
            {"ip": "203.0.113.10", "dest_nat_ip": "192.168.1.3"},
            {"enabled": False},
        ),
        (
            "static_addressing",
            "/bonds/1/static_addressings/",
            "bonds/1/static_addressings",
            {"leg": f"{ROOT}/bonds/1/interface_legs/2/", "ip": "10.1.0.2/24"},
            {"gateway": "10.1.0.1"},
        ),
        (
            "user",
            "/users/",
            "users",
            {"email": "new@example.com", "password": "new"},
            {"name": "New"},
        ),
        (
            "group",
            "/groups/",
            "groups",
            {"name": "New", "permissions": []},
            {"permissions": ["bonding.view_leg"]},
        ),
        ("space", "/spaces/", "spaces", {"name": "New", "key": "new"}, {"crm_id": "7"}),
    ],
)
def test_configuration_is_audited(
    watch: Watch, kind: str, path: str, scope: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    """Added, changed and removed: each once, of that object, and of a bond's object the bond is
    named.
    """
    before = watch.events()
    made = watch.call("POST", path, **body)
    own = f"{path}{made['key'] if kind == 'space' else made['id']}/"
    watch.poll(scope)
    watch.call("PATCH", own, **change)
    watch.poll(scope)
    watch.call("DELETE", own)
    for _ in range(3):
        watch.sim.advance(65)
        watch.poll(scope)
    told = [event for event in _since(watch, before) if event["type"].startswith(f"{kind}.")]
    assert [event["type"] for event in told] == [
        f"{kind}.added",
        f"{kind}.changed",
        f"{kind}.removed",
    ]
    if path.startswith("/bonds/1/"):
        assert {event["data"]["bond"]["name"] for event in told} == {"vancouver-hq"}


def test_new_bonds_and_legs_bring_their_scopes_and_take_them_along(watch: Watch) -> None:
    """A bond's scopes, and its leg's history and tunings, are there as long as they are."""

    def scopes() -> set[str]:
        with watch.bridge.database.reading() as connection:
            return {scope.name for scope in snapshots.all_scopes(connection, "one")}

    made = watch.call("POST", "/bonds/", aggregator=f"{ROOT}/aggregators/1/")["id"]
    watch.poll("bonds")
    assert {f"bonds/{made}/routes", f"bonds/{made}/speedtests", f"bonds/{made}/tuners"} <= scopes()
    bonder = watch.call("GET", f"/bonds/{made}/")["bonder"]["id"]
    lan = watch.call("POST", f"/bonders/{bonder}/ethernet_interfaces/", name="eth7")["url"]
    leg = watch.call("POST", f"/bonds/{made}/interface_legs/", interface=lan)["id"]
    watch.poll("legs")
    assert {
        f"bonds/{made}/interface_legs/{leg}/{what}" for what in ("state_history", "tuners")
    } <= scopes()
    watch.call("DELETE", f"/bonds/{made}/")
    for _ in range(3):
        watch.sim.advance(65)
        watch.poll("bonds")
        watch.poll("legs")
    assert [name for name in scopes() if name.startswith(f"bonds/{made}/")] == []


def test_statistics_bring_forward_what_they_count(watch: Watch) -> None:
    """A count that has changed makes its scopes due at once, long before their own interval."""
    before = watch.events()
    watch.poll()
    watch.call("POST", "/bonds/1/routes/", network="10.8.0.0/16", gateway="192.168.1.7")
    watch.sim.advance(1)
    watch.look()
    assert _types(watch, before, "route.") == []
    watch.poll("statistics")
    assert _types(watch, before, "route.") == ["route.added"]


def test_whatever_happened_fits_what_rules_are_checked_against(watch: Watch) -> None:
    """Every event that these tests brought about has values of the types that conditions are
    checked by.
    """
    for event in watch.events():
        shape = EVENTS[event["type"]].shape["event"]["data"]
        assert list(misfits(event["data"], shape, event["type"])) == []
