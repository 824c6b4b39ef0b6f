"""`bondbridge channels`: where people are told, whether it works, and what nobody took."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.progress import track

from bridge import config, wiring
from bridge.actions.apprise.urls import kind_of
from bridge.cli.bridge_context import AsJson, Config, bridge_of, loaded
from bridge.cli.operate.actor import actor, place
from bridge.cli.output import as_json, clock, console, table
from bridge.core.events.operator_events import Deed
from bridge.core.model import Body, Outcome
from bridge.core.requests import NoticeRequest
from bridge.errors import BadInput, Problem
from bridge.store.notifications import destinations
from bridge.store.notifications.destinations import QueueDepth
from bridge.store.observations import audit_log

app = typer.Typer(
    help="Channels: where people are told, whether it works, and what nobody took.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_TITLE = "bondbridge: a test"


@app.command("list")
def list_channels(given: Config = None, *, json_output: AsJson = False) -> None:
    """Every address of every channel, how it is doing, how many notices wait there, and how many
    nobody took.

    Example: bondbridge channels list
    """
    with bridge_of(given) as bridge:
        with bridge.database.reading() as connection:
            known = {each.key: each for each in destinations.every(connection)}
            waiting = destinations.queue_depths(connection)
        rows = list(_addresses(bridge.settings, known, waiting))
    if json_output:
        as_json(rows)
        return
    names = ("channel", "address", "kind", "state", "waiting", "dead")
    shown = [[*(each[name] for name in names), each["said"] or ""] for each in rows]
    table(("channel", "address", "leads to", "state", "waiting", "dead", "it last said"), shown)
    if any(each["dead"] for each in rows):
        print(
            "what is dead: bondbridge channels dead; to have it told once more: bondbridge channels"
            " resend all"
        )


@app.command("test")
def try_out(
    name: Annotated[str, typer.Argument(help="The channel; without it all of them.")] = "",
    given: Config = None,
    *,
    json_output: AsJson = False,
) -> None:
    """Send a labelled test to each address and say what became of it. Ends with 1 if one did not
    take it.

    Example: bondbridge channels test noc
    """
    settings = loaded(given)
    wiring.check_channels(settings)
    wanted = _wanted(settings, name)
    tell = wiring.teller(settings)
    text = f"A test of the channel, asked for by {actor()}. Nothing has happened."
    rows = []
    for channel, target, kind in track(
        wanted, "testing", console=console, transient=True, disable=json_output
    ):
        request = NoticeRequest(to=channel, target=target, title=_TITLE, body=text, severity="info")
        result = tell.send("", request)
        rows.append(
            {
                "channel": channel,
                "address": target,
                "kind": kind,
                "outcome": result.became,
                "said": result.detail,
            }
        )
    if json_output:
        as_json(rows)
    else:
        table(
            ("channel", "address", "leads to", "outcome", "it said"),
            [tuple(each.values()) for each in rows],
        )
    if any(each["outcome"] != Outcome.DONE for each in rows):
        raise typer.Exit(1)


@app.command("open")
def open_ones(given: Config = None, *, json_output: AsJson = False) -> None:
    """What people were told that lasts, where, and who has acknowledged it. `bondbridge ack EVENT`
    says that you do.

    Example: bondbridge channels open
    """
    with bridge_of(given) as bridge:
        rows = bridge.follower.open()
    if json_output:
        as_json(rows)
        return
    shown = [
        (
            r["event"][:8],
            r["address"],
            clock(r["told_at"]),
            r["title"],
            r["repeated"] or "",
            r["acked_by"] or "nobody",
        )
        for r in rows
    ]
    table(
        ("event", "address", "told", "title", "again", "acknowledged by"),
        shown,
        empty="nothing that was told lasts",
    )


@app.command()
def dead(given: Config = None, *, json_output: AsJson = False) -> None:
    """What nobody took: notices that were refused, or that no service took in a day.

    Example: bondbridge channels dead
    """
    with bridge_of(given) as bridge, bridge.database.reading() as connection:
        rows = destinations.dead(connection)
    if json_output:
        as_json(rows)
        return
    table(
        ("job", "address", "due", "title", "why"),
        [(r["id"], r["address"], clock(r["due_at"]), r["title"], r["why"]) for r in rows],
    )


@app.command()
def resend(
    job: Annotated[str, typer.Argument(help="The beginning of a job's id, or `all`.")],
    given: Config = None,
) -> None:
    """Tell what nobody took once more, within a day from now.

    Example: bondbridge channels resend all
    """
    with bridge_of(given) as bridge, bridge.database.writing() as connection:
        found = [
            each["id"]
            for each in destinations.dead(connection)
            if job == "all" or each["id"].startswith(job)
        ]
        if not found or (job != "all" and len(found) > 1):
            what = (
                f"{'several dead letters begin' if found else 'no dead letter begins'} with {job!r}"
            )
            raise BadInput(
                [
                    Problem(
                        "channels",
                        what,
                        "give more of it" if found else "see `bondbridge channels dead`",
                    )
                ]
            )
        destinations.resend(connection, found, actor(), bridge.now())
        if len(found) == 1:
            about = f"job/{found[0]}"
        else:
            about = f"{len(found)} notices"
        audit_log.record(connection, Deed("notices_resent", actor(), place(), about), bridge.now())
    print(f"{len(found)} are told once more")


def _addresses(
    settings: config.Settings,
    known: Mapping[str, destinations.Destination],
    waiting: Mapping[str, QueueDepth],
) -> Iterator[Body]:
    """Those of the settings, and those that are no more but have something left."""
    wanted = {f"{channel}/{target}": kind for channel, target, kind in _wanted(settings, "")}
    left = {
        key: "none: the settings have no such address"
        for key in sorted(waiting)
        if key not in wanted
    }
    for key, kind in {**wanted, **left}.items():
        doing = known.get(key, destinations.Destination(key))
        those = waiting.get(key, QueueDepth())
        yield {
            "channel": doing.channel,
            "address": doing.target,
            "kind": kind,
            "state": _state(doing),
            "waiting": those.waiting,
            "dead": those.dead,
            "failures": doing.failures,
            "failing_since": doing.failing_since,
            "again_at": doing.again_at,
            "said": doing.said,
        }


def _state(doing: destinations.Destination) -> str:
    if doing.is_failing:
        if doing.again_at:
            again = f", tried again at {clock(doing.again_at)}"
        else:
            again = ""
        return f"failing since {clock(doing.failing_since)}{again}"
    if doing.said is not None:
        return "working"
    return "nothing told yet"


def _wanted(settings: config.Settings, name: str) -> Sequence[tuple[str, int, str]]:
    """Channel, which of its addresses, and what that is: the kind of service, never the address
    itself.
    """
    if name and name not in settings.channels:
        raise BadInput(
            [
                Problem(
                    "channels",
                    f"no channel is called {name!r}",
                    f"there is: {', '.join(settings.channels)}",
                )
            ]
        )
    found: list[tuple[str, int, str]] = []
    for each, channel in settings.channels.items():
        if name in ("", each):
            kinds: list[Any] = [kind_of(url) for url in wiring.destinations(channel.urls)]
            kinds += [f"{room.webhook} (a room)" for room in channel.rooms]
            found += [(each, target, kind) for target, kind in enumerate(kinds)]
    return found
