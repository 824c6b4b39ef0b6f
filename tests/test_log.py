"""The log: it never blocks, says one trouble once, and shows what others sent."""

import subprocess
import sys

from bridge.logging_setup import Repeats
from tests.processes import Process

MANY = 20_000
FLOOD = f"""
import logging, sys, structlog
from bridge import logging_setup
logging_setup.configure()
line = structlog.get_logger()
for number in range({MANY}):
    line.info("one of many", number=number)
sys.stderr.write("done\\n")
sys.stderr.flush()
sys.stdin.readline()
"""
LINES = """
import logging, structlog
from bridge import logging_setup
logging_setup.configure(brief=(OSError,))
line = structlog.get_logger()
for scope in range(1000):
    line.warning("poll failed", scope=scope, why="no route to host")
    try:
        raise ConnectionError("Connection refused")
    except ConnectionError as error:
        beat = logging.getLogger("celery.beat")
        beat.error("Message Error: %s\\n%s", error, "a long\\nstack", exc_info=True)
line.info("long", sent="x" * 10_000)
line.info("event", headline="hq\\nforged line\\x1b[2J")
logging.getLogger("kombu").warning("odd\\nforged %s", "\\x1b]0;pwned\\x07")
"""


def test_nobody_who_reads_us_stops_us() -> None:
    """With a reader that is asleep everything goes on; what it missed is counted when it wakes
    up.
    """
    with subprocess.Popen(  # noqa: S603  our own words
        [sys.executable, "-c", FLOOD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stderr.readline() == "done\n"  # and nothing was read of its log
        process.stdin.write("\n")
        process.stdin.close()
        lines = process.stdout.read().splitlines()
    (dropped,) = [int(line.split()[1]) for line in lines if "lines were dropped" in line]
    assert len(lines) - 1 + dropped == MANY


def test_one_trouble_is_one_line_and_no_name_forges_another() -> None:
    """Of a thousand scopes, and of a library that tries again and again; in both, what others sent
    stays on its line, which has an end.
    """
    process = Process([sys.executable, "-c", LINES])
    assert process.ended() == 0
    assert [line.partition(" ")[2] for line in process.lines] == [
        "[warning] poll failed scope=0 why='no route to host'",
        "ERROR celery.beat Message Error: Connection refused",
        f"long sent={'x' * 499}…",
        r"event headline='hq\\nforged line\\x1b[2J'",
        r"WARNING kombu odd\nforged \x1b]0;pwned\x07",
    ], process.lines


def test_the_same_warning_comes_again_after_a_minute_with_how_often_it_came_meanwhile() -> None:
    """Whatever else comes has its own line."""
    now = [0.0]
    repeats = Repeats(lambda: now[0])
    assert [repeats.since("a"), repeats.since("a"), repeats.since("b"), repeats.since("a")] == [
        0,
        None,
        0,
        None,
    ]
    now[0] = 61.0
    assert [repeats.since("a"), repeats.since("a")] == [2, None]
