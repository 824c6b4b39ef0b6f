"""The outbox: claims, fences, attempts and steps."""

from collections import Counter
from datetime import datetime

import pytest

from bridge.core.decisions.retry import Next
from bridge.core.model import JobState, Outcome, Reason, Ruling, Verdict
from bridge.errors import LeaseLost
from bridge.store.database import Database
from bridge.store.decisions import call_limits, decisions, jobs
from bridge.store.observations import events
from bridge.store.tables import attempts, cooldowns, spendings, verdicts
from bridge.store.tables import jobs as job_rows

from .builders import LEASE, NOW, decision, event, job, lapse, later, owe, rows, together

DONE = Next(JobState.SUCCEEDED)


def claim(database: Database, identifier: str = "j1") -> jobs.Claimed | None:
    """Try to take a job."""
    with database.writing() as connection:
        return jobs.claim(connection, identifier, NOW, LEASE)


def settle(database: Database, claimed: jobs.Claimed, then: Next = DONE) -> None:
    """End a job, and let what it held up go on."""
    with database.writing() as connection:
        jobs.move_on(connection, jobs.settle(connection, claimed, then, NOW), NOW)


def begin(database: Database, claimed: jobs.Claimed, what: str = "send") -> jobs.Claimed:
    """Write that a request is about to leave."""
    with database.writing() as connection:
        return jobs.begin(connection, claimed, what, NOW, LEASE)


def state(database: Database, identifier: str) -> JobState:
    """Where a job stands."""
    with database.reading() as connection:
        return jobs.get(connection, identifier).state


def test_a_job_comes_back_as_it_was_written(database: Database) -> None:
    """Every field of a job survives the database."""
    one = job(
        "j1",
        request={"to": "noc", "target": 1, "title": "é ☃ 😀", "body": "", "n": 1.5},
        action="notify",
        target="bond/3",
        rollout={"batch": 1, "pause": 120.0, "stop_on": ["failed"]},
        verify={"expect": "bond.id == 3", "within": 300.0},
        verify_until=later(7),
        parent="j0",
        since=later(3),
    )
    owe(database, one)
    with database.reading() as connection:
        assert jobs.get(connection, "j1") == one


def test_eight_workers_claim_each_of_a_hundred_jobs_once(database: Database) -> None:
    """Anyone who reaches for the same jobs at once, each job has one owner."""
    names = [f"j{n:03}" for n in range(100)]
    owe(database, *(job(name) for name in names))

    def work(number: int) -> list[str]:
        mine = names[number * 12 :] + names[: number * 12]
        return [name for name in mine if claim(database, name)]

    taken = [name for each in together(8, work) for name in each]
    assert Counter(taken) == Counter(names)
    assert {row["fence"] for row in rows(database, job_rows)} == {1}


def test_only_due_jobs_that_nobody_has_are_due(database: Database) -> None:
    """Jobs of later, of later steps, of the past and those being tried are left out; the longest
    due comes first.
    """
    owe(
        database,
        job("now"),
        job("old", due_at=later(-60)),
        job("later", due_at=later(0.000001)),
        job("step", 1),
        job("over", state=JobState.SUCCEEDED),
        job("taken"),
    )
    assert claim(database, "taken")
    with database.reading() as connection:
        assert jobs.due(connection, NOW, 10) == ["old", "now"]
        assert jobs.due(connection, NOW, 1) == ["old"]
    for name in ("later", "step", "over", "taken", "no-such-job"):
        assert claim(database, name) is None
    lapse(database, "taken")
    with database.reading() as connection:
        assert jobs.due(connection, NOW, 10) == ["old", "now", "taken"]


def test_one_who_comes_back_late_has_lost_its_job(database: Database) -> None:
    """After the lease the next claimer has a higher fence, and the one before can neither go on nor
    write an outcome.
    """
    owe(database, job("j1"))
    early = claim(database)
    assert claim(database) is None
    lapse(database, "j1")
    late = claim(database)
    assert late.fence > early.fence
    with pytest.raises(LeaseLost), database.writing() as connection:
        jobs.check(connection, early)
    with pytest.raises(LeaseLost):
        begin(database, early)
    with pytest.raises(LeaseLost):
        settle(database, early)
    assert state(database, "j1") is JobState.DUE
    assert rows(database, attempts) == []
    with database.writing() as connection:
        jobs.check(connection, late)
    settle(database, late)
    assert state(database, "j1") is JobState.SUCCEEDED


def test_a_lapsed_lease_is_lost_even_if_nobody_took_it(database: Database) -> None:
    """Right before the request a lease that ran out counts as lost: somebody may be taking it this
    moment.
    """
    owe(database, job("j1"))
    mine = claim(database)
    lapse(database, "j1")
    with pytest.raises(LeaseLost), database.writing() as connection:
        jobs.check(connection, mine)


def test_an_attempt_that_never_ended_is_unknown_and_in_doubt(database: Database) -> None:
    """The next claimer closes the attempt of the one that died, and finds the job in doubt."""
    owe(database, job("j1"))
    begun = begin(database, claim(database))
    assert (begun.job.attempts, begun.job.doubt) == (1, False)
    lapse(database, "j1")
    found = claim(database)
    assert (found.job.doubt, found.job.attempts) == (True, 1)
    (tried,) = rows(database, attempts)
    assert (tried["outcome"], tried["ended_at"], tried["fence"]) == (
        Outcome.UNKNOWN,
        NOW,
        begun.fence,
    )
    assert "stopped before" in tried["detail"]


def test_doubt_outlives_a_claimer_that_dies_before_doing_anything(database: Database) -> None:
    """A second worker that dies right after its claim does not make the job look untried."""
    owe(database, job("j1"))
    begin(database, claim(database))
    for _ in range(3):
        lapse(database, "j1")
        assert claim(database).job.doubt
    assert [row["outcome"] for row in rows(database, attempts)] == [Outcome.UNKNOWN]


@pytest.mark.parametrize(("what", "doubt"), [("send", True), ("look", False)])
def test_only_a_request_that_writes_leaves_doubt(
    database: Database, what: str, doubt: bool
) -> None:
    """A look that never ended is closed as unknown too, but has done nothing."""
    owe(database, job("j1"))
    begin(database, claim(database), what)
    lapse(database, "j1")
    assert claim(database).job.doubt is doubt


def test_attempts_are_numbered_and_ended_one_by_one(database: Database) -> None:
    """Each attempt has its own row, and the outcome goes to the one that is under way."""
    owe(database, job("j1"))
    mine = begin(database, claim(database))
    with database.writing() as connection:
        jobs.end_attempt(connection, mine, Outcome.UNREACHABLE, "nobody there", later(1))
    mine = begin(database, mine)
    with database.writing() as connection:
        jobs.end_attempt(connection, mine, Outcome.DONE, "200", later(2))
        jobs.end_attempt(connection, mine, Outcome.UNKNOWN, "too late to say", later(3))
    assert [
        (row["n"], row["outcome"], row["detail"], row["ended_at"])
        for row in rows(database, attempts)
    ] == [
        (1, Outcome.UNREACHABLE, "nobody there", later(1)),
        (2, Outcome.DONE, "200", later(2)),
    ]


@pytest.mark.parametrize(("what", "at"), [("send", later(60)), ("look", NOW)])
@pytest.mark.parametrize("dies", [True, False], ids=["dies", "ends"])
def test_a_call_counts_against_its_limits_from_its_end_on(
    database: Database, what: str, at: datetime, dies: bool
) -> None:
    """Answered or given up; a look takes no place, and leaves the one of the call before it where
    it was.
    """
    owe(database, job("j1"))
    mine = claim(database)
    with database.writing() as connection:
        call_limits.spend(connection, [call_limits.Limit("global", 9, 600)], "j1", NOW)
    mine = begin(database, mine, what)
    if dies:
        lapse(database, "j1")
    with database.writing() as connection:
        if dies:
            jobs.claim(connection, "j1", later(60), LEASE)
        else:
            jobs.end_attempt(connection, mine, Outcome.DONE, "200", later(60))
    assert [row["at"] for row in rows(database, spendings)] == [at]


def test_a_job_that_is_tried_again_can_be_claimed_again(database: Database) -> None:
    """Settling gives the job back, due when the outcome says, and keeps its doubt."""
    owe(database, job("j1"))
    settle(database, claim(database), Next(JobState.DUE, later(10), doubt=True))
    assert claim(database) is None
    with database.writing() as connection:
        again = jobs.claim(connection, "j1", later(10), LEASE)
    assert (again.fence, again.job.doubt, again.job.due_at) == (2, True, later(10))


def test_the_next_step_waits_for_all_of_the_one_before(database: Database) -> None:
    """Of two jobs of one step the first to end starts nothing, the second starts the next."""
    owe(database, job("a"), job("b"), job("c", 1), job("d", 2))
    settle(database, claim(database, "a"))
    assert state(database, "c") is JobState.WAITING
    settle(database, claim(database, "b"))
    assert (state(database, "c"), state(database, "d")) == (JobState.DUE, JobState.WAITING)


def test_two_jobs_that_end_at_once_start_the_next_step_once(database: Database) -> None:
    """Ended by two workers at the same moment, a step of two is never left behind and its cooldown
    ends with the last.
    """
    for n in range(5):
        with database.writing() as connection:
            jobs_of = (
                job(f"a{n}", decision=f"d{n}"),
                job(f"b{n}", decision=f"d{n}"),
                job(f"c{n}", 1, decision=f"d{n}"),
            )
            events.record(connection, [event()])
            decisions.record(
                connection,
                [decision(*jobs_of, identifier=f"d{n}", rule=f"r{n}", cooldowns=(f"k{n}",))],
            )
        held = [begin(database, claim(database, f"{name}{n}")) for name in "ab"]
        together(2, lambda which, held=held: settle(database, held[which]))
        (third,) = rows(database, job_rows, id=f"c{n}")
        assert (third["state"], third["due_at"], third["fence"]) == (JobState.DUE, NOW, 0)
        assert rows(database, cooldowns, key=f"k{n}")[0]["ended_at"] is None
        last = begin(database, claim(database, f"c{n}"))
        settle(database, last)
        assert rows(database, cooldowns, key=f"k{n}")[0]["ended_at"] == NOW


def test_a_call_that_failed_ends_the_steps_after_it(database: Database) -> None:
    """Later steps are skipped, each with the verdict that says why."""
    owe(database, job("a"), job("b", 1, action="notify"), job("c", 2))
    settle(database, claim(database, "a"), Next(JobState.FAILED))
    assert (state(database, "b"), state(database, "c")) == (JobState.SKIPPED, JobState.SKIPPED)
    said = [
        (row["job"], row["ruling"], row["reason"]) for row in rows(database, verdicts) if row["job"]
    ]
    assert sorted(said) == [
        ("b", Ruling.SKIP, Reason.STEP_FAILED),
        ("c", Ruling.SKIP, Reason.STEP_FAILED),
    ]


def test_a_notice_that_failed_ends_nothing(database: Database) -> None:
    """Not having told somebody is no reason not to act."""
    owe(database, job("a", action="notify"), job("b", 1))
    settle(database, claim(database, "a"), Next(JobState.FAILED))
    assert state(database, "b") is JobState.DUE


@pytest.mark.parametrize(
    ("answer", "first", "second"),
    [
        (JobState.SUCCEEDED, JobState.SUCCEEDED, JobState.DUE),
        (JobState.FAILED, JobState.FAILED, JobState.SKIPPED),
        (JobState.DUE, JobState.DUE, JobState.WAITING),
    ],
)
def test_a_persons_word_moves_a_job_in_doubt(
    database: Database, answer: JobState, first: JobState, second: JobState
) -> None:
    """The answer is the job's new state, its steps go on from there, and the word is kept as a
    verdict.
    """
    owe(database, job("a"), job("b", 1))
    settle(database, claim(database, "a"), Next(JobState.IN_DOUBT, doubt=True))
    assert state(database, "b") is JobState.WAITING
    verdict = Verdict(Ruling.SKIP, Reason.IN_DOUBT, "ann answered")
    with database.writing() as connection:
        settled = jobs.answer_doubt(connection, "a", answer, verdict, NOW)
        assert settled is not None
        jobs.move_on(connection, settled, NOW)
    assert (state(database, "a"), state(database, "b")) == (first, second)
    assert ("a", "ann answered") in [
        (row["job"], row["detail"]) for row in rows(database, verdicts)
    ]


def test_a_job_in_doubt_is_answered_once(database: Database) -> None:
    """Of two people who answer at once one is heard, and a job that is not in doubt takes no
    answer.
    """
    owe(database, job("a"), job("b"))
    settle(database, claim(database, "a"), Next(JobState.IN_DOUBT, doubt=True))

    def answer(number: int) -> bool:
        verdict = Verdict(Ruling.SKIP, Reason.IN_DOUBT, str(number))
        with database.writing() as connection:
            said = jobs.answer_doubt(
                connection, "a", (JobState.SUCCEEDED, JobState.FAILED)[number], verdict, NOW
            )
            return said is not None

    heard = together(2, answer)
    assert sorted(heard) == [False, True]
    assert state(database, "a") is (JobState.SUCCEEDED, JobState.FAILED)[heard.index(True)]
    with database.writing() as connection:
        assert not jobs.answer_doubt(connection, "b", JobState.FAILED, Verdict(Ruling.SKIP), NOW)
    assert state(database, "b") is JobState.DUE
