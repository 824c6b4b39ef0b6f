"""`bondbridge poll`: poll by hand, without broker or worker, and show what was found; or say how
long a round takes.
"""

import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated

import typer
from rich.progress import track

from bridge import wiring
from bridge.cli.bridge_context import AsJson, Config, bridge_of
from bridge.cli.operate.poll_round import Key, essential_first, poll_round
from bridge.cli.output import PipedConsole, as_json, clock, table
from bridge.core.durations import spoken
from bridge.core.events.headlines import headline
from bridge.core.model import Event
from bridge.core.rules.parser import nearest
from bridge.errors import BadInput, Problem
from bridge.pipeline.observe.poll_budget import Plan, plan
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import Scope

# what brings other scopes with it; a plan needs to have seen these
_CARRIERS = ("bonds", "legs", "nodes", "spaces", "aggregators")
# new objects bring scopes, whose objects bring none: after so many rounds nothing new can come
_ROUNDS = 3


def poll(
    once: Annotated[
        bool, typer.Option("--once", help="Poll every scope once, whether or not it is due.")
    ] = False,
    scope: Annotated[
        str,
        typer.Option(help="Only this scope, or a glob: legs, bonds/3/tuners, 'bonds/*/routes'."),
    ] = "",
    planned: Annotated[
        bool,
        typer.Option(
            "--plan", help="Say what each kind of scope costs and how long a round takes."
        ),
    ] = False,
    shrink: Annotated[
        bool,
        typer.Option(
            "--shrink",
            help="With --once --scope: what is missing there is really gone, however much it is.",
        ),
    ] = False,
    given: Config = None,
    json_output: AsJson = False,
) -> None:
    """Poll now and record what happened since the last poll. Rules meet the events when a worker
    runs.

    Exits with 3 if a scope could not be polled. Examples: bondbridge poll --once --scope legs ·
    bondbridge poll --plan
    """
    _check(scope, once=once, planned=planned, shrink=shrink)
    with bridge_of(given, polls=True) as bridge:
        bridge.observer.prepare()
        if planned:
            _show_plans(_plans(bridge), json_output=json_output)
            return
        found, failed = _poll(bridge, scope, shrink=shrink)
    _show(found, json_output=json_output)
    for each in failed:
        print(
            f"{each.server} {each.name}: {each.problem or 'somebody else is polling it'}",
            file=sys.stderr,
        )
    raise typer.Exit(3 if failed else 0)


def _check(scope: str, *, once: bool, planned: bool, shrink: bool) -> None:
    """Raises BadInput for what does not go together."""
    wrong = [
        (once and planned, "--once polls and --plan only reckons", "say one of them"),
        (
            bool(scope) and planned,
            "--scope belongs to --once: a plan is of all scopes",
            "leave it out",
        ),
        (
            bool(scope) and not (once or planned),
            "--scope alone does nothing",
            f"to poll it now: --once --scope {scope!r}",
        ),
        (
            shrink and not (once and scope),
            "--shrink is said of one scope",
            "name it: --once --scope legs --shrink",
        ),
        (
            not (once or planned or scope or shrink),
            "polling goes on by itself under `bondbridge up`",
            "to poll by hand, say --once; to see what a round costs, --plan",
        ),
    ]
    problems = [Problem("poll", what, mend) for is_so, what, mend in wrong if is_so]
    if problems:
        raise BadInput(problems)


def _show(found: list[Event], *, json_output: bool) -> None:
    if json_output:
        as_json(
            [
                {
                    "id": e.id,
                    "type": e.type,
                    "time": e.time,
                    "subject": e.subject,
                    "headline": headline(e),
                }
                for e in found
            ]
        )
    else:
        table(
            ("time", "event", "what"),
            [(clock(e.time), e.id, headline(e)) for e in found],
            empty="nothing happened",
        )


def _poll(bridge: wiring.Bridge, only: str, *, shrink: bool) -> tuple[list[Event], list[Scope]]:
    """What happened, in the order of time, and the scopes that could not be polled."""
    found: dict[Key, list[Event] | None] = {}
    for _ in range(_ROUNDS):
        wanted = [key for key in _scopes(bridge, only) if key not in found]
        found |= dict(poll_round(bridge, wanted, shrink=shrink))
    # the running bridge had these, or had all the places that there are: it is done with them by
    # now
    taken = [(each.server, each.name) for each in _unpolled(bridge, found) if not each.problem]
    found |= dict(poll_round(bridge, taken, shrink=shrink))
    happened = [event for key in essential_first(bridge, found) for event in found[key] or []]
    return sorted(happened, key=lambda event: event.time), _unpolled(bridge, found)


def _unpolled(bridge: wiring.Bridge, found: Mapping[Key, list[Event] | None]) -> list[Scope]:
    with bridge.database.reading() as connection:
        known = {(each.server, each.name): each for each in snapshots.all_scopes(connection)}
    return [known[key] for key in known if key in found and found[key] is None]


def _scopes(bridge: wiring.Bridge, only: str) -> list[tuple[str, str]]:
    with bridge.database.reading() as connection:
        known = [each for each in snapshots.all_scopes(connection) if each.server in bridge.clients]
    names = [
        (each.server, each.name) for each in known if bridge.observer.wanted(each.server, each.name)
    ]
    if only and not any(fnmatchcase(name, only) for _, name in names):
        mend = nearest(only, tuple(name for _, name in names))
        raise BadInput([Problem("poll", f"no scope is called {only!r}", mend)])
    return essential_first(bridge, (key for key in names if not only or fnmatchcase(key[1], only)))


def _plans(bridge: wiring.Bridge) -> dict[str, Plan]:
    plans = {}
    for server, watched in bridge.observer.servers.items():
        with bridge.database.reading() as connection:
            seen = {each.name for each in snapshots.all_scopes(connection, server) if each.version}
        missing = [name for name in _CARRIERS if name not in seen and watched.wanted(name)]
        for name in track(
            missing, f"looking at {server}", console=PipedConsole(stderr=True), transient=True
        ):
            bridge.observer.poll(server, name)
        with bridge.database.reading() as connection:
            plans[server] = plan(connection, watched)
    return plans


def _show_plans(plans: dict[str, Plan], *, json_output: bool) -> None:
    if json_output:
        as_json({server: _as_plain(each) for server, each in plans.items()})
        return
    for server, each in plans.items():
        rows = [
            (
                line.timing,
                "in rotation" if line.rotates else spoken(line.interval),
                line.scopes,
                line.requests,
                f"{line.rate:.2f}",
            )
            for line in each.lines
        ]
        print(
            f"{server}: {each.budget or 'any number of'} requests a second, {each.timed:.2f} of"
            " them at fixed intervals"
        )
        table(("scopes", "every", "number", "requests a round", "requests a second"), rows)
        if each.round is None:
            print(
                "the budget leaves nothing for the rotation: raise requests_per_second, or poll"
                " less often"
            )
        else:
            print(f"one round of the rotation takes {spoken(each.round)}")


def _as_plain(each: Plan) -> dict[str, object]:
    names = ("timing", "scopes", "requests", "interval", "rotates")
    lines = [{name: getattr(line, name) for name in names} for line in each.lines]
    return {
        "requests_per_second": each.budget,
        "timed": each.timed,
        "round_seconds": each.round,
        "scopes": lines,
    }
