"""A leg's own history beside what the polls saw."""

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.objects.history_alignment import (
    SKEW,
    Aligned,
    RecordedChange,
    Span,
    StateChange,
    align,
    turns,
)

from .builders import NOW, later

FAR = later(10_000)


def told(
    event: str, standing: str, since: float, at: float, *, exact: bool = False
) -> RecordedChange:
    """A turn that two polls saw, in seconds."""
    span = Span(later(since), later(at))
    return RecordedChange(event, standing, span, span, exact)


def history(*runs: tuple[str, float]) -> list[StateChange]:
    """The turns of a history given as (class, since when in seconds)."""
    return turns((said, later(since)) for said, since in runs)


def test_the_oldest_run_has_no_beginning() -> None:
    """What the server no longer keeps began at an unknown time: its start is no turn."""
    assert [(turn.standing, turn.before, turn.at) for turn in history(("down", 0), ("up", 10))] == [
        ("up", "down", later(10))
    ]


def test_states_that_do_not_say_are_no_turns() -> None:
    """Testing, idling and words nobody knows neither end an outage nor begin one."""
    found = history(
        ("up", 0),
        ("administrative", 5),
        ("up", 9),
        ("unknown", 12),
        ("down", 20),
        ("administrative", 30),
        ("up", 40),
    )
    assert [(turn.standing, turn.at) for turn in found] == [("down", later(20)), ("up", later(40))]


def test_what_two_polls_saw_gets_its_true_time() -> None:
    """Of several turns to the same standing between two polls, the last is the one that was
    seen.
    """
    found = history(("up", 0), ("down", 20), ("up", 24), ("down", 27))
    aligned = align(found, [told("a", "down", 15, 30)], settled=NOW, horizon=later(30))
    assert aligned.times == {"a": later(27)}
    assert [(turn.standing, turn.at) for turn in aligned.missed] == [
        ("down", later(20)),
        ("up", later(24)),
    ]


def test_an_outage_between_two_polls_is_found() -> None:
    """Down and up again before anybody looked: both are missed turns, with their times."""
    aligned = align(history(("up", 0), ("down", 3), ("up", 8)), [], settled=NOW, horizon=later(15))
    assert [turn.at for turn in aligned.missed] == [later(3), later(8)]


def test_what_came_after_the_newest_poll_is_left_for_it() -> None:
    """A turn after the horizon may be told by the next poll of the legs: it is not missed yet."""
    found = history(("up", 0), ("down", 20))
    assert align(found, [], settled=NOW, horizon=later(15)) == Aligned({}, ())
    assert align(found, [told("a", "down", 15, 30)], settled=NOW, horizon=later(30)).times == {
        "a": later(20)
    }


def test_what_turned_just_as_the_poll_began_is_left_for_the_next_one() -> None:
    """A leg that goes down in the moment of a poll is told by the poll after it, and once."""
    found = history(("up", 0), ("down", 30))
    assert align(found, [], settled=NOW, horizon=later(30)) == Aligned({}, ())
    assert align(
        found, [told("a", "down", 30, 60)], settled=later(28), horizon=later(60)
    ) == Aligned({"a": later(30)}, ())


@pytest.mark.parametrize("jitter", [-1.5, 0.0, 1.5])
def test_what_was_set_right_once_is_not_missed_the_next_time(jitter: float) -> None:
    """A history read again with clocks that differ by their grain finds nothing new."""
    found = history(("up", 0), ("down", 20 + jitter), ("up", 50 + jitter))
    known = [told("a", "down", 20, 20, exact=True), told("b", "up", 50, 50, exact=True)]
    assert align(found, known, settled=NOW, horizon=FAR) == Aligned({}, ())


def test_what_was_settled_before_is_left_alone() -> None:
    """A baseline is not told afterwards: turns before it are nobody's."""
    found = history(("up", -50), ("down", -20), ("up", 10))
    assert [turn.at for turn in align(found, [], settled=NOW, horizon=FAR).missed] == [later(10)]


@given(
    st.lists(
        st.tuples(st.sampled_from(["up", "down", "degraded"]), st.integers(3, 600)),
        min_size=1,
        max_size=40,
    ),
    st.integers(10, 40),
)
def test_polls_and_history_together_tell_every_turn_once(
    steps: list[tuple[str, int]], every: int
) -> None:
    """However a leg turns and however seldom it is polled: no turn is lost, none told twice, and
    every time is right.
    """
    truth: list[tuple[str, datetime]] = []
    moment = NOW + timedelta(seconds=1)
    standing = "up"
    for said, lasts in steps:
        moment += timedelta(seconds=lasts)
        if said != standing:
            truth.append((said, moment))
            standing = said
    runs = [("up", NOW - timedelta(hours=1)), *truth]
    polls = [
        NOW + timedelta(seconds=s)
        for s in range(0, int((moment - NOW).total_seconds()) + 3 * every, every)
    ]

    def at(when: datetime) -> str:
        return [said for said, since in runs if since <= when][-1]

    seen = [
        RecordedChange(f"e{i}", at(now), Span(before, now), Span(before, now), exact=False)
        for i, (before, now) in enumerate(pairwise(polls))
        if at(before) != at(now)
    ]
    aligned = align(turns(runs), seen, settled=NOW, horizon=polls[-1])
    names = {each.event: each.standing for each in seen}
    found = [(names[event], time) for event, time in aligned.times.items()]
    found += [(turn.standing, turn.at) for turn in aligned.missed]
    assert sorted(found, key=lambda it: it[1]) == truth


def _standing(runs: list[tuple[str, datetime]], when: datetime) -> str:
    return [said for said, since in runs if since <= when][-1]


@given(
    st.lists(
        st.tuples(st.sampled_from(["up", "down"]), st.integers(5, 300)), min_size=1, max_size=30
    ),
    st.floats(-10, 10),
    st.floats(-0.01, 0.01),
    st.lists(st.tuples(st.integers(0, 3000), st.floats(-7200, 7200)), max_size=3),
    st.randoms(),
)
def test_every_turn_is_told_once_however_our_clock_is_set(
    steps: list[tuple[str, int]],
    start: float,
    drift: float,
    sets: list[tuple[int, float]],
    dice: Random,
) -> None:
    """Off, drifting, set in between, its offset known to a second: none is lost, none told twice,
    also when read again.
    """
    runs = [("up", NOW - timedelta(hours=1))]
    moment = NOW + timedelta(seconds=1)
    for said, lasts in steps:
        moment += timedelta(seconds=lasts)
        if said != runs[-1][0]:
            runs.append((said, moment))

    def ours(there: datetime) -> datetime:
        passed = (there - NOW).total_seconds()
        return there + timedelta(
            seconds=start + drift * passed + sum(by for at, by in sets if at <= passed)
        )

    polls = [
        NOW + timedelta(seconds=s) for s in range(0, int((moment - NOW).total_seconds()) + 45, 15)
    ]
    # what is taken for the server's time at each poll
    taken = [at + timedelta(seconds=dice.uniform(-0.99, 0.99)) for at in polls]
    offset = taken[-1] - ours(polls[-1])
    seen = [
        RecordedChange(
            f"e{i}",
            _standing(runs, polls[i]),
            Span(taken[i - 1], taken[i]),
            Span(ours(polls[i - 1]) + offset, ours(polls[i]) + offset),
            exact=False,
        )
        for i in range(1, len(polls))
        if _standing(runs, polls[i - 1]) != _standing(runs, polls[i])
    ]
    aligned = align(turns(runs), seen, settled=NOW, horizon=taken[-1])
    found = sorted([*aligned.times.values(), *(turn.at for turn in aligned.missed)])
    assert found == [since for _, since in runs[1:]]
    assert len(aligned.times) == len(seen)
    exact = [
        RecordedChange(
            f"{at}", _standing(runs, at), Span(at, at), Span(at + offset, at + offset), exact=True
        )
        for at in found
    ]
    again = align(turns(runs), exact, settled=NOW, horizon=taken[-1])
    assert again == Aligned({}, ())


def test_the_skew_is_smaller_than_the_shortest_outage_told_apart() -> None:
    """Two turns that a history tells apart by three seconds are never taken for one."""
    assert timedelta(seconds=3) > SKEW
