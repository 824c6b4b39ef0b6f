"""The history of a leg's states."""

from datetime import UTC, datetime

import pytest

from bridge.bonding.wire import Run, runs
from bridge.errors import Garbled


def at(minute: int) -> datetime:
    """A minute of an hour."""
    return datetime(2020, 3, 1, 12, minute, tzinfo=UTC)


def told(minute: int) -> str:
    """The same as the vendor writes it."""
    return f"{at(minute):%Y-%m-%dT%H:%M:%SZ}"


EXPECTED = [
    Run("up", "up", at(0), at(10)),
    Run("Down", "down", at(10), at(15)),
    Run("hovering", "unknown", at(15), None),
]
NEWEST_LAST = [
    {"state": "up", "start": told(0), "end": told(10), "duration": 600},
    {"state": "Down", "start": told(10), "end": told(15), "duration": 300},
    {"state": "hovering", "start": told(15), "end": None, "duration": 95},
]


@pytest.mark.parametrize(
    "raw",
    [
        NEWEST_LAST,
        NEWEST_LAST[::-1],
        {"results": NEWEST_LAST, "count": 3},
        [{"overall_state": r["state"], "from": r["start"], "to": r["end"]} for r in NEWEST_LAST],
        [{"state": r["state"], "time": r["start"]} for r in NEWEST_LAST],
        [
            {"state": r["state"], "started": r["start"], "seconds": str(r["duration"])}
            for r in NEWEST_LAST[:2]
        ]
        + [{"state": "hovering", "started": told(15), "until": None}],
        [{"state": "up", "end": told(10), "duration": 600}, *NEWEST_LAST[1:]],
    ],
    ids=[
        "as guessed",
        "newest first",
        "paged",
        "other names",
        "only starts",
        "lengths",
        "without a start",
    ],
)
def test_a_history_is_read_in_any_order_and_spelling(raw: object) -> None:
    """The oldest run comes first, each ends where the next begins, and the one that goes on has no
    end.
    """
    assert runs(raw) == EXPECTED


@pytest.mark.parametrize(
    "raw",
    [None, "up", {}, {"a": [], "b": []}, [5], [{"state": "up"}], [{"start": "soon"}]],
    ids=repr,
)
def test_what_is_no_history_is_garbled(raw: object) -> None:
    """A run that cannot be placed in time makes the whole history unusable."""
    with pytest.raises(Garbled):
        runs(raw)


def test_an_empty_history_has_no_runs() -> None:
    """Nothing happened, and that is known."""
    assert runs([]) == []


@pytest.mark.parametrize("order", [1, -1], ids=["newest last", "newest first"])
def test_runs_without_length_keep_their_order(order: int) -> None:
    """Two runs that begin in the same second stay in the order in which they happened."""
    raw = [
        {"state": "up", "start": told(0)},
        {"state": "testing", "start": told(5)},
        {"state": "down", "start": told(5)},
    ]
    assert [(run.state, run.end) for run in runs(raw[::order])] == [
        ("up", at(5)),
        ("testing", at(5)),
        ("down", None),
    ]
