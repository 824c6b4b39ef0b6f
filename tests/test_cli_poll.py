"""`bondbridge poll --once`: the essential scopes first, as many at once as the settings allow, and
never in silence.
"""

import json
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from bridge.cli.operate.poll_round import essential_first, poll_round
from bridge.store.column_types import now_of_database
from bridge.store.tables.snapshots import scopes
from tests.pipeline.harness import Stage
from tests.test_cli import Run, run, stage

__all__ = ["run", "stage"]

_AT_ONCE = 4


@pytest.fixture
def most_at_once(stage: Stage) -> Iterator[list[int]]:
    """How many scopes were being polled, looked at again and again."""
    seen = list[int]()
    done = threading.Event()
    held = (
        sa.select(sa.func.count())
        .select_from(scopes)
        .where(scopes.c.lease_until >= now_of_database())
    )

    def look() -> None:
        while not done.wait(0.01):
            with stage.bridge.database.reading() as connection:
                seen.append(connection.execute(held).scalar_one())

    looking = threading.Thread(target=look)
    looking.start()
    yield seen
    done.set()
    looking.join()


def test_polls_as_many_scopes_at_once_as_the_settings_allow(
    stage: Stage, run: Run, most_at_once: list[int]
) -> None:
    """A server whose every answer takes a while is polled by four at a time, never by more."""
    stage.sim.set_faults(latency=0.1)
    assert run("poll", "--once", "--scope", "bonds/*/tuners").code == 0
    assert max(most_at_once) == _AT_ONCE


def test_it_says_on_standard_error_how_far_it_is(
    stage: Stage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no bar can be drawn, lines: how many scopes there are, and how many are done. JSON
    stays JSON.
    """
    monkeypatch.setattr("bridge.cli.operate.poll_round._LINE_EVERY", 0.0)
    stage.set("leg", 1, "state", "down")
    ran = run("poll", "--once", "--scope", "[bl]*", "--json")
    assert "leg.down" in {each["type"] for each in json.loads(ran.out)}
    lines = ran.err.splitlines()
    total = int(lines[0].removeprefix("polling ").removesuffix(" scopes"))
    assert lines[1:] == [f"polled {n} of {total} scopes" for n in range(1, total)]


def test_what_is_polled_often_comes_first(stage: Stage) -> None:
    """Outages show at once, however many lists there are below the bonds."""
    names = ["bonds/1/tuners", "isos", "legs", "bonds/1/routes", "aggregators", "bonds"]
    ordered = [
        name for _, name in essential_first(stage.bridge, [("demo", name) for name in names])
    ]
    assert ordered == ["aggregators", "bonds", "legs", "isos", "bonds/1/tuners", "bonds/1/routes"]


def test_what_somebody_else_is_polling_is_polled_once_more(stage: Stage, run: Run) -> None:
    """The running bridge had it: by the end it is done with it. One that is held for longer is
    named, and the rest is there.
    """
    with stage.bridge.database.writing() as connection:
        held = (
            sa.update(scopes)
            .where(scopes.c.name == "bonds")
            .values(lease_until=sa.func.datetime("now", "+1 hour"))
        )
        connection.execute(held)
    stage.set("leg", 1, "state", "down")
    ran = run("poll", "--once", "--scope", "[bl]*s", "--json")
    assert (ran.code, "demo bonds: somebody else is polling it" in ran.err) == (3, True)
    assert "leg.down" in {each["type"] for each in json.loads(ran.out)}


def test_a_poll_that_is_given_up_begins_no_other(stage: Stage) -> None:
    """Ctrl-C ends it after the polls that are under way."""
    stage.sim.set_faults(latency=0.05)
    keys = [("demo", f"bonds/{n}/tuners") for n in range(1, 7)] * 5
    polls = poll_round(stage.bridge, keys, shrink=False)
    next(polls)
    polls.close()
    with stage.bridge.database.reading() as connection:
        assert (
            connection.execute(
                sa.select(sa.func.count()).where(scopes.c.lease_until >= now_of_database())
            ).scalar()
            == 0
        )
