"""What holds actions back: pauses, silences, breakers, locks."""

import pytest

from bridge.core.decisions.retry import Next
from bridge.core.model import JobState, Outcome, Retry
from bridge.store import controls
from bridge.store import tables as t
from bridge.store.database import Database
from bridge.store.decisions import jobs

from .builders import LEASE, NOW, job, later, owe, rows, together


def test_a_pause_holds_until_it_is_ended(database: Database) -> None:
    """A server, or everywhere, is paused once at a time; ended, it can be paused again, and both
    stay in the books.
    """
    with database.writing() as connection:
        assert controls.pause(connection, "main", NOW, "ann", "works")
        assert not controls.pause(connection, "main", NOW, "bob", "too")
        assert controls.pause(connection, controls.EVERYWHERE, NOW, "bob", "all")
        assert [(row["server"], row["who"]) for row in controls.paused(connection)] == [
            ("main", "ann"),
            ("", "bob"),
        ]
        assert controls.resume(connection, "main", later(60), "bob")
        assert not controls.resume(connection, "main", later(61), "bob")
        assert [row["server"] for row in controls.paused(connection)] == [""]
        assert controls.pause(connection, "main", later(70), "ann", "again")
    assert [
        (row["ended_at"], row["ended_by"]) for row in rows(database, t.pauses, server="main")
    ] == [
        (later(60), "bob"),
        (None, None),
    ]


@pytest.mark.parametrize(("server", "moved"), [("main", ["waits"]), ("other", []), ("", ["waits"])])
def test_what_waited_for_a_pause_is_looked_at_when_it_ends(
    database: Database, server: str, moved: list[str]
) -> None:
    """Untried calls of that server are due at once; notices, and calls that wait for their next
    try, keep their moment.
    """
    owe(
        database,
        job("waits", due_at=later(600)),
        job("tried", due_at=later(600), attempts=1),
        job("told", action="notify", due_at=later(600)),
        job("step", 1, due_at=later(600)),
    )
    with database.writing() as connection:
        controls.pause(connection, server, NOW, "ann", "works")
        controls.resume(connection, server, later(5), "ann")
    assert [row["id"] for row in rows(database, t.jobs, due_at=later(5))] == moved


def test_a_silence_holds_from_its_beginning_to_its_end(database: Database) -> None:
    """It holds from the first moment up to, not at, its end; ended by hand it is over then; twice
    the same is one.
    """
    with database.writing() as connection:
        about = (connection, "main", ["leg.*"], "bond/3", later(0), later(60), "ann", "works")
        name = controls.silence(*about, acts=True)
        assert controls.silence(*about, acts=True) == name
        held = [
            [row["id"] for row in controls.silences_at(connection, later(at), "main")]
            for at in (-1, 0, 59, 60)
        ]
        assert held == [[], [name], [name], []]
        assert controls.silences_at(connection, NOW, "other") == []
        assert controls.end_silence(connection, name, later(10))
        assert not controls.end_silence(connection, name, later(11))
        assert controls.silences_at(connection, later(10)) == []


def test_each_end_of_a_hold_is_a_new_occasion(database: Database) -> None:
    """What lasted through a pause or a silence is looked for anew once it is over: the state of the
    ends tells.
    """
    seen = []
    with database.writing() as connection:
        seen.append(controls.ended_holds(connection, "main", NOW))
        controls.pause(connection, controls.EVERYWHERE, NOW, "ann", "x")
        controls.silence(
            connection, "main", ["leg.down"], "", NOW, later(60), "ann", "x", acts=False
        )
        assert controls.ended_holds(connection, "main", later(59)) == seen[0]
        seen.append(controls.ended_holds(connection, "main", later(60)))
        controls.resume(connection, controls.EVERYWHERE, later(61), "ann")
        seen.append(controls.ended_holds(connection, "main", later(61)))
        controls.pause(connection, "other", NOW, "ann", "x")
        controls.resume(connection, "other", later(62), "ann")
        assert controls.ended_holds(connection, "main", later(62)) == seen[-1]
    assert len(set(seen)) == 3


def fail(database: Database, name: str, state: JobState, outcome: Outcome, at: float = 0) -> None:
    """End a job like this."""
    with database.writing() as connection:
        mine = jobs.begin(connection, jobs.claim(connection, name, NOW, LEASE), "send", NOW, LEASE)
        jobs.end_attempt(connection, mine, outcome, "", later(at))
        jobs.settle(connection, mine, Next(state), later(at))


def test_failures_of_a_rule_are_counted_since_it_was_switched_on(database: Database) -> None:
    """Failed, unseen and doubtful calls count; successes, notices, remedies and refusals it retries
    on do not.
    """
    none = Retry(frozenset(), 60.0, 900.0)
    owe(
        database,
        *(job(name, retry=none) for name in ("failed", "unseen", "doubt", "fine", "old")),
        job("refused"),
        job("final", retry=none),
        job("told", action="notify", retry=none),
        job("remedy", retry=none, parent="failed"),
    )
    for name, state, outcome, at in (
        ("failed", JobState.FAILED, Outcome.UNREACHABLE, 1),
        ("unseen", JobState.UNVERIFIED, Outcome.UNVERIFIED, 2),
        ("doubt", JobState.IN_DOUBT, Outcome.UNKNOWN, 3),
        ("fine", JobState.SUCCEEDED, Outcome.DONE, 4),
        ("old", JobState.FAILED, Outcome.REFUSED, -9),
        ("refused", JobState.FAILED, Outcome.REFUSED, 5),
        ("final", JobState.FAILED, Outcome.REFUSED, 6),
        ("told", JobState.FAILED, Outcome.REFUSED, 7),
        ("remedy", JobState.FAILED, Outcome.REFUSED, 8),
    ):
        fail(database, name, state, outcome, at)
    with database.writing() as connection:
        assert controls.failures(connection, "r1", "main", NOW) == 4
        assert controls.failures(connection, "r1", "main", later(-10)) == 5
        assert controls.failures(connection, "r1", "other", NOW) == 0
        controls.trip(connection, "r1", "main", later(10), "too many")
        controls.switch_on(connection, "r1", later(20))
        assert controls.failures(connection, "r1", "main", NOW) == 0


def test_a_breaker_trips_once_until_it_is_switched_on(database: Database) -> None:
    """Of four who trip it at once one does; on one server; switched on, it can trip again."""

    def trip(_: int) -> bool:
        with database.writing() as connection:
            return controls.trip(connection, "a", "main", NOW, "3 failed")

    assert sorted(together(4, trip)) == [False, False, False, True]
    with database.writing() as connection:
        assert [
            (name, row["why"]) for name, row in controls.tripped(connection, "main").items()
        ] == [("a", "3 failed")]
        assert controls.tripped(connection, "other") == {}
        assert controls.switch_on(connection, "a", later(1)) == 1
        assert controls.switch_on(connection, "a", later(2)) == 0
        assert controls.tripped(connection, "main") == {}
    assert trip(0)


def test_one_job_at_a_time_is_at_work_on_an_object(database: Database) -> None:
    """Of four that want a bond at once one has it; it may ask again; let go, the next has it; no
    target needs no lock.
    """
    wanted = [job(f"j{n}", target="bond/3") for n in range(4)]

    def lock(number: int) -> str | None:
        with database.writing() as connection:
            return controls.lock(connection, wanted[number], NOW)

    got = together(4, lock)
    owner = got.index(None)
    assert [each for each in got if each] == [f"j{owner}"] * 3
    assert lock(owner) is None
    with database.writing() as connection:
        assert controls.lock(connection, job("x", target="bond/4"), NOW) is None
        assert controls.lock(connection, job("y", target="bond/3", server="other"), NOW) is None
        assert controls.lock(connection, job("z"), NOW) is None
        controls.unlock(connection, f"j{owner}")
    assert lock((owner + 1) % 4) is None


def test_a_job_that_is_not_at_work_lets_go(database: Database) -> None:
    """While its effect is looked for or a doubt is to be settled the object is its own; waiting to
    try again, or over, not.
    """
    owe(database, job("j1", target="bond/3", verify={"expect": None, "within": 60}))
    for then, kept in (
        (Next(JobState.VERIFYING, NOW), True),
        (Next(JobState.DUE, NOW, doubt=True), True),
        (Next(JobState.DUE, NOW), False),
        (Next(JobState.SUCCEEDED), False),
    ):
        with database.writing() as connection:
            mine = jobs.claim(connection, "j1", NOW, LEASE)
            controls.lock(connection, mine.job, NOW)
            jobs.settle(connection, mine, then, NOW)
        assert bool(rows(database, t.locks)) == kept


def test_a_silence_that_was_ended_in_its_first_moment_begins_again(database: Database) -> None:
    """The same silence from the same moment holds, though one like it has ended just then."""
    with database.writing() as connection:
        about = (connection, "main", ["leg.*"], "", NOW, later(60), "ann", "works")
        name = controls.silence(*about, acts=False)
        assert controls.end_silence(connection, name, NOW)
        assert controls.silence(*about, acts=False) == name
        (held,) = controls.silences_at(connection, later(1), "main")
        assert held["id"] == name
