"""Whether a tuning may be accepted without a person, and what puts it back."""

import math
from typing import Any

import pytest

from bridge.core.decisions.tuning_sanity import odd, old_values, wire_fields
from bridge.core.rules.rule import TuningLimits

from .builders import body

LIMITS = TuningLimits(change=0.5, least=0.5, most=1000.0)
LEGS = {
    12: body("leg", id=12, name="cable", down_speed=50.0, up_speed=10.0),
    13: body("leg", id=13, down_speed=20, up_speed=2),
    14: body("leg", id=14, up_speed=2.0),
}


def advice(leg: Any = 12, **speeds: Any) -> dict:
    """Recommendations for one leg: as it is now but for what is given."""
    return {
        "legs": [{"leg": leg, "down_speed": 50.0, "up_speed": 10.0, **speeds}],
        "packet_distribution": "idmpq",
    }


@pytest.mark.parametrize(
    ("recommendations", "usual"),
    [
        (advice(down_speed=48.5, up_speed=9.6), {}),
        (advice(down_speed=25.0), {}),
        (advice(down_speed=75), {}),
        (advice(down_speed=48.5), {12: {"down_speed": 60.0, "up_speed": None}}),
        (advice(down_speed=48.5), {12: {}, 99: {"down_speed": 1.0}}),
        ({"legs": [{"leg": 13, "down_speed": 19, "up_speed": 1.9, "note": "its own"}]}, {}),
    ],
)
def test_an_ordinary_tuning_is_not_odd(recommendations: dict, usual: dict) -> None:
    """Within bounds, and changed by no more than may be against what is and what is usual: nobody
    need look.
    """
    assert odd(recommendations, LEGS, usual, LIMITS) is None


@pytest.mark.parametrize(
    ("recommendations", "told"),
    [
        (advice(down_speed=0), "leg 12 (cable): download speed 50 → 0 Mbit/s, which is no speed"),
        (advice(down_speed=-5.0), "50 → -5.0 Mbit/s, which is no speed"),
        (advice(down_speed=None), "50 → nothing Mbit/s, which is no speed"),
        (advice(down_speed="48.5"), "50 → 48.5 Mbit/s, which is no speed"),
        (advice(down_speed=True), "50 → True Mbit/s, which is no speed"),
        (advice(down_speed=math.nan), "50 → nan Mbit/s, which is no speed"),
        (advice(down_speed=math.inf), "50 → inf Mbit/s, which is no speed"),
        (
            {"legs": [{"leg": 12, "down_speed": 50.0}]},
            "upload speed 10 → nothing Mbit/s, which is no speed",
        ),
        (advice(up_speed=0.4), "leg 12 (cable): upload speed 10 → 0.4 Mbit/s, below 0.5"),
        (advice(down_speed=2000), "leg 12 (cable): download speed 50 → 2000 Mbit/s, above 1000"),
        (
            advice(down_speed=500),
            "leg 12 (cable): download speed 50 → 500 Mbit/s, a change by 900%, more than 50%",
        ),
        (
            advice(up_speed=4.9),
            "leg 12 (cable): upload speed 10 → 4.9 Mbit/s, a change by 51%, more than 50%",
        ),
        (
            advice(14, down_speed=20, up_speed=2),
            "leg 14: download speed nothing → 20 Mbit/s, and what it is now is not known",
        ),
        (advice(99), "leg 99 is not known here"),
        (advice("12"), "what it recommends is not understood"),
        (advice(leg=True), "what it recommends is not understood"),
        ({"legs": []}, "it recommends no speed of any leg"),
        ({"legs": {"12": {"down_speed": 50.0}}}, "what it recommends is not understood"),
        ({"legs": [12]}, "what it recommends is not understood"),
        ({"packet_distribution": "idmpq"}, "what it recommends is not understood"),
        ({}, "what it recommends is not understood"),
        (None, "what it recommends is not understood"),
        ([advice()], "what it recommends is not understood"),
        ({"legs": advice()["legs"] * 2}, "it recommends two things for one leg"),
    ],
)
def test_what_a_person_must_look_at_is_said(recommendations: Any, told: str) -> None:
    """No speed, one out of bounds, a change too large, or a shape nobody knows: the leg, what it
    is, what it would be.
    """
    said = odd(recommendations, LEGS, {}, LIMITS)
    assert said
    assert told in said


def test_what_is_usual_counts_too() -> None:
    """A line that is slow today is measured against today and against what it was tuned to
    before.
    """
    usual = {12: {"down_speed": 100.0, "up_speed": 10.0}}
    assert (
        odd(advice(down_speed=45.0), LEGS, usual, LIMITS)
        == "leg 12 (cable): download speed 50 → 45 Mbit/s, and it is usually 100: by 55%, more"
        " than 50%"
    )


def test_of_many_reasons_the_first_are_told_and_the_others_counted() -> None:
    """A bond of many legs makes no endless sentence."""
    legs = {number: LEGS[12] | {"id": number} for number in range(1, 4)}
    recommended = {"legs": [{"leg": number, "down_speed": 0, "up_speed": 0} for number in legs]}
    said = odd(recommended, legs, {}, LIMITS)
    assert said
    assert said.count("which is no speed") == 3
    assert said.endswith("; and 3 more")


def test_old_values_put_a_tuning_back() -> None:
    """What the legs have now, of those that the tuning would change; only what was known is
    sent.
    """
    recommended = {"legs": [*advice(12)["legs"], *advice(14)["legs"], *advice(99)["legs"]]}
    old = old_values(recommended, LEGS)
    assert old == {
        12: {"down_speed": 50.0, "up_speed": 10.0},
        14: {"down_speed": None, "up_speed": 2.0},
    }
    assert [wire_fields(each) for each in old.values()] == [
        {"down_speed": 50.0, "up_speed": 10.0},
        {"up_speed": 2.0},
    ]
    assert old_values(None, LEGS) == {}
