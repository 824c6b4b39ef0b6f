"""Servers that differ: the table read to the letter, and other names for what is guessed."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bridge.bonding.catalogue import OPERATIONS, ROOT
from bridge.simulator.api.operation_handlers import DOCUMENTS, GETS, LISTS
from bridge.simulator.api.runner import running
from bridge.simulator.schema import guessed_names
from bridge.simulator.schema import kinds as table
from bridge.simulator.schema.rest_framework import ServerOptions
from bridge.simulator.world_builder import make_world
from tests.simulator.conftest import EPOCH

LEGS = f"{ROOT}/bonds/1/interface_legs/"


def served(ways: ServerOptions) -> Iterator[httpx.Client]:
    """Speak to a server of its own ways."""
    with (
        running(make_world(seed=1, epoch=EPOCH), speed=0, ways=ways) as sim,
        httpx.Client(base_url=sim.url, auth=("demo@example.com", "demo"), timeout=60) as client,
    ):
        yield client


@pytest.fixture
def literal() -> Iterator[httpx.Client]:
    """Speak to a server that follows the vendor's table to the letter."""
    yield from served(ServerOptions(literal=True))


@pytest.fixture
def renamed() -> Iterator[httpx.Client]:
    """Speak to a server on which every guess was wrong."""
    yield from served(ServerOptions(rename_guessed=True))


def test_to_the_letter_legs_are_changed_through_their_list(literal: httpx.Client) -> None:
    """PUT, PATCH and DELETE of the list take the leg's id from the body or the query; the leg
    itself is for reading only.
    """
    assert literal.get(LEGS).headers["allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
    assert (
        literal.patch(LEGS, json={"id": 1, "link_mode": "idle"}).json()["overall_state"] == "idle"
    )
    leg = literal.get(f"{LEGS}2/").json()
    assert literal.put(f"{LEGS}?id=2", json=leg | {"note": "new"}).json()["note"] == "new"
    assert literal.request("DELETE", LEGS, json={"id": 2}).status_code == 204
    assert literal.get(f"{LEGS}2/").status_code == 404
    assert literal.patch(LEGS, json={"note": "x"}).json() == {"id": ["This field is required."]}
    assert literal.patch(LEGS, json={"id": 3, "note": "x"}).status_code == 404
    assert (
        literal.post(LEGS, json={}).status_code
        == literal.patch(f"{LEGS}1/", json={}).status_code
        == 405
    )


def test_every_guess_is_a_field_that_exists() -> None:
    """The list of guesses names kinds and operations that there are, and of the table's kinds only
    fields that they have.
    """
    kinds = {kind.about for kind in table.KINDS.values()}
    for name, guessed in guessed_names.GUESSED.items():
        assert name in OPERATIONS or name in {row.kind for row in OPERATIONS.values()}, name
        if name in kinds:
            known = {
                field.name
                for kind in table.KINDS.values()
                if kind.about == name
                for field in kind.fields
            }
            assert guessed <= known | {"download_rate", "upload_rate"}, name


def test_guesses_are_renamed_and_nothing_else(renamed: httpx.Client) -> None:
    """Guessed fields have other names in objects, lists and documents; evidenced ones keep theirs,
    also in nested objects.
    """
    leg = renamed.get(f"{ROOT}/legs/").json()[0]
    assert {"x_failover", "x_note", "x_interface", "overall_state", "link_mode", "bond_id"} <= set(
        leg
    )
    bond = renamed.get(f"{ROOT}/bonds/1/").json()
    assert {"name", "key", "url"} == set(bond["space"])
    assert {"x_secondary_aggregator", "aggregator", "note"} <= set(bond)
    assert set(renamed.get(f"{ROOT}/system/status/bondingversion/").json()) == {"x_version"}
    tuning = renamed.post(f"{ROOT}/bonds/1/tuners/").json()
    assert {"id", "url", "x_status", "x_recommendations"} <= set(tuning)
    assert "x_failover" in renamed.options(f"{LEGS}1/").json()["actions"]["PUT"]


def test_renamed_fields_are_taken_by_their_new_names(renamed: httpx.Client) -> None:
    """Writes, refusals, filters, order and excluded fields speak of the new names; the old ones are
    unknown.
    """

    def patched(**body: Any) -> Any:
        return renamed.patch(f"{LEGS}1/", json=body).json()

    assert patched(x_note="new")["x_note"] == "new"
    assert patched(note="old")["x_note"] == "new"
    assert patched(x_failover="perhaps") == {"x_failover": ['"perhaps" is not a valid boolean.']}
    found = renamed.get(f"{ROOT}/legs/?x_note=new&note=nonsense&exclude_fields=x_failover").json()
    assert [it["id"] for it in found] == [1]
    assert "x_failover" not in found[0]
    ordered = renamed.get(f"{ROOT}/legs/?ordering=-x_note").json()
    assert ordered[0]["x_note"] == "new"


def test_no_guess_is_left_by_its_old_name(renamed: httpx.Client) -> None:
    """Whatever collection of the server holds guessed fields, none is called as before, and all by
    their new names.
    """
    held = {*LISTS, *GETS, *DOCUMENTS}
    rows = [
        row
        for row in OPERATIONS.values()
        if guessed_names.guessed(row) and not row.arguments and row.name in held
    ]
    assert len(rows) > 20
    for row in rows:
        body = renamed.get(ROOT + row.path).json()
        for each in body if isinstance(body, list) else [body]:
            assert not guessed_names.guessed(row) & set(each), row.name
            assert f'"{guessed_names.PREFIX}' in json.dumps(each), row.name
