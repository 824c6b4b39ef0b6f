"""Real processes that tests start: what they say is kept, and waiting for one ends at once when it
ends.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pytest

PATIENCE = 300.0  # seconds, for the slowest machine; no test asserts how long anything took
_SHOWN = 60  # lines


class Process:
    """A command of ours or a program that we talk to; its output is read all the time."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        lines: list[str] | None = None,
        group: bool = False,
    ) -> None:
        """`lines` is where its output is added; with `group` it leads a process group of its
        own.
        """
        self.lines: list[str] = [] if lines is None else lines
        self._from = len(self.lines)
        self.errors: list[str] = []
        self.popen = subprocess.Popen(  # noqa: S603  what a test names
            [str(word) for word in argv],
            cwd=cwd,
            env=dict(os.environ if env is None else env),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=group,
        )
        self._readers = [
            self._reading(self.popen.stdout, self.lines),
            self._reading(self.popen.stderr, self.lines, self.errors),
        ]

    def _reading(self, pipe: IO[str] | None, *kept: list[str]) -> threading.Thread:
        assert pipe is not None

        def read() -> None:
            with pipe:
                for line in pipe:
                    for each in kept:
                        each.append(line.rstrip("\n"))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        return reader

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.popen.pid

    def until(self, holds: Callable[[], Any], what: str, *, every: float = 0.2) -> Any:
        """Wait for something to be true; its value. Fails at once if the process ends meanwhile."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            ended = self.popen.poll()
            if value := holds():
                return value
            if ended is not None:
                pytest.fail(self._told(f"it ended with {ended} before: {what}"))
            time.sleep(every)
        return pytest.fail(self._told(f"never: {what}"))

    def line(self, begin: str, *, every: float = 0.02) -> str:
        """Wait for a line that begins so."""
        return str(self.until(lambda: self._begun(begin), f"a line {begin!r}", every=every))

    def send(self, number: signal.Signals) -> None:
        """Send a signal, to its whole group if it leads one."""
        if os.getpgid(self.pid) == self.pid:
            os.killpg(self.pid, number)
        else:
            self.popen.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGINT, seconds: float = 120) -> int:
        """Ask it to end and wait; kill it if it does not. Its exit code."""
        if self.popen.poll() is None:
            self.send(number)
        try:
            return self.ended(seconds)
        finally:
            if self.popen.poll() is None:
                self.send(signal.SIGKILL)
                self.ended(20)

    def ended(self, seconds: float = 120) -> int:
        """Wait for its end and for the last of its output; its exit code."""
        code = self.popen.wait(seconds)
        for reader in self._readers:
            reader.join(10)
        return code

    def _begun(self, begin: str) -> str | None:
        return next((line for line in self.lines[self._from :] if line.startswith(begin)), None)

    def _told(self, why: str) -> str:
        for reader in self._readers:
            reader.join(0.2)
        said = self.lines[self._from :][-_SHOWN:]
        return "\n".join([why, f"of {self.popen.args}; its last lines:", *said])
