"""The expression language: what it reads, what it gives, and how it fails."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.events.builder import EVENTS
from bridge.core.expressions.evaluator import ConditionError, compile_expression

FACTS = {
    "leg": {"id": 7, "name": "cable", "down_speed": 3.0, "note": None, "tags": ["a", "b"]},
    "bond": {"id": 3, "name": "acme"},
    "server": "main",
}


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("leg.name == 'x'", [("leg", "name")]),
        ("leg.name == 'bond.nam'", [("leg", "name")]),
        ('leg.name == "it\'s bond.nam \\" bond.nam"', [("leg", "name")]),
        ("leg.name == 'a\\'b bond.nam'", [("leg", "name")]),
        ("r'a.b' == leg.name", [("leg", "name")]),
        ("true && false || null == leg.note", [("leg", "note")]),
        ("'x' in leg.tags", [("leg", "tags")]),
        ("1.5 < leg.down_speed && 2u < 3u && 0x1f > 1e3", [("leg", "down_speed")]),
        ("size(leg.name) > 3", [("leg", "name")]),
        ("leg.name.startsWith('c')", [("leg", "name")]),
        ("leg.name.startsWith(bond.name)", [("leg", "name"), ("bond", "name")]),
        ("has(leg.note)", [("leg", "note")]),
        ("leg . name == 'x'", [("leg", "name")]),
        ("leg.tags.exists(t, t == bond.name)", [("leg", "tags"), ("bond", "name")]),
        ("leg.tags.all(t, t.startsWith('a'))", [("leg", "tags")]),
        ("leg.tags.map(t, t + server)[0] == 'x'", [("leg", "tags"), ("server",)]),
        ("leg.tags.filter(t, t != 'a').exists_one(u, u == 'b')", [("leg", "tags")]),
        ("event.data['leg'].name", [("event", "data")]),
        ("leg.name == leg.name", [("leg", "name")]),
        ("{'a': leg.name, 'b': [bond.id]}['a']", [("leg", "name"), ("bond", "id")]),
        ("leg.id == 7 ? leg.name : bond.name", [("leg", "id"), ("leg", "name"), ("bond", "name")]),
        ("all.x == 1", [("all", "x")]),
        ("-leg.id", [("leg", "id")]),
        ("server", [("server",)]),
    ],
)
def test_the_paths_an_expression_reads(source: str, paths: list) -> None:
    """Dotted names are found, and what stands in strings, numbers, functions, methods and macros is
    not taken for one.
    """
    assert list(compile_expression(source).paths) == paths


def test_a_comment_reads_nothing() -> None:
    """What stands after // is for people and no path, since the language takes it so."""
    assert compile_expression("leg.id == 7 // not bond.nam, see bond.xyz").paths == (("leg", "id"),)


@pytest.mark.parametrize(
    ("source", "sentences"),
    [
        ("leg.name == 'x' && bond.current == 2 && event.data.leg.class == 'down'", []),
        ("event.data.old.state == event.data.new.state && old.state != new.state", []),
        ("leg.nam == 'x'", ["leg.nam: no 'nam' here; did you mean 'name'?"]),
        ("legs.name == 'x'", ["legs.name: no 'legs' here; did you mean 'leg'?"]),
        (
            "event.data.leg.stat == 'x'",
            ["event.data.leg.stat: no 'stat' here; did you mean 'state'?"],
        ),
        ("bond.space.xyzzy == 'x'", ["bond.space.xyzzy: no 'xyzzy' here; there is: key, name"]),
        ("leg.name.size == 1", ["leg.name.size: no 'size' here; there is: nothing below it"]),
        (
            "leg.nam + bond.nam == ''",
            [
                "leg.nam: no 'nam' here; did you mean 'name'?",
                "bond.nam: no 'nam' here; did you mean 'name'?",
            ],
        ),
        ("has(leg.nam)", ["leg.nam: no 'nam' here; did you mean 'name'?"]),
    ],
)
def test_paths_that_an_event_does_not_have_are_named(source: str, sentences: list[str]) -> None:
    """Each unknown path has one sentence with the nearest word, or with all there is."""
    found = compile_expression(source).check(EVENTS["leg.down"].shape).mistakes
    assert [mistake.what for mistake in found] == sentences


def test_below_a_free_place_every_path_is_known() -> None:
    """Nobody can say what a tuning recommends, so nothing below it is an error, while its
    neighbours are checked.
    """
    expression = compile_expression(
        "tuning.recommendations.legs[0].anything.at.all == 1 && tuning.recommendation == 1"
    )
    (mistake,) = expression.check(EVENTS["bond_tuning.finished"].shape).mistakes
    assert (
        mistake.what
        == "tuning.recommendation: no 'recommendation' here; did you mean 'recommendations'?"
    )


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("leg.id", 7),
        ("leg.down_speed * 2.0", 6.0),
        ("leg.name + '!'", "cable!"),
        ("leg.note", None),
        ("has(leg.nothing)", False),
        ("leg.tags.exists(t, t == 'b')", True),
        ("leg", FACTS["leg"]),
        ("[leg.id, bond.id]", [7, 3]),
    ],
)
def test_what_an_expression_gives(source: str, value: object) -> None:
    """Values keep their types."""
    got = compile_expression(source).evaluate(FACTS)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("leg.missing", "leg.missing: there is no 'missing' here"),
        ("nobody.x", "nobody"),
        ("leg.name + 1", "leg.name + 1: `+` does not go with a text and a whole number: convert"),
        ("leg.id + 1.5", "a whole number and a decimal number"),
        ("leg.name < 1", "`<` does not go with"),
        ("!leg.name", "`!` goes with true or false, and not with a text"),
        ("leg.id && true", "`&&` goes with true or false, and not with a whole number"),
        ("leg.id ? 1 : 2", "`\\?` goes with true or false"),
        ("leg.name.size() + leg.name", "a whole number and a text"),
        ("leg.id.size()", "size() does not take a whole number"),
        ("leg.tags['x']", "the items of a list have numbers, from 0"),
        ("leg.id.name", "a whole number has nothing below it"),
        ("leg.note.name", "leg.note is null here, ask that first"),
        ("leg.tags.map(t, t + 1)", "values in it do not go together"),
        ("1 / (leg.id - 7)", "division by zero"),
        ("[1][5]", "the list is not so long"),
        ("int(leg.name)", "int() cannot read 'cable' as a whole number"),
        ("leg.name.matches('(')", "'(' is not a regular expression"),
        ("9223372036854775807 + leg.id", "more than the largest whole number"),
        ("leg.name.nothing()", "nothing"),
    ],
)
def test_what_cannot_be_evaluated_is_a_condition_error(source: str, says: str) -> None:
    """Every way in which an expression fails on facts is one kind of error that names the
    expression.
    """
    with pytest.raises(ConditionError, match=r"(?i)" + re.sub(r"([()+])", r"\\\1", says)) as caught:
        compile_expression(source).evaluate(FACTS)
    assert str(caught.value).startswith(source)
    assert not re.search("CEL|overload|operand|coerce|Function", str(caught.value))


@pytest.mark.parametrize(
    "bad", ["\ud800", object(), {1, 2}], ids=["half a character", "an object", "a set"]
)
def test_facts_that_cannot_be_read_are_a_condition_error(bad: object) -> None:
    """Facts that are beyond the language lead to the same error, not to a crash."""
    with pytest.raises(ConditionError):
        compile_expression("body.a == 1").evaluate({"body": {"a": bad}})


@pytest.mark.parametrize("source", ["leg.id", "leg.name", "leg.note", "leg", "[true]", "0", "''"])
def test_a_condition_gives_a_boolean_or_an_error(source: str) -> None:
    """What is not true or false is never taken for either."""
    with pytest.raises(ConditionError, match="a condition must give true or false"):
        compile_expression(source).holds(FACTS)


def test_a_condition_that_holds_and_one_that_does_not() -> None:
    """Booleans are handed on as they are."""
    assert compile_expression("leg.id == 7").holds(FACTS) is True
    assert compile_expression("leg.id == 8").holds(FACTS) is False


@pytest.mark.parametrize(
    "source", ["", "leg.", "leg ==", "a b", "((1)", "'open", "1 +* 2", "leg.?name", "a\n==\n"]
)
def test_what_is_no_expression_is_one_line(source: str) -> None:
    """A wrong expression is refused in one line that shows it."""
    with pytest.raises(ValueError, match="not an expression") as caught:
        compile_expression(source)
    assert "\n" not in str(caught.value)
    assert repr(source) in str(caught.value)


def test_where_an_expression_is_wrong() -> None:
    """The message points at the character."""
    with pytest.raises(ValueError, match="at character 8: "):
        compile_expression("leg.id $ 3")


@given(
    st.text(
        st.sampled_from("ab.()[]{}'\"\\!=<>&|?:,0123456789 +-*/%\n\tr")
        | st.characters(codec="utf-8"),
        max_size=40,
    )
)
def test_any_text_is_an_expression_or_a_value_error(text: str) -> None:
    """No text makes the compiler fail in another way, and what compiles evaluates or is a condition
    error.
    """
    try:
        expression = compile_expression(text)
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017 the other branch is no error
        return
    try:
        expression.evaluate({"a": {"b": 1}, "b": "x"})
    except ConditionError as error:
        assert str(error).startswith(text)  # noqa: PT017 the other branch is no error


@pytest.mark.parametrize(
    ("source", "null"),
    [
        ("leg.note.matches('vip')", "leg.note"),
        ("leg.note.startsWith('a') && leg.id == 7", "leg.note"),
        ("size(leg.note) > 3", "leg.note"),
        ("leg.id == 7 && 5 < leg.note", "leg.note"),
        ("leg.name + leg.note == 'a'", "leg.note"),
        ("leg.note.below == 3", "leg.note"),
        ("leg.tags.exists(t, t == 'a') && leg.note.contains('x')", "leg.note"),
        ("leg.note.exists(t, t == 'a')", "leg.note"),
        (
            "(leg.id == 7 ? leg.note : leg.name).contains('x')",
            "(leg.id == 7 ? leg.note : leg.name)",
        ),
    ],
)
def test_what_is_null_is_named_with_how_to_ask(source: str, null: str) -> None:
    """And not a function that there is, which the evaluator says it does not know."""
    with pytest.raises(ConditionError) as caught:
        compile_expression(source).evaluate(FACTS)
    assert (
        str(caught.value) == f"{source}: {null} is null here, ask that first: {null} != null && …"
    )
