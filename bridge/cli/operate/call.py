"""`bondbridge call`: one operation of the management server's API, by hand."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge import wiring
from bridge.actions.call_permissions import OWN
from bridge.bonding import operation_aliases
from bridge.bonding.catalogue import ALIASES, IMPOSSIBLE, OPERATIONS, Operation, did_you_mean
from bridge.bonding.client import Client
from bridge.bonding.wire import request
from bridge.cli.bridge_context import AsJson, Config, Override, bridge_of
from bridge.cli.operate import call_fields
from bridge.cli.operate.actor import actor, place
from bridge.cli.output import as_json, table
from bridge.core.json_safety import decoded
from bridge.core.model import Repeat
from bridge.core.rules.parser import nearest
from bridge.errors import BadInput, InDoubt, Problem
from bridge.pipeline.controls.manual_calls import HandCall

_ALIAS_NOTE = "which of the two types of leg, the leg says itself"


def call(
    operation: Annotated[
        str, typer.Argument(help="Its name, such as bond.restart; with --list a word to look for.")
    ] = "",
    arguments: Annotated[
        list[str] | None, typer.Argument(help="NAME=VALUE, such as bond=3.")
    ] = None,
    given: Config = None,
    server: Annotated[str, typer.Option(help="Which server, where there are several.")] = "",
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE: a field to set, JSON or text.")
    ] = None,
    body: Annotated[str, typer.Option(help="All fields as JSON, or @FILE.")] = "",
    query: Annotated[
        list[str] | None, typer.Option("--param", help="NAME=VALUE: a query, such as page_size=5.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Where to save what is a zip file.")] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the operations.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Send fields the server does not name, too.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before a call that changes something.")
    ] = False,
    override: Override = False,
    json_output: AsJson = False,
) -> None:
    """Call one operation and print the answer as JSON. A call that changes something asks first.

    It is an event and a job, and what holds rules back holds it back, too: a pause, hands-off, a
    silence with --acts, a lock, a flapping leg, limits, the spaces to act in, stuck updates. Then
    nothing is done, exit code 4; see --override.

    Fields are checked by what the server says it takes, and an update is read back: what was not
    done is said, exit code 1.

    Examples: bondbridge call --list leg · bondbridge call bond.get bond=3 · bondbridge call
    bond.restart bond=3 --yes · bondbridge call leg.update leg=5 --set link_mode=idle · bondbridge
    call backup.latest --output newest.zip
    """
    if list_all or not operation:
        _list(operation, json_output=json_output)
        return
    row = _row(operation)
    values = _pairs(arguments or [])
    sent = _body(row, body, sets or [])
    params = _pairs(query or [])
    _check(operation, row, values, sent, params)
    if row.zipped != (output is not None):
        if row.zipped:
            mend = "save it with --output FILE"
        else:
            mend = "leave out --output"
        raise BadInput(
            [Problem("call", f"{operation} gives {'a' if row.zipped else 'no'} zip file", mend)]
        )
    with bridge_of(given) as bridge:
        client, name = _server(bridge, server)
        if output is not None:
            as_json({"file": str(output), "bytes": client.download(operation, output, **values)})
            return
        wanted = operation_aliases.resolve(operation, values, client.read)
        if anyway:
            ours = call_fields.settable(row, sent or {})
        else:
            ours = call_fields.check(client, *wanted, sent or {})
        if (
            row.writes
            and not yes
            and not typer.confirm(f"{operation} {' '.join(arguments or [])} on {name}?", err=True)
        ):
            print("not called", file=sys.stderr)
            raise typer.Exit(1)
        hand = HandCall(name, *wanted, sent, actor(), place(), override)
        as_json(_called(bridge, client, hand, params))
        _look_again(client, *wanted, {name: sent[name] for name in ours})


def _called(
    bridge: wiring.Bridge, client: Client, hand: HandCall, params: Mapping[str, str]
) -> Any:
    """The answer; what writes goes through the pipeline."""
    row = OPERATIONS[hand.operation]
    arguments = hand.arguments

    def send() -> Any:
        return client.call(row.name, arguments, body=hand.body, params=params).body

    if not row.writes:
        if params:
            return send()
        return client.read(row.name, **arguments)
    try:
        return bridge.hand_calls.call(hand, send)
    except InDoubt as error:
        raise InDoubt(f"{error}\n{_doubt(row)}") from error


def _look_again(
    client: Client, name: str, arguments: Mapping[str, Any], sent: Mapping[str, Any]
) -> None:
    """Say what of an update was not done, and end with 1 where something was not."""
    told = list(call_fields.not_taken(client, name, arguments, sent))
    for each in told:
        print(f"bondbridge: {each}", file=sys.stderr)
    if told:
        raise typer.Exit(1)


def _doubt(row: Operation) -> str:
    """What it means that nobody knows whether something was done, and what to do about it."""
    means = "in doubt: the server may have done it, or not. "
    if row.repeat is Repeat.SAFE:
        return f"{means}Calling it again does no harm: it sets the same once more"
    reading = f"{row.name.rpartition('.')[0]}.get"
    if reading in OPERATIONS:
        how = f"`bondbridge call {reading} …`"
    else:
        how = "on its own pages"
    return f"{means}Calling it again may do it twice: look first what the server has now, {how}"


def _row(operation: str) -> Operation:
    """The operation of this name, or for an alias one of those it may be. Raises BadInput."""
    if operation in ALIASES:
        return ALIASES[operation].sample
    if operation in IMPOSSIBLE:
        raise BadInput([Problem("call", f"{operation} is not possible", IMPOSSIBLE[operation])])
    if operation in OWN:
        raise BadInput(
            [Problem("call", f"{operation} is for rules", "by hand: backup.latest --output FILE")]
        )
    if operation not in OPERATIONS:
        mend = did_you_mean(operation) or "see `bondbridge call --list`"
        raise BadInput([Problem("call", f"no operation is called {operation!r}", mend)])
    return OPERATIONS[operation]


def _check(
    operation: str, row: Operation, values: Mapping[str, str], sent: Any, params: Mapping[str, str]
) -> None:
    """Everything that can be wrong is said before anything is asked or sent. Raises BadInput."""
    if operation in ALIASES:
        operation_aliases.check(operation, values)
        values = {**values, "bond": "0"}  # which one, the leg will say
    request(row, values, params, sent)


def _server(bridge: wiring.Bridge, wanted: str) -> tuple[Client, str]:
    name = wanted or next(iter(bridge.clients))
    if name not in bridge.clients:
        raise BadInput(
            [Problem("call", f"no server is called {name!r}", nearest(name, bridge.clients))]
        )
    return bridge.clients[name], name


def _pairs(given: Iterable[str]) -> dict[str, str]:
    problems = [
        Problem("call", f"{each!r} is no argument", "write NAME=VALUE")
        for each in given
        if "=" not in each
    ]
    if problems:
        raise BadInput(problems)
    return dict(each.split("=", 1) for each in given)


def _body(row: Operation, whole: str, sets: list[str]) -> Any:
    """The fields to send: those of `--body`, and over them each `--set`; None where there are
    neither.
    """
    found: Any = {}
    if whole:
        try:
            found = decoded(
                Path(whole[1:]).read_bytes() if whole.startswith("@") else whole.encode()
            )
        except (OSError, ValueError) as error:
            if whole.startswith("@"):
                named = f"{whole[1:]}: "
            else:
                named = ""
            what = f"--body: {named}{getattr(error, 'strerror', None) or f'no JSON: {error}'}"
            raise BadInput([Problem("call", what, "write JSON, or @ and a file of it")]) from error
        if not isinstance(found, dict):
            raise BadInput([Problem("call", "--body: the fields are a JSON object")])
    found = {**found, **{name: _value(text) for name, text in _pairs(sets).items()}}
    if found and not row.takes:
        raise BadInput(
            [Problem("call", f"{row.name} takes no fields", "leave out --set and --body")]
        )
    if found or whole:
        return found
    return None


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text itself."""
    try:
        return decoded(text.encode())
    except (ValueError, json.JSONDecodeError):
        return text


def _list(word: str, *, json_output: bool) -> None:
    rows = [
        (row.name, row.danger.value, row.method, row.path, row.note)
        for row in OPERATIONS.values()
        if not row.private
    ]
    for name, alias in ALIASES.items():
        row = alias.sample
        path = row.path.replace("interface_legs", "…_legs")
        rows.append(
            (
                name,
                row.danger.value,
                row.method,
                path,
                "; ".join(filter(None, (row.note, _ALIAS_NOTE))),
            )
        )
    rows = [row for row in rows if word.lower() in row[0]]
    if json_output:
        as_json(
            [
                dict(zip(("name", "danger", "method", "path", "note"), row, strict=True))
                for row in rows
            ]
        )
        return
    table(
        ("operation", "danger", "method", "path", "note"),
        rows,
        empty=f"no operation has {word!r} in its name",
    )
