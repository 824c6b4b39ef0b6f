"""How commands print: tables for people, JSON for scripts."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


class PipedConsole(Console):
    """Says so when nobody reads any more, instead of ending the process from within a thread."""

    def on_broken_pipe(self) -> None:
        """`bondbridge events | head`."""
        raise BrokenPipeError


# into a file or a pipe, cells are not cut to the width of a screen nobody looks at
console = PipedConsole(width=None if sys.stdout.isatty() else 240)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "nothing") -> None:
    """A table, or one word where there are no rows. Cells are shown as they are, never read as markup."""
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    console.print(shown if shown.row_count else empty, soft_wrap=True)


def as_json(value: Any) -> None:
    """One JSON document; moments as ISO 8601."""
    print(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def as_json_line(value: Any) -> None:
    """One JSON document on one line, for streams."""
    print(json.dumps(value, default=_plain, ensure_ascii=False), flush=True)


def clock(moment: datetime | None) -> str:
    """`"03-01 00:04:10"`."""
    return f"{moment:%m-%d %H:%M:%S}" if moment else "-"


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
