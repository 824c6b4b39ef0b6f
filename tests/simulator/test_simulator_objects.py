"""Every kind of object that can be written, one after the other, over a real socket."""

import json
from typing import Any

import httpx
import pytest

from bridge.bonding.catalogue import OPERATIONS
from bridge.simulator.api.runner import Running
from bridge.simulator.objects import crud
from tests.simulator.samples import SAMPLES, Sample

each = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.prefix)
CREATED = [sample for sample in SAMPLES if sample.has("create")]
CHANGED = [sample for sample in SAMPLES if sample.has("update")]
changed = pytest.mark.parametrize("sample", CHANGED, ids=lambda sample: sample.prefix)
created = pytest.mark.parametrize("sample", CREATED, ids=lambda sample: sample.prefix)
STRANGE: tuple[Any, ...] = (
    None,
    True,
    1,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "x" * 400,
    "http://[",
    "/api/v4/bonds/1/",
    "::/0",
    "\ud800",
    [],
    [1],
    {},
    {"url": 1},
    {"url": "x"},
    {"key": []},
    {"id": []},
)
# the bonder of bond 1 is node 4; everything else that is not created has the id 1
NUMBERS = {"bonder": 4}


def one(api: httpx.Client, sample: Sample) -> tuple[str, dict[str, Any]]:
    """Give the path of an object of the kind, made for the purpose where that is possible, and the
    object.
    """
    if sample.has("create"):
        answer = api.post(sample.path("create"), json=sample.body)
        assert answer.status_code == 201, answer.text
        body = answer.json()
        return sample.path("get", body["key"] if sample.prefix == "space" else body["id"]), body
    path = sample.path("get", NUMBERS.get(sample.prefix, 1))
    return path, api.get(path).json()


def test_every_writing_operation_of_the_table_is_sampled() -> None:
    """No kind that can be written is left out of these tests."""
    wishes = {row.name.partition(".")[0] for row in OPERATIONS.values() if crud.is_wish(row)}
    assert {sample.prefix for sample in SAMPLES} == wishes


@created
def test_what_is_created_reads_back(sample: Sample, sim: Running, api: httpx.Client) -> None:
    """A good body gives 201 with the object, found at its Location, in its list, and in the
    truth.
    """
    answer = api.post(sample.path("create"), json=sample.body)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body == api.get(answer.headers["location"]).json() | {
        name: value for name, value in body.items() if name.endswith("load_rate")
    }
    listed = api.get(sample.path("create")).json()
    assert body["id"] in {it["id"] for it in listed}
    assert any(
        line["what"] == "added" and line["id"] in {body["id"], body.get("key")}
        for line in sim.world.truth
    )
    for name, value in sample.body.items():
        shown = body.get(name, value)
        assert shown == value or shown.rsplit("/", 2)[1:] == value.rsplit("/", 2)[1:], name


@changed
def test_a_patch_changes_what_it_says_and_once(
    sample: Sample, sim: Running, api: httpx.Client
) -> None:
    """PATCH gives the object changed, and so does every later read; the same again has no effect;
    the truth names it.
    """
    path, before = one(api, sample)
    answer = api.patch(path, json=sample.change)
    assert answer.status_code == 200, answer.text
    (name, value), *_ = sample.change.items()
    assert before[name] != value
    assert answer.json()[name] == api.get(path).json()[name] == value
    assert api.patch(path, json=sample.change).status_code == 200
    assert [entry["effective"] for entry in sim.world.ledger[-2:]] == [True, False]
    assert sim.world.ledger[-2]["operation"] == f"{sample.prefix}.update"
    assert any(line["what"] == name and line["to"] == value for line in sim.world.truth)


@changed
def test_what_was_read_can_be_put_back(sample: Sample, sim: Running, api: httpx.Client) -> None:
    """PUT of the object as it was read is taken and changes nothing; without a required field it is
    refused.
    """
    path, body = one(api, sample)
    body = api.get(path).json()
    answer = api.put(path, json=body)
    assert answer.status_code == 200, answer.text
    assert not sim.world.ledger[-1]["effective"]
    for name in [name for name in sample.body if name in body]:
        short = {key: value for key, value in body.items() if key != name}
        lacking = api.put(path, json=short)
        required = sample.prefix != "group" or name != "permissions"
        assert lacking.status_code == (400 if required else 200), lacking.text
        assert not required or lacking.json() == {name: ["This field is required."]}


@each
def test_a_bad_body_is_refused_by_the_fields_name(
    sample: Sample, sim: Running, api: httpx.Client
) -> None:
    """What cannot be is 400 with the field's name and a list of texts, whether created or changed;
    nothing happens.
    """
    name, value = sample.bad
    before = len(sim.world.truth)
    if sample.has("create"):
        answer = api.post(sample.path("create"), json=sample.body | {name: value})
    else:
        answer = api.patch(sample.path("get", NUMBERS.get(sample.prefix, 1)), json={name: value})
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == [name]
    assert all(isinstance(text, str) for text in answer.json()[name])
    assert len(sim.world.truth) == before
    assert not sim.world.ledger[-1]["effective"]


@each
def test_no_value_is_too_strange(sample: Sample, api: httpx.Client) -> None:
    """Whatever the JSON, in all fields at once, the answer is the object or a refusal that names
    fields: never a 5xx.
    """
    path = (
        sample.path("create")
        if sample.has("create")
        else sample.path("get", NUMBERS.get(sample.prefix, 1))
    )
    method = "POST" if sample.has("create") else "PATCH"
    described = api.options(path).json()["actions"]["POST" if sample.has("create") else "PUT"]
    names = [name for name, about in described.items() if not about["read_only"]]
    for value in STRANGE:
        body = json.dumps(dict.fromkeys(names, value))
        answer = api.request(
            method, path, content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in {200, 201, 400}, (value, answer.text)
        assert isinstance(answer.json(), dict)


@created
def test_required_fields_are_asked_for(sample: Sample, api: httpx.Client) -> None:
    """An empty body is refused by naming every field that must be there."""
    answer = api.post(sample.path("create"), json={})
    assert answer.status_code == 400
    assert set(answer.json()) <= set(sample.body)
    assert all(texts == ["This field is required."] for texts in answer.json().values())


@created
def test_what_is_deleted_is_gone(sample: Sample, sim: Running, api: httpx.Client) -> None:
    """DELETE is 204 without a body, then the address is 404, a second DELETE too, and the truth has
    it removed.
    """
    path, body = one(api, sample)
    answer = api.delete(path)
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert (api.get(path).status_code, api.delete(path).status_code) == (404, 404)
    assert body["id"] not in {it["id"] for it in api.get(sample.path("create")).json()}
    assert any(
        line["what"] == "removed" and line["id"] in {body["id"], body.get("key")}
        for line in sim.world.truth
    )


@each
def test_options_tells_the_fields(sample: Sample, sim: Running, api: httpx.Client) -> None:
    """OPTIONS names every field of the object, and which are required, to those who may write; to
    others it names none.
    """
    with httpx.Client(base_url=sim.url, auth=("viewer@example.com", "demo")) as viewer:
        single, body = one(api, sample)
        for verb, method in (("create", "POST"), ("replace", "PUT")):
            if not sample.has(verb):
                continue
            path = sample.path("create") if verb == "create" else single
            told = api.options(path).json()
            fields = told["actions"][method]
            assert set(body) - set(fields) <= {"download_rate", "upload_rate"}
            assert {name for name, about in fields.items() if about["required"]} <= set(body) | {
                "password"
            }
            assert "actions" not in viewer.options(path).json()


@each
def test_unlisted_methods_are_405(sample: Sample, api: httpx.Client) -> None:
    """Whatever the table does not list for a path is refused, with what it does list in Allow."""
    verbs = {"POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}
    for place, methods in (
        ("list", ("PUT", "PATCH", "DELETE")),
        ("get", ("POST", "PUT", "PATCH", "DELETE")),
    ):
        for method in methods:
            if not sample.has(place) or (
                place == "get" and sample.has(verbs[method]) and method != "POST"
            ):
                continue
            answer = api.request(method, sample.path(place, NUMBERS.get(sample.prefix, 1)), json={})
            assert (answer.status_code, answer.json()) == (
                405,
                {"detail": f'Method "{method}" not allowed.'},
            )
            assert method not in answer.headers["allow"]
