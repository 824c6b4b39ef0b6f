"""`call`: one operation of the management server's API, or one of the bridge's own."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from bridge.actions import call_permissions
from bridge.actions.action import Action, Result, ended
from bridge.bonding.catalogue import ALIASES, OPERATIONS, Operation
from bridge.bonding.client import Client
from bridge.bonding.effect_checks import Sent, prove
from bridge.bonding.operation_aliases import resolve
from bridge.bonding.preconditions import stands_against
from bridge.bonding.wire import fields_of
from bridge.core.model import Body, Json, Outcome, Repeat
from bridge.core.requests import CallRequest
from bridge.core.rules.models.rule import is_place
from bridge.errors import AgainLater, BadInput, BridgeError, CredentialsRejected, Problem, Refused

_NOT_FOUND = 404


class Call(Action[CallRequest]):
    """One operation, at one server.

    `allow`: what may be called beyond what operates; `own`: the bridge's own operations by name. A
    secret field is no more than `{"env": "NAME"}` or `{"file": "PATH"}` until it is sent: `reveal`
    reads what stands there, or raises ValueError.
    """

    def __init__(
        self,
        clients: Mapping[str, Client],
        allow: Collection[str] = (),
        own: Mapping[str, Action[CallRequest]] | None = None,
        reveal: Callable[[Body], str] = lambda _: "",
    ) -> None:
        self._clients = clients
        self._own = own or {}
        self._reveal = reveal
        self._refused = call_permissions.refused(allow)

    def repeat(self, request: CallRequest) -> Repeat:
        """As the catalogue says."""
        own = self._own.get(request.operation)
        if own:
            return own.repeat(request)
        return _row(request).repeat

    def provable(self, request: CallRequest) -> bool:
        """Whether the catalogue names a proof."""
        own = self._own.get(request.operation)
        if own:
            return own.provable(request)
        return _row(request).proof is not None

    def shows(self, request: CallRequest) -> bool:
        """What can be proved, but for what replaces a whole object: it carries fields that only the
        server sets.
        """
        return self.provable(request) and not request.operation.endswith(".replace")

    def lasts(self, server: str, request: CallRequest) -> float:
        """An alias asks for its leg before it is sent."""
        client = self._clients.get(server)
        own = self._own.get(request.operation)
        if own or client is None:
            if own:
                return own.lasts(server, request)
            return 0.0
        return client.longest * (2 if request.operation in ALIASES else 1)

    def against(self, server: str, request: CallRequest) -> str | None:
        """What the server shows against it: already so, not finished, decided by somebody else."""
        client = self._clients.get(server)
        operation = request.operation
        if client is None or operation in self._own or operation in self._refused:
            return None
        try:
            name, arguments = resolve(operation, request.arguments, client.read)
            against = stands_against(
                Sent(OPERATIONS[name], arguments, _filled(request, {}) or {}, client.read)
            )
            return against or _unknown_fields(client, name, arguments, request.body or {})
        except CredentialsRejected as error:
            raise AgainLater(str(error)) from error
        except (Refused, BadInput):
            return None  # sending it will say the same, and how it ends

    def send(self, server: str, request: CallRequest) -> Result:
        """Send it once."""
        client = self._clients.get(server)
        operation = request.operation
        if client is None:
            return Result(
                Outcome.REFUSED, f"not sent: the settings name no server {server!r} any more"
            )
        if operation in self._own:
            return self._own[operation].send(server, request)
        if operation in self._refused:
            # the settings may have changed since the rule was loaded
            return Result(Outcome.REFUSED, f"not sent: {self._refused[operation][0]}")
        secrets: dict[str, str] = {}
        try:
            secrets = self._secrets(request)
            name, arguments = resolve(operation, request.arguments, client.read)
            answer = client.call(name, arguments, body=_filled(request, secrets))
        except BridgeError as error:
            return _masked(ended(error), secrets.values())
        return Result(Outcome.DONE, f"{answer.status}")

    def look(self, server: str, request: CallRequest) -> bool | None:
        """Read the server and judge by the operation's proof."""
        client = self._clients.get(server)
        operation = request.operation
        if operation in self._own:
            return self._own[operation].look(server, request)
        row = _row(request)
        if row.proof is None or client is None:
            return None
        try:
            name, arguments = resolve(operation, request.arguments, client.read)
            return prove(name, arguments, _filled(request, self._secrets(request)), client.read)
        except BadInput:
            return None  # without the secret nobody can tell whether it is there
        except CredentialsRejected as error:
            raise AgainLater(str(error)) from error
        except Refused as error:
            # what was to be changed cannot be read any more; of what was to be deleted that is just
            # the proof
            if row.proof == "deleted" and error.status == _NOT_FOUND:
                return True
            return None

    def _secrets(self, request: CallRequest) -> dict[str, str]:
        """What the secret fields of a request are, read where they stand. Raises BadInput."""
        operation = request.operation
        body = request.body or {}
        try:
            return {
                name: self._reveal(body[name])
                for name in call_permissions.secret(operation, body)
                if is_place(body[name])
            }
        except ValueError as error:
            raise BadInput([Problem(operation, str(error))]) from error


def _unknown_fields(
    client: Client, name: str, arguments: Mapping[str, Json], body: Body
) -> str | None:
    """Fields that the server, asked for them, does not name: it would take them without a word, and
    do nothing.
    """
    row = OPERATIONS[name]
    if not body or row.method == "PUT":
        return None
    try:
        fields = fields_of(row, client.describe(name, **arguments))
    except (AgainLater, Refused):
        return None  # it need not say
    if fields is None or not fields.told:
        return None
    wrong = [
        f"{what} ({mend})" if mend else what for what, mend in filter(None, map(fields.wrong, body))
    ]
    return "; ".join(wrong) or None


def _filled(request: CallRequest, secrets: Mapping[str, str]) -> Body | None:
    if request.body is None:
        return None
    return {**request.body, **secrets}


def _masked(result: Result, secrets: Collection[str]) -> Result:
    """A server may say again what it was told."""
    detail = result.detail
    for each in secrets:
        if each:
            detail = detail.replace(each, "…")
    return replace(result, detail=detail)


def _row(request: CallRequest) -> Operation:
    """The operation; for an alias one of those it may be, which agree in all that is asked here."""
    alias = ALIASES.get(request.operation)
    if alias:
        return alias.sample
    return OPERATIONS[request.operation]
