"""Text with expressions in it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.expressions.evaluator import ConditionError
from bridge.core.expressions.templates import Template, constant, parse

FACTS = {
    "bond": {"id": 3, "name": "acme", "note": None, "up": True, "rate": 1.5, "tags": ["a"]},
    "now": "2026-03-01T12:00:00Z",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("plain", "plain"),
        ("${bond.id}", 3),
        ("${bond.up}", True),
        ("${bond.note}", None),
        ("${bond.rate}", 1.5),
        ("${bond.tags}", ["a"]),
        ("bond ${bond.id}", "bond 3"),
        ("${bond.id} ", "3 "),
        ("${bond.name}/${bond.id}", "acme/3"),
        ("up: ${bond.up}, down: ${!bond.up}", "up: true, down: false"),
        ("note: ${bond.note}", "note: ?"),
        ("${'}'}!", "}!"),
        ("${'a}b' + \"}\"}", "a}b}"),
        ("${'it\\'s }'}.", "it's }."),
        ("${{'a': {'b': bond.id}}['a']['b']}", 3),
        ("a } b { c", "a } b { c"),
        ("$ {bond.id} $", "$ {bond.id} $"),
        ("${bond.id}}", "3}"),
        ("price: $${bond.id}", "price: $3"),
        ("${ bond.id }", 3),
    ],
)
def test_what_a_text_becomes(text: str, value: object) -> None:
    """One expression alone keeps its type; in text None shows as ?; braces in strings and maps end
    nothing.
    """
    got = parse(text).render(FACTS)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("${bond.id", "never closed"),
        ("a ${bond.id} b ${", "never closed"),
        ("${'}", "never closed"),
        ("${{'a': 1}", "never closed"),
        ("${}", "not an expression"),
        ("${ }", "not an expression"),
        ("${bond.}", "not an expression"),
    ],
)
def test_what_is_no_text_is_refused_when_it_is_read(text: str, says: str) -> None:
    """An expression that is not closed or is none is found before the rule is live."""
    with pytest.raises(ValueError, match=says):
        parse(text)


@pytest.mark.parametrize(
    "text", ["${nobody}", "hello ${nobody.name}", "${bond.nothing}", "${bond.id} ${bond.nothing}"]
)
def test_an_unknown_name_is_an_error_and_never_empty(text: str) -> None:
    """What is not there is never told as an empty string."""
    with pytest.raises(ConditionError):
        parse(text).render(FACTS)


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, -5, 2**40, 1.5, 1e300, [], [1, "a", None], {"a": {"b": [1.5, "x"]}}],
)
def test_a_plain_value_stands_for_itself(value: object) -> None:
    """What is no text is handed on with its type."""
    got = constant(value).render({})
    assert got == value
    assert type(got) is type(value)


def test_a_value_no_expression_can_hold_is_refused_when_it_is_read() -> None:
    """A number beyond 64 bits is an error of the rule, not of the night it runs in."""
    with pytest.raises(ValueError, match="not an expression"):
        constant(2**70)


def test_the_expressions_of_a_text_can_be_listed() -> None:
    """Every expression is there to be checked, in order."""
    assert [each.source for each in parse("a ${bond.id} b ${now}").expressions] == [
        "bond.id",
        "now",
    ]
    assert list(Template(("plain",)).expressions) == []


@pytest.mark.parametrize(
    "text",
    [
        "${timestamp(now)}",
        "${duration('1h')}",
        "${b'abc'}",
        "${1.0 / 0.0}",
        "${[timestamp(now)]}",
        "${{'a': 0.0 / 0.0}}",
    ],
)
def test_what_is_rendered_can_be_stored(text: str) -> None:
    """Whatever an expression gives is plain data that JSON has, or an error: a request is stored
    before it is sent.
    """
    try:
        value = parse(text).render(FACTS)
    except ConditionError:
        return
    assert json.loads(json.dumps(value, allow_nan=False)) == value


@given(st.text(st.sampled_from("${}'\"\\ab.1 ") | st.characters(codec="utf-8"), max_size=30))
def test_any_text_parses_or_is_a_value_error(text: str) -> None:
    """No text fails in another way, and one without a ${ is itself."""
    try:
        template = parse(text)
    except ValueError:
        assert "${" in text
        return
    if "${" not in text:
        assert template.render({}) == text


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2026-03-01T12:00:59.123456+00:00", "2026-03-01 12:00 UTC"),
        ("2026-03-01T12:00:00Z", "2026-03-01 12:00 UTC"),
        ("2026-03-01T12:00:00-08:00", "2026-03-01 20:00 UTC"),
        ("2026-02-31T12:00:00Z", "2026-02-31T12:00:00Z"),
        ("2026-03-01", "2026-03-01"),
        ("not before 2026-03-01T12:00:00Z", "not before 2026-03-01T12:00:00Z"),
    ],
)
def test_people_are_told_moments_to_the_minute(moment: str, told: str) -> None:
    """A value that is a moment is told in the minute form of headlines, in UTC; for what a call
    carries it stays as it is.
    """
    text = parse("since ${now}, ${bond.id}")
    facts = {**FACTS, "now": moment}
    assert text.told(facts) == f"since {told}, 3"
    assert text.render(facts) == f"since {moment}, 3"
