"""What changed between two walks."""

from datetime import datetime

import pytest

from bridge.core.model import Known, Seen
from bridge.core.objects.link_state import CLASSES, class_of, standing
from bridge.core.objects.snapshot_diff import (
    GONE_AFTER,
    compare,
    missing,
    same,
    shrunk,
    suspects,
    with_derived,
)

from .builders import NOW, VOLATILE, body, later

LEG = ("leg", "7")
OTHER = ("leg", "8")


def leg(state: str = "up", identifier: str = "7", **given: object) -> Seen:
    """A leg as a walk sees it: its standing is not known yet."""
    return Seen("leg", identifier, body("leg", state=state, **{"class": class_of(state)}, **given))


def walk(before: dict, *seen: Seen, at: datetime = NOW, gone: tuple = ()) -> tuple[list, dict]:
    """Compare, and give back the changes and what is known from then on."""
    derived = with_derived(before, seen, at, None)
    diff = compare(before, derived, volatile=VOLATILE, gone=gone, now=at)
    return list(diff.changes), {
        **before,
        **{(each.seen.kind, each.seen.id): each for each in diff.known},
    }


def test_the_first_walk_finds_everything_new() -> None:
    """An object nobody knew is a change with nothing before it."""
    changes, known = walk({}, leg())
    assert [(change.before, change.fields) for change in changes] == [(None, frozenset())]
    assert changes[0].after == known[LEG].seen.body
    assert known[LEG].counts == {}


def test_an_equal_walk_finds_nothing() -> None:
    """Two equal looks have no change between them."""
    _, known = walk({}, leg())
    changes, after = walk(known, leg())
    assert changes == []
    assert after == known


def test_volatile_fields_are_kept_and_never_compared() -> None:
    """A rate that moves is no change, but the newest one is what is known."""
    _, known = walk({}, leg(upload_rate=1.0))
    changes, known = walk(known, leg(upload_rate=2.0))
    assert changes == []
    assert known[LEG].seen.body["upload_rate"] == 2.0


def test_a_change_names_exactly_the_fields_that_differ() -> None:
    """A volatile field that moved along with others is not among the changed ones."""
    _, known = walk({}, leg(note="old", upload_rate=1.0))
    (changed,), _ = walk(known, leg(note="new", upload_rate=2.0))
    assert changed.fields == {"note"}
    assert (changed.before["note"], changed.after["note"]) == ("old", "new")


def test_a_leg_missing_once_is_neither_gone_nor_suspect() -> None:
    """The first walk that misses an object only notes when."""
    _, known = walk({}, leg())
    changes, known = walk(known, at=later(15))
    assert changes == []
    assert (known[LEG].missing_since, known[LEG].gone) == (later(15), False)
    assert suspects({}, missing({}, []), NOW) == []


@pytest.mark.parametrize(
    ("seconds", "suspected"), [(0, []), (59.999, []), (60, [LEG]), (3600, [LEG])]
)
def test_only_what_was_missed_a_minute_apart_is_suspect(seconds: float, suspected: list) -> None:
    """The second look that misses an object counts only when it comes at least a minute after the
    first.
    """
    assert GONE_AFTER.total_seconds() == 60
    before = {LEG: Known(leg(), {}, missing_since=NOW), OTHER: Known(leg(identifier="8"))}
    assert suspects(before, missing(before, []), later(seconds)) == suspected


def test_what_is_seen_or_known_to_be_gone_is_not_suspect() -> None:
    """An object that is back in the walk, or was told to be gone already, is not asked for
    again.
    """
    before = {
        LEG: Known(leg(), {}, missing_since=NOW),
        OTHER: Known(leg(identifier="8"), {}, missing_since=NOW, gone=True),
    }
    assert suspects(before, missing(before, [leg()]), later(600)) == []


@pytest.mark.parametrize(
    ("there", "absent", "hidden"),
    [(10, 5, False), (10, 6, True), (1000, 20, False), (1000, 21, True)],
)
def test_more_than_a_handful_and_two_percent_is_hidden_not_deleted(
    there: int, absent: int, hidden: bool
) -> None:
    """What vanishes in one walk is a deletion only up to five objects or two in a hundred; those
    long gone do not count.
    """
    before = {("leg", str(i)): Known(leg(identifier=str(i))) for i in range(there)}
    before |= {("leg", f"g{i}"): Known(leg(identifier=f"g{i}"), gone=True) for i in range(500)}
    seen = [leg(identifier=str(i)) for i in range(absent, there)]
    assert shrunk(before, missing(before, seen)) is hidden


def test_only_what_differs_is_written_again() -> None:
    """An object that is as it was needs no new row; one whose rate alone moved does."""
    _, known = walk({}, leg(), leg(identifier="8", upload_rate=1.0))
    seen = with_derived(known, [leg(), leg(identifier="8", upload_rate=2.0)], NOW, None)
    found = compare(known, seen, volatile=VOLATILE, gone=(), now=NOW)
    assert [each.seen.id for each in found.known] == ["8"]


def test_fields_nobody_has_a_name_for_are_compared_one_by_one() -> None:
    """A change below `other` names the server's own field, and a volatile one is none."""

    def route(**other: object) -> Seen:
        return Seen("route", "7", body("route", id=7, other=other))

    before = {("route", "7"): Known(route(a=1, b=1, counter=1))}
    found = compare(
        before,
        [route(a=1, c=2, counter=9)],
        volatile={"route": frozenset({"other.counter"})},
        gone=(),
        now=NOW,
    )
    assert [change.fields for change in found.changes] == [{"other.b", "other.c"}]


def test_missing_keeps_its_first_moment() -> None:
    """Later walks that miss the object do not move the moment it was first missed."""
    _, known = walk({}, leg())
    _, known = walk(known, at=later(15))
    _, known = walk(known, at=later(30))
    assert known[LEG].missing_since == later(15)


def test_coming_back_before_it_was_gone_is_no_change() -> None:
    """An object that was only missed for a while was never away."""
    _, known = walk({}, leg())
    _, known = walk(known, at=later(15))
    changes, known = walk(known, leg(), at=later(30))
    assert changes == []
    assert known[LEG].missing_since is None


def test_gone_is_told_once() -> None:
    """The walk that finds an object really gone has the change; the walks after it have none."""
    _, known = walk({}, leg())
    _, known = walk(known, at=later(15))
    changes, known = walk(known, at=later(90), gone=(LEG,))
    assert [(change.after, change.before) for change in changes] == [(None, known[LEG].seen.body)]
    assert known[LEG].gone
    changes, _ = walk(known, at=later(180), gone=(LEG,))
    assert changes == []


def test_coming_back_is_new_and_keeps_its_counts() -> None:
    """An object that was gone and is back is new, and what it counted goes on, so that its events
    get new ids.
    """
    gone = Known(leg("down"), {"leg.added": 1, "leg.down": 3}, missing_since=NOW, gone=True)
    changes, known = walk({LEG: gone}, leg("up"), at=later(600))
    assert [change.before for change in changes] == [None]
    assert known[LEG] == Known(leg("up", standing="up"), {"leg.added": 1, "leg.down": 3})


@pytest.mark.parametrize(
    ("states", "standings"),
    [
        (["up", "testing", "up"], ["up", "up", "up"]),
        (["down", "testing", "down"], ["down", "down", "down"]),
        (["down", "offline", "idle", "up"], ["down", "down", "down", "up"]),
        (["adapted", "no-such-state", "up"], ["degraded", "degraded", "up"]),
        (["testing", "up"], [None, "up"]),
        (["unheard-of", "removed"], [None, "down"]),
    ],
)
def test_standing_is_carried_across_states_that_do_not_say(
    states: list[str], standings: list
) -> None:
    """How a leg stands survives testing, idling and words nobody knows."""
    known: dict = {}
    seen = []
    for state in states:
        _, known = walk(known, leg(state))
        seen.append(known[LEG].seen.body["standing"])
    assert seen == standings


def test_standing_is_not_carried_from_a_leg_that_was_gone() -> None:
    """A leg that comes back being tested stands as nobody knows, whatever it was before it went."""
    gone = Known(leg("down", standing="down"), {}, missing_since=NOW, gone=True)
    _, known = walk({LEG: gone}, leg("testing"))
    assert known[LEG].seen.body["standing"] is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("up", "up"),
        ("UP", "up"),
        ("Down", "down"),
        ("removed", "down"),
        ("connecting", "down"),
        ("handshake", "down"),
        ("degraded", "degraded"),
        ("adapted", "degraded"),
        ("idle", "administrative"),
        ("offline", "administrative"),
        ("testing", "administrative"),
        ("", "unknown"),
        ("unknown", "unknown"),
        ("upp", "unknown"),
        ("İ", "unknown"),
    ],
)
def test_every_spelling_has_a_class(state: str, expected: str) -> None:
    """A spelling in any case has its class, and one that is not in the table is unknown: never up,
    never down.
    """
    assert class_of(state) == expected


def test_only_three_classes_say_how_a_leg_stands() -> None:
    """Of all classes exactly up, degraded and down make a standing of their own."""
    classes = {*CLASSES.values(), "unknown"}
    assert {
        name for name in classes if standing("leg", {"standing": "before"}, {"class": name}) == name
    } == {
        "up",
        "degraded",
        "down",
    }


@pytest.mark.parametrize(
    ("old", "new", "alike"),
    [
        (50, "50", True),
        ("10.0", 10, True),
        ("10.0.0.1", "10.0.0.2", False),
        ({"key": "acme", "name": "Acme"}, {"key": "acme", "name": None}, True),
        ({"key": "acme", "name": "Acme"}, {"key": "globex", "name": "Acme"}, False),
        ("https://x/api/v4/bonds/3/", {"url": "https://x/api/v4/bonds/3/", "id": 3}, True),
        ([{"a": 1}], [{"a": "1"}], True),
        ([1], [1, 2], False),
        (None, 0, False),
        ("", None, False),
    ],
)
def test_what_says_the_same_in_another_form_is_the_same(
    old: object, new: object, alike: bool
) -> None:
    """Numbers as text, references in another form, a space by its key; nothing else."""
    assert same(old, new) is alike
    assert same(new, old) is alike
