"""Windows, times of day and schedules, over midnight and on the days on which clocks are set."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bridge.core.rules.cron import following
from bridge.core.rules.models.scalars import Cron, Zone
from bridge.core.rules.rule import Schedule, Window
from bridge.core.rules.time_windows import o_clock, opens

# clocks there go from 2:00 to 3:00 on 8 March 2026 (at 10:00 UTC), and from 2:00 back to 1:00 on 1
# November (at 9:00 UTC)
PACIFIC = "America/Los_Angeles"
WEEKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))


def window(begins: str, ends: str, days: frozenset[int] = EVERY_DAY, zone: str = "UTC") -> Window:
    """A window from "22:00" to "06:00"."""
    return Window(days, time.fromisoformat(begins), time.fromisoformat(ends), zone)


def refusal(kind: object, text: str) -> str:
    """What a rule file is told that writes this there; nothing where it is good."""
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return ""


def at(text: str) -> datetime:
    """A moment of 2026 in UTC: `"03-08 10:00"`."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "now", "opened"),
    [
        (window("09:00", "17:00"), "03-02 09:00", None),
        (window("09:00", "17:00"), "03-02 16:59:59", None),
        (window("09:00", "17:00"), "03-02 17:00", "03-03 09:00"),
        (window("09:00", "17:00"), "03-02 08:59:59", "03-02 09:00"),
        # over midnight, a night belongs to the day on which it begins: 6 March 2026 is a Friday
        (window("22:00", "06:00", WEEKDAYS), "03-06 23:00", None),
        (window("22:00", "06:00", WEEKDAYS), "03-07 05:59", None),
        (window("22:00", "06:00", WEEKDAYS), "03-07 06:00", "03-09 22:00"),
        (window("22:00", "06:00", WEEKDAYS), "03-09 01:00", "03-09 22:00"),
        # from an hour to the same is a whole day
        (window("08:00", "08:00", frozenset({0})), "03-03 07:59", None),
        (window("08:00", "08:00", frozenset({0})), "03-03 08:00", "03-09 08:00"),
        (window("08:00", "09:00", frozenset()), "03-03 10:00", "03-04 08:00"),
        # the day is the zone's own: on Sunday at 23:00 UTC it is Monday in Auckland
        (window("09:00", "17:00", frozenset({0}), "Pacific/Auckland"), "03-01 23:00", None),
        # the clock jumps over half past two, and so the window begins, or ends, with the jump
        (window("02:30", "04:00", zone=PACIFIC), "03-08 09:59", "03-08 10:00"),
        (window("02:30", "04:00", zone=PACIFIC), "03-08 10:00", None),
        (window("02:30", "04:00", zone=PACIFIC), "03-08 11:00", "03-09 09:30"),
        (window("01:00", "02:30", zone=PACIFIC), "03-08 09:59:59", None),
        (window("01:00", "02:30", zone=PACIFIC), "03-08 10:00", "03-09 08:00"),
        # a window that the clock jumps over does not open that day
        (window("02:10", "02:50", zone=PACIFIC), "03-08 09:00", "03-09 09:10"),
        # half past one comes twice: it begins, and ends, at the first
        (window("01:30", "05:00", zone=PACIFIC), "11-01 08:29", "11-01 08:30"),
        (window("01:30", "05:00", zone=PACIFIC), "11-01 09:15", None),
        (window("00:00", "01:30", zone=PACIFIC), "11-01 08:30", "11-02 08:00"),
    ],
)
def test_when_a_window_opens(one: Window, now: str, opened: str | None) -> None:
    """Open is from its begin to before its end, by the clocks of its zone; closed says when it
    opens next.
    """
    assert opens([one], at(now)) == (at(opened) if opened else None)


def test_of_many_windows_one_that_is_open_is_enough_and_else_the_next_counts() -> None:
    """No window at all keeps nothing shut; of several that are shut, the one that opens first is
    waited for.
    """
    morning = window("06:00", "08:00")
    night = window("22:00", "23:00")
    assert opens([], at("03-02 12:00")) is None
    assert opens([morning, night], at("03-02 22:30")) is None
    assert opens([morning, night], at("03-02 12:00")) == at("03-02 22:00")
    assert opens([night, morning], at("03-02 23:00")) == at("03-03 06:00")


# the next says
_MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
_TIMES = st.times().map(lambda it: it.replace(second=0, microsecond=0))
_ZONES = st.sampled_from(
    ["UTC", PACIFIC, "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]
)


@given(
    now=_MOMENTS,
    begins=_TIMES,
    ends=_TIMES,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    zone=_ZONES,
)
def test_a_shut_window_is_open_at_the_moment_it_is_said_to_open(
    now: datetime, begins: time, ends: time, days: frozenset[int], zone: str
) -> None:
    """Whatever the zone and the day, waiting until then is enough, and it is shut right before."""
    one = [Window(days, begins, ends, zone)]
    opened = opens(one, now)
    if opened is not None:
        assert opened > now
        assert opens(one, opened) is None
        assert opens(one, max(now, opened - timedelta(seconds=1))) == opened


@pytest.mark.parametrize(
    ("until", "zone", "after", "moment"),
    [
        ("02:00", "UTC", "03-02 01:00", "03-02 02:00"),
        ("02:00", "UTC", "03-02 02:00", "03-03 02:00"),
        ("02:00", PACIFIC, "03-02 09:59", "03-02 10:00"),
        ("02:30", PACIFIC, "03-08 09:00", "03-08 10:00"),
        ("02:30", PACIFIC, "03-08 10:00", "03-09 09:30"),
        ("01:30", PACIFIC, "11-01 08:00", "11-01 08:30"),
        ("01:30", PACIFIC, "11-01 08:30", "11-02 09:30"),
        ("09:00", "Pacific/Auckland", "03-01 19:00", "03-01 20:00"),
    ],
)
def test_when_it_is_so_late_again(until: str, zone: str, after: str, moment: str) -> None:
    """The next such moment, never the one it is: once a day, also where the clock shows it twice or
    never.
    """
    assert o_clock(time.fromisoformat(until), zone, at(after)) == at(moment)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "moment"),
    [
        ("0 22 * * *", "UTC", "03-02 21:59:59", "03-02 22:00"),
        ("0 22 * * *", "UTC", "03-02 22:00", "03-03 22:00"),
        ("0 22 * * mon-fri", PACIFIC, "03-07 12:00", "03-10 05:00"),
        ("30 2 * * *", PACIFIC, "03-08 09:00", "03-08 10:00"),
        ("30 2 * * *", PACIFIC, "03-08 10:00", "03-09 09:30"),
        ("30 1 * * *", PACIFIC, "11-01 08:00", "11-01 08:30"),
        ("30 1 * * *", PACIFIC, "11-01 08:30", "11-02 09:30"),
        ("30 1 * * *", PACIFIC, "11-01 09:15", "11-02 09:30"),
        ("*/15 * * * *", PACIFIC, "11-01 08:50", "11-01 09:00"),
        ("0 0 29 2 *", "UTC", "03-02 12:00", None),
    ],
)
def test_when_a_schedule_is_due(cron: str, zone: str, after: str, moment: str | None) -> None:
    """The next time by the zone's clocks and never one that is past, also in the hour that comes
    twice.
    """
    leap_day = datetime(2028, 2, 29, tzinfo=UTC)
    assert refusal(Cron, cron) + refusal(Zone, zone) == ""
    assert following(Schedule(cron, zone), at(after)) == (at(moment) if moment else leap_day)


@given(now=_MOMENTS, minute=st.integers(0, 59), hour=st.integers(0, 23), zone=_ZONES)
def test_a_daily_schedule_comes_once_a_day(
    now: datetime, minute: int, hour: int, zone: str
) -> None:
    """From one time to the next it is about a day, whatever clocks are set in between."""
    daily = Schedule(f"{minute} {hour} * * *", zone)
    first = following(daily, now)
    second = following(daily, first)
    assert now < first < second
    assert timedelta(hours=22) <= second - first <= timedelta(hours=26)


@pytest.mark.parametrize(
    ("cron", "zone", "told"),
    [
        ("0 22 * *", "UTC", "five fields"),
        ("0 0 22 * * *", "UTC", "five fields"),
        ("@daily", "UTC", "five fields"),
        ("0 25 * * *", "UTC", "bad hour"),
        ("0 0 30 2 *", "UTC", "bad day-of-month"),
        ("0 0 * 2 mon#5,tue#5", "UTC", ""),
        ("0 0 * * x", "UTC", "bad day-of-week"),
        ("0 0 * * *", "Mars/Olympus", "no time zone"),
        ("0 0 * * *", "America", "no time zone"),
        ("0 0 * * *", "", "no time zone"),
        ("0 0 * * *", "../etc/passwd", "no time zone"),
    ],
)
def test_what_is_wrong_with_a_schedule_is_said(cron: str, zone: str, told: str) -> None:
    """A schedule that cannot be kept is refused with what is wrong about it, a good one with
    nothing.
    """
    said = refusal(Cron, cron) + refusal(Zone, zone)
    assert told in said
    assert bool(said) == bool(told)


def test_zones_are_told_apart_from_what_is_none() -> None:
    """A zone of the database is good, by its full name."""
    assert refusal(Zone, PACIFIC) == ""
    assert "'Vancouver'" in refusal(Zone, "Vancouver")
