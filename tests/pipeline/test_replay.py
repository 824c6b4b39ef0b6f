"""The decision log, made again from what was kept."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Connection, select

from bridge.core.events.schema import VIEWED
from bridge.core.value_types import misfits
from bridge.pipeline.backtest.decision_replay import log_live, log_replayed
from bridge.store.decisions import decisions
from bridge.store.tables import events, facts, objects, verdicts
from tests.pipeline.harness import EPOCH, RULES, Stage, staged

# an hour with its polls and notices that find nobody takes a while on a busy machine
pytestmark = [pytest.mark.timeout(1800), pytest.mark.takes(together=25)]  # and is made once

MANY = (
    RULES
    + """
- id: lasting
  when: leg.down
  for: 2m
  do: [{notify: {to: noc, title: "leg ${leg.name} of ${bond.name} is down"}}]
- id: together
  when: leg.down
  group: {wait: 90s, most: 50}
  guard: {cooldown: {every: 5m, per: bond}}
  do: [{notify: {to: noc, title: "${size(events)} legs are down"}}]
- id: thrice
  when: {count: {of: "leg.*", over: 20m, at_least: 3, per: leg}}
  do: [{notify: {to: noc, title: "leg ${leg.name} comes and goes"}}]
- id: no-return
  when: {absent: {after: leg.down, of: leg.up, within: 5m, per: leg}}
  do: [{notify: {to: noc, title: "leg ${leg.name} does not come back"}}]
- id: asks
  when: leg.down
  if: leg.id == 5
  guard: {approval: {from: noc, expires: 10m}}
  do: [{call: leg.detect_mtus, with: {leg: "${leg.id}"}}]
- id: slowly
  when: leg.down
  guard: {rate: {most: 1, every: 5m}}
  do:
    - call: leg.detect_mtus
      with: {leg: "${leg.id}"}
      retry: {on: [refused], every: 1m, until: 30m}
- id: says
  when: [leg.up, leg.down]
  mode: dry_run
  if: view.leg(leg.id).standing != "unknown"
  do: [{call: leg.detect_mtus, with: {leg: "${leg.id}"}}]
- id: wordless
  when: leg.down
  do:
    - notify: {to: noc, title: "${1 / (leg.id - leg.id)} legs are down"}
    - {if: 1 / (leg.id - leg.id) > 0, notify: {to: noc}}
"""
)


def an_hour(stage: Stage) -> None:
    """Legs fail and come back, one does not, an aggregator fails, people ask for restarts, and
    acting is paused a while.
    """
    steering = stage.bridge.steering
    for minute in range(60):
        if minute % 7 == 1:
            stage.set("leg", 1 + minute % 6, "state", "down")
            stage.set("leg", 5, "state", "down")
        if minute % 7 == 4:
            stage.set("leg", 1 + (minute - 3) % 6, "state", "up")
            stage.set("leg", 5, "state", "up")
        if minute in (9, 11, 33):
            stage.webhook(1, str(minute))
        if minute in (20, 40):
            stage.set("aggregator", 3, "broken", value=minute == 20)
        if minute == 30:
            steering.pause("", "ana", "looks")
        if minute == 36:
            steering.resume("", "ana")
            for asked in steering.questions():
                steering.answer(asked["id"], yes=True, who="ana")
        stage.bridge.approver.expire()
        stage.live(60, step=60)


@pytest.fixture(name="hour", scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage on which an hour has passed. What a test changes of it, it takes back."""
    with staged(tmp_path_factory.mktemp("hour"), rules=MANY, live=False) as stage:
        an_hour(stage)
        yield stage


def _both(stage: Stage, connection: Connection) -> tuple[list[str], list[str]]:
    since = EPOCH
    until = EPOCH + timedelta(days=1)
    replayed = log_replayed(connection, since, until, stage.bridge.keeper.vocabulary)
    return list(log_live(connection, since, until)), list(replayed)


def test_an_hour_is_made_again(hour: Stage) -> None:
    """Every verdict of it, each kind of wait and of every guard that stopped something, comes out
    the same, byte for byte.
    """
    with hour.bridge.database.reading() as connection:
        live, replayed = _both(hour, connection)
        reasons = set(connection.execute(select(verdicts.c.reason)).scalars())
    for one, other in zip(live, replayed, strict=True):
        assert one == other
    assert len(live) > 200
    assert reasons >= {None, "condition", "count", "cooldown", "dry_run"}
    assert reasons >= {"for", "group", "absent", "came", "approval", "paused", "rate"}


def test_a_rule_that_loses_its_words_or_a_step_is_yellow(hour: Stage) -> None:
    """Each notice is told, with the headline and why; what could not be written and what was left
    out are verdicts.
    """
    with hour.bridge.database.reading() as connection:
        (yellow,) = decisions.yellow(connection, EPOCH)
        made = select(verdicts.c.ruling, verdicts.c.job.is_(None)).where(
            verdicts.c.reason == "condition_error"
        )
        said = {tuple(row) for row in connection.execute(made)}
    assert yellow["rule"] == "wordless"
    assert said == {("act", False), ("skip", True)}
    told = [job for job in hour.jobs() if job["rule"] == "wordless"]
    assert told
    assert all(
        "is down" in job["request"]["title"] and "could not be" in job["request"]["body"]
        for job in told
    )


def test_a_log_does_not_know_how_it_was_read(hour: Stage) -> None:
    """Cut into stretches of time it is the same log, and so it is the second time."""
    cuts = [EPOCH + timedelta(minutes=minute) for minute in (0, 7, 21, 40, 1440)]
    with hour.bridge.database.reading() as connection:
        _, whole = _both(hour, connection)
        parts = [
            line
            for since, until in pairwise(cuts)
            for line in log_replayed(connection, since, until, hour.bridge.keeper.vocabulary)
        ]
    assert sorted(parts) == sorted(whole)


def test_facts_that_were_touched_show(hour: Stage) -> None:
    """A verdict that does not follow from its facts is a line that differs, and so is a question
    that was not kept.
    """
    with hour.bridge.database.reading() as connection:
        rows = connection.execute(facts.select()).all()
        viewed = next(
            row for row in rows if any(key.startswith("view ") for key in row.body["asked"])
        )
        connection.execute(
            facts.update()
            .where(facts.c.hash == viewed.hash)
            .values(body={**viewed.body, "asked": {}})
        )
        counted = next(
            row for row in rows if any(key.startswith("counted ") for key in row.body["asked"])
        )
        asked = {
            key: 7 if key.startswith("counted ") else value
            for key, value in counted.body["asked"].items()
        }
        connection.execute(
            facts.update()
            .where(facts.c.hash == counted.hash)
            .values(body={**counted.body, "asked": asked})
        )
        live, replayed = _both(hour, connection)
        connection.rollback()
    differs = [other for one, other in zip(live, replayed, strict=True) if one != other]
    assert len(differs) >= 2
    assert any("it asks what was not asked then" in line for line in differs)


def test_a_time_that_was_set_right_later_changes_nothing(hour: Stage) -> None:
    """Verdicts were made from an event's time as it was known then; that is kept with them."""
    with hour.bridge.database.reading() as connection:
        times = connection.execute(
            select(events.c.id, events.c.time).where(events.c.type == "leg.down")
        ).all()
        for name, time in times:
            connection.execute(
                events.update().where(events.c.id == name).values(time=time - timedelta(seconds=11))
            )
        live, replayed = _both(hour, connection)
        connection.rollback()
    assert live == replayed


def test_the_rule_as_it_was_decides(hour: Stage) -> None:
    """What the files say now makes no difference: every rulebook that decided something is
    remembered.
    """
    (hour.folder / "rules" / "rules.yaml").write_text(RULES.replace("30m", "31m"), encoding="utf-8")
    hour.set("leg", 2, "state", "down")
    hour.live(120)
    with hour.bridge.database.reading() as connection:
        live, replayed = _both(hour, connection)
    assert live == replayed


def test_what_happened_in_an_hour_fits_what_rules_are_checked_against(hour: Stage) -> None:
    """Every event of it has values of the types that conditions are checked by; and so has all that
    the view shows.
    """
    types_of = hour.bridge.keeper.vocabulary.event_types
    with hour.bridge.database.reading() as connection:
        recorded = connection.execute(select(events.c.type, events.c.data)).all()
        shown = connection.execute(select(objects.c.kind, objects.c.body)).all()
    for name, data in recorded:
        assert list(misfits(data, types_of[name].shape["event"]["data"], name)) == []
    for kind, body in shown:
        assert list(misfits(body, VIEWED[kind], kind)) == []
