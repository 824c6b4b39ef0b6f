import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = os.environ.get("BONDBRIDGE_FUZZ_SECONDS", "300")


@pytest.mark.soak
@pytest.mark.timeout(int(SECONDS) + 300)
@pytest.mark.skipif(
    not importlib.util.find_spec("atheris"),
    reason="atheris has no wheel for this machine or this Python",
)
def test_nothing_but_refusals_leaves_a_platform(tmp_path: Path) -> None:
    """Five minutes of requests led by coverage find no exception outside refusals;
    BONDBRIDGE_FUZZ_SECONDS sets how many.
    """
    command = [sys.executable, "-m", "tests.webhooks.fuzz", SECONDS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  ours
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert "stat::number_of_executed_units" in done.stderr
