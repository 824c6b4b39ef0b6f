"""Events and decisions as rows."""

from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa

from bridge.core.canonical_json import identity
from bridge.core.decisions.retry import Next
from bridge.core.model import JobState, Reason, Ruling, Verdict
from bridge.errors import LeaseLost
from bridge.store import tables as t
from bridge.store.database import Database
from bridge.store.decisions import decisions, fact_queries, jobs
from bridge.store.observations import events, snapshots

from .builders import LEASE, NOW, decision, event, job, later, owe, rows, together


def held(database: Database, server: str = "main") -> dict[str, tuple[str, datetime | None]]:
    """The cooldowns that hold at NOW: by key the decision and when it was over."""
    with database.reading() as connection:
        found = fact_queries.cooldowns_of(connection, server, NOW)
    return {key: (row["decision"], row["ended_at"]) for key, row in found.items()}


def test_an_event_comes_back_as_it_was_recorded(database: Database) -> None:
    """Every field of an event survives the database, to the microsecond and to the letter."""
    told = event(
        data={
            "leg": {"name": "é 😀 \ud800 \x00", "n": 1.5, "big": 10**20},
            "old": None,
            "list": [1, [True]],
        }
    )
    with database.writing() as connection:
        assert events.record(connection, [told]) == [told]
    with database.reading() as connection:
        assert events.undecided(connection, "main", 10) == [told]


def test_an_event_is_recorded_once(database: Database) -> None:
    """The same event again is not new, whatever else it says, and those beside it are."""
    with database.writing() as connection:
        events.record(connection, [event("e1")])
    with database.writing() as connection:
        assert events.record(
            connection, [event("e1", data={"x": 1}), event("e2"), event("e2")]
        ) == [event("e2")]
    assert [row["id"] for row in rows(database, t.events)] == ["e1", "e2"]


def test_an_event_found_by_two_at_once_is_recorded_once(database: Database) -> None:
    """Of two who record the same event at the same moment, one is told it was new."""

    def find(_: int) -> int:
        with database.writing() as connection:
            return len(events.record(connection, [event("e1")]))

    assert sorted(together(4, find)) == [0, 0, 0, 1]


def test_events_wait_in_recorded_order_until_they_are_decided(database: Database) -> None:
    """The oldest recorded come first, one server at a time, and those decided come no more."""
    for one in (event("z"), event("a"), event("x", server="other"), event("m")):
        with database.writing() as connection:
            events.record(connection, [one])
    with database.reading() as connection:
        assert [each.id for each in events.undecided(connection, "main", 2)] == ["z", "a"]
        assert sorted(events.servers_with_undecided(connection)) == ["main", "other"]
    with database.writing() as connection:
        events.mark_decided(connection, [event("z"), event("a"), event("m")])
    with database.reading() as connection:
        assert events.undecided(connection, "main", 10) == []
        assert events.servers_with_undecided(connection) == ["other"]


def test_what_is_found_together_is_decided_in_the_order_it_happened(database: Database) -> None:
    """One poll's events are recorded by their times, and those of one moment by their ids, however
    they were found.
    """
    early = replace(event("y"), time=later(-60))
    with database.writing() as connection:
        assert events.record(connection, [event("z"), event("a"), early]) == [
            early,
            event("a"),
            event("z"),
        ]
    with database.reading() as connection:
        assert [each.id for each in events.undecided(connection, "main", 10)] == ["y", "a", "z"]


def test_one_worker_decides_for_a_server(database: Database) -> None:
    """Of four who want to decide one gets the lease; another server has a lease of its own; given
    back it can be had.
    """
    with database.writing() as connection:
        for name in ("main", "other"):
            snapshots.ensure_server(connection, name)

    def want(_: int) -> int | None:
        with database.writing() as connection:
            return events.claim_deciding(connection, "main", LEASE)

    (fence,) = [each for each in together(4, want) if each is not None]
    with database.writing() as connection:
        events.keep_deciding(connection, "main", fence, LEASE)
        assert events.claim_deciding(connection, "other", LEASE) is not None
        events.release_deciding(connection, "main", fence + 1)
        assert events.claim_deciding(connection, "main", LEASE) is None
        events.release_deciding(connection, "main", fence)
        again = events.claim_deciding(connection, "main", LEASE)
    assert again > fence
    with pytest.raises(LeaseLost), database.writing() as connection:
        events.keep_deciding(connection, "main", fence, LEASE)


def test_who_decides_for_long_keeps_the_lease(database: Database) -> None:
    """Each piece begins the lease anew, so that a backlog may take many times as long; it is lost
    when taken.
    """
    with database.writing() as connection:
        snapshots.ensure_server(connection, "main")
        fence = events.claim_deciding(connection, "main", LEASE)
    assert fence is not None
    (before,) = [row["lease_until"] for row in rows(database, t.servers)]
    with database.writing() as connection:
        events.keep_deciding(connection, "main", fence, 10 * LEASE)
    (after,) = [row["lease_until"] for row in rows(database, t.servers)]
    assert after - before > 8 * LEASE
    with database.writing() as connection:
        events.keep_deciding(connection, "main", fence, -1)
        events.keep_deciding(connection, "main", fence, -1)
        assert events.claim_deciding(connection, "main", LEASE) is not None
    with pytest.raises(LeaseLost), database.writing() as connection:
        events.keep_deciding(connection, "main", fence, LEASE)


def test_nobody_decides_for_a_server_that_is_not_there(database: Database) -> None:
    """A name without a row cannot be claimed."""
    with database.writing() as connection:
        assert events.claim_deciding(connection, "nowhere", LEASE) is None


def test_a_decision_is_written_whole(database: Database) -> None:
    """Verdict, facts, trace and jobs of a decision are rows, and the jobs that may start are given
    back.
    """
    verdict = Verdict(Ruling.SKIP, Reason.COOLDOWN, "too soon", later(60))
    acting = decision(job("j1"), job("j2", 1))
    skipped = decision(identifier="d2", rule="r2", verdict=verdict)
    with database.writing() as connection:
        events.record(connection, [event()])
        assert decisions.record(connection, [acting, skipped]) == [job("j1"), job("j2", 1)]
    assert [
        (row["ruling"], row["reason"], row["detail"]) for row in rows(database, t.decisions)
    ] == [
        ("act", None, ""),
        ("skip", "cooldown", "too soon"),
    ]
    assert [(row["decision"], row["job"], row["ruling"]) for row in rows(database, t.verdicts)] == [
        ("d1", None, "act"),
        ("d2", None, "skip"),
    ]
    assert rows(database, t.facts) == [
        {"hash": identity({"mode": "live"}), "body": {"mode": "live"}}
    ]
    assert rows(database, t.decisions)[0]["trace"] == [{"step": "when"}]


def test_a_decision_is_recorded_once(database: Database) -> None:
    """The same event and rule again owes nothing, even under another id."""
    owe(database, job("j1"))
    with database.writing() as connection:
        assert decisions.record(connection, [decision(job("j1"))]) == []
        assert (
            decisions.record(connection, [decision(job("j9", decision="d9"), identifier="d9")])
            == []
        )
    assert [len(rows(database, table)) for table in (t.decisions, t.jobs, t.verdicts)] == [1, 1, 1]


def test_a_decision_made_by_two_at_once_owes_its_jobs_once(database: Database) -> None:
    """Of two who write the same decision at the same moment, one owes its jobs."""
    with database.writing() as connection:
        events.record(connection, [event()])

    def record(_: int) -> int:
        with database.writing() as connection:
            return len(decisions.record(connection, [decision(job("j1"))]))

    assert sorted(together(3, record)) == [0, 0, 1]
    assert len(rows(database, t.jobs)) == 1


def test_the_database_itself_keeps_event_and_rule_unique(database: Database) -> None:
    """Two decisions of one rule about one event cannot be written by any way round the code."""
    owe(database, job("j1"))
    row = {**rows(database, t.decisions)[0], "id": "d2"}
    del row["seq"]
    with pytest.raises(sa.exc.IntegrityError), database.writing() as connection:
        connection.execute(sa.insert(t.decisions).values(**row))


def test_a_cooldown_is_held_until_its_decision_is_over(database: Database) -> None:
    """Reserved with the decision, it has no end while a job is under way; the end of the last
    attempt starts its time.
    """
    owe(database, job("j1"), cooldowns=("k",))
    assert held(database) == {"k": ("d1", None)}
    assert held(database, server="other") == {}
    with database.writing() as connection:
        mine = jobs.begin(connection, jobs.claim(connection, "j1", NOW, LEASE), "send", NOW, LEASE)
        jobs.move_on(
            connection, jobs.settle(connection, mine, Next(JobState.SUCCEEDED), later(5)), later(5)
        )
    assert held(database) == {"k": ("d1", later(5))}


def test_a_cooldown_is_given_back_where_nothing_was_tried(database: Database) -> None:
    """A decision whose job was skipped before any attempt does not hold up the next."""
    owe(database, job("j1"), cooldowns=("k",))
    with database.writing() as connection:
        settled = jobs.settle(
            connection, jobs.claim(connection, "j1", NOW, LEASE), Next(JobState.SKIPPED), NOW
        )
        jobs.move_on(connection, settled, NOW)
    assert held(database) == {}


def test_telling_does_not_hold_a_cooldown(database: Database) -> None:
    """A chat service that is down for hours must not keep a rule from acting: a notice's turn is
    over when it is decided.
    """
    owe(database, job("j1", action="notify"), cooldowns=("k",))
    assert held(database) == {"k": ("d1", NOW)}
    with database.writing() as connection:
        mine = jobs.begin(connection, jobs.claim(connection, "j1", NOW, LEASE), "send", NOW, LEASE)
        jobs.move_on(
            connection,
            jobs.settle(connection, mine, Next(JobState.SUCCEEDED), later(500)),
            later(500),
        )
    assert held(database) == {"k": ("d1", NOW)}


def test_a_cooldown_taken_over_is_not_ended_by_the_one_before(database: Database) -> None:
    """Once another decision holds the key, the old one's end does not touch it."""
    owe(database, job("j1"), cooldowns=("k",))
    with database.writing() as connection:
        events.record(connection, [event("e2")])
        decisions.record(
            connection,
            [
                decision(
                    job("j2", decision="d2", event="e2"),
                    identifier="d2",
                    event_id="e2",
                    cooldowns=("k",),
                )
            ],
        )
        decisions.end_cooldown(connection, "d1", NOW)
    assert held(database) == {"k": ("d2", None)}


def test_a_dry_runs_turn_is_over_at_once(database: Database) -> None:
    """A decision without jobs that holds a key has ended when it was made."""
    dry = Verdict(Ruling.SKIP, Reason.DRY_RUN, "dry")
    owe(database, verdict=dry, cooldowns=("k",))
    assert held(database) == {"k": ("d1", NOW)}


@pytest.mark.parametrize("odd", ["\x00", "\ud800"], ids=["no letter", "half a letter"])
def test_a_detail_may_hold_any_text(database: Database, odd: str) -> None:
    """What an expression or a server says is kept, though a database's text has no place for some
    of its letters.
    """
    owe(database, verdict=Verdict(Ruling.SKIP, Reason.CONDITION_ERROR, f"é {odd} é"))
    detail = rows(database, t.decisions)[0]["detail"]
    assert (detail[:2], detail[-2:]) == ("é ", " é")
