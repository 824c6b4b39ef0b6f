"""Hours as a condition, and functions that are not there."""

from datetime import UTC, datetime

import pytest

from bridge.core.decisions import expression_context
from bridge.core.events.builder import EVENTS
from bridge.core.expressions.evaluator import ConditionError, compile_expression
from bridge.core.model import Event
from bridge.core.rules.hours_function import hours, wrong
from tests.core.builders import answering

OFFICE = ("mon-fri", "09:00", "17:00", "America/Vancouver")


SHAPE = EVENTS["leg.down"].shape


@pytest.mark.parametrize(
    ("moment", "within"),
    [
        ("2026-01-05T17:00:00+00:00", True),  # Monday 09:00 there
        ("2026-01-05T16:59:59+00:00", False),
        ("2026-01-06T01:00:00+00:00", False),  # 17:00 there
        ("2026-01-10T18:00:00+00:00", False),  # a Saturday
        ("2026-07-06T16:00:00+00:00", True),  # 09:00 there in summer
    ],
)
def test_hours_are_those_of_the_zone(moment: str, *, within: bool) -> None:
    """The days and times are by the clocks of the zone, in winter and summer; the end is not
    within.
    """
    assert hours(moment, *OFFICE) is within
    assert hours(datetime.fromisoformat(moment), *OFFICE) is within


def test_hours_go_over_midnight_and_over_days_with_commas() -> None:
    """What begins in the evening ends the next morning; days may be listed."""
    assert hours("2026-01-06T05:00:00+00:00", "mon, wed", "22:00", "06:00", "UTC")
    assert not hours("2026-01-07T05:00:00+00:00", "mon, wed", "22:00", "06:00", "UTC")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('hours(event.time, "monday", "09:00", "17:00", "UTC")', "'monday' is no day"),
        ("hours(event.time, 'mon', '9', '17:00', 'UTC')", "'9' is no time of day"),
        ('!hours(now, "mon", "09:00", "17:00", "Moon")', "no time zone 'Moon'"),
        ('hours(now, bond.note, "09:00", "17:00", "UTC")', "hours takes a moment"),
        ('hours(now, "mon", "09:00", "09:00", "UTC")', "ends when it begins"),
    ],
)
def test_wrong_hours_are_found_when_a_rule_is_loaded(source: str, said: str) -> None:
    """Days, times and zones are read before an event comes."""
    (sentence,) = wrong(source)
    assert said in sentence


def test_good_hours_are_not_complained_of() -> None:
    """Also twice in one expression, and of a moment that is made of another."""
    source = (
        'hours(now, "mon", "09:00", "17:00", "UTC") || hours(timestamp(event.time), \'sat,sun\','
        ' "00:00", "24:00", "UTC")'
    )
    assert list(wrong(source)) == []
    assert not compile_expression(source).check(SHAPE).mistakes


def test_every_scene_has_hours() -> None:
    """An expression about an event can ask; a moment that is none lets nothing through."""
    at = datetime(2026, 1, 5, 18, tzinfo=UTC)
    event = Event("e", "leg.down", "main", "leg/1", at, at, {"leg": {"note": "no time"}})
    seen = expression_context.of((event,), at, answering())
    assert compile_expression(
        'hours(event.time, "mon", "10:00", "11:00", "America/Vancouver")'
    ).holds(seen)
    with pytest.raises(ConditionError):
        compile_expression('hours(leg.note, "mon", "10:00", "11:00", "UTC")').holds(seen)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "bond.name.lowerAscii() == 'a'",
            "there is no function 'lowerAscii'; capitals do not matter in .matches(\"(?i)…\")",
        ),
        (
            "bond.name.startWith('a')",
            "there is no function 'startWith'; did you mean 'startsWith'?",
        ),
        ("view.lge(3).name == 'a'", "there is no function 'view.lge'; did you mean 'view.leg'?"),
        ("'size(' == bond.name && (bond.id in [2])", None),
        ("view.aggregator(3).failed && events.exists(e, size(e) > 0)", None),
    ],
)
def test_functions_that_are_not_there_are_found(source: str, said: str | None) -> None:
    """A misspelt function is told by its nearest name; what stands in quotes is no function."""
    assert [mistake.what for mistake in compile_expression(source).check(SHAPE).mistakes] == (
        [said] if said else []
    )
