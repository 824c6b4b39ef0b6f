"""Which spaces something is about, for all that decides who may see it, hear of it or touch it."""

from typing import Any

import pytest

from bridge.core import spaces
from bridge.core.model import Body, Event, Job, Json
from bridge.core.spaces import all_within, named, of_bond, spaces_of, touched, unknown, within
from tests.core.builders import NOW, job

ACME = {"key": "acme", "name": "Acme"}
HQ = {"id": 3, "name": "hq", "space": ACME}
# what the newest polls show
THERE: dict[tuple[str, str], Body] = {
    ("bond", "3"): HQ,
    ("bond", "4"): {"id": 4, "space": {"key": "lab"}},
    ("bond", "5"): {"id": 5, "space": None},
    ("leg", "7"): {"id": 7, "bond": 3},
    ("leg", "8"): {"id": 8, "bond": 4},
    ("leg", "9"): {"id": 9, "bond": None},
}


def look(kind: str, identifier: Json) -> Body | None:
    """The newest object."""
    return THERE.get((kind, str(identifier)))


def event(**nouns: Any) -> Event:
    """An event with these nouns."""
    return Event("e", "test.happened", "main", "test/1", NOW, NOW, nouns)


def call(operation: str = "bond.restart", target: str = "", **arguments: Json) -> Job:
    """A call with these arguments."""
    return job(request={"operation": operation, "arguments": arguments}, target=target)


NOTICE = job(action="notify", request={"to": "noc"})
# what it is about · by what it says itself · by what the newest polls show, too
ABOUT: dict[str, tuple[Any, set[str | None], set[str | None]]] = {
    # an event is where the bonds, legs and spaces are that it names
    "a bond": (event(bond=HQ), {"acme"}, {"acme"}),
    "a leg and its bond": (event(bond=HQ, leg={"id": 7, "bond": 3}), {"acme"}, {"acme"}),
    "a leg alone": (event(bond=None, leg={"id": 7, "bond": 3}), {None}, {"acme"}),
    "a leg of no bond": (event(bond=None, leg={"id": 9, "bond": None}), {None}, {None}),
    "a leg of another bond": (
        event(bond=HQ, leg={"id": 8, "bond": 4}),
        {"acme", None},
        {"acme", "lab"},
    ),
    "a test of a leg": (event(speedtest={"bond": None, "leg": 8}), {None}, {"lab"}),
    "a test of a leg that is named": (
        event(speedtest={"bond": None, "leg": 7}, leg={"id": 7, "bond": 3}, bond=HQ),
        {"acme"},
        {"acme"},
    ),
    "a bond whose space was not known": (event(bond={"id": 3, "space": None}), {None}, {"acme"}),
    "a bond whose space nobody knows": (event(bond={"id": 5, "space": None}), {None}, {None}),
    "a bond that is gone": (event(bond={"id": 6}), {None}, {None}),
    "a bond as an example writes it": (event(bond={"space": ACME}), {"acme"}, {"acme"}),
    "a leg as an example writes it": (
        event(bond={"id": None, "space": ACME}, leg={"id": 7, "bond": 3}),
        {"acme"},
        {"acme"},
    ),
    "a space": (event(bond=None, space={"key": "acme"}), {"acme"}, {"acme"}),
    "a space that is blank": (event(bond=HQ, space={"key": None}), {"acme"}, {"acme"}),
    "a blank bond": (event(bond={"id": None, "space": None}, space=ACME), {"acme"}, {"acme"}),
    "a bond and another space": (
        event(bond=HQ, space={"key": "lab"}),
        {"acme", "lab"},
        {"acme", "lab"},
    ),
    "what it was before": (event(bond=HQ, old={"bond": 4}, new={"bond": 4}), {"acme"}, {"acme"}),
    # what others wrote says nothing
    "a webhook": (event(body={"bond": 3, "space": ACME}, reach=["acme"]), {None}, {None}),
    # an aggregator carries the bonds of many, whoever has it; a user and a device are no bond
    "an aggregator": (event(aggregator={"id": 1, "space": ACME}), {None}, {None}),
    "a user": (event(user={"id": 1, "space": ACME}), {None}, {None}),
    "nothing": (event(problem={"text": "unreachable"}), {None}, {None}),
    # a call is about the bonds and legs that it names; on anything else it is about everything
    "what became of a call": (event(job={"arguments": {"bond": 3}}), {None}, {"acme"}),
    "what became of a call on a leg": (event(job={"arguments": {"leg": 8}}), {None}, {"lab"}),
    "what became of a call on a space": (
        event(job={"arguments": {"space": "acme"}}),
        {"acme", None},
        {"acme", None},
    ),
    "what became of another call": (event(job={"arguments": None}), {None}, {None}),
    "a call": (call(bond=3, target="bond/3"), {None}, {"acme"}),
    "a call on a leg": (call(leg=7, target="bond/3"), {None}, {"acme"}),
    "a call on two bonds": (call(bond=3, leg=8, target="bond/3"), {None}, {"acme", "lab"}),
    "a call on a space": (call(space="acme", target="space/acme"), {"acme", None}, {"acme", None}),
    "a call on a bond and a space": (
        call(bond=3, space="lab", target="bond/3"),
        {"lab", None},
        {"acme", "lab"},
    ),
    "a call on an aggregator": (call(aggregator=1, target="aggregator/1"), {None}, {None}),
    "a call on nothing": (call(operation="backup.fetch"), {None}, {None}),
    "a notice by itself": (NOTICE, set(), set()),
    # an incident is about a space where that is its cause
    "an incident of a space": (
        event(incident={"cause": "space", "key": "acme"}),
        {"acme"},
        {"acme"},
    ),
    "an incident of an aggregator": (
        event(incident={"cause": "aggregator", "key": "acme"}),
        {None},
        {None},
    ),
    # several are about all that each of them is about
    "a group": ([event(bond=HQ), event(bond=THERE["bond", "4"])], {"acme", "lab"}, {"acme", "lab"}),
    "a group with one of no space": (
        [event(bond=HQ), event(aggregator={"id": 1})],
        {"acme", None},
        {"acme", None},
    ),
    "a decision that calls and tells": (
        [call(bond=3, target="bond/3"), NOTICE],
        {None},
        {"acme"},
    ),
    "a plan without calls": ([NOTICE], {None}, {None}),
    "an empty plan": ([], {None}, {None}),
}


@pytest.mark.parametrize("name", ABOUT)
def test_what_something_is_about(name: str) -> None:
    """By itself, and with the newest objects at hand."""
    what, alone, known = ABOUT[name]
    assert spaces_of(what) == alone
    assert spaces_of(what, look) == known


@pytest.mark.parametrize("name", [name for name in ABOUT if isinstance(ABOUT[name][0], Event)])
def test_what_an_event_names_is_what_it_is_about_but_for_what_is_concluded(name: str) -> None:
    """Rules that are limited to spaces act on objects in them, not on incidents or calls."""
    what, alone, _ = ABOUT[name]
    if what.data.keys() & {"incident", "job"}:
        assert named(what) == set()
    else:
        assert (named(what) or {None}) == alone


SILENCE = {"types": ["*"], "for": 60.0}


@pytest.mark.parametrize(
    ("one", "about", "objects"),
    [
        (call(bond=3), event(), [("bond 3", "acme")]),
        (call(leg=8, bond=3), event(), [("bond 3", "acme"), ("leg 8", "lab")]),
        (call(leg=99), event(), [("leg 99", None)]),
        (call(space="acme"), event(), [("space acme", "acme")]),
        (call("backup.fetch"), event(), [("backup.fetch", None)]),
        (call("aggregator.update", aggregator=1), event(), [("aggregator.update", None)]),
        (NOTICE, event(bond=HQ), []),
        (job(action="silence", request={**SILENCE, "per": "bond"}), event(bond=HQ), "acme"),
        (job(action="silence", request={**SILENCE, "per": "leg"}), event(leg={"id": 8}), "lab"),
        (job(action="silence", request={**SILENCE, "per": "space"}), event(bond=HQ), "acme"),
        (job(action="silence", request={**SILENCE, "per": "space"}), event(space=ACME), "acme"),
        (
            job(action="silence", request={**SILENCE, "per": "space"}),
            event(bond={"id": 5}, space=ACME),
            None,
        ),
        (job(action="silence", request={**SILENCE, "per": "server"}), event(bond=HQ), None),
    ],
)
def test_what_a_job_touches(one: Job, about: Event, objects: Any) -> None:
    """Each object in words, with its space; of a silence the one that it is about."""
    if not isinstance(objects, list):
        objects = [(f"this {one.request.stored()['per']}", objects)]
    assert list(touched(one, about, look)) == objects


@pytest.mark.parametrize(
    ("about", "globs", "inside"),
    [
        ({"acme"}, ["acme"], True),
        ({"acme", "acme-east"}, ["acme", "acme-*"], True),
        ({"acme"}, ["ACME"], False),
        ({"acme", "lab"}, ["acme"], False),
        ({"acme", None}, ["*"], False),
        ({None}, ["*"], False),
        (set(), ["*"], False),
        ({"acme"}, [], False),
    ],
)
def test_all_of_it_must_be_within(about: set[str | None], globs: list[str], inside: bool) -> None:
    """A space that is not known is in no glob, and what is about nothing is nowhere."""
    assert all_within(about, globs) is inside
    assert all_within(iter(about), iter(globs)) is inside


def test_a_space_is_its_key_as_text() -> None:
    """Whatever the server's JSON has for it."""
    assert of_bond({"space": {"key": 7}}) == "7"
    assert of_bond(None) is of_bond({}) is of_bond({"space": {}}) is None
    assert spaces.of_object("space", 7, unknown) == "7"
    assert spaces.of_object("space", None, unknown) is None
    assert spaces.of_object("aggregator", 1, look) is None
    assert within("7", ["7"])
    assert not within(None, ["None", "*"])
