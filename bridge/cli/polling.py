"""`bondbridge poll`: poll by hand, without broker or worker, and show what was found."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from bridge import wiring
from bridge.cli.output import as_json, clock, table
from bridge.cli.settings import AsJson, Config, bridge_of
from bridge.core.headlines import headline
from bridge.core.model import Event
from bridge.core.rules import nearest
from bridge.errors import BadInput, Problem
from bridge.store import watching
from bridge.store.watching import Scope


def poll(
    once: Annotated[bool, typer.Option("--once", help="Poll every scope once, whether or not it is due.")] = False,
    scope: Annotated[str, typer.Option(help="Only this scope, such as legs or bonds/3/tuners.")] = "",
    given: Config = None,
    json_output: AsJson = False,
) -> None:
    """Poll now and record what happened since the last poll. Rules meet the events when a worker runs.

    Exits with 3 if a scope could not be polled. Example: bondbridge poll --once --scope legs
    """
    if not once:
        raise BadInput([Problem("poll", "polling goes on by itself under `bondbridge up`", "to poll by hand, say --once")])
    with bridge_of(given) as bridge:
        bridge.observer.prepare()
        found, failed = _poll(bridge, scope)
    if json_output:
        as_json([{"id": e.id, "type": e.type, "time": e.time, "subject": e.subject, "headline": headline(e)} for e in found])
    else:
        table(("time", "event", "what"), [(clock(e.time), e.id, headline(e)) for e in found], empty="nothing happened")
    for each in failed:
        print(f"{each.server} {each.name}: {each.problem or 'somebody else is polling it'}", file=sys.stderr)
    raise typer.Exit(3 if failed else 0)


def _poll(bridge: wiring.Bridge, only: str) -> tuple[list[Event], list[Scope]]:
    found: list[Event] = []
    done: set[tuple[str, str]] = set()
    failed: set[tuple[str, str]] = set()
    # twice around: the first poll of the bonds brings the scopes of their tunings
    for _ in range(2):
        wanted = [key for key in _scopes(bridge, only) if key not in done]
        done |= set(wanted)
        for server, name in track(wanted, "polling", console=Console(stderr=True), transient=True, disable=not wanted):
            events = bridge.observer.poll(server, name)
            found += events or []
            failed |= {(server, name)} if events is None else set()
    with bridge.database.reading() as connection:
        return found, [each for each in watching.all_scopes(connection) if (each.server, each.name) in failed]


def _scopes(bridge: wiring.Bridge, only: str) -> list[tuple[str, str]]:
    with bridge.database.reading() as connection:
        known = [(each.server, each.name) for each in watching.all_scopes(connection) if each.server in bridge.clients]
    if only and only not in {name for _, name in known}:
        mend = nearest(only, tuple(name for _, name in known))
        raise BadInput([Problem("poll", f"no scope is called {only!r}", mend)])
    return [key for key in known if not only or key[1] == only]
