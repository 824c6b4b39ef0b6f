"""Which conditions are refused when a rule is read, since they can be neither true nor false."""

import pytest

from bridge.core.events.builder import EVENTS
from bridge.core.expressions.evaluator import compile_expression
from bridge.core.expressions.type_checker import untrue


@pytest.mark.parametrize(
    ("source", "never"),
    [
        ("bond.name", True),
        ("bond.space", True),
        ("bond.id + 1", True),
        ("-leg.id", True),
        ("size(events)", True),
        ("leg.name.size()", True),
        ("events.map(e, e.id)", True),
        ("[leg.id]", True),
        ("{'a': true}", True),
        ("3", True),
        ("null", True),
        ("'a' // == 'a'", True),
        ("true", False),
        ("leg.failover", False),
        ("known.over", False),
        ("!known.flapping", False),
        ("bond.name == 'hq'", False),
        ("bond.id + 1 > 2", False),
        ("'a' in leg.note", False),
        ("leg.name.startsWith('a')", False),
        ("has(bond.space)", False),
        ("(bond.name)", True),
        ("[true, false][0]", False),
        ("leg.id == 1 ? leg.failover : leg.name == 'x'", False),
        ("view.leg(3)", True),
        ("events.exists(e, e.id == 'x')", False),
        ("hours('mon', '08:00', '09:00', 'UTC')", False),
        ("event.data.new.failover", False),
    ],
)
def test_what_can_be_no_truth_is_said(source: str, never: bool) -> None:
    """Only where it is sure; whatever may be true or false at some event is left to that."""
    expression = compile_expression(source)
    what, _ = untrue(source, expression.tree, expression.check(EVENTS["leg.down"].shape).type)
    assert bool(what) == never
