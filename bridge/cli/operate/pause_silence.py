"""`bondbridge pause` · `resume` · `silence` · `silences`: what holds the bridge back, and lets it
go on.
"""

import sys
from typing import Annotated

import typer

from bridge.cli.bridge_context import AsJson, Config, bridge_of
from bridge.cli.operate.actor import actor, place
from bridge.cli.output import as_json, clock, table
from bridge.errors import BadInput, Problem
from bridge.pipeline.controls.operator_controls import OperatorControls, SilenceRequest

silences = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
Why = Annotated[str, typer.Option(help="Why, for the next shift.")]
Server = Annotated[str, typer.Option(help="Only this server; without it, all of them.")]


def pause(
    given: Config = None,
    server: Server = "",
    why: Why = "",
    list_all: Annotated[
        bool, typer.Option("--list", help="Show what is paused and which rules are off.")
    ] = False,
    json_output: AsJson = False,
) -> None:
    """Stop all acting, at once and until `bondbridge resume`. Watching and telling go on; what has
    to wait is kept.

    Examples: bondbridge pause --why 'core maintenance' · bondbridge pause --server hq --why drill ·
    bondbridge pause --list
    """
    with bridge_of(given) as bridge:
        steering = bridge.steering
        if not list_all and not steering.pause(server, actor(), why, place()):
            print("it stands still already", file=sys.stderr)
        _show_pauses(steering, json_output=json_output)


def resume(
    given: Config = None,
    server: Server = "",
    json_output: AsJson = False,
) -> None:
    """Let acting go on. What waited is looked at now, with all its guards; what has become too old
    is not done.

    Examples: bondbridge resume · bondbridge resume --server hq
    """
    with bridge_of(given) as bridge:
        resumed = bridge.steering.resume(server, actor(), place())
        said = _resumed(bridge.steering, server, resumed=resumed)
        if json_output:
            _show_pauses(bridge.steering, json_output=True)
    if not resumed:
        print(said, file=sys.stderr)
        raise typer.Exit(1)
    if not json_output:
        print(said)


def silence(
    lasts: Annotated[str, typer.Option("--for", help="How long, such as 2h; 30d at most.")],
    given: Config = None,
    types: Annotated[
        list[str] | None,
        typer.Option(help="Events, by name or glob such as leg.*; without it, all."),
    ] = None,
    bond: Annotated[int | None, typer.Option(help="Only about this bond.")] = None,
    leg: Annotated[int | None, typer.Option(help="Only about this leg.")] = None,
    space: Annotated[str | None, typer.Option(help="Only about this space, by its key.")] = None,
    server: Annotated[str, typer.Option(help="Which server, where there are several.")] = "",
    acts: Annotated[
        bool, typer.Option("--acts", help="Hold back acting as well as telling.")
    ] = False,
    why: Why = "",
    json_output: AsJson = False,
) -> None:
    """Tell nobody of matching events for a while. What still is wrong when it ends is told then.

    Examples: bondbridge silence --for 2h --types 'leg.*' --bond 3 --why works · bondbridge silence
    --for 1h --acts --why drill
    """
    about = [
        f"{noun}/{key}"
        for noun, key in (("bond", bond), ("leg", leg), ("space", space))
        if key is not None
    ]
    if len(about) > 1:
        raise BadInput(
            [
                Problem(
                    "silence",
                    "--bond, --leg and --space do not go together",
                    "make one silence for each",
                )
            ]
        )
    quiet = SilenceRequest(
        server, lasts, why, tuple(types or ("*",)), about[0] if about else "", acts
    )
    with bridge_of(given) as bridge:
        made = bridge.steering.silence(quiet, actor(), place())
    if json_output:
        as_json(made)
    else:
        print(
            f"silence {made['id']} until {clock(made['until'])}; `bondbridge silences end"
            f" {made['id'][:8]}` ends it"
        )


@silences.callback()
def list_silences(
    context: typer.Context, given: Config = None, json_output: AsJson = False
) -> None:
    """Silences that hold.

    Example: bondbridge silences
    """
    context.obj = given
    if context.invoked_subcommand:
        return
    with bridge_of(given) as bridge:
        rows = bridge.steering.silences()
    if json_output:
        as_json(rows)
        return
    shown = [
        (
            row["id"],
            row["server"],
            " ".join(row["types"]),
            row["about"] or "all of it",
            clock(row["until"]),
            "telling and acting" if row["acts"] else "telling",
            row["who"],
            row["why"],
        )
        for row in rows
    ]
    table(
        ("silence", "server", "events", "about", "until", "holds back", "who", "why"),
        shown,
        empty="nothing is silenced",
    )


@silences.command()
def end(
    context: typer.Context,
    silence: Annotated[str, typer.Argument(help="The silence's id, or its beginning.")],
    given: Config = None,
) -> None:
    """End a silence before its time.

    Example: bondbridge silences end 51c2
    """
    with bridge_of(given or context.obj) as bridge:
        ended = bridge.steering.end_silence(silence, actor(), place())
    print(f"{ended} is over")


def _resumed(steering: OperatorControls, server: str, *, resumed: bool) -> str:
    """What came of it, and whether something else is paused still."""
    left = [row["server"] or "everything" for row in steering.pauses()]
    if left:
        still = f" Still paused: {', '.join(left)}; see `bondbridge pause --list`."
    else:
        still = ""
    if resumed:
        return f"Resumed{f' {server}' if server else ''}.{still}"
    return (
        f"{f'{server} was not' if server else 'Nothing was'}"
        f" paused{' by itself' if server else ''}.{still}"
    )


def _show_pauses(steering: OperatorControls, *, json_output: bool) -> None:
    held = steering.pauses()
    off = steering.tripped()
    if json_output:
        as_json({"pauses": held, "tripped": off})
        return
    rows = [
        ("pause", row["server"] or "everything", clock(row["since"]), row["who"], row["why"])
        for row in held
    ]
    rows += [
        ("breaker", f"{row['rule']} on {row['server']}", clock(row["tripped_at"]), "-", row["why"])
        for row in off
    ]
    table(("held by", "what", "since", "who", "why"), rows, empty="nothing is paused")
