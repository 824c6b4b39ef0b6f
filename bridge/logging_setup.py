"""Log lines for people, on standard output: when, what happened, then the details as key=value.

Writing one never blocks: if nobody reads what we say, lines are dropped and counted. The same
warning comes once a minute, with how often it came meanwhile, and what others sent cannot begin a
line or steer a terminal.
"""

import atexit
import io
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog

from bridge.core.visible_text import shortened, visible_line

_QUEUED = 5_000  # lines that wait for a slow reader
_LAST_WORDS = 2.0  # seconds for them at the end of the process
_AGAIN = 60.0  # seconds until the same warning is worth another line
_KNOWN = 1_000  # different warnings that are remembered
# characters of one value, and of what a line begins with: values of others are cut shorter where
# they are put in, and this is for those that nobody thought of
_LONGEST, _LONGEST_EVENT = 500, 2_500
# what differs between two lines about one trouble
_WHICH = ("scope", "scopes", "again_in", "ids", "id", "job", "task", "timestamp", "path")

_Line = MutableMapping[str, Any]


class Writer(io.TextIOBase):
    """A stream that never blocks its writer: a thread of its own writes, and what it cannot is
    dropped and counted.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.broken = False
        self._fresh()
        os.register_at_fork(after_in_child=self._fresh)
        atexit.register(self.drain)

    def _fresh(self) -> None:
        """A thread does not survive a fork, so each process has its own."""
        self._lines: queue.Queue[str] = queue.Queue(_QUEUED)
        self._dropped = 0
        self._begun = threading.local()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def write(self, text: str) -> int:
        """Have it written soon, whole lines at a time: print() writes a line and its end one after
        the other.
        """
        self._start()
        begun = getattr(self._begun, "text", "") + text
        line, end, self._begun.text = begun.rpartition("\n")
        if end:
            try:
                self._lines.put_nowait(line + end)
            except queue.Full:
                self._dropped += 1
        return len(text)

    def flush(self) -> None:
        """Nothing: every line is flushed when it is written, and anyone who asks for it must not
        wait.
        """

    def drain(self) -> None:
        """Wait a moment until what was written is out."""
        end = time.monotonic() + _LAST_WORDS
        while self._lines.unfinished_tasks and not self.broken and time.monotonic() < end:
            time.sleep(0.005)

    def isatty(self) -> bool:
        """As the stream below."""
        return self._stream.isatty()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # io declares an attribute
        """As the stream below."""
        return self._stream.encoding

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            text = self._lines.get()
            dropped = self._dropped
            self._dropped = 0
            try:
                if dropped:
                    self._stream.write(
                        f"... {dropped} lines were dropped: nobody read them in time\n"
                    )
                self._stream.write(text)
                if self._lines.empty():
                    self._stream.flush()
            except (OSError, ValueError):  # the person who read us is gone
                self.broken = True
            finally:
                self._lines.task_done()


class Repeats:
    """Which lines came lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[object, tuple[float, int]] = {}

    def since(self, key: object) -> int | None:
        """How often it came without a line since the last one; None if it is to come without one
        again.
        """
        now = self._clock()
        said_at, count = self._known.get(key, (None, 0))
        if said_at is not None and now - said_at < _AGAIN:
            self._known[key] = (said_at, count + 1)
            return None
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[key] = (now, 0)
        return count


_repeats = Repeats()


def _only_loud_levels(logger: object, method: str, line: _Line) -> _Line:
    """An ordinary line needs no label."""
    del logger
    if method in ("info", "debug"):
        return line
    return {**line, "level": method}


def _once_a_minute(logger: object, method: str, line: _Line) -> _Line:
    """One line for one trouble, however many scopes, jobs or tasks it has."""
    del logger
    if method in ("info", "debug"):
        return line
    key = tuple((name, str(value)) for name, value in line.items() if name not in _WHICH)
    repeated = _repeats.since(key)
    if repeated is None:
        raise structlog.DropEvent
    if repeated:
        return {**line, "repeated": repeated}
    return line


def _visible(logger: object, method: str, line: _Line) -> _Line:
    """What others sent is shown, on one line that has an end."""
    del logger, method
    return {
        name: _shown(value, _LONGEST_EVENT if name == "event" else _LONGEST)
        for name, value in line.items()
    }


def _shown(value: Any, longest: int) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return value
    return visible_line(shortened(str(value), longest))


class _Foreign(logging.Formatter):
    """Lines of the libraries we use, as ours."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"
    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        """One line; a traceback comes below it."""
        record.message = visible_line(shortened(record.message, _LONGEST_EVENT))
        return super().formatMessage(record)


class _Troubles(logging.Filter):
    """As for our own: a library that cannot reach the broker says so at every attempt, each time
    with a traceback.
    """

    def __init__(self, brief: tuple[type[BaseException], ...]) -> None:
        super().__init__()
        self._brief = brief

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is worth a line; with how often it was none, and its cause in place of where
        our libraries were.
        """
        if record.exc_info:
            cause = record.exc_info[1]
        else:
            cause = None
        if isinstance(cause, self._brief):
            says = record.getMessage().partition("\n")[0]
            record.msg = says if str(cause) in says else f"{says} {cause}"
            record.args = None
            record.exc_info = record.exc_text = None
        repeated = _repeats.since((record.name, record.getMessage()))
        if repeated:
            record.msg = f"{record.getMessage()} (repeated {repeated} times)"
            record.args = None
        return repeated is not None


def configure(level: str = "INFO", brief: tuple[type[BaseException], ...] = ()) -> None:
    """Set up this process's log. Foreign libraries speak up from WARNING on; of `brief` errors
    without a traceback.
    """
    chosen = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    # it is all of one that a log needs
    out: TextIO = Writer(sys.stdout)  # type: ignore[assignment]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _once_a_minute,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_loud_levels,
            _visible,
            structlog.dev.ConsoleRenderer(
                colors=False, pad_event_to=0, pad_level=False, sort_keys=False
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(chosen),
        logger_factory=structlog.PrintLoggerFactory(out),
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Foreign("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(_Troubles(brief))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
