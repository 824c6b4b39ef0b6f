"""The directions between the rooms: each forbidden import, planted, is found."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

# all in one process: each that has any of them looks at every plant
pytestmark = pytest.mark.takes(together=15)

HERE = Path(__file__).parent.parent
LINT = Path(sys.executable).with_name("lint-imports")

ROOMS = "The rooms, one way"
PURE = "core is pure: no I/O, no clock, no chance"
NO_IO = "catalogue, wire and webhooks do no I/O"
SIMULATOR = "The simulator knows the catalogue and nothing else of ours"
STARTS = "Only the command line may start the simulator"
SETTINGS = "Settings are read by wiring and the entries"
ACTIONS = "Actions do not remember"
FRAMEWORKS = "Frameworks stay in their rooms"
SQL = "SQL is spoken in store"
SOCKETS = "Sockets to management servers are opened in one room"

# the file it is planted in, what it says, the contract that finds it
PLANTS = [
    ("core/model.py", "import bridge.store.database", ROOMS),
    ("core/deciding/guards.py", "import time", PURE),
    ("core/canonical.py", "import random", PURE),
    ("core/language/rules.py", "import bridge.core.deciding.match", "The layers of core"),
    ("core/surprise.py", "", "The layers of core"),
    ("bonding/catalogue/rows.py", "import bridge.bonding.wire", "The layers of bonding"),
    ("bonding/wire/objects.py", "import httpx", NO_IO),
    ("webhooks/hmac.py", "import socket", NO_IO),
    ("bonding/scopes.py", "import bridge.bonding.client", NO_IO),
    ("bonding/client/connection.py", "import bridge.rulebook", ROOMS),
    ("actions/notify.py", "import bridge.store.jobs", ACTIONS),
    ("store/jobs.py", "import bridge.pipeline.deliver", ROOMS),
    ("store/jobs.py", "import httpx", SOCKETS),
    ("pipeline/observe.py", "import bridge.simulator.world", STARTS),
    ("pipeline/decide.py", "import bridge.config", SETTINGS),
    ("simulator/app.py", "import bridge.bonding.wire", SIMULATOR),
    ("simulator/world.py", "import bridge.store.tables", SIMULATOR),
    ("worker.py", "import bridge.web", ROOMS),
    ("web/__init__.py", "import sqlalchemy", SQL),
    ("wiring/whole.py", "import celery", FRAMEWORKS),
    ("rulebook.py", "import flask", FRAMEWORKS),
    ("attic/__init__.py", "", ROOMS),
]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """What the contracts say about the tree at this place."""
    command = [str(LINT), "--config", "pyproject.toml", "--no-cache"]
    return subprocess.run(  # noqa: S603
        command, cwd=root, capture_output=True, text=True, check=False, timeout=300, env={"PYTHONPATH": str(root)}
    )


def broken(answer: subprocess.CompletedProcess[str]) -> set[str]:
    """The contracts that do not hold."""
    lines = [line.strip() for line in answer.stdout.splitlines()]
    return {line.partition(" BROKEN")[0] for line in lines if " BROKEN" in line}


def plant(root: Path, number: int) -> Path:
    """A copy of the project with one import, or one module, that must not be."""
    file, text, _ = PLANTS[number]
    tree = copied(root / str(number))
    path = tree / "bridge" / file
    path.parent.mkdir(exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else '"""Nothing that was planned."""\n'
    path.write_text(f"{before}\n{text}\n", encoding="utf-8")
    return tree


def copied(to: Path) -> Path:
    """A copy of all that the contracts are about."""
    shutil.copytree(HERE / "bridge", to / "bridge", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "pyproject.toml", to)
    return to


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[int, subprocess.CompletedProcess[str]]:
    """What is said about each plant, two at a time."""
    root = tmp_path_factory.mktemp("planted")
    with ThreadPoolExecutor(2) as pool:
        return dict(enumerate(pool.map(lambda number: lint(plant(root, number)), range(len(PLANTS)))))


def test_the_project_as_it_is_keeps_every_contract(tmp_path: Path) -> None:
    """Without a plant nothing is broken, so what is found below is the plant."""
    answer = lint(copied(tmp_path / "as-it-is"))
    assert (answer.returncode, broken(answer)) == (0, set()), answer.stdout + answer.stderr


@pytest.mark.parametrize("number", range(len(PLANTS)), ids=[f"{file}: {text or 'new'}" for file, text, _ in PLANTS])
def test_a_planted_import_is_found(number: int, answers: dict[int, subprocess.CompletedProcess[str]]) -> None:
    """The import that must not be breaks the contract that forbids it."""
    answer = answers[number]
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert PLANTS[number][2] in broken(answer), answer.stdout + answer.stderr
