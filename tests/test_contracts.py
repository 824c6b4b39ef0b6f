"""The directions between the packages: each forbidden import, planted, is found."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

# all in one process: each that has any of them looks at every plant
pytestmark = pytest.mark.takes(together=5)

HERE = Path(__file__).parent.parent
LINT = Path(sys.executable).with_name("lint-imports")

ROOMS = "The rooms, one way"
PURE = "core is pure: no I/O, no clock, no chance"
NO_IO = "catalogue, wire and webhooks do no I/O"
SIMULATOR = "The simulator knows the catalogue and nothing else of ours"
STARTS = "Only the command line may start the simulator"
BACKTESTING = "Production decides without core.backtesting"
BACKTESTS = "Only the command line runs backtests"
SETTINGS = "Settings are read by wiring and the entries"
ACTIONS = "Actions do not remember"
FRAMEWORKS = "Frameworks stay in their rooms"
SQL = "SQL is spoken in store"
SOCKETS = "Sockets to management servers are opened in one room"

# the file it is planted in, what it says, the contract that finds it
PLANTS = [
    ("core/decisions/guards/__init__.py", "import time", PURE),
    ("core/canonical_json.py", "import random", PURE),
    ("bonding/wire/normalise.py", "import httpx", NO_IO),
    ("webhooks/generic_hmac.py", "import socket", NO_IO),
    ("bonding/scopes.py", "import bridge.bonding.client.client", NO_IO),
    ("bonding/client/client.py", "import bridge.rulebook", ROOMS),
    ("actions/notify.py", "import bridge.store.decisions.jobs", ACTIONS),
    ("store/decisions/jobs.py", "import bridge.pipeline.deliver.deliverer", ROOMS),
    ("store/decisions/jobs.py", "import httpx", SOCKETS),
    ("pipeline/observe/poller.py", "import bridge.simulator.world.world", STARTS),
    ("pipeline/database_facts.py", "import bridge.core.backtesting.in_memory_facts", BACKTESTING),
    ("core/decisions/evaluate.py", "import bridge.core.backtesting.replay", BACKTESTING),
    ("wiring/build.py", "import bridge.pipeline.backtest.backtester", BACKTESTS),
    ("worker.py", "import bridge.pipeline.backtest.decision_replay", BACKTESTS),
    ("pipeline/decide/decider.py", "import bridge.config.settings", SETTINGS),
    ("simulator/api/app.py", "import bridge.bonding.wire.normalise", SIMULATOR),
    ("simulator/world/world.py", "import bridge.store.tables", SIMULATOR),
    ("worker.py", "import bridge.web.app", ROOMS),
    ("web/app.py", "import sqlalchemy", SQL),
    ("wiring/build.py", "import celery", FRAMEWORKS),
    ("rulebook.py", "import flask", FRAMEWORKS),
]
LAYERS = {
    contract["name"]: contract
    for contract in tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
    if contract["type"] == "layers"
}


def modules(contract: Mapping[str, Any], layer: int) -> list[str]:
    """The modules of one layer of a contract, by their whole names."""
    (container,) = contract["containers"]
    return [f"{container}.{name.strip()}" for name in contract["layers"][layer].split("|")]


def file_of(module: str) -> Path:
    """Where a module's source is; a package's is its first module."""
    path = Path(*module.split("."))
    if (HERE / path).is_dir():
        return min(
            each.relative_to(HERE)
            for each in (HERE / path).glob("*.py")
            if each.name != "__init__.py"
        )
    return path.with_suffix(".py")


def name_of(file: Path) -> str:
    """The module in a file."""
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """What the contracts say about the tree at this place."""
    command = [str(LINT), "--config", "pyproject.toml", "--no-cache"]
    return subprocess.run(  # noqa: S603
        command,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={"PYTHONPATH": str(root), "COLUMNS": "1000"},
    )


def complaints(answer: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What is said about each contract that does not hold, by its name."""
    lines = answer.stdout.partition("Broken contracts")[2].splitlines()[3:]
    found = dict[str, str]()
    name = ""
    for line, below in pairwise([*lines, ""]):
        if line and set(below) == {"-"}:
            name = line
        found[name] = f"{found.get(name, '')}{line}\n"
    return found


def copied(to: Path) -> Path:
    """A copy of all that the contracts are about."""
    shutil.copytree(HERE / "bridge", to / "bridge", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "pyproject.toml", to)
    return to


def plant(tree: Path, file: Path, text: str) -> None:
    """Add a line to a file, or make it."""
    path = tree / file
    path.parent.mkdir(exist_ok=True)
    before = path.read_text("utf-8") if path.exists() else '"""Nothing that was planned."""\n'
    path.write_text(f"{before}\n{text}\n", encoding="utf-8")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every import that must not be, in one tree: from the lowest layer of each contract to its
    highest, and PLANTS.
    """
    tree = copied(tmp_path_factory.mktemp("planted") / "imports")
    for contract in LAYERS.values():
        plant(
            tree,
            file_of(modules(contract, -1)[0]),
            f"import {name_of(file_of(modules(contract, 0)[0]))}",
        )
    for file, text, _ in PLANTS:
        plant(tree, Path("bridge", file), text)
    return complaints(lint(tree))


@pytest.fixture(scope="module")
def unplanned(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of a module that no layer names, in each package that is all of layers."""
    tree = copied(tmp_path_factory.mktemp("planted") / "modules")
    for contract in LAYERS.values():
        plant(tree, Path(*contract["containers"][0].split("."), "attic.py"), "")
    return lint(tree).stdout


def test_the_project_as_it_is_keeps_every_contract(tmp_path: Path) -> None:
    """Without a plant nothing is broken, so what is found below is the plant."""
    answer = lint(copied(tmp_path / "as-it-is"))
    assert (answer.returncode, complaints(answer)) == (0, {}), answer.stdout + answer.stderr


@pytest.mark.parametrize("name", LAYERS)
def test_an_import_from_the_lowest_layer_to_the_highest_is_found(
    planted: dict[str, str], name: str
) -> None:
    """The contract of the package names both."""
    low, high = (name_of(file_of(modules(LAYERS[name], layer)[0])) for layer in (-1, 0))
    assert f"{low} -> {high}" in planted.get(name, "")


@pytest.mark.parametrize(("file", "text", "name"), PLANTS)
def test_a_planted_import_is_found(
    planted: dict[str, str], file: str, text: str, name: str
) -> None:
    """The import that must not be is named by the contract that forbids it."""
    wanted = f"{name_of(Path('bridge', file))} -> {text.removeprefix('import ')}"
    assert wanted in planted.get(name, "")


@pytest.mark.parametrize("name", LAYERS)
def test_a_module_that_no_layer_names_is_found(unplanned: str, name: str) -> None:
    """Anyone who adds one says where it belongs."""
    assert f"{LAYERS[name]['containers'][0]}.attic" in unplanned
