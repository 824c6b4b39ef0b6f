"""Schedules where there are several servers, and clocks that are not as they look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.core.rules import cron
from bridge.core.rules.parser import parse
from bridge.core.rules.rule import Schedule
from bridge.core.rules.schedules import either_day
from bridge.core.yaml_document import read
from bridge.pipeline.decide.scheduled_events import Timing
from bridge.pipeline.server_lease import Lease
from bridge.rulebook import compile_sources
from bridge.store.database import Database
from bridge.store.observations import events as event_store
from bridge.store.observations import snapshots
from tests.core.builders import NOW, VOCABULARY

SERVERS = ("hq", "east", "west")
WORDS = replace(VOCABULARY, servers=SERVERS)
WHEN = 'when: {schedule: {cron: "*/5 * * * *", zone: UTC%s}}'
TELL = "do: [{notify: {to: boss, title: good morning}}]"
RESTART = "do: [{call: bond.restart, with: {bond: 3}}]"


def written(rest: str, server: str = "") -> str:
    """A rule for every five minutes."""
    return f"id: a\n{WHEN % server}\n{rest}\n"


@pytest.mark.parametrize(
    ("text", "servers", "notes"),
    [
        (written(TELL), ["hq"], 0),
        (written(f"if: view.leg(1) != null\n{TELL}"), ["hq", "east", "west"], 1),
        (
            written("do: [{notify: {to: boss, title: '${server} is well'}}]"),
            ["hq", "east", "west"],
            1,
        ),
        (
            written("do: [{notify: {to: boss, title: '${event.server} is well'}}]"),
            ["hq", "east", "west"],
            1,
        ),
        (written(RESTART), ["hq", "east", "west"], 1),
        (written(RESTART, ", server: east"), ["east"], 0),
        (written(TELL, ", server: west"), ["west"], 0),
        (written(TELL, ', server: "*"'), ["hq", "east", "west"], 0),
        (written(RESTART, ', server: "*"'), ["hq", "east", "west"], 0),
    ],
)
def test_a_schedule_is_followed_where_it_is_meant(
    database: Database, text: str, servers: list[str], notes: int
) -> None:
    """Once where it only tells; on each where it asks or does something there, which is noted; or
    where it says.
    """
    book = compile_sources({"rules/a.yaml": text}, WORDS)
    now = [NOW]
    timing = Timing(database, lambda: now[0], SERVERS)
    for _ in range(2):
        for server in SERVERS:
            with database.writing() as connection:
                snapshots.ensure_server(connection, server)
                fence = event_store.claim_deciding(connection, server, 15.0)
            assert fence is not None
            timing.run(Lease(database, server, fence), book)
            with database.writing() as connection:
                event_store.release_deciding(connection, server, fence)
        now[0] += timedelta(minutes=5)
    with database.reading() as connection:
        came = [each for each in SERVERS if event_store.undecided(connection, each, 10)]
    assert came == servers
    assert len(book.rules[0].notes) == notes


def test_a_server_that_is_none_is_refused() -> None:
    """By its nearest name; with one server nothing is noted."""
    _, (problem,) = parse(read(written(TELL, ", server: eats"), "a.yaml"), WORDS)
    assert (problem.what, problem.mend) == ("no server is called 'eats'", "did you mean 'east'?")
    (alone,), _ = parse(read(written(RESTART), "a.yaml"), replace(WORDS, servers=("hq",)))
    assert alone.notes == ()


@pytest.mark.parametrize(
    ("cron", "noted"),
    [
        ("0 7 1-7 * mon", True),
        ("0 7 1 * 1-5", True),
        ("0 7 * * mon", False),
        ("0 7 1-7 * *", False),
        ("0 7 */2 * mon", False),
        ("0 7 1 * */2", False),
    ],
)
def test_days_of_which_either_will_do_are_noted(cron: str, noted: bool) -> None:
    """The first Monday of a month cannot be written as `1-7 * mon`: that is every one of both."""
    assert bool(either_day(cron)) == noted
    (rule,), _ = parse(read(written(TELL).replace("*/5 * * * *", cron), "a.yaml"), VOCABULARY)
    assert [problem.key for problem in rule.notes] == (["when.schedule.cron"] if noted else [])


def test_the_clock_does_what_is_noted() -> None:
    """Beside a star both must fit; else either will do."""

    def days(expression: str) -> list[int]:
        found = []
        at = datetime(2026, 6, 1, tzinfo=UTC)
        while (at := cron.following(Schedule(expression, "UTC"), at)).month == 6:
            found.append(at.day)
        return found

    assert days("0 7 1-3 * mon") == [1, 2, 3, 8, 15, 22, 29]
    assert days("0 7 */2 * mon") == [1, 15, 29]
