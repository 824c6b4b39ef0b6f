"""Somebody called ana does things on the command line, and what the journal says of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bridge.core.events.headlines import headline
from bridge.core.model import Body
from bridge.store.observations import events as event_store
from bridge.store.views.journal import Window, list_events
from bridge.wiring import Bridge
from tests.pipeline.harness import Stage, staged
from tests.test_cli import Run, standing

RULES = """
- id: restart
  when: webhook.demo
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A simulator that is running, and settings for it in the folder we stand in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BONDBRIDGE_ACTOR", "ana")
    with staged(tmp_path, rules=RULES) as ready:
        yield ready


@pytest.fixture(name="run")
def at_the_worlds_time(stage: Stage, plain: Run) -> Run:
    """Run a command whose clock shows the world's time, and stands still."""
    return standing(stage, plain)


def deeds(bridge: Bridge) -> list[Mapping[str, str | None]]:
    """Every `operator.*` event, oldest first: its noun, its type and what it is about."""
    with bridge.database.reading() as connection:
        rows = list_events(connection, Window(100), "operator.*").rows
        found = event_store.several(connection, [row["id"] for row in rows])
    assert all("?" not in headline(event) for event in found)
    return [{**_noun(event.data), "type": event.type, "subject": event.subject} for event in found]


def _noun(data: Body) -> Body:
    noun: Body = data["operator"]
    return noun
