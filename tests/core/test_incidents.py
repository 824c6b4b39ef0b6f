"""Cause before effect: one incident instead of many outages."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.incidents import LET_GO, QUIET, Incident, Judged, Loss, judge, over

from .builders import NOW, later

SIZES = {
    ("aggregator", "1"): 10,
    ("aggregator", "2"): 40,
    ("server", "main"): 50,
    ("space", "acme"): 12,
    ("space", "other"): 500,
}


def loss(
    bond: int,
    at: float = 0.0,
    *,
    leg: int = 0,
    aggregator: str = "1",
    space: str = "other",
    over: float | None = None,
) -> Loss:
    """A leg of a bond goes down; `over`: and is no longer so many seconds later."""
    causes = frozenset({("aggregator", aggregator), ("server", "main"), ("space", space)})
    until = None if over is None else later(over)
    return Loss(f"e{bond}-{leg}-{at}", bond, leg or bond, later(at), causes, over=until)


def judged(*losses: Loss, known: tuple[Incident, ...] = (), sizes: dict = SIZES) -> Judged:
    """What these come to."""
    return judge("main", losses, known, sizes)


def test_as_many_as_five_bonds_of_an_aggregator_open_one_incident_that_owns_all() -> None:
    """Those before the threshold is reached belong to it as well as those after it."""
    losses = [loss(i, i) for i in range(1, 9)]
    found = judged(*losses)
    (incident,) = found.incidents.values()
    assert (incident.cause, incident.state, incident.began) == (
        ("aggregator", "1"),
        "suspected",
        later(1),
    )
    assert set(found.owners) == {each.event for each in losses}
    assert (incident.bonds, found.opened) == (frozenset(range(1, 9)), (incident.id,))


def test_four_bonds_or_four_legs_of_one_are_no_incident() -> None:
    """The threshold counts bonds, and small aggregators do not have incidents at every outage."""
    assert not judged(*(loss(i) for i in range(4))).incidents
    assert not judged(*(loss(1, leg=i) for i in range(1, 20))).incidents


def test_a_share_of_a_large_aggregator_is_wanted() -> None:
    """Of forty bonds, eleven are not three in ten and twelve are."""
    assert not judged(*(loss(i, aggregator="2") for i in range(11))).incidents
    assert judged(*(loss(i, aggregator="2") for i in range(12))).incidents


def test_losses_further_apart_than_a_minute_are_no_incident() -> None:
    """Six outages in an hour are six outages."""
    assert not judged(*(loss(i, i * 61) for i in range(6))).incidents


def test_a_leg_that_flapped_before_is_no_member_for_that() -> None:
    """What was over before the others began neither opens the incident, nor sets its beginning, nor
    joins it later.
    """
    flap = loss(1, -40, over=-30)
    found = judged(flap, *(loss(i, i) for i in range(1, 7)))
    (incident,) = found.incidents.values()
    assert (incident.began, flap.event in found.owners) == (later(1), False)
    assert not judged(flap, known=(incident,)).owners
    assert not judged(loss(9, -40, over=-30), *(loss(i) for i in range(4))).incidents, (
        "four are still too few"
    )
    assert not incident.takes((), 1, later(-30)), "nor is the end of the flap a part of it"


def test_a_spell_that_lasted_into_the_incident_is_a_member() -> None:
    """Legs that fall and rise one after another, each while another is still down, are one
    incident.
    """
    losses = [loss(i, i * 8, over=i * 8 + 10) for i in range(7)]
    (incident,) = judged(*losses).incidents.values()
    assert (incident.began, len(incident.legs)) == (later(0), 7)
    earlier = judged(loss(8, -5, over=5), known=(incident,))
    assert earlier.incidents[incident.id].began == later(-5)


def test_nearly_everything_at_once_is_the_servers_incident() -> None:
    """Nine in ten of all bonds, on two aggregators: what we see through is suspected before either
    of them.
    """
    losses = [loss(i, aggregator="1" if i < 10 else "2") for i in range(46)]
    sizes = {**SIZES, ("aggregator", "1"): 100, ("aggregator", "2"): 200}
    (incident,) = judged(*losses, sizes=sizes).incidents.values()
    assert (incident.cause, incident.state) == (("server", "main"), "open")


def test_one_large_aggregator_is_not_everything() -> None:
    """Where nearly all bonds are on one aggregator, its failure is its own."""
    losses = [loss(i, aggregator="2") for i in range(48)]
    (incident,) = judged(*losses, sizes={**SIZES, ("aggregator", "2"): 48}).incidents.values()
    assert incident.cause == ("aggregator", "2")


def test_bonds_that_have_moved_count_where_they_came_from() -> None:
    """Losses learned after a failover name both aggregators: the one whose bonds are nearly all
    among them is the cause.
    """
    causes = frozenset({("aggregator", "3"), ("aggregator", "2"), ("server", "main")})
    losses = [Loss(f"e{i}", i, i, later(i / 10), causes) for i in range(30)]
    sizes = {**SIZES, ("aggregator", "3"): 30, ("aggregator", "2"): 45, ("server", "main"): 1000}
    (incident,) = judged(*losses, sizes=sizes).incidents.values()
    assert incident.cause == ("aggregator", "3")


def test_a_space_is_a_cause_where_its_bonds_share_no_aggregator() -> None:
    """Five bonds of one space on aggregators of their own are the space's incident."""
    losses = [loss(i, aggregator=str(100 + i), space="acme") for i in range(5)]
    (incident,) = judged(
        *losses, sizes={**SIZES, **{("aggregator", str(100 + i)): 50 for i in range(5)}}
    ).incidents.values()
    assert incident.cause == ("space", "acme")


def test_members_join_until_it_ends_and_by_their_bond_too() -> None:
    """A bond that has moved to another aggregator is still in the incident that took it; after its
    end nothing joins.
    """
    opened = next(iter(judged(*(loss(i) for i in range(6))).incidents.values()))
    joined = judged(loss(3, 300, leg=77, aggregator="2"), known=(opened,))
    assert joined.owners == {loss(3, 300, leg=77).event: opened.id}
    assert 77 in joined.incidents[opened.id].legs
    ended = Incident(
        **{**{name: getattr(opened, name) for name in Incident.__slots__}, "ended": later(200)}
    )
    assert not judged(loss(3, 300, leg=77), known=(ended,)).owners
    assert judged(loss(9, 30), known=(ended,)).owners, (
        "what happened before its end and was learned after it belongs to it"
    )


@given(st.permutations(range(12)), st.integers(1, 12))
def test_neither_order_nor_batches_make_a_second_incident(order: list[int], cut: int) -> None:
    """Whatever order the losses are learned in, and in how many batches: one incident, and each
    member has one owner.
    """
    losses = [loss(i, i * 2) for i in order]
    known: dict[str, Incident] = {}
    owners: dict[str, str] = {}
    for start in range(0, 12, cut):
        loose = [each for each in losses[: start + cut] if each.event not in owners]
        found = judged(*loose, known=tuple(known.values()))
        known |= found.incidents
        assert not owners.keys() & found.owners.keys()
        owners |= found.owners
    assert len(known) == 1
    assert set(owners) == {each.event for each in losses}


@pytest.mark.parametrize(
    ("down", "cause_down", "quiet", "is_over"),
    [
        (0, False, 120, True),
        (1, False, 120, True),
        (2, False, 120, False),
        (0, True, 500, False),
        (0, False, 119, False),
    ],
)
def test_when_it_is_over(down: int, cause_down: bool, quiet: float, is_over: bool) -> None:
    """When nine in ten of its legs are back, its aggregator is well, and nothing joined it for two
    minutes.
    """
    incident = next(iter(judged(*(loss(i) for i in range(10))).incidents.values()))
    assert over(incident, down, cause_down=cause_down, touched=NOW, now=later(quiet)) is is_over
    assert LET_GO > QUIET == timedelta(minutes=2)
