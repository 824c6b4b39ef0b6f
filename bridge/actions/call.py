"""`call`: one operation of the management server's API."""

from collections.abc import Mapping

from bridge.actions.kinds import Result
from bridge.bonding.catalogue import OPERATIONS
from bridge.bonding.client import Client
from bridge.bonding.proof import PROOFS
from bridge.core.model import Body, Outcome, Repeat
from bridge.errors import AgainLater, BadInput, CredentialsRejected, InDoubt, Refused, Unreachable


class Call:
    """`request`: `{"operation": "bond.restart", "arguments": {"bond": 3}}`."""

    def __init__(self, clients: Mapping[str, Client]) -> None:
        self._clients = clients

    def repeat(self, request: Body) -> Repeat:
        """As the catalogue says."""
        return OPERATIONS[request["operation"]].repeat

    def provable(self, request: Body) -> bool:
        """Whether the catalogue names a proof."""
        return OPERATIONS[request["operation"]].proof is not None

    def send(self, server: str, request: Body) -> Result:
        """Send it once."""
        client = self._clients.get(server)
        if client is None:
            return Result(Outcome.REFUSED, f"not sent: the settings name no server {server!r} any more")
        try:
            answer = client.call(request["operation"], request["arguments"])
        except InDoubt as error:
            return Result(Outcome.UNKNOWN, str(error))
        except (Unreachable, CredentialsRejected) as error:
            # nothing was done; a server may come back, and a password be mended, while the job is still worth it
            return Result(Outcome.UNREACHABLE, str(error))
        except (Refused, BadInput) as error:
            return Result(Outcome.REFUSED, str(error))
        return Result(Outcome.DONE, f"{answer.status}")

    def look(self, server: str, request: Body) -> bool | None:
        """Read the server and judge by the operation's proof."""
        proof, client = OPERATIONS[request["operation"]].proof, self._clients.get(server)
        if proof is None or client is None:
            return None
        try:
            return PROOFS[proof](client.read, request["arguments"])
        except CredentialsRejected as error:
            raise AgainLater(str(error)) from error
        except Refused:
            return None  # what was to be changed cannot be read any more
