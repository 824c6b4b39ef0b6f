"""One question, many answers at once: one counts, all are told the same, and what follows happens
once.
"""

import multiprocessing
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bridge.core.model import JobState, Reason, Ruling, Verdict
from bridge.pipeline.approvals.approver import Approver
from bridge.pipeline.approvals.eligibility import Answerer
from bridge.pipeline.messages.question_jobs import ChannelSize
from bridge.store.database import Database
from bridge.store.decisions import approvals, decisions
from bridge.store.decisions.approvals import Terms
from bridge.store.tables import events, jobs, verdicts
from tests.store.builders import decision, job, later, owe, together

from .harness import ANA, BOB, scene

PLACES = {"noc": ChannelSize(2, 3)}
EXPIRES = later(60)

# (what somebody does, the second at which their clock stands)
RIVALS = [("yes", 59), ("no", 59), ("expire", 60), ("yes", 60)] * 2


def asked(database: Database) -> str:
    """A question about one call that is held."""
    held = job("j1", state=JobState.HELD)
    owe(database, held)
    verdict = Verdict(Ruling.ASK, Reason.APPROVAL, "the rule asks noc")
    with database.writing() as connection:
        row = approvals.ask(
            connection, decision(held), (held,), verdict, Terms("noc"), later(0), EXPIRES
        )
    assert row is not None
    return str(row["id"])


def act(database: Database, name: str, what: str, now: datetime, who: str) -> tuple[str, str, bool]:
    """One rival does what they came for; how they are told it stands."""
    approver = Approver(database, lambda: now, PLACES)
    if what == "expire":
        approver.expire()
        return "", "", False
    given = approver.decide(name, yes=what == "yes", by=Answerer(who, who))
    return given.state, given.who, given.first


def compete(url: str, name: str, number: int, barrier: Any, told: Any) -> None:
    """A rival in a process of its own."""
    database = Database(url)
    what, second = RIVALS[number]
    barrier.wait()
    told.put(act(database, name, what, later(second), f"rival {number}"))
    database.close()


def settled(database: Database, name: str, told: list[tuple[str, str, bool]]) -> None:
    """One answer counts; everybody was told that one; its event, its verdict and what tells of it
    are there once.
    """
    with database.reading() as connection:
        row = approvals.get(connection, name)
        happened = [
            each
            for each in connection.execute(select(events.c.type)).scalars()
            if each.startswith("approval.")
        ]
        made = connection.execute(
            select(jobs.c.action, jobs.c.state).where(jobs.c.parent == name)
        ).all()
        (state,) = connection.execute(select(jobs.c.state).where(jobs.c.id == "j1")).scalars()
        judged = connection.execute(select(verdicts.c.seq).where(verdicts.c.job == "j1")).all()
    assert row is not None
    assert {each[:2] for each in told if each[0]} == {(row["state"], row["who"])}
    assert sum(first for *_, first in told) == (row["state"] != "expired")
    assert happened == [f"approval.{row['state']}"]
    assert Counter(each.action for each in made) == {"notify": 2, "post": 3}
    assert state == ("due" if row["state"] == "granted" else "skipped")
    assert len(judged) == 1


@pytest.mark.parametrize("_again", range(3))
def test_threads(database: Database, _again: int) -> None:
    """Yes, no and the end of time in eight threads, each with connections of its own."""
    name = asked(database)

    def rival(number: int) -> tuple[str, str, bool]:
        mine = Database(database.engine.url.render_as_string(hide_password=False))
        try:
            what, second = RIVALS[number]
            return act(mine, name, what, later(second), f"rival {number}")
        finally:
            mine.close()

    settled(database, name, together(len(RIVALS), rival))


@pytest.mark.takes(10)
def test_processes(database: Database) -> None:
    """The same in processes, as workers and web are."""
    name = asked(database)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(4)
    told = context.Queue()
    url = database.engine.url.render_as_string(hide_password=False)
    rivals = [
        context.Process(target=compete, args=(url, name, number, barrier, told))
        for number in range(4)
    ]
    for each in rivals:
        each.start()
    heard = [told.get(timeout=300) for _ in rivals]
    for each in rivals:
        each.join(30)
    settled(database, name, heard)


def test_an_answer_against_a_newer_decision(database: Database) -> None:
    """A decision takes the place of what somebody says yes to: either it is done, or it is
    withdrawn, never both.
    """
    name = asked(database)

    def rival(number: int) -> str:
        if number:
            return act(database, name, "yes", later(1), "ana")[0]
        with database.writing() as connection:
            decisions.supersede(
                connection, decision(identifier="d2", supersedes=("d1",), at=later(1))
            )
        return ""

    together(2, rival)
    with database.reading() as connection:
        row = approvals.get(connection, name)
        state = connection.execute(select(jobs.c.state).where(jobs.c.id == "j1")).scalar_one()
    assert row is not None
    # after the yes it had not begun, so the newer decision ends it all the same
    assert (row["state"], state) in {("granted", "skipped"), ("expired", "skipped")}


def test_two_people_press_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over HTTP, each twice: one counts, it is done once or not at all, and the other is remembered
    as late.
    """
    with scene(tmp_path, monkeypatch) as here:
        here.ask()
        buttons = list(here.buttons().values())
        answers = together(4, lambda n: here.press(buttons[n % 2], (ANA, BOB)[n % 2], at=n))
        assert [each.status_code for each in answers] == [200] * 4
        state = here.question()["state"]
        assert here.restarts() == (state == "granted")
        assert len(here.events("approval.granted") + here.events("approval.denied")) == 1
        first, late = (
            ("ana (slack/UANA)", "bob") if state == "granted" else ("bob", "ana (slack/UANA)")
        )
        refused = {
            (each["who"], each["why"].partition(":")[0]) for each in here.events("approval.refused")
        }
        assert refused == {(late, "too late"), (first, "they had said so already")}
