"""Rehearsals: what rules that wait, gather, ask and roll out come to, as time passes."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bridge.core.backtesting.dry_run import DryRun
from bridge.core.model import Event

from .builders import NOW, RESTART, down, event, later, memory, rule

EACH = "do: [{call: bond.restart, with: {bond: '${bond.id}'}, each: bond}]"
LASTING = f"id: a\nwhen: leg.down\nfor: 5m\n{RESTART}"
COUNTING = f"id: a\nwhen: {{count: {{of: leg.down, over: 10m, at_least: 3, per: bond}}}}\n{RESTART}"
MISSING = (
    f"id: a\nwhen: {{absent: {{of: leg.up, after: leg.down, within: 5m, per: leg.id}}}}\n{RESTART}"
)
SLOW = (
    "id: a\nwhen: leg.down\noverlap: %s\ndo: [{wait: 10m}, {call: bond.restart, with: {bond:"
    " '${bond.id}'}}]"
)


def fell(number: int, at: float = 0, bond: int = 3, seen: float | None = None) -> Event:
    """A leg falls; `seen`: when the bridge learns of it, where that is later."""
    return replace(
        down(f"e{number}", bond, time=later(at)), seen_at=later(at if seen is None else seen)
    )


def rose(at: float, leg: int = 7) -> Event:
    """A leg is up again."""
    told = event("leg.up", f"up{at}", time=later(at), leg={"id": leg}, bond={"id": 3})
    return replace(told, subject=f"leg/{leg}")


def play(text: str, *happened: Event, until: float = 86400, **remembered: Any) -> DryRun:
    """What the rule makes of these events."""
    one = rule(text)
    dry_run = DryRun("book", memory(one, **remembered))
    for each in happened:
        dry_run.happen(each)
    dry_run.until(later(until))
    return dry_run


def seconds(moment: datetime) -> float:
    """Since NOW."""
    return (moment - NOW).total_seconds()


def said(played: DryRun) -> list[tuple[float, str]]:
    """Every verdict on a decision, with when it was said; of a group that is complete the one on
    all of it.
    """
    groups = {(each.at, each.rule) for each in played.said if each.of_group}
    told = [
        each
        for each in played.said
        if each.job is None and (each.of_group or (each.at, each.rule) not in groups)
    ]
    return [(seconds(each.at), str(each.verdict)) for each in told]


def called(played: DryRun) -> list[tuple[float, int]]:
    """When a call was made on which bond."""
    return [(seconds(at), call.arguments["bond"]) for at, _, call in played.calls]


def test_what_lasts_is_acted_on_when_it_has_lasted() -> None:
    """`for` waits, and acts at its end if nothing came between."""
    played = play(LASTING, fell(1))
    assert (said(played), called(played)) == ([(0, "wait(for)"), (300, "act")], [(300, 3)])


@pytest.mark.parametrize(("up", "last"), [(1, "skip(ended)"), (299, "skip(ended)"), (301, "act")])
def test_what_ends_in_time_is_not_acted_on(up: float, last: str) -> None:
    """An end before the moment means that it did not last, one after it does not."""
    played = play(LASTING, fell(1), rose(up))
    assert said(played)[-1] == (300, last)
    assert bool(played.calls) == (last == "act")


def test_an_end_before_it_began_is_no_end() -> None:
    """The leg was up before it fell: that says nothing about how long it is down."""
    assert said(play(LASTING, rose(-5), fell(1)))[-1] == (300, "act")


def test_what_the_view_shows_not_to_be_so_any_more_has_ended() -> None:
    """No event said so, but the newest view does."""
    played = play(LASTING, fell(1), objects={("leg", "7"): {"standing": "up"}})
    assert said(played)[-1] == (300, "skip(ended)")


def test_what_lasted_before_it_was_seen_is_acted_on_at_once() -> None:
    """An outage that is six minutes old when it is found has lasted five."""
    assert said(play(LASTING, fell(1, at=0, seen=360))) == [(360, "act")]


def test_a_group_is_one_decision_and_each_object_has_one_turn() -> None:
    """Three events within the wait are one act, with one call on each bond; what comes after is a
    group of its own.
    """
    text = f"id: a\nwhen: leg.down\ngroup: {{wait: 30s}}\n{EACH}"
    played = play(text, fell(1), fell(2, 10, bond=4), fell(3, 29), fell(4, 100))
    assert said(played) == [
        (0, "wait(group)"),
        (10, "wait(group)"),
        (29, "wait(group)"),
        (30, "act"),
        (100, "wait(group)"),
        (130, "act"),
    ]
    assert called(played) == [(30, 3), (30, 4), (130, 3)]


def test_what_has_nothing_in_common_is_not_one_group() -> None:
    """With `by` there is a group for each value."""
    text = f"id: a\nwhen: leg.down\ngroup: {{by: bond, wait: 30s}}\n{EACH}"
    played = play(text, fell(1), fell(2, 10, bond=4), fell(3, 20))
    assert [each for each in said(played) if each[1] == "act"] == [(30, "act"), (40, "act")]
    assert called(played) == [(30, 3), (40, 4)]


def test_a_full_group_waits_no_longer() -> None:
    """The last member that there is place for completes it; the next opens another."""
    text = f"id: a\nwhen: leg.down\ngroup: {{wait: 30s, most: 2}}\n{EACH}"
    played = play(text, fell(1), fell(2, 5, bond=4), fell(3, 6, bond=5))
    assert called(played) == [(5, 3), (5, 4), (36, 5)]


def test_a_member_that_something_stands_against_is_left_out() -> None:
    """A bond that is cooling down does not hold up the others of its group."""
    text = (
        "id: a\nwhen: leg.down\ngroup: {wait: 30s}\nguard: {cooldown: {every: 10m, per:"
        f" bond}}}}\n{EACH}"
    )
    played = play(text, fell(1), fell(2, 100), fell(3, 101, bond=4))
    assert called(played) == [(30, 3), (130, 4)]


def test_so_many_events_in_a_while_are_counted() -> None:
    """The third within ten minutes acts and uses up those before it; others of another bond count
    for themselves.
    """
    played = play(COUNTING, *(fell(n, n * 60) for n in range(6)), fell(6, 310, bond=4))
    assert [verdict for _, verdict in said(played)] == [
        "skip(count)",
        "skip(count)",
        "act",
        "skip(count)",
        "skip(count)",
        "act",
        "skip(count)",
    ]
    assert [at for at, _ in called(played)] == [120, 300]


def test_what_is_too_long_ago_does_not_count() -> None:
    """Three events of which the first is ten minutes older than the last are two."""
    assert [v for _, v in said(play(COUNTING, fell(1), fell(2, 300), fell(3, 600)))] == [
        "skip(count)"
    ] * 3
    assert [v for _, v in said(play(COUNTING, fell(1), fell(2, 300), fell(3, 599)))][-1] == "act"


def test_a_late_event_does_not_reopen_a_count() -> None:
    """Learned of after the count led to acting, an event from before it is used up with the
    rest.
    """
    played = play(
        COUNTING, fell(1), fell(2, 10), fell(3, 20), fell(4, 5, seen=30), fell(5, 40), fell(6, 50)
    )
    assert [v for _, v in said(played)] == [
        "skip(count)",
        "skip(count)",
        "act",
        "skip(count)",
        "skip(count)",
        "skip(count)",
    ]


@pytest.mark.parametrize(
    ("happened", "last"),
    [
        ([], (300, "act")),
        ([rose(100)], (300, "skip(came)")),
        ([rose(299)], (300, "skip(came)")),
        ([rose(301)], (300, "act")),
        ([rose(100, leg=8)], (300, "act")),
    ],
)
def test_what_does_not_come_in_time_is_missed(
    happened: list[Event], last: tuple[float, str]
) -> None:
    """`absent` waits its whole time; only an event with the same value, before the end, is what was
    waited for.
    """
    played = play(MISSING, fell(1), *happened)
    assert said(played) == [(0, "wait(absent)"), last]
    assert bool(played.calls) == (last[1] == "act")


@pytest.mark.parametrize(
    ("overlap", "second", "calls"),
    [
        ("parallel", "act", [600, 660]),
        ("one", "skip(overlap)", [600]),
        ("queue", "wait(overlap)", [600, 1215]),
        ("restart", "act", [660]),
    ],
)
def test_overlap_says_what_a_second_one_does(overlap: str, second: str, calls: list[float]) -> None:
    """While the first is under way the second goes beside it, not at all, after it, or in its
    place.
    """
    played = play(SLOW % overlap, fell(1), fell(2, 60))
    assert said(played)[:2] == [(0, "act"), (60, second)]
    assert [at for at, _ in called(played)] == calls


def test_a_cooldown_counts_from_the_end() -> None:
    """Ten minutes after the first call was made the next may be."""
    text = f"id: a\nwhen: leg.down\nguard: {{cooldown: {{every: 10m, per: bond}}}}\n{RESTART}"
    played = play(text, fell(1), fell(2, 599), fell(3, 599, bond=4), fell(4, 600))
    assert [v for _, v in said(played)] == ["act", "skip(cooldown)", "act", "act"]


def test_a_remedy_that_comes_undone_is_handed_to_a_person() -> None:
    """After it worked three times within six hours a person is asked, and nothing is called without
    them.
    """
    played = play(f"id: a\nwhen: leg.down\n{RESTART}", *(fell(n, n * 1000) for n in range(5)))
    assert [v for _, v in said(played)] == ["act", "act", "act", "ask(undone)", "ask(undone)"]
    assert len(played.calls) == 3
    slow = play(f"id: a\nwhen: leg.down\n{RESTART}", *(fell(n, n * 8000) for n in range(5)))
    assert [v for _, v in said(slow)] == ["act"] * 5


def test_what_waits_for_its_window_is_done_when_it_opens() -> None:
    """Noon is outside of the night: the call is made at 22:00, ten hours later, and is not too old
    then.
    """
    night = 'guard: {windows: [{days: daily, from: "22:00", to: "06:00", zone: UTC}]}'
    played = play(f"id: a\nwhen: leg.down\n{night}\n{RESTART}", fell(1))
    assert (said(played), called(played)) == ([(0, "wait(window)")], [(36000, 3)])


def test_what_is_over_before_its_window_opens_is_not_done() -> None:
    """The guards run again before the attempt: the leg is up, and nothing was begun."""
    night = 'guard: {windows: [{days: daily, from: "22:00", to: "06:00", zone: UTC}]}'
    played = play(f"id: a\nwhen: leg.down\n{night}\n{RESTART}", fell(1), rose(600))
    assert called(played) == []
    assert str(played.said[-1].verdict) == "skip(ended)"


def test_a_rollout_goes_in_batches() -> None:
    """One, then two at a time, two minutes apart, and what follows after the last."""
    text = (
        "id: a\nwhen: leg.down\ngroup: {wait: 30s}\nguard: {rollout: {first: 1, then: 2, pause:"
        " 2m}}\ndo:\n  - {call: bond.restart, with: {bond: '${bond.id}'}, each: bond}\n  - {call:"
        " bond.restart, with: {bond: 99}}"
    )
    played = play(text, *(fell(n, n, bond=n) for n in range(1, 5)))
    assert called(played) == [(31, 1), (151, 2), (151, 3), (271, 4), (271, 99)]


def test_a_rate_spreads_calls() -> None:
    """Two calls in ten minutes: the third waits until there is a place."""
    text = (
        "id: a\nwhen: leg.down\ngroup: {wait: 30s}\nguard: {rate: {most: 2, every:"
        f" 10m}}}}\n{EACH}"
    )
    played = play(text, *(fell(n, 0, bond=n) for n in range(1, 4)))
    assert called(played) == [(30, 1), (30, 2), (630, 3)]


def test_what_needs_a_person_stays_unanswered() -> None:
    """Nobody says yes in a rehearsal; where the question's own condition does not hold nobody is
    asked.
    """
    text = (
        "id: a\nwhen: leg.down\nguard: {approval: {from: noc, expires: 30m, when: bond.id >"
        f" 3}}}}\n{RESTART}"
    )
    played = play(text, fell(1, bond=4), fell(2, 1, bond=3))
    assert [v for _, v in said(played)] == ["ask(approval)", "act"]
    assert called(played) == [(1, 3)]


def test_old_news_does_not_act() -> None:
    """What is learned of sixteen minutes late is too late to act on."""
    assert said(play(f"id: a\nwhen: leg.down\n{RESTART}", fell(1, seen=960))) == [
        (960, "skip(expired)")
    ]


def test_time_never_goes_back() -> None:
    """Whatever waits for whatever, all that is said and called comes in the order of time."""
    played = play(SLOW % "queue", *(fell(n, n * 45, bond=n) for n in range(8)))
    for moments in ([each.at for each in played.said], [at for at, _, _ in played.calls]):
        assert moments == sorted(moments)
