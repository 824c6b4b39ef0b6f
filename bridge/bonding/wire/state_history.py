"""A leg's history: the contiguous runs of its states, however the server spells and sorts them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from bridge.bonding.wire import parsers
from bridge.core.model import Json
from bridge.core.objects.link_state import class_of
from bridge.errors import Garbled

_STATE = ("state", "overall_state", "status", "value")
_START = ("start", "started", "from", "begin", "start_time", "since", "time", "timestamp", "at")
_END = ("end", "ended", "to", "until", "end_time", "finish")
_LENGTH = ("duration", "seconds", "length")


@dataclass(frozen=True, slots=True)
class Run:
    """One state without a break. `class_` is what the state means; `end` is None for the run that
    goes on.
    """

    state: str
    class_: str
    start: datetime
    end: datetime | None


def runs(raw: Json) -> list[Run]:
    """The runs of a history, the oldest first. Raises Garbled where it is no list, or a run has no
    beginning.
    """
    items = raw
    if isinstance(raw, dict):
        lists = [value for value in raw.values() if isinstance(value, list)]
        if len(lists) == 1:
            items = lists[0]
        else:
            items = raw
    if not isinstance(items, list):
        msg = "a history of states that is no list"
        raise Garbled(msg)
    found = [_run(each) for each in items]
    if found and found[0].start > found[-1].start:
        found.reverse()  # so that runs of no length keep their order, too
    found.sort(key=lambda run: run.start)
    # runs are contiguous: what does not say when it ended did so when the next one began
    closed = [
        Run(run.state, run.class_, run.start, run.end or later.start)
        for run, later in pairwise(found)
    ]
    return closed + found[-1:]


def _run(raw: Json) -> Run:
    if not isinstance(raw, dict):
        msg = f"a run of a history that is no object but {type(raw).__name__}"
        raise Garbled(msg)
    start, end = (parsers.instant(parsers.first(raw, names)) for names in (_START, _END))
    length = parsers.number(parsers.first(raw, _LENGTH))
    if start is None and end is not None and length is not None:
        start = end - timedelta(seconds=length)
    if start is None:
        msg = f"a run of a history without a beginning: keys {sorted(raw)[:8]}"
        raise Garbled(msg)
    if end is None and length is not None and not _says(raw, _END):
        end = start + timedelta(seconds=length)
    state = parsers.text(parsers.first(raw, _STATE)) or "unknown"
    return Run(state, class_of(state), start, end)


def _says(raw: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(name in raw for name in names)
