"""`bondbridge token`: who may see the pages and use the API."""

import shlex
from typing import Annotated

import typer

from bridge.cli.bridge_context import Config, bridge_of
from bridge.cli.operate.actor import actor, place
from bridge.core.events.operator_events import Deed
from bridge.errors import BadInput, Problem
from bridge.store import tokens
from bridge.store.observations import audit_log

app = typer.Typer(
    help="Tokens for the pages and the API. Only their hashes are stored.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Name = Annotated[str, typer.Argument(help="Whose it is: a person or a system.")]

_LONGEST = 100


@app.command()
def create(name: Name, given: Config = None) -> None:
    """Make a token and show it, once.

    Example: bondbridge token create grafana
    """
    name = name.strip()
    if name.startswith(tokens.SIGN_IN):
        fix = "name the person or the system"
        raise BadInput(
            [
                Problem(
                    "token",
                    f"names that begin with {tokens.SIGN_IN} are those of sign-ins by a link",
                    fix,
                )
            ]
        )
    if len(name) > _LONGEST or not name.isprintable():
        raise BadInput(
            [
                Problem(
                    "token",
                    f"a name has at most {_LONGEST} letters, all of which can be shown",
                    "shorten it",
                )
            ]
        )
    if not name:
        raise BadInput([Problem("token", "a token is somebody's", "name the person or the system")])
    with bridge_of(given) as bridge, bridge.database.writing() as connection:
        known = tokens.taken(connection, name)
        token = tokens.create(connection, name)
        if token is not None:
            deed = Deed("token_created", actor(), place(), f"token/{name}")
            audit_log.record(connection, deed, bridge.now())
    if token is None:
        raise BadInput([_has_one(name, known or name)])
    print(token)


def _has_one(name: str, known: str) -> Problem:
    """Who may not answer their own question is known by their name, so no two may differ by their
    letters' case alone.
    """
    if name == known:
        same = ""
    else:
        same = f", which is the same name as {name!r}"
    return Problem(
        "token",
        f"{known!r} has one already{same}",
        f"`bondbridge token revoke {shlex.quote(known)}` takes it away",
    )


@app.command("list")
def list_names(given: Config = None) -> None:
    """Whose tokens there are.

    Example: bondbridge token list
    """
    with bridge_of(given) as bridge, bridge.database.reading() as connection:
        for name in tokens.names(connection):
            print(name)


@app.command()
def revoke(name: Name, given: Config = None) -> None:
    """Take a token away, at once.

    Example: bondbridge token revoke grafana
    """
    with bridge_of(given) as bridge, bridge.database.writing() as connection:
        gone = tokens.revoke(connection, name)
        if gone:
            deed = Deed("token_revoked", actor(), place(), f"token/{name}")
            audit_log.record(connection, deed, bridge.now())
    if not gone:
        raise BadInput(
            [Problem("token", f"nobody called {name!r} has one", "see `bondbridge token list`")]
        )
    print(f"{name} has no token any more")
