"""A canary in every secret field of the world: whatever the bridge keeps, says or shows, it is
nowhere in it.
"""

import itertools
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bridge.bonding.catalogue import KINDS, OPERATIONS, ROOT
from bridge.simulator.schema import field_storage, kinds
from bridge.store import tokens
from bridge.store.observations import snapshots
from bridge.web import create_app
from tests.api.simulator_server import TLS, USER
from tests.pipeline.harness import Stage, staged
from tests.test_cli import Run, run

__all__ = ["run"]  # the fixture

CANARY = "canary7f3a"
# what the vendor's JSON has that nobody may read; the test fails if the simulator has more, or the
# bridge knows less
SECRETS = {
    ("aggregator", "key"),
    ("bonder", "key"),
    ("bonder", "password"),
    ("pppoe_addressing", "password"),
    ("mobile_provider_profile", "password"),
    ("user", "password"),
    ("settings", "email_password"),
}
# tell everything of whatever changed, and change two passwords
RULES = """
- id: tell
  when: ["*.changed", "*.added", "action.*"]
  do: [{notify: {to: noc, title: "${event.type}: ${event.data}", body: "${event}"}}]
- id: change
  when: webhook.demo
  do:
    - {call: user.update, with: {user: 1}, set: {name: Changed, password: {env: STAGE_SECRET}}}
    - {call: settings.update, set: {email_password: {file: FOLDER/secret}}}
- id: refused
  when: webhook.demo
  do: [{call: user.update, with: {user: 1}, set: {email: nobody, password: {env: STAGE_SECRET}}}]
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage on which everything is polled, and every change told."""
    monkeypatch.setenv("STAGE_SECRET", f"{CANARY}-by-rule")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text(f"{CANARY}-of-a-file", encoding="utf-8")
    rules = RULES.replace("FOLDER", str(tmp_path))
    with staged(tmp_path, rules=rules, off="[]", allow=("user.update", "settings.update")) as ready:
        poll(ready)
        yield ready


def plant(stage: Stage, numbers: Iterator[int]) -> set[tuple[str, str]]:
    """Put a new canary into every secret field of every object but our own user; which fields those
    are.
    """
    done = set()
    with httpx.Client(base_url=stage.sim.url, auth=USER, timeout=60, verify=TLS) as api:
        for kind in kinds.KINDS.values():
            for field in (each for each in kind.fields if each.secret):
                done.add((kind.name, field.name))
                for thing in field_storage.all_of(stage.sim.world, kind):
                    row = OPERATIONS[f"{kind.name}.update"]
                    canary = f"{CANARY}-{next(numbers)}"
                    if getattr(thing, "values", {}).get("email") == USER[0]:
                        continue
                    if field.read_only:  # what only the server makes
                        with stage.sim.live.now() as world:
                            field_storage.put(world, thing, field, canary)
                        continue
                    place = {
                        **kinds.parents_of(thing),
                        **{name: kinds.id_of(thing) for name in row.arguments[-1:]},
                    }
                    api.patch(
                        ROOT + row.path.format(**place), json={field.name: canary}
                    ).raise_for_status()
    return done


def poll(stage: Stage) -> None:
    """Look at everything, and at what stands below it; then decide and do."""
    done: set[tuple[str, str]] = set()
    for _ in range(3):
        with stage.bridge.database.reading() as connection:
            known = {(each.server, each.name) for each in snapshots.all_scopes(connection)}
        for server, name in sorted(known - done):
            assert stage.bridge.observer.poll(server, name) is not None, name
        done |= known
    stage.work()


def kept(stage: Stage) -> Iterator[tuple[str, str]]:
    """Every table as text, and every file of the state folder as it is."""
    engine = stage.bridge.database.engine
    with engine.connect() as connection:
        for name in sa.inspect(engine).get_table_names():
            # our own names
            yield name, repr(connection.execute(sa.text(f'SELECT * FROM "{name}"')).all())  # noqa: S608
    for path in (stage.folder / "state").rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes().decode("latin-1")


def shown(stage: Stage) -> Iterator[tuple[str, str]]:
    """Every page and every answer of the JSON API, for somebody with a token."""
    with stage.bridge.database.writing() as connection:
        token = tokens.create(connection, "canary", expires_at=None, once=False)
    visitor = create_app(stage.bridge, lambda *_: None).test_client()
    stories = [
        f"{below}/{event['id']}"
        for event in stage.events()
        for below in ("/events", "/api/v1/events")
    ]
    lists = [f"/api/v1/{name}?limit=200" for name in ("events", "decisions", "jobs")]
    for path in ("/", "/stream", "/api/v1/health", *lists, *stories):
        answer = visitor.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, (path, answer.text)
        yield path, answer.text


def served(stage: Stage) -> str:
    """What the server itself shows of its secrets."""
    paths = (
        "/nodes/",
        "/bonders/",
        "/aggregators/",
        "/bonds/",
        "/settings/",
        "/mobile_provider_profiles/",
    )
    return json.dumps([stage.read(path) for path in (*paths, "/bonds/1/pppoe_addressings/")])


@pytest.mark.takes(12)
def test_a_canary_in_every_secret_field_is_nowhere(
    stage: Stage, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    """Planted twice, polled, told, changed by rules and by hand: in no table, file, log, event,
    page, API or output.
    """
    caplog.set_level(logging.DEBUG)
    numbers = itertools.count(100)
    said = []
    with capture_logs() as lines:
        for _ in range(2):
            assert plant(stage, numbers) == SECRETS
            poll(stage)
        stage.webhook(1)
        for _ in range(
            4
        ):  # one bond's calls do not overlap, and each is followed until its effect shows
            stage.work()
            stage.sim.advance(6)
        poll(stage)
    secret = f"{CANARY}-by-hand"
    for words, field in (
        ("bonder.update bonder=4", "password"),
        ("settings.update", "email_password"),
    ):
        assert run("call", *words.split(), "--set", f"{field}={secret}", "--yes").code == 0
    for command in ("poll --once --json", "events --json", "jobs list --json", "doctor --json"):
        ran = run(*command.split())
        said.append((command, ran.out + ran.err))
    assert served(stage).count(CANARY) > 20
    assert {
        "user.changed",
        "bonder.changed",
        "settings.changed",
        "pppoe_addressing.changed",
    } <= set(stage.types())
    assert [
        job["state"] for job in stage.jobs() if job["action"] == "call" and job["rule"] != "by hand"
    ] == [
        "succeeded",
        "succeeded",
        "failed",
    ]
    told: list[tuple[str, Any]] = [
        *kept(stage),
        *shown(stage),
        *said,
        ("log", repr(lines) + caplog.text),
    ]
    assert len(told) > 100
    assert [
        (name, text[max(0, text.find(CANARY) - 200) :][:300])
        for name, text in told
        if CANARY in text
    ] == []


def test_every_secret_field_is_known_to_the_bridge() -> None:
    """What the simulator marks as secret the catalogue does too, for every kind that shows it."""
    assert {
        (kind.name, it.name) for kind in kinds.KINDS.values() for it in kind.fields if it.secret
    } == SECRETS
    assert all(name in KINDS[kind].secret for kind, name in SECRETS)
