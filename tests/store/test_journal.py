"""Reading what happened."""

import pytest

from bridge.core.decisions.retry import Next
from bridge.core.model import JobState, Outcome
from bridge.store import rulebooks
from bridge.store.database import Database
from bridge.store.decisions import decisions, jobs
from bridge.store.observations import events, snapshots
from bridge.store.views import journal
from bridge.store.views.journal import Window

from .builders import LEASE, NOW, decision, event, job, later, owe


def record(database: Database, *names: str, kind: str = "leg.down") -> None:
    """Write events of these ids."""
    with database.writing() as connection:
        events.record(connection, [event(name, kind) for name in names])


def ids(page: journal.Page) -> list[str]:
    """The ids on a page."""
    return [row["id"] for row in page.rows]


def test_pages_go_back_to_the_beginning(database: Database) -> None:
    """Newest first, each page goes on where the one before ended, and the last one says so."""
    record(database, *(f"e{n}" for n in range(7)))
    seen = []
    before = None
    with database.reading() as connection:
        for _ in range(3):
            page = journal.list_events(connection, Window(limit=3, before=before))
            seen.append(ids(page))
            before = page.next
    assert seen == [["e6", "e5", "e4"], ["e3", "e2", "e1"], ["e0"]]
    assert before is None


def test_a_page_stays_the_same_page_while_rows_arrive(database: Database) -> None:
    """What is recorded between two pages neither repeats nor hides a row, in either direction."""
    record(database, "a", "b", "c", "d")
    with database.reading() as connection:
        first = journal.list_events(connection, Window(limit=2))
        forward = journal.list_events(connection, Window(limit=2, after=0))
    record(database, "e", "f")
    with database.reading() as connection:
        assert ids(journal.list_events(connection, Window(limit=2, before=first.next))) == [
            "b",
            "a",
        ]
        rest = journal.list_events(connection, Window(after=forward.next))
    assert (ids(first), ids(forward), ids(rest), rest.next) == (
        ["d", "c"],
        ["a", "b"],
        ["c", "d", "e", "f"],
        None,
    )


@pytest.mark.parametrize(("limit", "count"), [(-5, 1), (0, 1), (2, 2), (10**9, 3)])
def test_a_page_has_at_least_one_row_and_at_most_so_many(
    database: Database, limit: int, count: int
) -> None:
    """Whatever is asked for, a page is bounded."""
    record(database, "a", "b", "c")
    with database.reading() as connection:
        assert len(journal.list_events(connection, Window(limit=limit)).rows) == count


@pytest.mark.parametrize(
    ("like", "found"),
    [
        (None, ["d", "c", "b", "a"]),
        ("leg.down", ["a"]),
        ("leg.*", ["b", "a"]),
        ("*.down", ["a"]),
        ("*", [*"dcba"]),
        ("leg_down", []),
        ("leg%", []),
        ("bond.failed_over", ["c"]),
        ("LEG.*", []),
        ("webhook.a\\*", ["d"]),
    ],
)
def test_events_are_found_by_type_or_pattern(
    database: Database, like: str | None, found: list[str]
) -> None:
    """Only the star is a pattern: what the database itself would take for one is a letter, and
    letters have their case.
    """
    for name, kind in (
        ("a", "leg.down"),
        ("b", "leg.up"),
        ("c", "bond.failed_over"),
        ("d", "webhook.a\\b"),
    ):
        record(database, name, kind=kind)
    with database.reading() as connection:
        assert ids(journal.list_events(connection, Window(), like)) == found


def test_decisions_and_jobs_are_found_by_what_became_of_them(database: Database) -> None:
    """One ruling, one state, or all of them."""
    owe(database, job("j1"), job("j2", 1))
    with database.reading() as connection:
        assert ids(journal.list_decisions(connection, Window())) == ["d1"]
        assert ids(journal.list_decisions(connection, Window(), "skip")) == []
        assert ids(journal.list_decisions(connection, Window(), "act")) == ["d1"]
        assert ids(journal.list_jobs(connection, Window())) == ["j2", "j1"]
        assert ids(journal.list_jobs(connection, Window(), "waiting")) == ["j2"]


@pytest.mark.parametrize(
    ("beginning", "found"),
    [
        ("abc1", ["abc1"]),
        ("abc", ["abc1", "abc2"]),
        ("x", []),
        ("", []),
        ("%", []),
        ("a_c", []),
        ("'", []),
    ],
)
def test_ids_are_found_by_their_beginning(
    database: Database, beginning: str, found: list[str]
) -> None:
    """Enough of an id to be the only one is enough, and no letter is a pattern."""
    record(database, "abc1", "abc2", "def")
    with database.reading() as connection:
        assert sorted(journal.find(connection, "events", beginning)) == found


def test_an_events_story_is_whole(database: Database) -> None:
    """The event, each decision with its facts and verdicts, each job with its attempts, and nothing
    of other events.
    """
    owe(database, job("j1"), job("j2", 1, action="notify"))
    with database.writing() as connection:
        events.record(connection, [event("e2")])
        decisions.record(
            connection,
            [decision(job("k", decision="d3", event="e2"), identifier="d3", event_id="e2")],
        )
        decisions.record(
            connection, [decision(identifier="d2", rule="r2", facts={"mode": "dry_run"})]
        )
        mine = jobs.begin(connection, jobs.claim(connection, "j1", NOW, LEASE), "send", NOW, LEASE)
        jobs.end_attempt(connection, mine, Outcome.DONE, "200", NOW)
        jobs.move_on(connection, jobs.settle(connection, mine, Next(JobState.SUCCEEDED), NOW), NOW)
    with database.reading() as connection:
        story = journal.story(connection, "e1")
        assert journal.story(connection, "nothing") is None
    assert (story["id"], [each["id"] for each in story["decisions"]]) == ("e1", ["d1", "d2"])
    first, second = story["decisions"]
    assert (first["facts_read"], second["facts_read"]) == ({"mode": "live"}, {"mode": "dry_run"})
    assert [(each["id"], each["state"], len(each["tried"])) for each in first["jobs"]] == [
        ("j1", "succeeded", 1),
        ("j2", "due", 0),
    ]
    assert first["jobs"][0]["tried"][0]["detail"] == "200"
    assert [len(each["verdicts"]) for each in story["decisions"]] == [1, 1]
    assert second["jobs"] == []


def test_a_story_without_decisions_is_one_all_the_same(database: Database) -> None:
    """An event that no rule met can be read."""
    record(database, "e1")
    with database.reading() as connection:
        assert journal.story(connection, "e1")["decisions"] == []


def test_what_waits_is_counted(database: Database) -> None:
    """Each number counts what its name says."""
    owe(
        database,
        job("due"),
        job("late", not_after=later(-1)),
        job("waiting", 1),
        job("doubt", state=JobState.IN_DOUBT),
        job("failed", state=JobState.FAILED),
        job("done", state=JobState.SUCCEEDED, not_after=later(-1)),
    )
    record(database, "e2")
    with database.writing() as connection:
        events.mark_decided(connection, [event("e1")])
        snapshots.ensure_scopes(
            connection, "main", {"legs": snapshots.TIMED, "bonds": snapshots.TIMED}, NOW
        )
        snapshots.reschedule(
            connection, snapshots.claim_scope(connection, "main", "legs", LEASE), NOW, "broken"
        )
    with database.reading() as connection:
        assert journal.counts(connection, NOW) == {
            "events": 2,
            "undecided": 1,
            "jobs_open": 3,
            "jobs_late": 1,
            "jobs_in_doubt": 1,
            "jobs_failed": 1,
            "scopes_failing": 1,
        }


def test_the_newest_rulebook_is_the_one_adopted_last(database: Database) -> None:
    """Going back to an older rulebook makes it the newest again."""
    with database.reading() as connection:
        assert rulebooks.newest(connection) is None
    for moment, name in enumerate(["one", "two", "one"]):
        with database.writing() as connection:
            rulebooks.adopt(connection, name, {"rules/x.yaml": name}, later(moment))
        with database.reading() as connection:
            assert rulebooks.newest(connection) == {"rules/x.yaml": name}
