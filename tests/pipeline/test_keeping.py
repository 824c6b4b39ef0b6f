"""Whether the rule files can be used is known in every process."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge import config, wiring
from bridge.core.rules.parser import Vocabulary
from bridge.errors import BadInput
from bridge.pipeline.decide.active_rulebook import ActiveRulebook
from bridge.rulebook import RulebookLoader
from bridge.store import rulebooks
from bridge.store.database import Database
from tests.notifications.json_service import serving
from tests.pipeline.harness import staged

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = "- {id: one, when: leg.up, do: [{notify: {to: noc}}]}\n"
BAD = "- {id: one, when: leg.upp}\n"


def keeping(folder: Path, database: Database) -> ActiveRulebook:
    """One process's."""
    return ActiveRulebook(
        database, RulebookLoader([folder], Vocabulary({}, {"noc": 1})), lambda: NOW
    )


def rejected(database: Database) -> bool:
    """What another process is told."""
    with database.reading() as connection:
        return rulebooks.rejected(connection)


def write(folder: Path, text: str, moment: int) -> None:
    """Write the rules so that the change can be seen, however coarse the file system's clock is."""
    (folder / "a.yaml").write_text(text)
    os.utime(folder / "a.yaml", (moment, moment))


def test_rejected_files_are_known_until_they_are_mended(tmp_path: Path, database: Database) -> None:
    """Also where one process saw them rejected and went, and another that did not reads the mended
    ones.
    """
    folder = tmp_path / "rules"
    folder.mkdir()
    write(folder, GOOD, 1)
    stays = keeping(folder, database)
    good = stays.rulebook()
    assert not rejected(database)
    write(folder, BAD, 2)
    assert keeping(folder, database).rulebook().hash == good.hash  # from what was good before
    assert rejected(database)
    write(folder, GOOD, 3)
    assert stays.rulebook().hash == good.hash
    assert not rejected(database)


def test_files_that_were_never_good_are_known_too(tmp_path: Path, database: Database) -> None:
    """There are no older rules to go on with, and anyone who asks how everything stands is told."""
    write(tmp_path, BAD, 1)
    with pytest.raises(BadInput):
        keeping(tmp_path, database).rulebook()
    assert rejected(database)


STEPS = ["notify: {to: noc}", 'call: bond.restart\n      with: {bond: "${event.data.body.bond}"}']


@pytest.mark.parametrize("step", STEPS)
def test_a_process_may_begin_with_an_attempt(tmp_path: Path, step: str) -> None:
    """It learns of the rules before the attempt's transaction, and not inside it, where it would
    wait for itself.
    """
    rules = f"- id: one\n  when: webhook.demo\n  do:\n    - {step}\n"
    with serving() as service, staged(tmp_path, rules=rules, channel=service.url) as stage:
        stage.webhook(3)
        (job,) = stage.bridge.decider.run("demo")
        other = wiring.build(
            config.load(tmp_path / "bondbridge.yaml"), now=lambda: stage.sim.world.now
        )
        ended = other.deliverer.run(job.id)
        other.close()
        assert ended is not None
        assert ended.attempts == 1
