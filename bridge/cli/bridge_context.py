"""Which settings a command uses, and a bridge built from them."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bridge import config, logging_setup, wiring
from bridge.cli.output import show_times_in
from bridge.errors import BadInput, Problem
from bridge.store import migrate

HERE = Path("bondbridge.yaml")
DEMO = Path("state/demo/bondbridge.yaml")

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help=(
            f"Settings file. Default: ${config.CONFIG_VARIABLE}, {HERE}, or those of the demo last"
            " run here."
        ),
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]

Override = Annotated[
    bool,
    typer.Option("--override", help="Call it although a guard is against it; that is recorded."),
]


def configured(given: Path | None) -> Path | None:
    """The settings a person made: named, in the environment, or in this folder."""
    if given:
        return given
    if os.environ.get(config.CONFIG_VARIABLE):
        return Path(os.environ[config.CONFIG_VARIABLE])
    if HERE.exists():
        return HERE
    return None


def chosen(given: Path | None) -> Path:
    """The settings of a command that looks at a bridge: a person's, else the demo's. Raises
    BadInput.
    """
    path = configured(given)
    if path is None and DEMO.exists():
        print(f"(settings of the demo: {DEMO})", file=sys.stderr)
        return DEMO
    if path is None:
        mend = f"name them with --config, make {HERE}, or run `bondbridge demo` first"
        raise BadInput([Problem("settings", "there are none", mend)])
    return path


def loaded(given: Path | None) -> config.Settings:
    """The settings of a command that looks at a bridge, by whose clocks it shows times. Raises
    BadInput.
    """
    settings = config.load(chosen(given))
    show_times_in(settings.zone)
    return settings


@contextmanager
def bridge_of(
    given: Path | None, *, log_level: str = "ERROR", makes: bool = False, polls: bool = False
) -> Iterator[wiring.Bridge]:
    """A bridge with its database brought up to date, for the length of a command.

    Where a bridge has been and its database is gone, only a command that `makes` one makes another:
    an empty one in its place would look as if all were well. One that `polls` has the whole request
    budget where no bridge runs. Raises BadInput.
    """
    logging_setup.configure(log_level)
    settings = loaded(given)
    if not makes:
        refuse_lost(settings)
    bridge = wiring.build(settings, alone=polls and not is_running(settings.state_dir))
    try:
        migrate.migrate(bridge.database, config.shipped("migrations"))
        yield bridge
    finally:
        bridge.close()


def is_running(state_dir: Path) -> bool:
    """Whether `bondbridge up` runs on this state folder: it holds the lock there."""
    try:
        handle = os.open(state_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def refuse_lost(settings: config.Settings) -> None:
    """Raises BadInput where a bridge has been and its database is gone."""
    lost = wiring.lost_database(settings)
    if lost is not None:
        mend = "was it moved? put it back, or make an empty one with `bondbridge migrate`"
        raise BadInput(
            [Problem("database", f"there is none at {lost}, though a bridge has been here", mend)]
        )
