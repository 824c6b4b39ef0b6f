"""Groups while events join them, and what rules wait for by the clock."""

import pytest

from bridge.core.model import Gathering, Reason, Ruling, Verdict
from bridge.store.database import Database
from bridge.store.decisions import decisions, groups, pending_work
from bridge.store.observations import events

from .builders import NOW, decision, event, later


def join(database: Database, *names: str, until: float = 30, group: str = "g") -> None:
    """Let events join a group, one decision for each."""
    with database.writing() as connection:
        events.record(connection, [event(name) for name in names])
        waits = Verdict(Ruling.WAIT, Reason.GROUP, "waits", later(until))
        made = [
            decision(
                identifier=f"d{name}",
                event_id=name,
                verdict=waits,
                group=Gathering(group, '"k"', later(until)),
            )
            for name in names
        ]
        decisions.record(connection, made)


def test_the_first_event_opens_a_group_and_others_join_it(database: Database) -> None:
    """There is one open group of a key; it counts its members and knows them in the order they
    joined.
    """
    join(database, "z")
    join(database, "a", "m")
    with database.reading() as connection:
        ((key, row),) = groups.open_ones(connection, "main").items()
        assert (key, row["id"], row["members"], row["until"]) == (("r1", '"k"'), "g", 3, later(30))
        assert groups.members(connection, "g") == ["z", "a", "m"]
        assert groups.open_ones(connection, "other") == {}


def test_joining_twice_counts_once(database: Database) -> None:
    """A decision that was recorded before does not join again."""
    join(database, "a")
    join(database, "a")
    with database.reading() as connection:
        assert groups.members(connection, "g") == ["a"]
        assert groups.open_ones(connection, "main")["r1", '"k"']["members"] == 1


def test_a_group_is_complete_at_its_end_and_closed_for_ever(database: Database) -> None:
    """At its last moment it is complete; put off it is not; closed, nothing joins it and it is due
    no more.
    """
    join(database, "a")
    with database.writing() as connection:
        assert groups.complete(connection, "main", later(29)) == []
        assert [row["id"] for row in groups.complete(connection, "main", later(30))] == ["g"]
        assert groups.servers_due(connection, later(30)) == {"main"}
        groups.put_off(connection, "g", later(45))
        assert groups.complete(connection, "main", later(44)) == []
        groups.close(connection, "g")
        assert groups.complete(connection, "main", later(99)) == []
        assert groups.open_ones(connection, "main") == {}
        assert groups.servers_due(connection, later(99)) == set()


def test_a_full_group_is_complete_at_once(database: Database) -> None:
    """The member that fills it brings its end forward."""
    join(database, "a")
    join(database, "b", until=5)
    with database.reading() as connection:
        assert [row["id"] for row in groups.complete(connection, "main", later(5))] == ["g"]


def test_members_go_with_their_group(database: Database) -> None:
    """Each member's own verdict is settled when the group is decided: with it, or skipped for a
    reason of its own.
    """
    join(database, "a", "b")
    no = Verdict(Ruling.SKIP, Reason.COOLDOWN, "too soon")
    with database.writing() as connection:
        decisions.went_with(connection, {"a": Verdict(Ruling.ACT), "b": no}, "r1", "g", later(30))
        first = decisions.get(connection, "da").verdict
        second = decisions.get(connection, "db").verdict
    assert (str(first), first.detail) == ("act", "with group g")
    assert (str(second), second.detail) == ("skip(cooldown)", "too soon")


@pytest.mark.parametrize(("at", "due"), [(59, []), (60, [("e1", "r1", "for", None)])])
def test_a_decision_that_waits_is_due_at_its_moment(
    database: Database, at: float, due: list
) -> None:
    """It is judged again at that moment, as the same row; settled, it is due no more and cannot be
    opened again.
    """
    waits = Verdict(Ruling.WAIT, Reason.FOR, "whether it lasts", later(60))
    with database.writing() as connection:
        events.record(connection, [event()])
        decisions.record(connection, [decision(verdict=waits, due_at=later(60))])
        assert decisions.due(connection, "main", later(at), 10) == due
        assert groups.servers_due(connection, later(at)) == ({"main"} if due else set())
        decisions.record(connection, [decision(verdict=Verdict(Ruling.SKIP, Reason.ENDED, "over"))])
        assert decisions.due(connection, "main", later(999), 10) == []
        decisions.record(connection, [decision()])
        assert str(decisions.get(connection, "d1").verdict) == "skip(ended)"


def test_schedules_are_kept_per_rule_and_server(database: Database) -> None:
    """The next moment replaces the one before; a rule that has no schedule any more is dropped."""
    with database.writing() as connection:
        groups.set_due(connection, "a", "main", "* * * * * UTC", later(60))
        groups.set_due(connection, "a", "main", "* * * * * UTC", later(120))
        groups.set_due(connection, "a", "other", "* * * * * UTC", later(60))
        assert {
            name: row["due_at"] for name, row in groups.timetable(connection, "main").items()
        } == {"a": later(120)}
        assert groups.servers_due(connection, later(60)) == {"other"}
        groups.drop_schedules(connection, "main", {"a"})
        assert groups.timetable(connection, "main") == {}
        assert set(groups.timetable(connection, "other")) == {"a"}


def test_what_a_rule_has_looked_for_is_remembered(database: Database) -> None:
    """One occasion for each rule and server, the newest; baselines are counted per server."""
    with database.writing() as connection:
        groups.swept(connection, "a", "main", "one", NOW)
        groups.swept(connection, "a", "main", "two", NOW)
        assert (groups.occasions(connection, "main"), groups.occasions(connection, "other")) == (
            {"a": "two"},
            {},
        )
        events.record(
            connection,
            [event("b", "scope.baseline"), event("c", "scope.baseline", "other"), event("d")],
        )
        assert groups.baselines(connection, "main") == 1


@pytest.mark.parametrize(
    ("ruling", "reason", "dealt"),
    [
        (Ruling.ACT, None, True),
        (Ruling.WAIT, Reason.FOR, True),
        (Ruling.ASK, Reason.UNDONE, True),
        (Ruling.SKIP, Reason.CONDITION, True),
        (Ruling.SKIP, Reason.SILENCED, False),
        (Ruling.SKIP, Reason.EXPIRED, False),
    ],
)
def test_a_rule_has_dealt_with_what_it_did_not_merely_miss(
    database: Database,
    ruling: Ruling,
    reason: Reason | None,
    dealt: bool,
) -> None:
    """What it acted on, waits for, asks about or is not meant for is dealt with; what a guard let
    pass by is not.
    """
    with database.writing() as connection:
        events.record(connection, [event()])
        events.mark_decided(connection, [event()])
        decisions.record(connection, [decision(verdict=Verdict(ruling, reason, "x"))])
        found = groups.spoken_for(connection, "r1", "main", {"leg/7", "leg/8"})
        assert found == ({("leg.down", "leg/7")} if dealt else set())
        assert groups.spoken_for(connection, "r2", "main", {"leg/7"}) == set()


def test_an_event_that_waits_to_be_decided_is_dealt_with(database: Database) -> None:
    """What is about to be decided is not found a second time."""
    with database.writing() as connection:
        events.record(connection, [event()])
        assert groups.spoken_for(connection, "r1", "main", {"leg/7"}) == {("leg.down", "leg/7")}


def test_a_group_that_is_taken_apart_leaves_members_to_be_judged_again(database: Database) -> None:
    """Each of them is due at once, in no group; which rulebook was looked for last is remembered
    for each server.
    """
    join(database, "a", "b")
    with database.writing() as connection:
        assert [row["gathering"] for row in pending_work.grouped(connection, "main")] == ["g", "g"]
        assert pending_work.waiting(connection, "main", "another") == []
        pending_work.take_apart(connection, ["g"], later(10))
        assert pending_work.grouped(connection, "main") == []
        assert {row["id"] for row in pending_work.waiting(connection, "main", "another")} == {
            "da",
            "db",
        }
        assert [each[0] for each in decisions.due(connection, "main", later(10), 10)] == ["a", "b"]
        assert groups.complete(connection, "main", later(99)) == []
        assert pending_work.looked_for(connection, "main") is None
        pending_work.looked(connection, "main", "another", NOW)
        assert (
            pending_work.looked_for(connection, "main"),
            pending_work.looked_for(connection, "other"),
        ) == ("another", None)
