"""What is so already is found for the rules that speak of what is so."""

from dataclasses import replace

import pytest

from bridge.core.canonical_json import identity
from bridge.core.decisions.level_triggers import found
from bridge.core.events.builder import EVENTS, describe
from bridge.core.model import Change, Mode
from bridge.core.rules.rule import Rule
from bridge.core.yaml_document import Document

from .builders import NOW, body

RULE = Rule(
    id="told",
    description="",
    types=frozenset({"leg.down", "leg.degraded", "leg.up", "bond.down"}),
    condition=None,
    mode=Mode.LIVE,
    steps=(),
    source=Document("rules/test.yaml", {}, {}),
    place=(),
    hash="h",
)
LASTS = replace(RULE, lasts=600.0)
BODIES = {
    "5": body("leg", id=5, bond=3, name="cable", standing="down"),
    "6": body("leg", id=6, bond=3, standing="up"),
    "7": body("leg", id=7, bond=4, standing="degraded"),
    "8": body("leg", id=8, bond=4, standing=None),
}
OTHERS = {("bond", "3"): body("bond", id=3, name="acme")}


@pytest.mark.parametrize("speaks", [LASTS, replace(RULE, still=True)], ids=["for", "still"])
def test_each_object_that_shows_a_lasting_state_is_found(speaks: Rule) -> None:
    """One event per object and state, as if it had happened now, for this rule and no other."""
    events = found(speaks, "main", "leg", BODIES, OTHERS, NOW, "baseline")
    assert [(it.type, it.subject, it.server, it.only) for it in events] == [
        ("leg.down", "leg/5", "main", "told"),
        ("leg.degraded", "leg/7", "main", "told"),
    ]
    down, _ = events
    assert (down.time, down.seen_at, down.exact) == (NOW, NOW, False)
    assert down.data == {
        **describe(EVENTS["leg.down"], Change("leg", "5", None, BODIES["5"]), OTHERS),
        "over": False,
    }
    assert down.data["bond"]["name"] == "acme"


def test_a_rule_of_moments_finds_nothing() -> None:
    """What only listens to what happens is not told what is."""
    assert found(RULE, "main", "leg", BODIES, OTHERS, NOW, "baseline") == []


def test_only_states_of_this_kind_that_the_rule_names_are_found() -> None:
    """An aggregator that is down is none of this rule's business, and a bond is found among
    bonds.
    """
    down = {"1": body("aggregator", id=1, standing="down")}
    assert found(LASTS, "main", "aggregator", down, {}, NOW, "baseline") == []
    condition = {"3": body("bond_condition", id=3, state="down")}
    assert [
        it.type for it in found(LASTS, "main", "bond_condition", condition, {}, NOW, "baseline")
    ] == ["bond.down"]


def test_the_same_state_is_found_once_on_each_occasion() -> None:
    """The id depends on the server, the object, the rule and the occasion, and on nothing else."""

    def ids(one: Rule = LASTS, server: str = "main", occasion: object = "baseline") -> list[str]:
        return [it.id for it in found(one, server, "leg", BODIES, OTHERS, NOW, occasion)]

    assert ids()[0] == identity("main", "leg/5", "leg.down", "found", "told", "baseline")
    assert ids() == ids()
    many = [
        *ids(),
        *ids(replace(LASTS, id="other")),
        *ids(server="spare"),
        *ids(occasion=["silence", 7]),
    ]
    assert len(set(many)) == len(many)
