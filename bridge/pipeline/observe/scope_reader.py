"""One server's lists and documents as the scopes ask for them, and the clocks' offset that their
answers told.
"""

from collections.abc import Mapping
from datetime import timedelta

from bridge.bonding.client import Client
from bridge.core.model import Body, Json

# what is left out of large lists that nobody reads whole
_LEAN: Mapping[str, Mapping[str, str]] = {"speedtest.list": {"exclude_fields": "progress_results"}}


class Reader:
    """Reads for the length of one poll; `offset`: how far the server's clock is ahead of ours."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.offset = timedelta()

    def list(self, operation: str, /, **arguments: Json) -> list[Json]:
        """Every item of one complete list."""
        items, self.offset = self._client.walk(operation, params=_LEAN.get(operation), **arguments)
        return items

    def get(self, operation: str, /, **arguments: Json) -> Json:
        """One document."""
        answer = self._client.call(operation, arguments)
        self.offset = answer.offset
        return answer.body

    def certificate(self) -> Body | None:
        """What the TLS handshake itself shows."""
        return self._client.certificate()
