"""How commands print: tables for people, JSON for scripts."""

import io
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import IO, Any, TextIO

from rich.console import Console
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from bridge.core.time_format import in_zone
from bridge.core.visible_text import visible
from bridge.logging_setup import Writer

# in which a command shows times; the last one counts
_ZONE: list[tzinfo] = [UTC]


def show_times_in(zone: tzinfo) -> None:
    """From now on, by these clocks; JSON for scripts stays in UTC."""
    _ZONE[:] = [zone]


def zoned(text: str) -> str:
    """A text with its moments by these clocks."""
    return in_zone(text, _ZONE[-1])


class Visible(io.TextIOBase):
    """Standard output, where what others named or sent cannot steer the terminal; only rich writes
    past it.
    """

    def __init__(self, below: TextIO) -> None:
        self.below = below

    def write(self, text: str) -> int:
        """As the stream below."""
        return self.below.write(visible(zoned(text)))

    def flush(self) -> None:
        """As the stream below."""
        self.below.flush()

    def isatty(self) -> bool:
        """As the stream below."""
        return self.below.isatty()

    def fileno(self) -> int:
        """As the stream below."""
        return self.below.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # io declares an attribute
        """As the stream below."""
        return self.below.encoding


def protect_terminal() -> None:
    """Show control characters in everything that a command prints."""
    for name in ("stdout", "stderr"):
        if not isinstance(stream := getattr(sys, name), Visible):
            setattr(sys, name, Visible(stream))


def terminal() -> TextIO:
    """Standard output itself, for what shows control characters by itself."""
    if isinstance(sys.stdout, Visible):
        return sys.stdout.below
    return sys.stdout


class PipedConsole(Console):
    """Its colours reach the terminal, and the control characters in its texts do not.

    Says so when nobody reads any more, instead of ending the process from within a thread.
    """

    @property
    def file(self) -> IO[str]:
        """Where it writes: past what shows control characters, since it writes some."""
        found = super().file
        if isinstance(found, Visible):
            return found.below
        return found

    @file.setter
    def file(self, new: IO[str]) -> None:
        self._file = new

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        return super()._render_buffer(each if each.control else _safe(each) for each in buffer)

    def on_broken_pipe(self) -> None:
        """`bondbridge events | head`."""
        raise BrokenPipeError


def _safe(segment: Segment) -> Segment:
    return Segment(visible(zoned(segment.text)), segment.style)


def unblocked() -> PipedConsole:
    """One for what runs for long: anyone who does not read it stops nothing."""
    # it is all of a stream that is needed
    return PipedConsole(file=Writer(terminal()))  # type: ignore[arg-type]


# into a file or a pipe, cells are not cut to the width of a screen nobody looks at
console = PipedConsole(width=None if sys.stdout.isatty() else 240)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "nothing"
) -> None:
    """A table, or one word where there are no rows. Cells are shown as they are, never read as
    markup.
    """
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    console.print(shown if shown.row_count else empty, soft_wrap=True)


def as_json(value: Any) -> None:
    """One JSON document; moments as ISO 8601."""
    print(_document(value, indent=2), file=terminal())


def as_json_line(value: Any) -> None:
    """One JSON document on one line, for streams."""
    print(_document(value), flush=True, file=terminal())


def _document(value: Any, indent: int | None = None) -> str:
    """JSON in which the control characters that it allows are escaped as well."""
    text = json.dumps(value, default=_plain, ensure_ascii=False, indent=indent)
    return "".join(
        each if each == "\n" or visible(each) == each else f"\\u{ord(each):04x}" for each in text
    )


def clock(moment: datetime | None) -> str:
    """`"03-01 00:04:10"`, by the clocks of the settings."""
    if moment:
        return f"{moment.astimezone(_ZONE[-1]):%m-%d %H:%M:%S}"
    return "-"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
