"""The watchdog of a running `bondbridge up`: parts of the stack are frozen, and a real receiver
hears of it.
"""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.notifications.json_service import serving
from tests.test_whole_stack import Stack, free_ports, started

WATCHDOG = {"tell": [{"env": "DOG_URL"}], "after": "6s", "every": "1s"}


def _child(stack: Stack, *words: str) -> int:
    """The child of the supervisor, and so the leader of a process group, whose command line has
    these words.
    """
    parent = stack.process.pid
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split():
        said = Path(f"/proc/{child}/cmdline").read_bytes().decode()
        if all(word in said for word in words):
            return int(child)
    pytest.fail(f"no child of this stack has {words} in its command line")


@pytest.mark.takes(180)
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "words", [("celery", "worker", "--concurrency"), ("-server", ".sock")], ids=["worker", "broker"]
)
def test_what_stands_still_is_told_and_that_it_goes_on(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """No worker and no broker is needed for it; nothing is told of a stack that works, nor of one
    that is stopped.
    """
    with serving() as service:
        more = {"BONDBRIDGE_WATCHDOG": json.dumps(WATCHDOG), "DOG_URL": service.url}
        with started(tmp_path, free_ports(3), **more) as stack:
            stack.until(lambda: stack.events("scope.baseline"), "it polls")
            group = _child(stack, *words)
            os.killpg(group, signal.SIGSTOP)
            try:
                # by itself, or with whatever else stands still: what is frozen may hold the
                # database's lock
                stack.until(
                    lambda: any("nobody polls demo" in each for each in service.texts()),
                    "that nobody polls",
                )
            finally:
                os.killpg(group, signal.SIGCONT)
            stack.until(
                lambda: any("resolved:" in title for title in service.titles()), "that it is over"
            )
        assert "resolved:" in service.titles()[-1]
    assert stack.left_behind() == []
