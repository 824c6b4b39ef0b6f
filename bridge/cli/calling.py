"""`bondbridge call`: one operation of the management server's API, by hand."""

import sys
from typing import Annotated

import typer

from bridge.bonding.catalogue import OPERATIONS
from bridge.cli.output import as_json, table
from bridge.cli.settings import AsJson, Config, bridge_of
from bridge.core.rules import nearest
from bridge.errors import BadInput, Problem


def call(
    operation: Annotated[str, typer.Argument(help="Its name, such as bond.restart.")] = "",
    arguments: Annotated[list[str] | None, typer.Argument(help="NAME=VALUE, such as bond=3.")] = None,
    given: Config = None,
    server: Annotated[str, typer.Option(help="Which server, where there are several.")] = "",
    list_all: Annotated[bool, typer.Option("--list", help="List the operations.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a call that changes something.")] = False,
    json_output: AsJson = False,
) -> None:
    """Call one operation and print the answer as JSON. A call that changes something asks first.

    Examples: bondbridge call --list · bondbridge call bond.get bond=3 · bondbridge call bond.restart bond=3 --yes
    """
    if list_all or not operation:
        _list(json_output=json_output)
        return
    if operation not in OPERATIONS:
        mend = nearest(operation, OPERATIONS) or "see `bondbridge call --list`"
        raise BadInput([Problem("call", f"no operation is called {operation!r}", mend)])
    row, values = OPERATIONS[operation], _values(arguments or [])
    with bridge_of(given) as bridge:
        chosen = server or next(iter(bridge.clients))
        if chosen not in bridge.clients:
            raise BadInput([Problem("call", f"no server is called {chosen!r}", nearest(chosen, bridge.clients))])
        if row.writes and not yes and not typer.confirm(f"{operation} {' '.join(arguments or [])} on {chosen}?", err=True):
            print("not called", file=sys.stderr)
            raise typer.Exit(1)
        client = bridge.clients[chosen]
        as_json(client.read(operation, **values) if not row.writes else client.call(operation, values).body)


def _values(arguments: list[str]) -> dict[str, str]:
    problems = [Problem("call", f"{each!r} is no argument", "write NAME=VALUE") for each in arguments if "=" not in each]
    if problems:
        raise BadInput(problems)
    return dict(each.split("=", 1) for each in arguments)


def _list(*, json_output: bool) -> None:
    rows = OPERATIONS.values()
    if json_output:
        as_json([
            {"name": row.name, "method": row.method, "path": row.path, "danger": row.danger, "note": row.note} for row in rows
        ])  # fmt: skip
        return
    table(("operation", "danger", "method", "path", "note"), [(r.name, r.danger, r.method, r.path, r.note) for r in rows])
