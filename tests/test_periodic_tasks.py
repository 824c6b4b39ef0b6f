"""Every periodic task by itself: what one of them does not do keeps no other from its work."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.shared_fixtures import sqlite_file

TASKS = {
    "keep_rules",
    "expire_approvals",
    "follow",
    "ring_polls",
    "ring_decisions",
    "ring_jobs",
    "forget_conversations",
}
SETTINGS = """
state_dir: {folder}
database: sqlite:///{database}
rules: {folder}/rules
servers: [{{name: hq, url: "http://127.0.0.1:9", user: a@example.com,
    password: {{env: TASKS_PASSWORD}}}}]
"""
# each of them is made to fail by itself, and all are rung; then what was rung, and what is told, is
# said
SCRIPT = """
import json, logging
import structlog
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
from bridge import worker
from bridge.store.views import journal
from bridge.store.views.journal import Window

def fail(*_, **__):
    raise KeyError("injected")

bridge = worker.bridge()
bridge.observer.prepare()
places = [(bridge.decider, "rulebook"), (bridge.approver, "expire"), (bridge.follower, "run"),
          (bridge.conversations, "prune"), (bridge.deliverer, "due")]
rung = []
worker.ring = lambda task, *ids: rung.append(task)
found = []
for place, name in places:
    whole = getattr(place, name)
    setattr(place, name, fail)
    rung.clear()
    for task in worker.app.conf.beat_schedule.values():
        worker.app.tasks[task["task"]]()
    setattr(place, name, whole)
    found.append(sorted(set(rung)))
with bridge.database.reading() as connection:
    rows = journal.list_events(connection, Window(200, after=0), "internal.error").rows
told = sorted(row["data"]["fault"]["about"] for row in rows)
print(json.dumps({"tasks": sorted(worker.app.conf.beat_schedule), "rung": found, "told": told}))
"""


def test_each_has_a_beat_entry_of_its_own_and_fails_by_itself(tmp_path: Path) -> None:
    """Whichever fails: the scopes that are due are rung for, nothing is raised, and each fault is
    told once.
    """
    database = tmp_path / "bondbridge.sqlite3"
    database.write_bytes(sqlite_file().read_bytes())
    settings = tmp_path / "bondbridge.yaml"
    (tmp_path / "state" / "rules").mkdir(parents=True)
    settings.write_text(
        SETTINGS.format(folder=tmp_path / "state", database=database), encoding="utf-8"
    )
    more = {
        "BONDBRIDGE_BROKER": "memory://",
        "BONDBRIDGE_CONFIG": str(settings),
        "TASKS_PASSWORD": "x",
    }
    done = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert set(said["tasks"]) == TASKS
    assert all("observe" in each for each in said["rung"])
    assert said["told"] == [
        "the task expire_approvals",
        "the task follow",
        "the task forget_conversations",
        "the task keep_rules",
        "the task ring_decisions",
        "the task ring_jobs",
    ]
