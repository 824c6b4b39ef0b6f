"""What the server has as a whole: settings, tasks, lists of resources, a furnished world, and hands
that reach into it.
"""

import httpx

from bridge.bonding.catalogue import ROOT
from bridge.simulator.api.runner import Running, running
from bridge.simulator.world_builder import make_world
from tests.simulator.conftest import EPOCH

BOND = f"{ROOT}/bonds/1"


def test_isos_are_made_a_little_later(sim: Running, api: httpx.Client) -> None:
    """The answer to the task means queued; the files are new a minute later."""
    before = api.get(f"{ROOT}/system/isos/").json()
    assert api.post(f"{ROOT}/system/tasks/createisos/").status_code == 202
    assert api.get(f"{ROOT}/system/isos/").json() == before
    sim.advance(60)
    after = api.get(f"{ROOT}/system/isos/").json()
    assert [it["name"] for it in after] == [it["name"] for it in before]
    assert all(new["created"] > old["created"] for new, old in zip(after, before, strict=True))


def test_settings_are_one_flat_object(api: httpx.Client) -> None:
    """Settings have no id; PATCH changes one, PUT needs what is required, the mail password is
    there to be kept secret.
    """
    body = api.get(f"{ROOT}/settings/").json()
    assert not {"id", "url"} & set(body)
    assert not any(isinstance(value, dict | list) for value in body.values())
    assert (
        api.patch(f"{ROOT}/settings/", json={"email_password": "canary"}).json()["email_password"]
        == "canary"
    )
    lacking = api.put(f"{ROOT}/settings/", json={})
    assert (lacking.status_code, set(lacking.json())) == (400, {"email_default_from", "email_host"})


def test_indexes_lead_on(api: httpx.Client) -> None:
    """Each list of resources names what is right below it, at addresses that are known."""
    core = api.get(f"{ROOT}/").json()
    assert {"bonds", "legs", "mobile_provider_profiles", "ssh_keys", "settings", "system"} <= set(
        core
    )
    assert {"status", "tasks", "isos", "timezones"} <= set(api.get(core["system"]).json())
    assert set(api.get(f"{ROOT}/system/tasks/").json()) == {"createisos"}
    assert "legs" in api.get(f"{ROOT}/spaces/acme/statistics/").json()
    for url in core.values():
        assert api.get(url).status_code == 200


def test_a_furnished_world_has_one_of_everything() -> None:
    """Worlds of all sizes are furnished, and everything that is in them can be written."""
    for sizes in (
        {"bonds": 1, "legs_per_bond": 1, "aggregators": 1, "spaces": 0},
        {"bonds": 500, "legs_per_bond": 5},
    ):
        with (
            running(make_world(**sizes, epoch=EPOCH), speed=0) as sim,
            httpx.Client(base_url=sim.url) as api,
        ):
            api.auth = ("demo@example.com", "demo")
            for path in (
                "/nodes/",
                "/bonds/1/static_addressings/",
                "/bonds/1/connected_ips/",
                "/legs/",
                "/users/",
            ):
                assert api.get(ROOT + path).json(), path


def test_set_reaches_every_field_of_the_table(sim: Running, api: httpx.Client) -> None:
    """The controls put any kept field of any object, references by their ids; what cannot be is
    told.
    """

    def put(kind: str, number: object, name: str, value: object) -> httpx.Response:
        return api.post(
            "/_sim/set", json={"kind": kind, "id": number, "field": name, "value": value}
        )

    assert put("connected_ip", 1, "note", "by hand").json()["changed"]
    assert put("interface_leg", 1, "interface", 12).json()["changed"]
    assert put("space", "acme", "crm_id", "9").json()["changed"]
    assert put("leg", 1, "interface", 1).json()["changed"]
    assert api.get(f"{BOND}/connected_ips/1/").json()["note"] == "by hand"
    assert {line["kind"] for line in sim.world.truth} == {"connected_ip", "leg", "space"}
    for wrong in (
        ("connected_ip", 99, "note", ""),
        ("connected_ip", 1, "nonsense", ""),
        ("connected_ip", 1, "ip", "x"),
    ):
        assert put(*wrong).status_code == 400
    assert put("connected_ip", 1, "interface", 99).status_code == 400
