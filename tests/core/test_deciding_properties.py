"""What must hold for every batch: no order, repetition or splitting that chance brings changes a
decision.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.backtesting.dry_run import DryRun
from bridge.core.decisions import evaluate
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.model import Decision, Event

from .builders import RESTART, context, decide, event, later, memory, rules

TELL = "do: [{notify: {to: boss, title: 'leg ${leg.name}'}}]"
EACH = "do: [{call: bond.restart, with: {bond: '${bond.id}'}, each: bond}]"
BOOK = rules(f"""\
- {{id: tell, when: 'leg.*', {TELL}}}
- {{id: cool, when: leg.down, guard: {{cooldown: {{every: 10m, per: bond}}}}, {RESTART}}}
- {{id: once, when: [leg.down, leg.up], guard: {{cooldown: {{every: 1h}}}}, {RESTART}}}
- {{id: dry, when: leg.down, mode: dry_run, guard: {{cooldown: {{every: 10m, per: bond}}}},
      {RESTART}}}
- {{id: picky, when: leg.up, if: bond.id == 3, guard: {{cooldown: {{every: 5m, per: leg.id}}}},
      {TELL}}}
- {{id: broken, when: leg.down, guard: {{cooldown: {{every: 5m, per: 1 / (bond.id - 4)}}}}, {TELL}}}
- {{id: lasts, when: leg.down, for: 5m, {RESTART}}}
- {{id: many, when: {{count: {{of: leg.down, over: 15m, at_least: 2, per: bond}}}}, {RESTART}}}
- {{id: missed, when: {{absent: {{of: leg.up, after: leg.down, within: 5m, per: leg.id}}}},
      {RESTART}}}
- {{id: together, when: leg.down, group: {{by: bond.id, wait: 30s, most: 3}}, {EACH}}}
- {{id: single, when: leg.down, overlap: one, {RESTART}}}
""")


def happening(number: int, name: str, bond: int, leg: int, at: int) -> Event:
    """One event of a leg, at its own subject."""
    made = event(
        name, f"e{number}", time=later(at), leg={"id": leg, "name": "x"}, bond={"id": bond}
    )
    return replace(made, subject=f"leg/{leg}", seen_at=later(max(at, 0)))


def happenings(first: int, last: int) -> st.SearchStrategy[list[Event]]:
    """Up to eight of them, between so many seconds."""
    one = st.tuples(
        st.sampled_from(["leg.down", "leg.up"]), st.sampled_from([3, 4]), st.sampled_from([7, 8])
    )
    with_times = st.lists(st.tuples(one, st.integers(first, last)), max_size=8)
    return with_times.map(
        lambda them: [happening(n, *about, at) for n, (about, at) in enumerate(them)]
    )


BATCH = happenings(-2000, 0)


def recorded(found: Sequence[Event]) -> list[Event]:
    """As the store hands out what was found together: each event once, in the order it happened."""
    return sorted({one.id: one for one in found}.values(), key=lambda one: (one.time, one.id))


def by_id(made: Sequence[Decision]) -> dict[str, Decision]:
    """Decisions by their ids, of which there are no two; what was read on the way to them is left
    out.
    """
    found = {each.id: replace(each, facts={}) for each in made}
    assert len(found) == len(made)
    return found


@given(BATCH, st.permutations(range(len(BOOK))), st.booleans())
def test_the_order_of_rules_changes_no_decision(
    happened: list[Event], order: list[int], forced: bool
) -> None:
    """Every permutation of the rules makes the same decisions: they do not meet in what they
    reserve.
    """
    here = context(forced_live=forced)
    straight = by_id(decide(BOOK, happened, memory(*BOOK), here))
    assert by_id(decide([BOOK[n] for n in order], happened, memory(*BOOK), here)) == straight


@given(BATCH)
def test_the_same_input_makes_equal_decisions(happened: list[Event]) -> None:
    """Deciding has no memory of its own and no chance: twice the same is equal in every field."""
    assert decide(BOOK, happened, memory(*BOOK)) == decide(BOOK, happened, memory(*BOOK))


@given(BATCH, st.randoms(), st.lists(st.integers(0, 7), max_size=4))
def test_neither_order_nor_repetition_inside_a_batch_changes_a_decision(
    happened: list[Event], chance: object, again: list[int]
) -> None:
    """One poll's events come to the same, in whatever order they are found and however often each
    is.
    """
    mixed = happened + [happened[n] for n in again if n < len(happened)]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    straight = decide(BOOK, recorded(happened), memory(*BOOK))
    assert decide(BOOK, recorded(mixed), memory(*BOOK)) == straight


@given(BATCH, st.lists(st.integers(0, 8), max_size=3))
def test_the_splitting_of_a_batch_changes_no_decision(
    happened: list[Event], cuts: list[int]
) -> None:
    """What is recorded together and decided in parts comes to the same decisions."""
    ordered = recorded(happened)
    remembered = memory(*BOOK)
    whole = decide(BOOK, ordered, memory(*BOOK))
    for one in ordered:
        remembered.happen(one)
    edges = [0, *sorted(min(cut, len(ordered)) for cut in cuts), len(ordered)]
    parts = [
        each
        for start, end in pairwise(edges)
        for each in decide(BOOK, ordered[start:end], remembered)
    ]
    assert parts == whole


@given(BATCH, st.integers(0, 7))
def test_an_event_that_is_met_again_is_admitted_by_what_it_holds_itself(
    happened: list[Event], which: int
) -> None:
    """A worker that died before it wrote decides anew: what the event reserved the first time is no
    reason against it.
    """
    if which >= len(happened):
        return
    cooling = [each for each in BOOK if each.cooldown]
    remembered = memory(*BOOK)
    first = by_id(decide(cooling, happened[which : which + 1], remembered))
    for each in cooling:
        if happened[which].type in each.types:
            second = evaluate.evaluate(each, happened[which], RecordingFacts(remembered), context())
            assert (second.verdict, second.cooldowns, second.jobs) == (
                first[second.id].verdict,
                first[second.id].cooldowns,
                first[second.id].jobs,
            )


@given(happenings(0, 600), happenings(-600, 600))
def test_a_late_event_reopens_no_decision(happened: list[Event], late: list[Event]) -> None:
    """What was settled before an event was learned of stays as it is, and no job of it is done a
    second time.
    """
    played = DryRun("book", memory(*BOOK))
    for one in recorded(happened):
        played.happen(one)
    played.until(later(700))
    settled = {
        name: each
        for name, each in played.decisions.items()
        if each.due_at is None and each.group is None
    }
    for n, one in enumerate(recorded(late)):
        played.happen(replace(one, id=f"late{n}", seen_at=later(701)))
    played.until(later(5000))
    assert {name: played.decisions[name] for name in settled} == settled
    done = [job.id for _, job, _ in played.calls]
    assert len(done) == len(set(done))
