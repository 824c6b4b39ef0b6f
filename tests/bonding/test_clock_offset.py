"""How far a server's clock is ahead of ours, from whole seconds."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.bonding.client.clock_offset import ClockOffset

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

offsets = st.floats(-10, 10)
# seconds until the request, until the server writes its header, until that is here
polls = st.lists(
    st.tuples(st.floats(0.01, 60), st.floats(0, 0.3), st.floats(0, 0.3)), min_size=1, max_size=60
)


def _asked(
    clock: ClockOffset, sent: datetime, there: float, back: float, ahead: timedelta
) -> timedelta:
    """What is known after one request."""
    date = (sent + timedelta(seconds=there) + ahead).replace(microsecond=0)
    return clock.heard(date, sent, sent + timedelta(seconds=there + back))


@given(offsets, st.floats(-0.008, 0.008), polls)
def test_the_offset_is_known_to_a_second_however_clocks_drift(
    start: float, drift: float, asked: list[tuple[float, float, float]]
) -> None:
    """Whatever the offset, it never errs by more than the header's grain and the way of the
    answer.
    """
    clock = ClockOffset()
    sent = NOW
    for pause, there, back in asked:
        sent += timedelta(seconds=pause)
        ahead = timedelta(seconds=start) + drift * (sent - NOW)
        known = _asked(clock, sent, there, back, ahead)
        assert abs(known - ahead) <= SECOND + timedelta(seconds=there + back + 0.01)
        sent += timedelta(seconds=there + back)


@given(offsets, st.floats(-7200, 7200), st.booleans(), polls)
def test_a_clock_that_is_set_is_noticed_with_the_next_answer(
    start: float,
    by: float,
    ours: bool,
    asked: list[tuple[float, float, float]],
) -> None:
    """Either clock: what was known before does not make the offset wrong."""
    clock = ClockOffset()
    sent = NOW
    ahead = timedelta(seconds=start)
    for i, (pause, there, back) in enumerate(asked):
        sent += timedelta(seconds=pause)
        if i == len(asked) // 2:
            ahead += timedelta(seconds=by)
            sent -= timedelta(seconds=by if ours else 0)
        known = _asked(clock, sent, there, back, ahead)
        assert abs(known - ahead) <= SECOND + timedelta(seconds=there + back + 0.01)
        sent += timedelta(seconds=there + back)


def test_many_answers_tell_more_than_one() -> None:
    """Whole seconds that turn at different moments narrow the offset down to a part of one."""
    clock = ClockOffset()
    ahead = timedelta(seconds=3.3)
    for i in range(40):
        known = _asked(clock, NOW + timedelta(seconds=1.07 * i), 0.01, 0.01, ahead)
    assert abs(known - ahead) < timedelta(seconds=0.1)


def test_a_clock_that_is_set_during_a_request_spoils_no_more_than_that() -> None:
    """Forward or back: the answer after it is judged as if nothing had been known."""
    for by in (-7200, 7200):
        clock = ClockOffset()
        ours = NOW + timedelta(seconds=by)
        _asked(clock, NOW, 0.1, 0.1, timedelta())
        clock.heard(NOW + SECOND, NOW + SECOND, ours + SECOND)
        known = _asked(clock, ours + 2 * SECOND, 0.1, 0.1, timedelta(seconds=-by))
        assert abs(known + timedelta(seconds=by)) <= 2 * SECOND
