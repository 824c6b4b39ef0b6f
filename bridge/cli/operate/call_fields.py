"""Fields that are set by hand: whether the server knows them, and whether it took them."""

import json
import sys
from collections.abc import Collection, Iterator, Mapping

from bridge.bonding import effect_checks
from bridge.bonding.catalogue import KINDS, OPERATIONS, Operation
from bridge.bonding.client import Client
from bridge.bonding.wire import fields_of, hidden
from bridge.core.model import Body, Json
from bridge.errors import AgainLater, BadInput, Problem, Refused

_LONGEST = 80


def check(
    client: Client, operation: str, arguments: Mapping[str, Json], body: Body
) -> Collection[str]:
    """Those of the fields that are ours to set. Raises BadInput for any that the server, asked for
    them, does not name.

    The vendor's framework takes a field it does not know without a word, and does nothing with it.
    What only our table lacks is no more than a warning. An object is replaced by a whole one, what
    is the server's to set included.
    """
    row = OPERATIONS[operation]
    if not body:
        return ()
    fields = fields_of(row, _described(client, operation, arguments))
    if fields is None:
        return settable(row, body)
    ours = [name for name in body if not (row.method == "PUT" and name in fields.fixed)]
    wrong = [said for said in map(fields.wrong, ours) if said]
    if fields.told and wrong:
        anyway = "--anyway sends it all the same"
        raise BadInput(
            [Problem("call", what, "; ".join(filter(None, (mend, anyway)))) for what, mend in wrong]
        )
    for what, mend in wrong:
        print(
            Problem("bondbridge", f"{what}, and the server does not say which it takes", mend),
            file=sys.stderr,
        )
    if fields.told:
        return ours
    return settable(row, body)


def settable(row: Operation, body: Body) -> Collection[str]:
    """The same where nobody says: of a whole object, none can be told from what the server sets."""
    if row.method == "PUT":
        return ()
    return tuple(body)


def not_taken(
    client: Client, operation: str, arguments: Mapping[str, Json], body: Body
) -> Iterator[str]:
    """What of an update the server did not do although it answered well, a sentence for each
    field.
    """
    row = OPERATIONS[operation]
    shown = {name: value for name, value in body.items() if name not in hidden(body, _secret(row))}
    if not shown or row.proof != effect_checks.updated.__name__:
        return
    try:
        found = effect_checks.unlike(operation, arguments, shown, client.read)
    except (AgainLater, Refused) as error:
        print(f"bondbridge: done, but not looked at again: {error}", file=sys.stderr)
        return
    for name, value in found.items():
        yield f"not done: {name} reads back {json.dumps(value, ensure_ascii=False)[:_LONGEST]}"


def _described(client: Client, operation: str, arguments: Mapping[str, Json]) -> Json:
    try:
        return client.describe(operation, **arguments)
    except (
        AgainLater,
        Refused,
    ):  # it need not say; what is wrong with the server, the call itself will tell
        return None


def _secret(row: Operation) -> frozenset[str]:
    if row.kind in KINDS:
        return KINDS[row.kind].secret
    return frozenset()
