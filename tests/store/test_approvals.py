"""Questions to people: put once, answered once."""

import pytest
from sqlalchemy import RowMapping

from bridge.core.model import Job, JobState, Reason, Ruling, Verdict
from bridge.store.database import Database
from bridge.store.decisions import approvals, decisions, jobs
from bridge.store.decisions.approvals import Terms

from .builders import NOW, decision, job, later, owe, together

WHY = Verdict(Ruling.ASK, Reason.APPROVAL, "the rule asks noc")


def ask(database: Database, *about: Job, verdict: Verdict = WHY) -> RowMapping | None:
    """Put a question about these jobs that stands for a minute."""
    owe(database, *about)
    with database.writing() as connection:
        return approvals.ask(
            connection, decision(*about), about, verdict, Terms("noc"), NOW, later(60)
        )


def settle(database: Database, name: str, state: str, at: float = 0, who: str = "ann") -> bool:
    """Answer it."""
    with database.writing() as connection:
        return approvals.settle(connection, name, state, who, later(at))


def test_a_question_is_put_once(database: Database) -> None:
    """The same plan for the same reason is one question; another plan or another reason is
    another.
    """
    first = ask(database, job("j1"))
    assert first is not None
    assert (first["state"], first["to"], first["expires_at"]) == ("asked", "noc", later(60))
    assert ask(database, job("j1")) is None
    other = {"operation": "bond.restart", "arguments": {"bond": 4}}
    assert ask(database, job("j1", request=other)) is not None
    assert (
        ask(database, job("j1"), verdict=Verdict(Ruling.ASK, Reason.ROLLOUT, "stopped")) is not None
    )
    with database.reading() as connection:
        assert len(approvals.waiting(connection)) == 3
        assert [row["id"] for row in approvals.find(connection, first["id"][:12])] == [first["id"]]
        assert approvals.find(connection, "%") == []
        assert approvals.get(connection, "nothing") is None


@pytest.mark.parametrize(
    ("state", "at", "heard"),
    [
        ("granted", 59, True),
        ("granted", 60, False),
        ("denied", 59, True),
        ("denied", 60, False),
        ("expired", 60, True),
    ],
)
def test_an_answer_counts_until_the_time_is_over(
    database: Database, state: str, at: float, heard: bool
) -> None:
    """A yes or no at the very end is too late; that nobody answered is noted then."""
    row = ask(database, job("j1"))
    assert settle(database, row["id"], state, at) is heard
    with database.reading() as connection:
        assert approvals.get(connection, row["id"])["state"] == (state if heard else "asked")
        assert approvals.expiring(connection, later(59)) == []
        assert approvals.expiring(connection, later(60)) == ([] if heard else [row["id"]])


def test_the_first_answer_wins(database: Database) -> None:
    """Of four who answer at once one is heard, and the answer stays."""
    row = ask(database, job("j1"))
    heard = together(
        4,
        lambda number: settle(
            database, row["id"], ("granted", "denied")[number % 2], who=str(number)
        ),
    )
    assert sum(heard) == 1
    assert not settle(database, row["id"], "expired", 99)
    with database.reading() as connection:
        assert approvals.get(connection, row["id"])["who"] == str(heard.index(True))
        assert approvals.waiting(connection) == []


def test_what_was_held_goes_on_when_somebody_says_yes(database: Database) -> None:
    """Held jobs take their turn from now on, fresh, in the order of their steps."""
    owe(database, job("a", state=JobState.HELD), job("b", 1, state=JobState.HELD, action="notify"))
    with database.writing() as connection:
        assert [one.id for one in jobs.release(connection, "d1", later(3000))] == ["a", "b"]
        first, second = jobs.of_decision(connection, "d1")
    assert (first.state, first.due_at, first.not_after) == (JobState.DUE, later(3000), later(3900))
    assert (second.state, second.not_after) == (JobState.WAITING, later(3900))


def test_a_stopped_rollout_goes_on_when_somebody_says_yes(database: Database) -> None:
    """The next batch goes without a pause, and how the one before ended stops it no more; the batch
    after it waits.
    """
    spec = {"pause": 120.0, "stop_on": ["failed"]}
    owe(
        database,
        job("a", state=JobState.FAILED, rollout={"batch": 0, **spec}),
        job("b", state=JobState.HELD, rollout={"batch": 1, **spec}),
        job("c", state=JobState.HELD, rollout={"batch": 2, **spec}),
    )
    with database.writing() as connection:
        jobs.release(connection, "d1", later(30))
        found = jobs.of_decision(connection, "d1")
    assert [(one.id, one.state) for one in found] == [
        ("a", JobState.FAILED),
        ("b", JobState.DUE),
        ("c", JobState.WAITING),
    ]
    assert found[1].due_at == later(30)


def test_a_question_about_what_was_given_up_is_withdrawn(database: Database) -> None:
    """A later decision takes the place of what was asked about: no yes counts any more, and other
    questions stand.
    """
    given_up = ask(database, job("j1"))
    theirs = job("j2", decision="d2")
    assert given_up is not None
    owe(database, theirs, identifier="d2", rule="r2")
    with database.writing() as connection:
        approvals.ask(
            connection,
            decision(theirs, identifier="d2", rule="r2"),
            (theirs,),
            WHY,
            Terms("noc"),
            NOW,
            later(60),
        )
        decisions.supersede(connection, decision(identifier="d3", supersedes=("d1",)))
        assert [row["decision"] for row in approvals.waiting(connection)] == ["d2"]
    assert not settle(database, given_up["id"], "granted")
