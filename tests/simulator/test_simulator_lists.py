"""Filters, search, fields left out; bodies in all forms."""

from typing import Any

import httpx
import pytest

from bridge.bonding.catalogue import ROOT
from bridge.simulator.api.runner import Running


def ids(api: httpx.Client, path: str) -> list[int]:
    """Give the ids that a list holds."""
    return [it["id"] for it in api.get(ROOT + path).json()]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/bonds/?circuit_id=C-1002", [2]),
        ("/bonds/?packet_distribution=idmpq&space=acme", [1, 3, 5]),
        ("/bonds/?aggregator=2", [2, 5]),
        ("/bonds/?id=3", [3]),
        ("/bonds/?nonsense=1", [1, 2, 3, 4, 5, 6]),
        ("/bonds/?search=KELOWNA", [2]),
        ("/bonds/?search=6.6.65 hq", [1, 2, 3, 4, 5, 6]),
        ("/bonds/?search=nowhere", []),
        ("/legs/?bond_id=2", [3, 4]),
        ("/legs/?link_mode=active&down_speed=150", [1, 3, 5, 7, 9, 11]),
        ("/legs/?failover=true", []),
        ("/legs/?type=mobile_broadband", [12]),
        ("/legs/?search=lte", [12]),
        ("/bonds/1/connected_ips/?enabled=true&ip=192.168.1.1/24", [1]),
        ("/bonds/1/connected_ips/?search=office", [1]),
        ("/spaces/?key=acme", [2]),
        ("/nodes/?name=vancouver-1", [1]),
    ],
)
def test_lists_are_filtered_and_searched(path: str, found: list[int], api: httpx.Client) -> None:
    """All filters must fit, unknown ones are ignored, a search must find all its words."""
    assert ids(api, path) == found


@pytest.mark.parametrize(
    ("path", "name", "says"),
    [
        (
            "/legs/?link_mode=foo",
            "link_mode",
            "Select a valid choice. foo is not one of the available choices.",
        ),
        ("/legs/?bond_id=x", "bond_id", "A valid integer is required."),
    ],
)
def test_a_filter_that_cannot_fit_is_refused(
    path: str, name: str, says: str, api: httpx.Client
) -> None:
    """A value that the field can never hold is 400 with the field's name."""
    answer = api.get(ROOT + path)
    assert (answer.status_code, answer.json()) == (400, {name: [says]})


def test_filters_order_and_pages_go_together(api: httpx.Client) -> None:
    """The count is that of the filtered list, the links keep the filter, fields are left out of
    every row.
    """
    path = f"{ROOT}/legs/?bond_id=2&ordering=-id&page_size=1&exclude_fields=note&exclude_fields=url"
    page = api.get(path).json()
    assert (page["count"], [it["id"] for it in page["results"]]) == (2, [4])
    assert not {"note", "url"} & set(page["results"][0])
    assert [it["id"] for it in api.get(page["next"]).json()["results"]] == [3]
    assert "note" not in api.get(f"{ROOT}/bonds/1/?exclude_fields=note").json()


@pytest.mark.parametrize("kind", ["data", "files"])
def test_forms_are_bodies_too(kind: str, api: httpx.Client) -> None:
    """What can be said in a form, urlencoded or in parts, is read as if it were JSON; a field may
    come several times.
    """

    def form(**fields: Any) -> dict[str, Any]:
        return (
            {kind: fields}
            if kind == "data"
            else {"files": {name: (None, value) for name, value in fields.items()}}
        )

    made = api.post(f"{ROOT}/spaces/", **form(name="New", key="new", parent=f"{ROOT}/spaces/acme/"))
    assert (made.status_code, made.json()["level"]) == (201, 2)
    changed = api.patch(
        f"{ROOT}/bonds/1/interface_legs/1/", **form(failover="true", down_speed="5")
    )
    assert (changed.json()["failover"], changed.json()["down_speed"]) == (True, 5)
    user = api.post(
        f"{ROOT}/users/",
        data={"email": "a@example.com", "password": "b", "groups": [f"{ROOT}/groups/1/"]},
    )
    assert len(user.json()["groups"]) == 1


@pytest.mark.parametrize("body", ["[]", "3", '"x"'])
def test_a_body_must_be_an_object(body: str, api: httpx.Client) -> None:
    """JSON that is no object is 400, in the framework's words."""
    answer = api.post(f"{ROOT}/spaces/", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["non_field_errors"][0].startswith("Invalid data. Expected a dictionary")


WRONG: dict[str, tuple[str, Any, str]] = {
    "text": ("note", ["x"], "Not a valid string."),
    "long text": ("note", "x" * 2001, "Ensure this field has no more than 2000 characters."),
    "truth": ("compression", "perhaps", '"perhaps" is not a valid boolean.'),
    "number": ("leg_mtu_detection_time", "x", "A valid integer is required."),
    "small number": (
        "encryption_handshake_interval",
        1,
        "Ensure this value is greater than or equal to 60.",
    ),
    "choice": ("tunnel_security", "foo", '"foo" is not a valid choice.'),
    "null": ("compression", None, "This field may not be null."),
    "space": ("space", 3, "Incorrect type. Expected URL string, received int."),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_wrong_values_are_told_as_the_framework_tells_them(
    case: tuple[str, Any, str], sim: Running, api: httpx.Client
) -> None:
    """Each type of field has its text; nothing is changed by half, whatever else the body says."""
    name, value, says = case
    answer = api.patch(f"{ROOT}/bonds/1/", json={name: value, "product": "new"})
    assert (answer.status_code, answer.json()) == (400, {name: [says]})
    assert sim.world.truth == []
