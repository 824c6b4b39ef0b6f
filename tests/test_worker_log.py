"""What the worker says of a process of its pool that was killed."""

import os
import subprocess
import sys

SAYS = """
from celery.exceptions import WorkerLostError
from celery.utils.log import get_logger
from bridge import worker
worker._configure_logging()
try:
    raise WorkerLostError("signal 9 (SIGKILL)")
except WorkerLostError as error:
    get_logger("celery.worker.request").error("Task handler raised error: %r", error, exc_info=True)
try:
    raise ValueError("ours")
except ValueError as error:
    get_logger("celery.worker.request").error("Task handler raised error: %r", error, exc_info=True)
"""


def test_a_killed_process_is_one_line_and_a_fault_of_ours_is_whole() -> None:
    """What becomes of its work, and no traceback of Celery's; what is no kill is told as it was."""
    env = {**os.environ, "BONDBRIDGE_BROKER": "memory://"}
    done = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-c", SAYS],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    killed, *rest = done.stdout.splitlines()
    assert (
        killed.partition(" ")[2]
        == "ERROR celery.worker.request signal 9 (SIGKILL); what it held goes on when its lease is"
        " over"
    )
    assert "Traceback" in rest[1]
    assert rest[-1] == "ValueError: ours"
