"""Lengths of time as people write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.durations import seconds, spoken
from bridge.core.scaled_clock import ORDINARY, Pace

from .builders import NOW, later


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("15s", 15),
        ("10m", 600),
        ("6h", 21600),
        ("1d", 86400),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("0.5s", 0.5),
        ("1d1h1m1s", 90061),
    ],
)
def test_lengths(text: str, length: float) -> None:
    """A number and a unit, or several of them."""
    assert seconds(text) == length


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "s",
        "15 s",
        "15S",
        "-5s",
        "1h 30m",
        "1w",
        "1,5h",
        ".5h",
        "5ms",
        15,
        1.5,
        None,
        [],
        True,
    ],
)
def test_anything_else_is_no_length(text: object) -> None:
    """What is not a number with a unit is refused with what to write."""
    with pytest.raises(ValueError, match="write a number and a unit"):
        seconds(text)


@pytest.mark.parametrize("text", ["9999999d", "99999999999999d", "9" * 400 + "s"])
def test_a_length_no_calendar_holds_is_refused(text: str) -> None:
    """What cannot be added to a date is found when it is read, not when a rule first meets an
    event.
    """
    with pytest.raises(ValueError, match=r".+"):
        seconds(text)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0s"),
        (0.4, "0s"),
        (1, "1s"),
        (59.4, "59s"),
        (60, "1m"),
        (5400, "1h30m"),
        (86400, "1d"),
        (90061, "1d1h1m1s"),
    ],
)
def test_lengths_are_spoken_as_they_are_written(length: float, text: str) -> None:
    """The largest units first, none that is nothing."""
    assert spoken(length) == text


@given(st.integers(1, 10**8))
def test_what_is_spoken_can_be_read(length: int) -> None:
    """Whole seconds survive being told and read."""
    assert seconds(spoken(length)) == length


def test_domain_time_runs_at_its_speed() -> None:
    """A minute of the machine's at speed sixty is an hour of the domain's."""
    pace = Pace(machine=NOW, domain=datetime(2030, 1, 1, tzinfo=UTC), speed=60.0)
    assert pace.at(NOW) == datetime(2030, 1, 1, tzinfo=UTC)
    assert pace.at(later(60)) == datetime(2030, 1, 1, 1, tzinfo=UTC)
    assert pace.at(later(-60)) == datetime(2029, 12, 31, 23, tzinfo=UTC)


def test_a_clock_asks_the_machine_every_time() -> None:
    """A domain clock follows the clock it is driven by."""
    machine = iter([NOW, later(1)])
    clock = Pace(machine=NOW, domain=NOW, speed=10.0).clock(lambda: next(machine))
    assert [clock(), clock()] == [NOW, later(10)]


@given(
    st.datetimes(
        # the zone is added by the strategy
        min_value=datetime(1990, 1, 1),  # noqa: DTZ001
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    )
)
def test_ordinary_time_is_the_machines(moment: datetime) -> None:
    """Where nothing else is set, domain time is the machine's to the microsecond."""
    assert abs(ORDINARY.at(moment) - moment) <= timedelta(0)
