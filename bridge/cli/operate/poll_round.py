"""Poll many scopes by hand: of each server as many at once as its settings allow, showing how far
it is.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from time import monotonic

from rich.progress import track

from bridge import wiring
from bridge.cli.output import PipedConsole
from bridge.core.model import Event
from bridge.pipeline.observe import poll_schedule

Key = tuple[str, str]
"""(server, scope)."""

Polled = tuple[Key, list[Event] | None]
"""What happened in a scope; None where it could not be polled."""

# where no bar can be drawn, a line so often; in seconds
_LINE_EVERY = 5.0


def essential_first(bridge: wiring.Bridge, keys: Iterable[Key]) -> list[Key]:
    """Legs, bonds and whatever else is polled often before the rotation."""

    def order(key: Key) -> tuple[int, float, Key]:
        server, name = key
        return poll_schedule.rank(name), bridge.observer.servers[server].interval(name), key

    return sorted(keys, key=order)


def poll_round(bridge: wiring.Bridge, keys: Sequence[Key], *, shrink: bool) -> Iterator[Polled]:
    """Poll each of these once; yields each as soon as it is done."""
    observer = bridge.observer
    with ExitStack() as stack:
        pools: dict[str, ThreadPoolExecutor] = {}
        for server in {server for server, _ in keys}:
            pools[server] = ThreadPoolExecutor(observer.servers[server].concurrency)
            # Ctrl-C waits for the polls under way and begins no other
            stack.callback(pools[server].shutdown, cancel_futures=True)
        polls: dict[Future[list[Event] | None], Key] = {
            pools[key[0]].submit(observer.poll, *key, shrink=shrink): key for key in keys
        }
        for poll in _with_progress(as_completed(polls), len(polls)):
            yield polls[poll], poll.result()


def _with_progress(
    polls: Iterator[Future[list[Event] | None]], total: int
) -> Iterator[Future[list[Event] | None]]:
    if not total:
        return
    if sys.stderr.isatty():
        console = PipedConsole(stderr=True)
        yield from track(polls, "polling", total=total, console=console, transient=True)
        return
    print(f"polling {total} scopes", file=sys.stderr)
    said = monotonic()
    for number, poll in enumerate(polls, start=1):
        yield poll
        if monotonic() - said > _LINE_EVERY and number < total:
            print(f"polled {number} of {total} scopes", file=sys.stderr)
            said = monotonic()
