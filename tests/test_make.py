"""Each target of the Makefile, in a short form, in a copy of the checkout."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.processes import Process
from tests.test_whole_stack import free_ports

ROOT = Path(__file__).parent.parent
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "state", "__pycache__", "htmlcov", ".coverage*", ".hypothesis", ".pytest_cache"
)
ONE_TEST = "TESTS=tests/core/test_durations.py -n 0"
SHORT = {
    "help": (),
    "setup": (),
    "test": (ONE_TEST, "LINTED=bridge/errors.py", "TYPED=bridge/errors.py"),
    "check": (ONE_TEST, "LINTED=bridge/errors.py", "TYPED=bridge/errors.py"),
    "coverage": (ONE_TEST,),
    "soak": ("TESTS=tests/durability/test_worker_kills.py -n 0 --collect-only -q",),
    "bench": ("BENCH=--quick",),
    "docs": (),
    "fmt": (),
    "lock": (),
    "clean": (),
}

# what `test` needs and so runs as well
WITHIN = {"lint", "types"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout with the same virtual environment."""
    if not (ROOT / ".venv/.dev").exists():
        pytest.skip("no .venv made by make here")
    copy = tmp_path_factory.mktemp("checkout") / "bondbridge"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    return borrowing(copy)


def borrowing(copy: Path) -> Path:
    """Let it use this checkout's environment, which is not to be set up anew from there."""
    (copy / ".venv").symlink_to(ROOT / ".venv")
    for path in copy.iterdir():
        if path.is_file():
            os.utime(path, (0, 0))
    return copy


def made(checkout: Path, target: str, *more: str, **env: str) -> subprocess.CompletedProcess[str]:
    """What `make TARGET` says."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "MAKE", "COV_"))
    }
    argv = ["make", "--no-print-directory", target, *more]
    return subprocess.run(  # noqa: S603  ours
        argv,
        cwd=checkout,
        env=environment | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_every_target_is_tried() -> None:
    """Anyone who adds a target adds how to run it in short."""
    targets = re.findall(
        r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert set(targets) == {*SHORT, *WITHIN, "run"}


@pytest.mark.takes(60)
def test_each_target_does_what_it_says(checkout: Path) -> None:
    """In a short form, one after the other: `clean` comes last."""
    before = {path: path.read_text(encoding="utf-8") for path in checkout.glob("docs/*.md")}
    for target, more in SHORT.items():
        if target == "lock" and not _index_answers(checkout):
            continue
        done = made(checkout, target, *more)
        assert done.returncode == 0, f"make {target}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        if target == "bench":
            assert "decide 200 events" in done.stdout
    assert {path: path.read_text(encoding="utf-8") for path in before} == before
    assert not (checkout / ".venv").exists()


def _index_answers(checkout: Path) -> bool:
    """Whether there is a package index: `make lock` asks one, and a machine without a network runs
    the other tests.
    """
    command = [ROOT / ".venv/bin/uv", "pip", "compile", "-q", "--no-header", "-"]
    return (
        subprocess.run(  # noqa: S603  our own lock tool
            command,
            input="six",
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        ).returncode
        == 0
    )


@pytest.mark.takes(20)
def test_make_run_says_ready_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    """The first of the two commands, in a folder without settings; nothing is wrong when it is
    stopped.
    """
    copy = tmp_path / "bondbridge"
    copy.mkdir()
    for name in (
        "Makefile",
        "pyproject.toml",
        "requirements.lock",
        "requirements-build.lock",
        "requirements-dev.lock",
    ):
        shutil.copy2(ROOT / name, copy / name)
    borrowing(copy)
    names = ("BONDBRIDGE_DEMO_PORT", "BONDBRIDGE_DEMO_SIMULATOR_PORT", "BONDBRIDGE_DEMO_INBOX_PORT")
    env = {**os.environ, **dict(zip(names, map(str, free_ports(3)), strict=True))}
    process = Process(["make", "--no-print-directory", "run"], cwd=copy, env=env, group=True)
    try:
        process.line("ready")
    finally:
        code = process.end(signal.SIGINT)
    # make ends by the signal that it was sent
    assert code in {0, 130, -signal.SIGINT}, process.lines[-20:]
    assert "Traceback" not in "\n".join(process.lines)
