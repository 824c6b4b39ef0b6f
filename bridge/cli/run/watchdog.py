"""`bondbridge watchdog`: a process of its own that tells when the others do not do their work."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated, NoReturn

import typer

from bridge import config, logging_setup, wiring
from bridge.cli.bridge_context import Config, loaded
from bridge.cli.output import table
from bridge.core.model import Outcome
from bridge.errors import BadInput, Problem, Refused
from bridge.pipeline.watchdog import Watchdog


def watchdog(
    given: Config = None,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="Look one time, say what is wrong, and end with 1 if something is."
        ),
    ] = False,
    test: Annotated[
        bool,
        typer.Option("--test", help="Send a labelled test to each of its addresses, and no more."),
    ] = False,
) -> None:
    """Watch whether the bridge polls, decides and tells, and tell of it directly, until told to
    stop. `up` starts one.

    It needs neither broker nor workers: the settings, the database, and its own addresses
    (`watchdog` in the settings).

    Examples: bondbridge watchdog --config bondbridge.yaml · bondbridge watchdog --test
    """
    logging_setup.configure(os.environ.get(f"{config.PREFIX}LOG_LEVEL", "INFO"))
    settings = loaded(given)
    wiring.check_channels(settings)
    dog = wiring.watchdog(settings)
    if test:
        _tested(dog)
        return
    if settings.watchdog:
        every = settings.watchdog.every
    else:
        every = 0.0
    stop = _told_to_stop()
    with closing(dog), _only_one(settings.state_dir) as alone:
        if once:
            _once(dog, alone=alone)
        if not alone:
            what = (
                f"another watchdog runs on the state folder {settings.state_dir}, and two would"
                " tell everything twice"
            )
            raise Refused(f"{what}; for a look beside it: bondbridge watchdog --once")
        print("ready", flush=True)
        while not stop.is_set():
            dog.look(stop.is_set)
            stop.wait(every)


def _once(dog: Watchdog, *, alone: bool) -> NoReturn:
    """One round, or a look at what another one remembers, which tells nobody."""
    # what is not told yet, since it may pass, is said all the same
    wrong = (alone and dog.look()) or dog.glance()
    if not alone:
        print("another watchdog runs here and does the telling: this look tells nobody")
    print(
        "all is well" if not wrong else "\n".join(f"{each.name}: {each.says}" for each in wrong),
        flush=True,
    )
    raise typer.Exit(1 if wrong else 0)


def _tested(dog: Watchdog) -> None:
    with closing(dog):
        results = dog.test()
    table(
        ("address", "outcome", "it said"),
        [(place, each.became, each.detail) for place, each in enumerate(results)],
    )
    if any(each.outcome is not Outcome.DONE for each in results):
        raise typer.Exit(1)


def _told_to_stop() -> Event:
    """Set by the first signal: what is being sent is sent, and remembered, so that it is not told
    twice.
    """
    stop = Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop


@contextmanager
def _only_one(state_dir: Path) -> Iterator[bool]:
    """Whether nobody else watches here: two would tell everything twice. Raises BadInput."""
    try:
        config.private(state_dir)
        handle = os.open(state_dir / "watchdog.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        mend = "make it writable, or set `state_dir`"
        raise BadInput(
            [Problem(str(state_dir), f"cannot keep state here: {error.strerror}", mend)]
        ) from error
    try:
        yield _locked(handle)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
