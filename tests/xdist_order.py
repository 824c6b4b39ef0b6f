"""Which test runs where and when: the long ones begin first, each process with its share of them,
and files stay in memory.

pytest-xdist's `worksteal` gives each process a stretch of the list, which it goes through from the
front while those that have nothing left take from the back. So what is long stands at the front of
each stretch.
"""

import os
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

# many times what a run writes
_ENOUGH = 2 << 30
_MEMORY = Path("/dev/shm")  # noqa: S108  pytest makes a folder there that is its own


def temporary_folder() -> Path | None:
    """Where files cost no disk, if there is such a place: there are thousands of databases, and
    each commit waits for it.

    No test pulls the plug, and a process that is killed leaves what it wrote to the kernel: nothing
    is proven less.
    """
    there = (
        _MEMORY.is_dir()
        and os.access(_MEMORY, os.W_OK)
        and shutil.disk_usage(_MEMORY).free > _ENOUGH
    )
    return _MEMORY if there else None


def dealt(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """The tests in another order: marked `takes`, longest first, to anyone who has the least so
    far; the rest as they were.
    """
    long: dict[str, list[pytest.Item]] = {}
    for item in items:
        if mark := item.get_closest_marker("takes"):
            long.setdefault(item.nodeid if mark.args else str(item.path), []).append(item)
    hands: list[list[pytest.Item]] = [[] for _ in range(processes)]
    loads = [0.0] * processes
    for group in sorted(long.values(), key=_seconds, reverse=True):
        least = loads.index(min(loads))
        hands[least] += group
        loads[least] += _seconds(group)
    return _stretches(hands, [item for item in items if not item.get_closest_marker("takes")])


def _stretches(
    hands: Sequence[Sequence[pytest.Item]], short: Sequence[pytest.Item]
) -> list[pytest.Item]:
    """Each hand followed by as many short ones as make it the stretch that xdist gives to one
    process.
    """
    rest = iter(short)
    found = list[pytest.Item]()
    left = sum(map(len, hands)) + len(short)
    for number, hand in enumerate(hands):
        stretch = left // (len(hands) - number)  # as WorkStealingScheduling.check_schedule counts
        found += [*hand, *islice(rest, max(0, stretch - len(hand)))]
        left -= stretch
    return [*found, *rest]


def _seconds(group: Sequence[pytest.Item]) -> float:
    """About how long, as it is marked: `takes(seconds)` by itself, or `takes(together=seconds)`
    with all of its file.
    """
    (mark,) = group[0].iter_markers("takes")
    return float(mark.args[0] if mark.args else mark.kwargs["together"])
