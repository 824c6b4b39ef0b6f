"""What stands still and what moves, and what an address is told of it: pure, as tables."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.watchdog import messages, stall_detection
from bridge.core.watchdog.stall_detection import Head, HealthSnapshot, Polled, Stall

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AFTER = 300.0


def later(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def polled(
    newest: float | None, *, idle: bool = False, state: str = "ok", problem: str | None = None
) -> HealthSnapshot:
    """A pulse of one server, and nothing that waits."""
    return HealthSnapshot(
        {"hq": Polled(None if newest is None else later(newest), state, idle, problem)}
    )


IDLE = HealthSnapshot({})
AWAY = polled(None, state="unreachable")
WAITS = Head("e1", NOW, 3)
AGED = Head("e1", later(-86_400), 3)

# what is seen at NOW and after so many seconds, and what is wrong then
ROUNDS = [
    ("polls go on", polled(0), polled(290), 300, []),
    ("no poll for a while", polled(0), polled(0), 299, []),
    ("no poll for too long", polled(0, idle=True), polled(0, idle=True), 300, ["nobody polls hq"]),
    ("a server that never answered", AWAY, AWAY, 300, ["hq cannot be polled"]),
    ("events that are decided", HealthSnapshot(undecided={"hq": WAITS}), IDLE, 900, []),
    (
        "an old backlog that moves",
        HealthSnapshot(undecided={"hq": AGED}),
        HealthSnapshot(undecided={"hq": Head("e2", NOW, 9)}),
        900,
        [],
    ),
    (
        "a backlog that does not",
        HealthSnapshot(undecided={"hq": AGED}),
        HealthSnapshot(undecided={"hq": AGED}),
        300,
        ["nothing is decided for hq"],
    ),
    (
        "one server of two",
        HealthSnapshot(undecided={"a": WAITS, "b": Head("x", NOW, 1)}),
        HealthSnapshot(undecided={"a": WAITS, "b": Head("y", NOW, 1)}),
        300,
        ["nothing is decided for a"],
    ),
    (
        "a job nobody takes",
        HealthSnapshot(due=WAITS),
        HealthSnapshot(due=WAITS),
        300,
        ["nothing that is due is carried out"],
    ),
    (
        "notices nobody tells",
        HealthSnapshot(untold=WAITS),
        HealthSnapshot(untold=WAITS),
        301,
        ["nobody is told what is due"],
    ),
    (
        "jobs taken in turn",
        HealthSnapshot(due=WAITS),
        HealthSnapshot(due=Head("e2", NOW, 2)),
        301,
        [],
    ),
]


@pytest.mark.parametrize(
    ("first", "second", "seconds", "wrong"),
    [each[1:] for each in ROUNDS],
    ids=[each[0] for each in ROUNDS],
)
def test_what_stands_still_is_wrong(
    first: HealthSnapshot, second: HealthSnapshot, seconds: float, wrong: list[str]
) -> None:
    """Only what has not moved for as long as it may not; how old it is says nothing."""
    still = stall_detection.looked({}, stall_detection.marks(first, {}), NOW)
    still = stall_detection.looked(still, stall_detection.marks(second, {}), later(seconds))
    assert [each.name for each in stall_detection.wrong(still, later(seconds), AFTER)] == wrong


def test_a_server_that_is_seldom_polled_has_until_its_next_poll() -> None:
    """What is polled once an hour does not stand still after five minutes."""
    marks = stall_detection.marks(polled(0), {"hq": 3600})
    still = stall_detection.looked(stall_detection.looked({}, marks, NOW), marks, later(3899))
    assert stall_detection.wrong(still, later(3899), AFTER) == []
    assert stall_detection.wrong(still, later(3900), AFTER) != []


@pytest.mark.parametrize(
    ("pulse", "says"),
    [
        (polled(0, idle=True), "the newest whole poll is of 2026-03-01 12:00:00 UTC"),
        (
            polled(0, state="auth_failed", problem="401"),
            "the newest whole poll is of 2026-03-01 12:00:00 UTC; it is auth failed: 401",
        ),
        (polled(None, state="unreachable"), "it was never polled whole; it is unreachable"),
        (
            polled(None, problem="no JSON"),
            "it was never polled whole; its answers are of no use: no JSON",
        ),
    ],
)
def test_it_says_whether_it_is_the_server_or_we(pulse: HealthSnapshot, says: str) -> None:
    """A worker that is gone reads another way than a server that is."""
    assert [each.says for each in stall_detection.marks(pulse, {})] == [says]


def test_without_a_database_only_that_is_known() -> None:
    """What was wrong stays so; what was well is not judged, neither then nor for the time that
    nobody could see.
    """
    still = stall_detection.looked({}, stall_detection.marks(HealthSnapshot(due=WAITS), {}), NOW)
    both = {**still, **stall_detection.looked({}, stall_detection.marks(polled(0), {}), later(200))}
    still = stall_detection.blind(both, stall_detection.database_away("refused"), later(300), AFTER)
    assert sorted(still) == ["database", "deliver"]
    still = stall_detection.blind(
        still, stall_detection.database_away("refused"), later(600), AFTER
    )
    assert [each.name for each in stall_detection.wrong(still, later(600), AFTER)] == [
        "nothing that is due is carried out",
        "the database cannot be read",
    ]
    still = stall_detection.looked(still, stall_detection.marks(polled(0), {}), later(660))
    assert stall_detection.wrong(still, later(660), AFTER) == []


def trouble(key: str, since: float = 0) -> Stall:
    """Something wrong since then."""
    return Stall(key, f"{key} stands", "why", later(since))


def test_an_address_is_told_once_of_begin_and_end() -> None:
    """And in between every four hours that it lasts."""
    first = messages.begins({}, [trouble("a")], later(300))
    assert first is not None
    assert asdict(first.text) == {
        "title": "bondbridge: a stands",
        "body": "a stands since 12:00:00 UTC (5m): why",
        "severity": "critical",
    }
    assert messages.begins(first.then, [trouble("a")], later(14_699)) is None
    again = messages.begins(first.then, [trouble("a")], later(14_700))
    assert again is not None
    assert again.text.title == "bondbridge: reminder: a stands"
    assert messages.over(again.then, [trouble("a")], (), later(15_000)) is None
    assert messages.over(again.then, [], ("a",), later(15_000)) is None
    last = messages.over(again.then, [], (), later(15_000))
    assert last is not None
    assert last.text.title == "bondbridge: resolved: a stands"
    assert last.text.body == "resolved: a stands; it lasted 4h10m\nThe bridge works again."
    assert last.then == {}


def test_many_at_once_are_one_message() -> None:
    """The title counts them, the body names each."""
    message = messages.begins({}, [trouble("a"), trouble("b", 60)], later(400))
    assert message is not None
    assert message.text.title == "bondbridge: 2 things are wrong"
    assert len(message.text.body.splitlines()) == 2


@given(st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.booleans()), max_size=30))
def test_begins_and_ends_pair_up_whatever_fails(rounds: list[tuple[set[str], bool]]) -> None:
    """However troubles come and go and sending fails: of each, begin and end are told in turn, and
    the begin first.
    """
    told: dict[str, messages.OpenStall] = {}
    heard: dict[str, list[str]] = {}
    for n, (keys, takes) in enumerate(rounds):
        wrong = [trouble(key) for key in sorted(keys)]
        now = later(60.0 * n)
        for word, message in (
            ("begin", messages.begins(told, wrong, now)),
            ("end", messages.over(told, wrong, (), now)),
        ):
            if message is None or not takes:
                continue
            for key in {*told, *message.then} - ({*told} & {*message.then}):
                heard.setdefault(key, []).append(word)
            told = dict(message.then)
    for words in heard.values():
        assert words == (["begin", "end"] * len(words))[: len(words)]


@pytest.mark.parametrize(
    ("wrong", "totals", "body"),
    [
        (
            [],
            messages.Totals(2, {"up": 410, "down": 2}, ["hq", "depot"], 3, 3, 14, 12),
            (
                "all quiet: 2 servers polled, 410 bonds up, 2 down (depot, hq), 3 legs down, 3 open"
                " notices, 14 events and 12 actions since yesterday, nothing waits"
            ),
        ),
        (
            [],
            messages.Totals(
                1, {"up": 1, "on_failover": 2, "degraded": 1}, [], 0, 1, 1, 1, ["2 in doubt"]
            ),
            (
                "all quiet: 1 server polled, 1 bond up, 0 down, 1 degraded, 2 on failover, 0 legs"
                " down, 1 open notice, 1 event and 1 action since yesterday, 2 in doubt"
            ),
        ),
        (
            [trouble("a")],
            messages.Totals(0, {"down": 10}, [f"b{n}" for n in range(10)], 0, 0, 0, 0),
            (
                "not all is quiet: a stands; 0 servers polled, 0 bonds up, 10 down (b0, b1, b2, b3,"
                " b4, b5, b6, b7 and 2 more), 0 legs down, 0 open notices, 0 events and 0 actions"
                " since yesterday, nothing waits"
            ),
        ),
        ([], None, "not all is quiet: the database cannot be read now"),
    ],
)
def test_the_days_line(wrong: list[Stall], totals: messages.Totals | None, body: str) -> None:
    """One line, of what there is and of what is not well."""
    assert messages.daily(wrong, totals).body == body
