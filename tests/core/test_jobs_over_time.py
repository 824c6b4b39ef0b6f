"""What an attempt's outcome means."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.decisions.retry import Next, after, backoff, blind, default
from bridge.core.model import JobState, Outcome, Repeat, Retry

from .builders import NOW, job, later

DONE = Next(JobState.SUCCEEDED)
FAILED = Next(JobState.FAILED)
AGAIN_10 = Next(JobState.DUE, later(10))
AGAIN_60 = Next(JobState.DUE, later(60))
LOOK = Next(JobState.DUE, NOW, doubt=True)
ASK = Next(JobState.IN_DOUBT, doubt=True)
BOTH = frozenset({Outcome.REFUSED, Outcome.UNREACHABLE})


@pytest.mark.parametrize(
    ("outcome", "repeat", "provable", "on", "then"),
    [
        (Outcome.DONE, Repeat.ONCE, False, frozenset(), DONE),
        (Outcome.DONE, Repeat.SAFE, True, BOTH, DONE),
        (Outcome.FOUND_DONE, Repeat.ONCE, True, frozenset(), DONE),
        (Outcome.REFUSED, Repeat.ONCE, True, frozenset(), FAILED),
        (Outcome.REFUSED, Repeat.SAFE, False, frozenset({Outcome.UNREACHABLE}), FAILED),
        (Outcome.REFUSED, Repeat.ONCE, True, BOTH, AGAIN_60),
        (Outcome.UNREACHABLE, Repeat.ONCE, True, frozenset(), AGAIN_10),
        (Outcome.UNREACHABLE, Repeat.SAFE, False, frozenset(), AGAIN_10),
        (Outcome.UNREACHABLE, Repeat.ONCE, False, BOTH, AGAIN_60),
        (Outcome.NOT_DONE, Repeat.ONCE, True, frozenset(), AGAIN_10),
        (Outcome.UNKNOWN, Repeat.ONCE, True, frozenset(), LOOK),
        (Outcome.UNKNOWN, Repeat.ONCE, True, BOTH, LOOK),
        (Outcome.UNKNOWN, Repeat.ONCE, False, frozenset(), ASK),
        (Outcome.UNKNOWN, Repeat.ONCE, False, BOTH, ASK),
        (Outcome.UNKNOWN, Repeat.SAFE, False, frozenset(), AGAIN_10),
        (Outcome.UNKNOWN, Repeat.SAFE, True, BOTH, AGAIN_10),
        (Outcome.UNKNOWN, Repeat.READ, False, frozenset(), AGAIN_10),
    ],
)
def test_what_an_outcome_means(
    outcome: Outcome, repeat: Repeat, provable: bool, on: frozenset, then: Next
) -> None:
    """Done is done, a refusal is final unless the rule says otherwise, and ONCE is never sent again
    unlooked.
    """
    assert after(job(on=on), outcome, repeat, provable=provable, now=NOW) == then


@given(
    st.sampled_from(Outcome),
    st.sampled_from(Repeat),
    st.booleans(),
    st.sampled_from([frozenset(), BOTH]),
    st.integers(0, 50),
    st.integers(-1000, 1000),
)
def test_nothing_is_sent_twice_unlooked_or_too_late(
    outcome: Outcome,
    repeat: Repeat,
    provable: bool,
    on: frozenset,
    attempts: int,
    age: int,
) -> None:
    """Whatever happens: an unknown ONCE keeps its doubt, and nothing but a look is planned for
    after its time.
    """
    one = job(on=on, attempts=attempts)
    then = after(one, outcome, repeat, provable=provable, now=later(age))
    if outcome is Outcome.UNKNOWN and repeat is Repeat.ONCE:
        assert then.doubt
        assert then.state is (JobState.DUE if provable else JobState.IN_DOUBT)
    else:
        assert not then.doubt
        assert then.due_at is None or later(age) < then.due_at <= one.not_after
    assert (then.due_at is not None) == (then.state is JobState.DUE)


@pytest.mark.parametrize(
    ("age", "then"), [(890, Next(JobState.DUE, later(900))), (890.5, FAILED), (2000, FAILED)]
)
def test_an_attempt_that_would_come_too_late_is_not_planned(age: float, then: Next) -> None:
    """A next try at the very last moment is planned, one after it is not."""
    assert after(job(), Outcome.UNREACHABLE, Repeat.SAFE, provable=False, now=later(age)) == then


@pytest.mark.parametrize(
    ("attempts", "age", "then"),
    [
        (1, 0, Next(JobState.DUE, later(10), doubt=True)),
        (2, 880, Next(JobState.DUE, later(900), doubt=True)),
        (2, 881, ASK),
    ],
)
def test_a_look_that_could_not_be_had(attempts: int, age: float, then: Next) -> None:
    """It is tried again a little later, still in doubt, and when its time is over a person is
    asked.
    """
    assert blind(job(attempts=attempts), later(age)) == then


def test_waiting_grows_and_has_an_end() -> None:
    """Ten seconds, doubled each time, at most five minutes, for any number of attempts."""
    assert [backoff(n) for n in (0, 1, 2, 3, 4, 5, 6, 7, 1000)] == [
        10,
        10,
        20,
        40,
        80,
        160,
        300,
        300,
        300,
    ]


@pytest.mark.parametrize(
    ("action", "event", "until"),
    [
        ("call", "leg.down", 900),
        ("call", "webhook.chat", 120),
        ("notify", "leg.down", 86400),
        ("notify", "webhook.chat", 86400),
        ("call", "webhookish.x", 900),
    ],
)
def test_how_long_a_step_is_worth_trying(action: str, event: str, until: float) -> None:
    """Telling may come a day late, acting a quarter of an hour, acting for another system two
    minutes; refusals are final.
    """
    assert default(action, event) == Retry(frozenset(), 10.0, until)


def test_a_retry_counts_from_the_moment_it_failed() -> None:
    """The wait begins now, not when the job was first due."""
    then = after(job(attempts=3), Outcome.UNREACHABLE, Repeat.SAFE, provable=False, now=later(100))
    assert then.due_at - later(100) == timedelta(seconds=40)


@pytest.mark.parametrize(("wait", "due"), [(None, 10), (5, 10), (60, 60)])
def test_a_wait_that_is_asked_for_is_the_least(wait: float | None, due: float) -> None:
    """Retry-After makes the pause longer, never shorter."""
    then = after(job(), Outcome.UNREACHABLE, Repeat.SAFE, provable=False, now=NOW, wait=wait)
    assert then == Next(JobState.DUE, later(due))
