"""Storms: however much happens at once, people get few messages, each right, and the story has
everything.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bridge.core.durations import spoken
from bridge.core.events import builder, schema
from bridge.core.events.builder import EVENTS
from bridge.core.incidents import QUIET
from bridge.core.model import Event
from bridge.core.objects.object_schemas import BODIES
from bridge.store.notifications import destinations
from bridge.store.observations import events as event_store
from bridge.store.tables import attempts, jobs
from bridge.store.tables import events as event_rows
from bridge.store.views import journal
from bridge.store.views.journal import Window
from tests.notifications.json_service import Service, serving
from tests.notifications.leg_events import passes
from tests.pipeline.harness import Stage, staged
from tests.rollout.failover import FEW, fail_and_recover, fleet

SHIPPED = Path(__file__).parent.parent.parent / "rules"
NAMES = ("legs", "bonds", "incidents", "failover", "bridge", "system")


@contextmanager
def stormy(
    folder: Path, policy: str = "", bonds: tuple[int, int] = (0, 6)
) -> Iterator[tuple[Stage, Service]]:
    """A stage with the rules that ship; so many bonds on the aggregator that will fail, and others
    elsewhere.
    """
    rules = "\n".join((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8") for name in NAMES)
    with (
        serving() as service,
        staged(
            folder,
            rules=rules,
            channel=service.url,
            telling=policy,
            live=False,
            off=FEW,
            world=fleet(*bonds),
        ) as stage,
    ):
        service.heard.clear()
        yield stage, service


def recorded(stage: Stage, name: str) -> list[Event]:
    """All events of one type."""
    with stage.bridge.database.reading() as connection:
        ids = (
            connection.execute(select(event_rows.c.id).where(event_rows.c.type == name))
            .scalars()
            .all()
        )
        return event_store.several(connection, list(ids))


def _failover(folder: Path, many: int, others: int) -> None:
    with stormy(folder, bonds=(many, others)) as (stage, service):
        fail_and_recover(stage)
        stage.live(6 * 60)
        downs = recorded(stage, "leg.down")
        legs = {event.subject for event in downs}
        assert len({event.data["bond"]["id"] for event in downs}) == many
        assert len(recorded(stage, "bond.failed_over")) == many
        titles = service.titles()
        assert len(titles) <= 3, titles
        assert re.fullmatch(rf"aggregator \S+: {many} bonds have lost legs at once", titles[0])
        assert f"{len(legs)} legs, since" in service.heard[0]["message"]
        assert titles[-1] == f"resolved: {titles[0]}"
        assert f"{many} bonds, {len(legs)} legs" in service.heard[-1]["message"]
        _lasted_as_long_as_it_says(stage, service.heard[-1]["message"])
        assert stage.bridge.follower.open() == []


def _lasted_as_long_as_it_says(stage: Stage, message: str) -> None:
    """From when its first leg was down until its aggregator was well: the message, the events and
    the list agree.
    """
    broken, mended = (line["at"] for line in stage.sim.world.truth if line["what"] == "broken")
    (opened,), (ended,) = (
        recorded(stage, name) for name in ("aggregator.suspected", "incident.ended")
    )
    with stage.bridge.database.reading() as connection:
        (row,) = journal.list_incidents(connection, Window()).rows
    assert (opened.time, ended.time) == (row["began"], row["ended"])
    assert f"it lasted {spoken((row['ended'] - row['began']).total_seconds())}" in message
    assert opened.time >= datetime.fromisoformat(broken)
    assert timedelta(0) <= ended.time - datetime.fromisoformat(mended) <= timedelta(minutes=1), (
        "a check and a poll later"
    )
    assert ended.seen_at - ended.time <= QUIET + timedelta(minutes=1)


@pytest.mark.takes(12)
@pytest.mark.timeout(1800)
def test_a_failover_is_three_messages(tmp_path: Path) -> None:
    """An aggregator fails under 60 bonds: told with all of its bonds and legs, confirmed, over; no
    bond by itself.
    """
    _failover(tmp_path, 60, 30)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_failover_of_1000_bonds_is_three_messages(tmp_path: Path) -> None:
    """The same with an aggregator as large as they come."""
    _failover(tmp_path, 1000, 200)


def _turns(stage: Stage, name: str, legs: range) -> None:
    """Legs of as many bonds go down or come up, one by one within a minute, decided and told as
    they do.
    """
    n = len(recorded(stage, name))
    step = -(-len(legs) // 12)
    for start in range(0, len(legs), step):
        now = stage.now()
        some = legs[start : start + step]
        with stage.bridge.database.writing() as connection:
            event_store.record(connection, [_turn(name, leg, n, now) for leg in some])
        stage.work()
        stage.sim.advance(5)


def _turn(name: str, leg: int, n: int, now: object) -> Event:
    body = {**schema.blank(BODIES["leg"]), "id": leg, "bond": leg, "name": f"line {leg}"}
    data = {
        "leg": body,
        "bond": builder.bond_noun(leg, None, None),
        "old": None,
        "new": body,
        "changed": [],
        "over": False,
    }
    return builder.make(
        EVENTS[name],
        server="demo",
        subject=f"leg/{leg}",
        n=n,
        time=now,
        seen_at=now,
        data={**data, "between": None},
    )


def _counted(titles: list[str], name: str) -> int:
    return sum(
        int(count) for title in titles for count in re.findall(rf"(\d+) {re.escape(name)}", title)
    )


@pytest.mark.takes(30)
@pytest.mark.timeout(1800)
def test_a_thousand_outages_are_two_messages_and_a_thousand_stories(tmp_path: Path) -> None:
    """Independent outages within a minute, and their ends: two messages each, and each story says
    in which it was told.
    """
    with stormy(tmp_path, ", digest: 1m") as (stage, service):
        _turns(stage, "leg.down", range(5001, 6001))
        for _ in range(3):
            passes(stage, 60)
        assert len(service.heard) <= 2, service.titles()
        assert _counted(service.titles(), "leg.down") == 1000
        assert len(recorded(stage, "leg.down")) == 1000
        assert recorded(stage, "incident.opened") == recorded(stage, "aggregator.suspected") == []
        _each_story_says_so(stage, 1000)
        service.heard.clear()
        _turns(stage, "leg.up", range(5001, 6001))
        for _ in range(3):
            passes(stage, 60)
        assert len(service.heard) <= 2, service.titles()
        assert _counted(service.titles(), "resolved") == 1000
        assert stage.bridge.follower.open() == []


def _each_story_says_so(stage: Stage, many: int) -> None:
    with stage.bridge.database.reading() as connection:
        told = select(jobs.c.event, jobs.c.state, attempts.c.detail).join(
            attempts, attempts.c.job == jobs.c.id
        )
        rows = connection.execute(told.where(jobs.c.action == "notify")).all()
    assert len({row.event for row in rows}) == len(rows) == many
    assert {row.state for row in rows} == {"succeeded"}
    said = Counter(
        int(re.findall(r"in one message with (\d+) others?", row.detail)[0]) + 1 for row in rows
    )
    assert all(count % size == 0 for size, count in said.items())
    story = stage.story(rows[0].event)
    assert "in one message with" in story["decisions"][0]["jobs"][0]["tried"][-1]["detail"]


def test_twelve_hours_of_which_the_service_is_away_for_six(tmp_path: Path) -> None:
    """Every begin and every end that was due arrives, each in its order and once, an end after or
    with its begin.
    """
    with stormy(tmp_path, ", rate: null") as (stage, service):
        legs = range(101, 119)
        for n in range(36):
            service.status = 503 if 9 <= n < 27 else 200
            turn = _turn("leg.up" if n % 2 else "leg.down", legs[n // 2], 1, stage.now())
            with stage.bridge.database.writing() as connection:
                event_store.record(connection, [turn])
            stage.work()
            passes(stage, 1200)
        for _ in range(6):
            passes(stage, 600)
        titles = service.titles()
        begins, ends = (
            [f"{word}leg line {leg} of ? is down" for leg in legs] for word in ("", "resolved: ")
        )
        both = [f"{begin}: resolved, it lasted 20m" for begin in begins]
        assert [
            title.partition(": resolved, ")[0] for title in titles if title in {*begins, *both}
        ] == begins
        assert [title for title in titles if title in {*ends, *both}] == [
            *ends[:5],
            *both[5:14],
            *ends[14:],
        ]
        assert all(
            titles.index(begins[n]) < titles.index(ends[n]) for n in (*range(5), *range(14, 18))
        )
        # that it was away is told when it is back: it is over by then
        (failing,) = [title for title in titles if "channel noc" in title]
        assert ": resolved, it lasted" in failing
        with stage.bridge.database.reading() as connection:
            assert destinations.dead(connection) == []
        assert stage.bridge.follower.open() == []
