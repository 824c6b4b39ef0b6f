"""`call`: one operation of the management server's API, or one of the bridge's own."""

from collections.abc import Collection, Mapping

from bridge.actions import permits
from bridge.actions.kinds import Action, Result, ended
from bridge.bonding.catalogue import ALIASES, OPERATIONS, Operation
from bridge.bonding.client import Client
from bridge.bonding.proof import prove
from bridge.bonding.resolve import resolve
from bridge.core.model import Body, Outcome, Repeat
from bridge.errors import AgainLater, BridgeError, CredentialsRejected, Refused

_NOT_FOUND = 404


class Call:
    """`request`: `{"operation": "bond.restart", "arguments": {"bond": 3}}`, with `"body"` where it carries fields.

    `allow`: what may be called beyond what operates; `own`: the bridge's own operations by name.
    """

    def __init__(
        self, clients: Mapping[str, Client], allow: Collection[str] = (), own: Mapping[str, Action] | None = None
    ) -> None:
        self._clients, self._own = clients, own or {}
        self._refused = permits.refused(allow)

    def repeat(self, request: Body) -> Repeat:
        """As the catalogue says."""
        own = self._own.get(request["operation"])
        return own.repeat(request) if own else _row(request).repeat

    def provable(self, request: Body) -> bool:
        """Whether the catalogue names a proof."""
        own = self._own.get(request["operation"])
        return own.provable(request) if own else _row(request).proof is not None

    def send(self, server: str, request: Body) -> Result:
        """Send it once."""
        client, operation = self._clients.get(server), request["operation"]
        if client is None:
            return Result(Outcome.REFUSED, f"not sent: the settings name no server {server!r} any more")
        if operation in self._own:
            return self._own[operation].send(server, request)
        if operation in self._refused:
            # the settings may have changed since the rule was loaded
            return Result(Outcome.REFUSED, f"not sent: {self._refused[operation][0]}")
        try:
            name, arguments = resolve(operation, request["arguments"], client.read)
            answer = client.call(name, arguments, body=request.get("body"))
        except BridgeError as error:
            return ended(error)
        return Result(Outcome.DONE, f"{answer.status}")

    def look(self, server: str, request: Body) -> bool | None:
        """Read the server and judge by the operation's proof."""
        client, operation = self._clients.get(server), request["operation"]
        if operation in self._own:
            return self._own[operation].look(server, request)
        row = _row(request)
        if row.proof is None or client is None:
            return None
        try:
            name, arguments = resolve(operation, request["arguments"], client.read)
            return prove(name, arguments, request.get("body"), client.read)
        except CredentialsRejected as error:
            raise AgainLater(str(error)) from error
        except Refused as error:
            # what was to be changed cannot be read any more; of what was to be deleted that is just the proof
            return True if row.proof == "deleted" and error.status == _NOT_FOUND else None


def _row(request: Body) -> Operation:
    """The operation; for an alias one of those it may be, which agree in all that is asked here."""
    alias = ALIASES.get(request["operation"])
    return alias.sample if alias else OPERATIONS[request["operation"]]
