"""What a channel takes and when."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.model import Reason, Ruling
from bridge.core.notifications import digest
from bridge.core.notifications.channel_policy import (
    MOST_TOGETHER,
    DispatchPlan,
    Notice,
    Policy,
    Severity,
    gathered,
    gathering,
    turn,
)
from bridge.core.rules.rule import Rate, Window

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NIGHT = Window(frozenset(), time(22), time(6), "UTC")


def note(number: int = 1, severity: str | None = "info", *spaces: str | None) -> Notice:
    """A notice about a leg."""
    return Notice(
        f"j{number}",
        f"leg {number} is down",
        "more",
        "leg.down",
        Severity.of(severity),
        frozenset(spaces),
    )


def taken(
    policy: Policy,
    *notes: Notice,
    at: datetime = NOW,
    since: datetime | None = None,
    recent: Any = (),
) -> DispatchPlan:
    """What becomes of them."""
    return turn(notes, policy, since, recent, at)


def reasons(found: DispatchPlan) -> list[tuple[Ruling, Reason | None]]:
    """Those of what is held, in order."""
    return [(verdict.ruling, verdict.reason) for _, verdict in found.held]


def test_without_a_policy_one_after_the_other_is_told() -> None:
    """Nothing is held, and the oldest is a message of its own."""
    assert taken(Policy(), note(1), note(2)) == DispatchPlan((), (note(1),))
    assert taken(Policy()) == DispatchPlan()


@pytest.mark.parametrize(
    ("severity", "told"), [("info", False), ("warning", True), ("critical", True), (None, True)]
)
def test_a_channel_is_told_from_its_severity_on(severity: str | None, *, told: bool) -> None:
    """What is less is skipped; a question is always put."""
    found = taken(Policy(least=Severity.WARNING), note(1, severity))
    assert bool(found.tell) == told
    assert reasons(found) == ([] if told else [(Ruling.SKIP, Reason.SEVERITY)])


@pytest.mark.parametrize(
    ("spaces", "told"),
    [
        (("acme",), True),
        (("acme-north",), True),
        (("acme", "other"), False),
        (("other",), False),
        ((None,), False),
        ((), False),
    ],
)
def test_no_word_about_another_space(spaces: tuple[str | None, ...], *, told: bool) -> None:
    """Of several things all must be the channel's own; what is nobody's, or not known whose, is
    none of its business.
    """
    found = taken(Policy(spaces=("acme", "acme-*")), note(1, "critical", *spaces))
    assert bool(found.tell) == told
    assert reasons(found) == ([] if told else [(Ruling.SKIP, Reason.SPACE)])


def test_quiet_hours_hold_back_what_is_not_loud() -> None:
    """At night a warning waits for the morning, what is critical or a question does not; by day all
    is told.
    """
    policy = Policy(quiet=(NIGHT,))
    night = NOW.replace(hour=23)
    found = taken(policy, note(1, "warning"), note(2, "critical"), at=night)
    assert found.tell == (note(2, "critical"),)
    ((held, verdict),) = found.held
    assert (held.id, verdict.reason, verdict.until) == (
        "j1",
        Reason.QUIET,
        datetime(2026, 3, 3, 6, tzinfo=UTC),
    )
    assert taken(policy, note(1, None), at=night).tell
    assert taken(policy, note(1, "info"), at=NOW.replace(hour=6)).tell


def test_quiet_hours_one_after_the_other_are_one() -> None:
    """What waits is told when the last of them ends; hours that never end are looked at again in
    two weeks.
    """
    weekend = (
        Window(frozenset({4, 5}), time(20), time(20), "UTC"),
        Window(frozenset({6}), time(20), time(8), "UTC"),
    )
    friday = datetime(2026, 3, 6, 21, tzinfo=UTC)
    ((_, verdict),) = taken(Policy(quiet=weekend), note(), at=friday).held
    assert verdict.until == datetime(2026, 3, 9, 8, tzinfo=UTC)
    always = Window(frozenset(), time(0), time(0), "UTC")
    ((_, verdict),) = taken(Policy(quiet=(always,)), note(), at=NOW).held
    assert verdict.until is not None
    assert timedelta(days=13) < verdict.until - NOW <= timedelta(days=15)


def test_a_digest_is_everything_since_its_first() -> None:
    """Nothing is told until the time is over, then all in one message, also what has just come;
    what is loud is not held.
    """
    policy = Policy(digest=60)
    early = taken(policy, note(1), note(2), since=NOW - timedelta(seconds=59))
    assert early.tell == ()
    assert {verdict.until for _, verdict in early.held} == {NOW + timedelta(seconds=1)}
    assert reasons(early) == [(Ruling.WAIT, Reason.DIGEST)] * 2
    assert taken(policy, note(1), note(2), note(3), since=NOW - timedelta(seconds=60)).tell == (
        note(1),
        note(2),
        note(3),
    )
    assert taken(policy, note(1, "critical"), since=NOW).tell


def test_what_a_rate_holds_back_is_one_message() -> None:
    """The last message that there is room for takes everything; then all waits until there is room
    again.
    """
    policy = Policy(rate=Rate(3, 60))
    sent = [NOW - timedelta(seconds=ago) for ago in (90, 50, 40, 30)]
    assert taken(policy, note(1), note(2), recent=sent[:2]).tell == (note(1),)
    assert taken(policy, note(1), note(2), recent=sent[:3]).tell == (note(1), note(2))
    full = taken(policy, note(1), note(2), recent=sent)
    assert full.tell == ()
    assert {verdict.until for _, verdict in full.held} == {NOW + timedelta(seconds=10)}
    assert reasons(full) == [(Ruling.WAIT, Reason.RATE)] * 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["info", "warning", "critical", None]),
            st.sampled_from(["acme", "other", None]),
        )
    ),
    st.builds(
        Policy,
        least=st.sampled_from(Severity),
        spaces=st.sampled_from([(), ("acme",)]),
        quiet=st.sampled_from([(), (NIGHT,)]),
        digest=st.sampled_from([None, 60.0]),
        rate=st.sampled_from([None, Rate(2, 60)]),
    ),
    st.integers(0, 86_400),
    st.lists(st.integers(0, 120), max_size=4),
)
def test_every_notice_is_told_or_held_never_lost(
    given_notes: list[tuple[str | None, str | None]], policy: Policy, second: int, ago: list[int]
) -> None:
    """Each is told, or waits for a moment to come, or is skipped with a reason, or its turn is
    later; never two of these.
    """
    now = NOW.replace(hour=0) + timedelta(seconds=second)
    notes = [note(n, severity, space) for n, (severity, space) in enumerate(given_notes)]
    found = turn(
        notes,
        policy,
        now - timedelta(seconds=30),
        [now - timedelta(seconds=each) for each in ago],
        now,
    )
    held = [each for each, _ in found.held]
    assert len({each.id for each in (*held, *found.tell)}) == len(held) + len(found.tell)
    assert all(verdict.detail for _, verdict in found.held)
    assert all(
        verdict.until is not None and verdict.until > now
        for _, verdict in found.held
        if verdict.ruling is Ruling.WAIT
    )
    # whatever is neither waits for nothing but its turn
    assert found.tell or len(held) == len(notes)


def test_many_are_one_message_by_how_many_of_which() -> None:
    """The title counts them by type, the worst first, and so are the first of them; how many more,
    since when the oldest.
    """
    notes = [
        replace(
            note(n, "critical" if n == 7 else "info"), event=f"{n:024}", since=NOW, takes=n == 7
        )
        for n in range(1000)
    ]
    more = [
        Notice("x", f"hq {n}\n is   down", "", "bond.down", Severity.WARNING) for n in range(2000)
    ]
    told = digest.of("noc", 0, [*notes, *more, replace(note(1), since=NOW - timedelta(hours=1))])
    assert told.title == "3001 notices: 1001 leg.down, 2000 bond.down"
    assert told.severity == "critical"
    assert (told.notices or [])[:2] == [
        {"title": "leg 7 is down", "event": f"{7:024}", "takes": True},
        {"title": "hq 0 is down", "event": None, "takes": False},
    ]
    assert (len(told.notices or []), told.left) == (20, 2981)
    assert told.body == f"the oldest since {NOW - timedelta(hours=1):%Y-%m-%d %H:%M} UTC"
    assert (
        len(taken(Policy(digest=1), *notes, since=NOW - timedelta(minutes=1)).tell) == MOST_TOGETHER
    )


def test_one_is_told_as_it_is() -> None:
    """Its own title, body and severity."""
    told = digest.of("noc", 1, [note(1, "warning")])
    assert (told.destination, told.title, told.body) == ("noc/1", "leg 1 is down", "more")
    assert (told.severity, told.over, told.notices) == ("warning", False, None)


def test_what_is_over_does_not_read_as_if_it_began() -> None:
    """Ends are counted apart and told after what begins; how bad it is, is said by what begins."""
    ends = [
        replace(note(n, "critical"), title=f"resolved: leg {n} is down", over=True)
        for n in range(30)
    ]
    told = digest.of("noc", 0, [*ends, note(77, "warning")])
    assert told.title == "31 notices: 1 leg.down, 30 resolved"
    assert (told.notices or [])[0]["title"] == "leg 77 is down"
    assert told.severity == "warning"
    told = digest.of("noc", 0, ends)
    assert (told.title, told.over) == ("30 notices: 30 resolved", True)


def test_what_is_loud_takes_nothing_from_a_digest() -> None:
    """It is told at once, and what gathers is told when it would have been."""
    rules = Policy(digest=180.0)
    since = gathering(taken(rules, note(1)), None, NOW)
    assert since == NOW
    loud = taken(rules, note(2, "critical"), at=NOW + timedelta(seconds=60), since=since)
    assert loud.tell
    assert not gathered(loud.tell, rules)
    since = gathering(loud, since, NOW + timedelta(seconds=60))
    last = taken(rules, note(1), note(3), at=NOW + timedelta(seconds=180), since=since)
    assert len(last.tell) == 2
    assert gathered(last.tell, rules)


def test_what_is_never_told_begins_no_digest() -> None:
    """The next notice still waits for what else comes."""
    rules = Policy(least=Severity.WARNING, digest=180.0)
    assert gathering(taken(rules, note(1, "info")), None, NOW) is None
