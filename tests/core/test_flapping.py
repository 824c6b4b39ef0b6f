"""Flapping as a state of its own."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.flapping import Bucket, Limits, calm_at, calmed, poured

from .builders import NOW, later

LIMITS = Limits()


def changes(count: int, every: float, start: float = 0.0) -> list:
    """So many changes, one every so many seconds."""
    return [later(start + i * every) for i in range(count)]


def test_two_outages_are_no_flapping() -> None:
    """Down, up, down, up within a minute is two outages."""
    assert not poured(Bucket(), changes(4, 15), LIMITS).flapping


def test_many_quick_changes_are_one_spell() -> None:
    """A leg that changes every twenty seconds flaps from its sixth on, and goes on: one spell,
    since its first change.
    """
    bucket = Bucket()
    began = []
    for moment in changes(60, 20):
        after = poured(bucket, [moment], LIMITS)
        if after.flapping and not bucket.flapping:
            began.append(moment)
        bucket = after
    assert began == [later(100)]
    assert (bucket.since, bucket.changes) == (later(0), 60)


def test_a_slow_change_now_and_then_never_flaps() -> None:
    """One change every three minutes leaks away as fast as it comes."""
    assert not poured(Bucket(), changes(200, 180), LIMITS).flapping


def test_a_spell_ends_the_same_time_after_its_last_change_however_long_it_was() -> None:
    """The bucket is never fuller than full: an hour of flapping takes no longer to calm than a few
    minutes of it.
    """
    short = poured(Bucket(), changes(8, 5), LIMITS)
    long = poured(Bucket(), changes(720, 5), LIMITS)
    ends = [calm_at(each, LIMITS) - each.at for each in (short, long)]
    assert ends[0] == ends[1]
    assert 300 < ends[0].total_seconds() <= 600


def test_a_calm_leg_can_flap_again() -> None:
    """After its spell has ended a leg is as any other, and a second spell is another one."""
    bucket = poured(Bucket(), changes(10, 5), LIMITS)
    end = calm_at(bucket, LIMITS)
    bucket = calmed(bucket, end, LIMITS)
    assert not bucket.flapping
    assert calm_at(bucket, LIMITS) is None
    again = poured(bucket, [end.replace(hour=15, second=i) for i in range(10)], LIMITS)
    assert again.since > end


def test_a_spell_is_told_since_the_first_change_that_it_counts() -> None:
    """What had leaked away before is not counted, and the spell is not since then; what was found
    late may be the first.
    """
    bucket = poured(Bucket(), [later(-600), *changes(6, 10)], LIMITS)
    assert (bucket.flapping, bucket.since, bucket.changes) == (True, later(0), 6)
    late = poured(poured(Bucket(), [later(20)], LIMITS), [later(10)], LIMITS)
    assert (late.flapping, late.since, late.changes) == (False, later(10), 2)
    assert poured(bucket, [later(-30)], LIMITS).since == later(0), "what was told stays"


def test_late_news_do_not_leak_backwards() -> None:
    """A change found late counts as at the newest moment known."""
    bucket = poured(Bucket(), [later(600)], LIMITS)
    assert poured(bucket, [NOW], LIMITS).at == later(600)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=80))
def test_one_by_one_or_all_at_once_is_the_same(gaps: list[int]) -> None:
    """How changes are handed over in batches makes no difference."""
    moments = []
    at = 0
    for gap in gaps:
        at += gap
        moments.append(later(at))
    whole = poured(Bucket(), moments, LIMITS)
    single = Bucket()
    for moment in moments:
        single = poured(single, [moment], LIMITS)
    assert whole == single
    assert 0.0 <= whole.level <= LIMITS.start + 1
