"""`bondbridge rules backtest`: stored decisions made again exactly, or recorded events gone through
with other rules.
"""

from contextlib import nullcontext
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from bridge import wiring
from bridge.cli.bridge_context import AsJson, Config, bridge_of
from bridge.cli.output import PipedConsole, as_json, table
from bridge.core.durations import seconds, spoken
from bridge.core.model import Body
from bridge.core.rules.parser import nearest
from bridge.errors import BadInput, Problem
from bridge.pipeline.backtest.backtester import Backtester
from bridge.pipeline.backtest.decision_replay import log_live, log_replayed
from bridge.rulebook import load

_SHOWN = 20


def backtest(
    since: Annotated[
        str,
        typer.Option(
            help="From when: so long ago, such as 7d, or a moment such as 2026-03-01T12:00Z."
        ),
    ],
    until: Annotated[str, typer.Option(help="Until when, likewise; without it, now.")] = "",
    against: Annotated[
        Path | None,
        typer.Option(help="A folder of other rules; without it, what was decided is replayed."),
    ] = None,
    server: Annotated[str, typer.Option(help="Only this server.")] = "",
    given: Config = None,
    json_output: AsJson = False,
) -> None:
    """What was decided, made again from stored facts; or what other rules would have done. Nothing
    is called or recorded.

    Without --against every stored verdict is judged again by the rule as it was; exit code 1 if one
    comes out otherwise.

    Examples: bondbridge rules backtest --since 7d · bondbridge rules backtest --since 7d --against
    new-rules --json
    """
    with bridge_of(given) as bridge:
        begin = _moment(since, bridge.now())
        end = _moment(until or "0s", bridge.now())
        if end - begin < timedelta(seconds=1):
            raise BadInput(
                [Problem("rules backtest", "--since is not before --until", "such as --since 7d")]
            )
        if server and server not in bridge.clients:
            raise BadInput(
                [
                    Problem(
                        "rules backtest",
                        f"no server is called {server!r}",
                        nearest(server, bridge.clients),
                    )
                ]
            )
        if against is None:
            _replay(bridge, begin, end, server, json_output=json_output)
        else:
            _against(bridge, against, (begin, end), server, json_output=json_output)


def _replay(
    bridge: wiring.Bridge, since: datetime, until: datetime, server: str, *, json_output: bool
) -> None:
    count = 0
    differs = []
    with bridge.database.reading() as connection, bridge.database.reading() as other:
        live = log_live(connection, since, until, server)
        replayed = log_replayed(other, since, until, bridge.keeper.vocabulary, server)
        for one, again in zip_longest(live, replayed, fillvalue=""):
            count += 1
            if one != again:
                differs.append({"then": one, "again": again})
    if json_output:
        as_json({"since": since, "until": until, "verdicts": count, "differs": differs})
    else:
        print(f"{count - len(differs)} of {count} verdicts come out the same, to the byte")
        for each in differs[:_SHOWN]:
            print(f"then   {each['then']}\nagain  {each['again']}")
        if len(differs) > _SHOWN:
            print(f"and {len(differs) - _SHOWN} more; --json has them all")
    raise typer.Exit(1 if differs else 0)


def _against(
    bridge: wiring.Bridge,
    folder: Path,
    stretch: tuple[datetime, datetime],
    server: str,
    *,
    json_output: bool,
) -> None:
    book = load([folder], bridge.keeper.vocabulary)
    backtester = Backtester(bridge.database, bridge.forced_live, bridge.act_in)
    since, until = stretch
    errors = PipedConsole(stderr=True)
    with (
        Progress(console=errors, transient=True) if errors.is_terminal else nullcontext()
    ) as progress:
        task = (
            progress.add_task("going through it", total=backtester.size(since, until, server))
            if progress
            else None
        )

        def step(number: int) -> None:
            if progress and task is not None:
                progress.advance(task, number)

        found = backtester.against(book, since, until, server, step)
    if json_output:
        as_json(found)
    else:
        _print(found)


def _print(found: Body) -> None:
    print(
        f"{found['events']} events from {found['since']} to {found['until']}, rulebook"
        f" {found['against'][:8]}\n"
    )
    rows = [
        (
            rule,
            one["verdicts"].get("act", 0),
            _counts(one["verdicts"], "skip"),
            _reasons(one["waited"]),
            _reasons(one["asked"]),
            one["calls"],
            one["calls_then"],
        )
        for rule, one in found["rules"].items()
    ]
    columns = ("rule", "acts", "skips", "waited for", "asks about", "calls now", "calls then")
    table(columns, rows, empty="no rule listens to what happened")
    print()
    shown = [(_clock(call["at"]), call["rule"], call["call"]) for call in found["calls"][:_SHOWN]]
    table(("at", "rule", "call it would have made"), shown, empty="no call would have been made")
    _more(len(found["calls"]))
    if found["burst"]:
        print(
            f"largest burst: {found['burst']['calls']} calls within 10 minutes, from"
            f" {_clock(found['burst']['from'])}"
        )
    if found["longest_wait"]:
        print(
            f"longest wait for a call: {spoken(found['longest_wait']['seconds'])}, rule"
            f" {found['longest_wait']['rule']}"
        )
    print()
    differs = [
        (_clock(one["seen_at"]), one["event"], one["rule"], one["then"], one["now"])
        for one in found["differs"]
    ]
    table(
        ("seen at", "event", "rule", "then", "now"),
        differs[:_SHOWN],
        empty="every verdict is what it was",
    )
    _more(len(differs))
    calls = found["unknown"]["preconditions"]
    questions = found["unknown"]["approvals"]
    print(
        f"not known: what the server would have said to {calls} calls, and people to {questions}"
        " questions"
    )


def _more(count: int) -> None:
    if count > _SHOWN:
        print(f"and {count - _SHOWN} more; --json has them all")


def _counts(verdicts: Body, ruling: str) -> str:
    begins = f"{ruling}("
    return _reasons(
        {
            name[len(begins) : -1]: count
            for name, count in verdicts.items()
            if name.startswith(begins)
        }
    )


def _clock(moment: str) -> str:
    return moment[:19].replace("T", " ")


def _reasons(counts: Body) -> str:
    return " ".join(f"{reason}={count}" for reason, count in counts.items()) or "-"


def _moment(text: str, now: datetime) -> datetime:
    """`"7d"`: so long ago; or a moment with its zone. Raises BadInput."""
    try:
        return now - timedelta(seconds=seconds(text))
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadInput(
            [
                Problem(
                    "rules backtest",
                    f"{text!r} is no moment",
                    "write 7d, or 2026-03-01T12:00Z with its zone",
                )
            ]
        )
    return found
