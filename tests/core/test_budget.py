"""What an expression may cost: loops ask for leave, and one that takes too long is an error like
any other.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.decisions.evaluate import evaluate
from bridge.core.decisions.facts import STOPPED, RecordedFacts, RecordingFacts
from bridge.core.expressions import cost_limit
from bridge.core.expressions.cost_limit import Budget, metered, weight
from bridge.core.expressions.evaluator import ConditionError, ExpressionContext, compile_expression
from bridge.core.expressions.templates import parse

from .builders import Answering, answering, context, down, rule

NUMBERS = list(range(7_000))
EVENTS = [
    {
        "id": f"e{number}",
        "type": "leg.down",
        "data": {"leg": {"id": number, "name": "cable"}, "bond": {"id": 1, "name": "hq"}},
    }
    for number in range(500)
]
ROOTS = {
    "body": {"xs": NUMBERS, "text": "x" * 10_000},
    "events": EVENTS,
    "few": [3, 1, 2],
    "by": {"a": 1, "b": 2},
}


@pytest.mark.parametrize(
    "source",
    [
        "body.xs.all(a, body.xs.exists_one(b, a == b))",
        " && ".join(["body.xs.all(a, body.xs.exists_one(b, a == b))"] * 5),
        "body.xs.all(a, body.xs.exists_one(b, a == b)) || true",
        (
            "true || body.xs.all(a, body.xs.all(b, true)) ? body.xs.all(a, body.xs.all(b, a < b ||"
            " true)) || true : false"
        ),
        "events.map(a, events.map(b, b)).size() > 0",
        "few" + ".map(a, [a, a])" * 40 + ".size() > 0",
        "few.map(a, body.text)" + ".map(a, a + a)" * 40 + ".size() > 0",
        "body.xs.map(a, a + 1).size() > 0",
    ],
)
def test_what_takes_too_long_is_a_condition_error(source: str) -> None:
    """Whatever stands around the loop: an error that names the expression, and the next is
    evaluated as ever.
    """
    context = ExpressionContext(ROOTS, budget=Budget(steps=100_000))
    with pytest.raises(ConditionError, match="took too long"):
        compile_expression(source).evaluate(context)
    with pytest.raises(ConditionError, match="took too long"):
        parse(f"there are ${{{source}}}").text(
            ExpressionContext(ROOTS, budget=Budget(steps=100_000))
        )
    assert compile_expression("few[0] == 3").holds(context)


@pytest.mark.parametrize(
    "source",
    [
        "events.map(e, e.data.leg.name)",
        "events.filter(e, e.data.leg.id > 400).map(e, e.data.bond.name)",
        "events.all(a, events.exists(b, a.id == b.id))",
        "events.filter(a, a.data.leg.id > 10).map(e, e).size()",
        "body.xs.all(a, a >= 0)",
        "body.xs.exists(a, a == 6999)",
    ],
)
def test_what_rules_do_with_hundreds_of_events_is_no_trouble(source: str) -> None:
    """A group of five hundred, each compared with each."""
    compile_expression(source).evaluate(ExpressionContext(ROOTS))


@pytest.mark.parametrize(
    "source",
    [
        "few.all(x, x > 0)",
        "few.exists(x, x == 2)",
        "few.exists_one(x, x == 9)",
        "few.map(x, x * 2)",
        "few.map(x, x > 1, [x, 'y'])",
        "few.filter(x, x > 1)",
        "few.filter(x, few.exists(y, y > x)).map(z, {'a': z, \"b),\": few.map(w, w + z)})",
        "by.all(k, by[k] > 0)",
        "by.filter(k, k != 'a')",
        "few.map(x, // a comment with ) and ,\n x)",
        "few.map(x, 'a,b)' + string(x)).filter(s, s.contains(')'))",
        "few.map(x, null)",
        "few.map(x, x == 1 ? 'one' : 'more')",
        "[few, few].map(xs, xs.filter(x, x > 1)).size()",
        "[timestamp('2026-03-01T02:00:00Z')].map(t, t)",
        "[duration('90s')].map(d, d)",
    ],
)
def test_a_metered_loop_gives_what_it_gave(source: str) -> None:
    """The expression that is evaluated is the one that was written, as far as anybody can see."""
    import cel  # noqa: PLC0415  the evaluator itself, as the witness

    assert compile_expression(source).evaluate(ExpressionContext(ROOTS)) == cel.compile(
        source
    ).execute(dict(ROOTS))


def test_only_loops_are_metered() -> None:
    """What has none is evaluated as it is written; a field or a text that is called like a macro is
    no loop.
    """
    for source in (
        "leg.all == 1",
        "'xs.map(x, x)' == leg.name",
        "size(xs) > 1",
        "xs.map == 2",
        "xs.all(x)",
    ):
        assert metered(source) == (source, ())
    assert metered("xs.all(x, ys.map(y, y) == x)")[1] == ((1,), ())


def test_the_budget_is_that_of_all_expressions_of_a_verdict() -> None:
    """What the condition has used is not there for the texts; another verdict has its own."""
    context = ExpressionContext(ROOTS, budget=Budget(steps=10_000))
    once = compile_expression("events.all(a, events.all(b, true))")
    with pytest.raises(ConditionError, match="took too long"):
        once.evaluate(context)
    with pytest.raises(ConditionError, match="took too long"):
        compile_expression("few.all(x, x > 0)").evaluate(context)
    assert (
        compile_expression("few.all(x, x > 0)").evaluate(
            ExpressionContext(ROOTS, budget=answering().budget())
        )
        is True
    )


def test_a_clock_stops_what_is_slower_than_anybody_thought_and_a_replay_knows() -> None:
    """Each step takes a second by this clock: stopped after three, kept as a fact, and stopped
    again without any clock.
    """
    seconds = iter(range(1000))

    class Slow(Answering):
        def budget(self) -> Budget:
            return Budget(lambda: float(next(seconds)))

    one = rule(
        "id: a\nwhen: leg.down\nif: '[1, 2, 3, 4, 5, 6].all(x, x > 0)'\ndo: [{notify: {to: noc}}]"
    )
    made = evaluate(one, down(), RecordingFacts(Slow({})), context())
    assert str(made.verdict) == "skip(condition_error)"
    assert "took too long" in made.verdict.detail
    assert made.facts["asked"][STOPPED] == ["[1, 2, 3, 4, 5, 6].all(x, x > 0)"]
    assert (
        evaluate(one, down(), RecordingFacts(RecordedFacts(made.facts["asked"])), context()) == made
    )


def test_more_events_than_can_be_looked_at_are_an_error() -> None:
    """Of a group whose events bring too much, nothing is evaluated; of one event everything is."""
    many = [{"data": {"body": {"xs": list(range(4_000))}}} for _ in range(50)]
    assert weight(many) > cost_limit.LARGEST
    with pytest.raises(ConditionError, match="50 events are more than an expression may look at"):
        compile_expression("size(events) > 0").evaluate(ExpressionContext({"events": many}))
    assert compile_expression("size(events) == 1").holds(ExpressionContext({"events": many[:1]}))


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    )
)
def test_weight_is_at_least_the_number_of_values(value: object) -> None:
    """Nothing weighs less than one, and a list more than what is in it."""
    assert weight(value) >= 1
    assert weight([value, value]) > 2 * weight(value)


def test_a_budget_begins_anew_with_each_verdict() -> None:
    """A loop inside another keeps nothing from one turn to the next."""
    left = Budget(steps=30_000)
    source = "events.map(a, few.map(b, b)).size() == 500"
    assert compile_expression(source).holds(ExpressionContext(ROOTS, budget=left))


def test_an_expression_that_took_all_of_it_gets_less_for_ten_minutes_and_a_replay_knows() -> None:
    """For huge events it is stopped early, for others it is what it was; then it is as before."""
    now = [0.0]

    def ticking() -> float:
        return now[0]

    costly = cost_limit.Costly(ticking)
    slow = compile_expression("body.xs.all(a, a >= 0)")

    def judged(values: int) -> Budget:
        budget = Budget(costly=costly)
        slow.evaluate(ExpressionContext({"body": {"xs": list(range(values))}}, budget=budget))
        return budget

    judged(60_000)
    costly.add(slow.source)
    judged(40_000)
    budget = Budget(costly=costly)
    with pytest.raises(ConditionError, match="took too long"):
        slow.evaluate(ExpressionContext({"body": {"xs": list(range(60_000))}}, budget=budget))
    again = Budget(stopped=budget.stopped)
    with pytest.raises(ConditionError, match="took too long"):
        slow.evaluate(ExpressionContext({"body": {"xs": [1]}}, budget=again))
    now[0] = cost_limit.CAREFUL_SECONDS + 1
    assert judged(60_000).stopped == set()


def test_a_loop_within_loops_is_tried_once_with_all_there_is() -> None:
    """The event after it is told within a fraction of that."""
    costly = cost_limit.Costly(lambda: 0.0)
    slow = compile_expression("body.xs.all(a, body.xs.exists_one(b, a == b))")
    taken = []
    for _ in range(2):
        budget = Budget(costly=costly)
        with pytest.raises(ConditionError, match="took too long"):
            slow.evaluate(ExpressionContext(ROOTS, budget=budget))
        taken.append(cost_limit.STEPS - budget._left)  # noqa: SLF001
    assert taken[0] >= cost_limit.STEPS
    assert taken[1] < cost_limit.STEPS / 10
