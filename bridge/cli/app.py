"""Every command in one list, and what each kind of error means for the exit code."""

import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer

from bridge.cli.operate import ack, approvals, call, journal, pause_silence, poll, tuning, watch
from bridge.cli.output import protect_terminal
from bridge.cli.rules import rule_files
from bridge.cli.run import demo, simulate, up, watchdog
from bridge.cli.setup import channels, doctor, migrate, tokens, webhook_secrets, webhooks
from bridge.errors import AgainLater, BadInput, BridgeError, InDoubt, Refused
from bridge.store.database import Away

app = typer.Typer(
    name="bondbridge",
    help=(
        "Event-driven automation and webhook bridge for bonded-Internet (SD-WAN) management"
        " servers."
    ),
    epilog=(
        "Exit codes: 0 done · 1 something is wrong · 2 bad input · 3 not now, again later · 4"
        " refused · 5 in doubt."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # so that only our own console colours, and nothing else writes control characters
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  as typer calls it
    if wanted:
        print(f"bondbridge {version('bondbridge')}")
        raise typer.Exit


@app.callback()
def bondbridge(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Take the options of the program itself."""


for _command in (
    up.up,
    demo.demo,
    simulate.simulate,
    simulate.inbox,
    poll.poll,
    call.call,
    journal.events,
    watch.watch,
    watch.incidents,
    pause_silence.pause,
    pause_silence.resume,
    pause_silence.silence,
    ack.ack,
    approvals.approvals,
    approvals.approve,
    approvals.deny,
    watchdog.watchdog,
    doctor.doctor,
    migrate.migrate,
):
    app.command()(_command)
app.command("hands-off")(watch.hands_off)
app.command("demo-webhook")(demo.demo_webhook)
app.add_typer(journal.jobs, name="jobs")
app.add_typer(pause_silence.silences, name="silences")
app.add_typer(rule_files.app, name="rules")
app.add_typer(channels.app, name="channels")
app.add_typer(tuning.app, name="tuning")
app.add_typer(tokens.app, name="token")
webhooks.app.command()(webhook_secrets.add)
webhooks.app.command()(webhook_secrets.rotate)
app.add_typer(webhooks.app, name="webhooks")

# by what a caller can do about it; the first class that fits counts
_CODES: tuple[tuple[type[BridgeError], int], ...] = (
    (BadInput, 2),
    (AgainLater, 3),
    (Refused, 4),
    (InDoubt, 5),
)


def main(**extra: Any) -> None:
    """Run the command line; every error of ours is one clear line each, and an exit code."""
    protect_terminal()
    try:
        app(**extra)
    except BridgeError as error:
        for line in str(error).splitlines():
            print(f"bondbridge: {line}", file=sys.stderr)
        sys.exit(next((code for kind, code in _CODES if isinstance(error, kind)), 1))
    except Away as error:
        print(
            "bondbridge: the database cannot be used now:"
            f" {str(error.orig).strip().splitlines()[0]}",
            file=sys.stderr,
        )
        sys.exit(3)
    except BrokenPipeError:  # `bondbridge events | head`
        sys.stderr.close()
        sys.exit(0)
