"""`bondbridge tuning`: what accepted tunings changed, and how to put it back."""

import sys
from typing import Annotated

import typer

from bridge.cli.bridge_context import AsJson, Config, Override, bridge_of
from bridge.cli.operate.actor import actor, place
from bridge.cli.output import as_json, clock, table
from bridge.core.job_summary import asks
from bridge.core.model import Body, JobState
from bridge.errors import BridgeError
from bridge.pipeline.controls.tuning_undo import TuningUndo, Undo

app = typer.Typer(
    help="What accepted tunings changed, and how to put it back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_all(given: Config = None, json_output: AsJson = False) -> None:
    """What tunings that rules accepted have changed, newest first, with the values before it.

    Example: bondbridge tuning list
    """
    with bridge_of(given) as bridge:
        rows = bridge.undoer.every()
    if json_output:
        as_json(rows)
        return
    shown = [
        (
            row["job"],
            clock(row["at"]),
            row["server"],
            row["rule"],
            asks("call", row["called"]),
            row["state"],
            _before(row["before"]),
            f"{row['undone_by']}, {clock(row['undone_at'])}" if row["undone_at"] else "-",
        )
        for row in rows
    ]
    table(
        ("job", "at", "server", "rule", "accepted", "state", "before it", "put back by"),
        shown,
        empty="no tuning was accepted",
    )


@app.command()
def undo(
    job: Annotated[
        str, typer.Argument(help="The job that accepted the tuning, or the beginning of its id.")
    ],
    given: Config = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    override: Override = False,
    json_output: AsJson = False,
) -> None:
    """Put the speeds of a tuning's legs back to what they were. Shows each leg as it is and as it
    was, and asks first.

    Example: bondbridge tuning undo 7c41d0
    """
    with bridge_of(given) as bridge:
        found = bridge.undoer.look(job)
        _check(found)
        for leg in found.legs:
            print(leg if leg.differs else f"{leg} (nothing to do)", file=sys.stderr)
        if not yes and not typer.confirm(f"put that back on {found.row['server']}?", err=True):
            print("not put back", file=sys.stderr)
            raise typer.Exit(1)
        _put_back(bridge.undoer, found, override=override)
    if json_output:
        as_json({"job": found.row["job"], "legs": {leg.name: leg.values for leg in found.legs}})
    else:
        print(f"{found.row['job']} is undone: {len(found.legs)} legs are as they were before it")


def _check(found: Undo) -> None:
    if found.row["undone_at"]:
        print(
            f"{found.row['undone_by']} put it back at {clock(found.row['undone_at'])}",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    if found.state not in (
        JobState.SUCCEEDED,
        JobState.UNVERIFIED,
        JobState.VERIFYING,
        JobState.IN_DOUBT,
    ):
        print(
            f"nothing to put back: the job is {found.state}, the tuning was not accepted",
            file=sys.stderr,
        )
        raise typer.Exit(1)


def _put_back(undoer: TuningUndo, found: Undo, *, override: bool) -> None:
    """Leg by leg; one that fails does not keep the others from it, and the whole can be done
    again.
    """
    failed: list[BridgeError] = []
    for leg in (each for each in found.legs if each.differs):
        try:
            undoer.put_back(found, leg, actor(), place(), override=override)
        except BridgeError as error:
            failed.append(error)
            print(f"leg {leg.name} was not put back: {error}", file=sys.stderr)
    if failed:
        print("the others were; call it again for these", file=sys.stderr)
        raise failed[0]
    if not undoer.done(found, actor(), place()):
        print("somebody else put it back at the same time", file=sys.stderr)


def _before(legs: Body) -> str:
    return " · ".join(
        f"leg {leg}: {', '.join(f'{name} {value}' for name, value in body.items())}"
        for leg, body in legs.items()
    )
