"""One parent for all processes: starts them in order, prefixes their lines, restarts what dies,
stops them all.

A child says `ready` at the start of a line when it serves. Each child leads a process group of its
own, so that Ctrl-C reaches only the parent and whatever a child leaves behind can be ended with it.
"""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Self

from rich.console import Console
from rich.text import Text

from bridge.errors import BadInput, Problem, Unreachable

_PATIENCE = 40.0  # seconds for a child to get ready
_GRACE = 8.0  # seconds for a child to stop by itself
_HEALTHY = 5.0  # seconds; one that served this long and died is started again at once
_LONGEST_WAIT = 30.0  # seconds, before one that cannot live is started again
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_black")
_BAD_INPUT = 2


@dataclass(frozen=True, slots=True)
class Child:
    """What to run. `quiet`: its lines are shown only if it dies; `says_ready`: the line that means
    it serves.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    quiet: bool = False
    says_ready: str = "^ready"


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[str]
    reader: threading.Thread
    ready: threading.Event
    said: deque[str]
    began: float
    failures: int = 0
    again_at: float | None = None


class Supervisor:
    """Runs children until it is told to stop. Use as a context manager: leaving it leaves no
    process behind.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._running: dict[str, _Running] = {}
        # plain: a signal may come while another is handled, and must find no lock to wait for
        self._stopping = False
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop_all()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    @property
    def stopping(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stopping

    def start(self, *children: Child) -> None:
        """Start these and wait until all of them serve. Raises BadInput or Unreachable if one does
        not.
        """
        for child in children:
            self._running[child.name] = self._spawn(child)
        for child in children:
            self._await(self._running[child.name])

    def watch(self, each_second: Callable[[], None]) -> None:
        """Until told to stop: restart what died, with longer and longer waits."""
        while not self._pause(1.0):
            for running in list(self._running.values()):
                self._revive(running)
            self._reap()
            each_second()

    def _pause(self, seconds: float) -> bool:
        """Wait so long, or until told to stop: then True."""
        until = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < until:
            if getattr(
                self._console.file, "broken", False
            ):  # nobody reads what we say: the person who started us has gone
                self._stopping = True
            time.sleep(0.1)
        return self._stopping

    def _reap(self) -> None:
        """Where we are process 1, as in a container, what our children leave behind is ours once
        they are killed.
        """
        ours = {running.process.pid for running in self._running.values()}
        for pid in _children() - ours:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)

    def say(self, line: str | Text) -> None:
        """One line of the supervisor's own."""
        self._console.print(line, soft_wrap=True, highlight=False)

    def stop_all(self) -> None:
        """End every child, the last started first, and whatever they left behind."""
        for name in reversed(list(self._running)):
            self._end(self._running.pop(name))

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._stopping:  # asked twice: no more grace
            for running in self._running.values():
                _signal_group(running.process, signal.SIGKILL)
        self._stopping = True

    def _spawn(self, child: Child) -> _Running:
        process = subprocess.Popen(  # noqa: S603  our own command lines
            [*_tied_to_parent(), *child.argv],
            env={**os.environ, "PYTHONUNBUFFERED": "1", **child.env},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            errors="replace",
            start_new_session=True,
        )
        ready = threading.Event()
        said = deque[str](maxlen=30)
        reader = threading.Thread(
            target=self._read, args=(child, process, ready, said), daemon=True
        )
        reader.start()
        return _Running(child, process, reader, ready, said, time.monotonic())

    def _read(
        self, child: Child, process: subprocess.Popen[str], ready: threading.Event, said: deque[str]
    ) -> None:
        assert process.stdout is not None  # noqa: S101  it was asked for
        for line in process.stdout:
            text = line.rstrip()
            if not ready.is_set() and re.search(child.says_ready, text):
                ready.set()
            elif text:
                said.append(text)
                if not child.quiet:
                    self._print(child.name, text)

    def _print(self, name: str, text: str) -> None:
        colour = _COLOURS[sum(map(ord, name)) % len(_COLOURS)]
        self._console.print(Text.assemble((f"{name:>9} │ ", colour), text), soft_wrap=True)

    def _await(self, running: _Running) -> None:
        until = time.monotonic() + _PATIENCE
        while not running.ready.wait(0.05):
            if running.process.poll() is not None:
                running.reader.join(2.0)
                if running.said:
                    said = running.said[-1]
                else:
                    said = f"it ended with code {running.process.returncode}"
                raise BadInput([Problem(running.child.name, f"did not start: {said}")])
            if time.monotonic() > until:
                raise Unreachable(f"{running.child.name} was not ready after {_PATIENCE:.0f} s")
            if self._stopping:
                return

    def _revive(self, running: _Running) -> None:
        if running.process.poll() is None:
            return
        name = running.child.name
        now = time.monotonic()
        if running.again_at is None:
            _signal_group(running.process, signal.SIGKILL)  # its own children, if it had any
            well = running.ready.is_set() and now - running.began > _HEALTHY
            if well:
                running.failures = 0
            else:
                running.failures = running.failures + 1
            wait = min(2.0**running.failures - 1.0, _LONGEST_WAIT)
            running.again_at = now + wait
            if running.child.quiet:
                for line in running.said:
                    self._print(name, line)
            self.say(
                f"[red]{name} ended (code {running.process.returncode}); started again in"
                f" {wait:.0f} s[/red]"
            )
        if now >= running.again_at:
            fresh = self._spawn(running.child)
            fresh.failures = running.failures
            self._running[name] = fresh

    def _end(self, running: _Running) -> None:
        running.process.terminate()
        try:
            running.process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.say(f"[red]{running.child.name} does not stop; killed[/red]")
        _signal_group(running.process, signal.SIGKILL)
        running.process.wait(_GRACE)
        running.reader.join(2.0)


def _signal_group(process: subprocess.Popen[str], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # nobody left in it
        return


def _children() -> set[int]:
    """Whose parent we are, where the system says so."""
    found = set[int]()
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found |= {int(pid) for pid in task.read_text(encoding="ascii").split()}
    return found


def _tied_to_parent() -> tuple[str, ...]:
    """Where the system can: a child that ends when its parent does, even if the parent is
    killed.
    """
    found = shutil.which("setpriv")
    if found:
        return (found, "--pdeathsig", "TERM", "--")
    return ()
