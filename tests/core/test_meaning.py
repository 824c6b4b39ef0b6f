"""What is worked out beside what the server says: conditions of bonds, derived fields, what
explains an outage.
"""

from datetime import timedelta

import pytest

from bridge.core.attribution import Done, by_actions, by_runs
from bridge.core.model import Seen
from bridge.core.objects.bond_condition import conditions
from bridge.core.objects.derived_fields import STUCK_AFTER, Meanwhile, carried

from .builders import NOW, body, later


def leg(
    standing: str | None,
    *,
    failover: bool = False,
    mode: str = "active",
    bond: int | None = 3,
    i: int = 1,
) -> Seen:
    """A leg of bond 3."""
    return Seen(
        "leg", str(i), body("leg", id=i, bond=bond, standing=standing, failover=failover, mode=mode)
    )


@pytest.mark.parametrize(
    ("legs", "state"),
    [
        ([leg("up"), leg("up")], "up"),
        ([leg("up"), leg("down")], "degraded"),
        ([leg("up"), leg("degraded")], "degraded"),
        ([leg("down"), leg("down")], "down"),
        ([leg("down"), leg("up", failover=True)], "on_failover"),
        ([leg("down"), leg("down", failover=True)], "down"),
        ([leg("up"), leg("down", failover=True)], "up"),
        ([leg("up"), leg("down", mode="idle")], "up"),
        ([leg("up", failover=True)], "up"),
        ([leg("down", failover=True)], "down"),
        ([leg("up", mode="idle")], "unknown"),
        ([leg(None)], "unknown"),
    ],
)
def test_a_bond_stands_as_the_vendors_rules_say(legs: list[Seen], state: str) -> None:
    """Well, a warning or critical, from its active legs; idle ones count for nothing, spare ones
    only when it needs them.
    """
    (condition,) = conditions(legs)
    assert (condition.body["id"], condition.body["state"]) == (3, state)


def test_legs_without_a_bond_make_no_condition() -> None:
    """A leg that does not say its bond is nobody's."""
    assert conditions([leg("down", bond=None)]) == []


def derived(
    kind: str, before: dict | None, after: dict, at: float = 0.0, version: dict | None = None
) -> dict:
    """The body with what follows."""
    return dict(carried(before, Seen(kind, "x", after), Meanwhile(later(at), version)).body)


def queue(failures: int, pending: int | None, before: dict | None = None, at: float = 0.0) -> dict:
    """Configuration updates as they are told now, after `before`."""
    return derived(
        "config_updates", before, body("config_updates", failures=failures, pending=pending), at
    )


def test_configuration_updates_fail_are_stuck_and_clear() -> None:
    """Rising failures are failing; ten minutes without one getting done is stuck; one that gets
    done starts anew.
    """
    minutes = STUCK_AFTER.total_seconds()
    first = queue(5, 2)
    assert (first["state"], first["since"]) == ("clear", None)
    failing = queue(6, 2, first, 60)
    assert (failing["state"], failing["since"]) == ("failing", later(60).isoformat())
    assert queue(7, 2, failing, 30 + minutes)["state"] == "failing"
    stuck = queue(7, 2, failing, 60 + minutes)
    assert stuck["state"] == "stuck"
    assert queue(8, 1, stuck, 700 + minutes)["state"] == "failing"
    assert queue(7, 1, stuck, 700 + minutes)["state"] == "clear"
    assert queue(9, 0, stuck, 700 + minutes)["state"] == "clear"


def test_without_a_number_of_pending_ones_failures_that_stop_clear() -> None:
    """Where the server does not say how many wait, only time without failures can clear it."""
    failing = queue(6, None, queue(5, None), 60)
    assert queue(6, None, failing, 120)["state"] == "failing"
    assert queue(6, None, failing, 1000)["state"] == "clear"
    assert queue(7, None, failing, 1000)["state"] == "stuck"


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        (90, None),
        (30.1, None),
        (30, 30),
        (15, 30),
        (14, 14),
        (6.9, 7),
        (1, 1),
        (0.5, 1),
        (0, 0),
        (-3, 0),
    ],
)
def test_a_certificate_comes_nearer_its_end_in_stages(days: float, stage: int | None) -> None:
    """Thirty, fourteen, seven days, one, and past it; nothing where nobody knows."""
    ends = (NOW + timedelta(days=days)).isoformat()
    assert derived("certificate", None, body("certificate", not_after=ends))["stage"] == stage
    assert derived("certificate", None, body("certificate"))["stage"] is None


def test_failover_checks_fail_while_their_failures_rise() -> None:
    """A number that stays is history; one that rises is news."""
    first = derived("failover_checks", None, body("failover_checks", failure=3))
    rising = derived("failover_checks", first, body("failover_checks", failure=4))
    same = derived("failover_checks", rising, body("failover_checks", failure=4))
    assert [each["state"] for each in (first, rising, same)] == ["clear", "failing", "clear"]


def test_a_node_is_outdated_where_both_versions_are_known() -> None:
    """Another version than the repository's; nobody knows where one of the two is not told."""
    node = body("node", version="6.5")
    newest = body("bonding_version", version="6.6")
    assert derived("node", None, node, version=newest)["outdated"] is True
    assert derived("node", None, {**node, "version": "6.6"}, version=newest)["outdated"] is False
    assert (
        derived("node", None, node)["outdated"]
        is derived("node", None, body("node"), version=newest)["outdated"]
        is None
    )


@pytest.mark.parametrize(
    ("operation", "arguments", "after", "explains"),
    [
        ("bond.restart", {"bond": 3}, 10, True),
        ("bond.restart", {"bond": "3"}, 10, True),
        ("bond.restart", {"bond": 4}, 10, False),
        ("bond.restart", {"bond": 3}, 181, False),
        # the world's clock runs fast in the demo, and its history is told in whole seconds of ours
        ("bond.restart", {"bond": 3}, -2.08, True),
        ("bond.restart", {"bond": 3}, -6, False),
        ("leg.update", {"leg": 7}, 10, True),
        ("leg.update", {"leg": 8}, 10, False),
        ("bond_tuning.accept", {"bond": 3, "tuning": 1}, 10, False),
    ],
)
def test_an_action_of_ours_explains_what_it_causes_for_a_while(
    operation: str,
    arguments: dict,
    after: float,
    explains: bool,
) -> None:
    """A restart explains its own bond's outage for some minutes, and no other's."""
    done = [Done(operation, arguments, NOW, "job-0123456789")]
    why = by_actions(done, 3, 7, later(after))
    assert (why == f"{operation} (job job-0123)") is explains


def test_a_test_that_runs_explains_what_happens_meanwhile() -> None:
    """From when it was asked for until a little after its end, on its own bond."""
    run = body(
        "speedtest",
        id=9,
        bond=3,
        created=NOW.isoformat(),
        started=later(5).isoformat(),
        finished=later(60).isoformat(),
    )
    ended = {**run, "outcome": "succeeded"}
    going = {**run, "finished": None}
    for one, at, explains in (
        (ended, 30, True),
        (ended, 80, True),
        (ended, 120, False),
        (going, 5000, True),
        (going, -9, False),
    ):
        assert (by_runs([("speedtest", one)], 3, later(at)) == "speedtest 9") is explains
    assert by_runs([("speedtest", going)], 4, later(30)) is None
