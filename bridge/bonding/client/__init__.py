"""The only room that opens sockets to a management server."""

from bridge.bonding.client.answers import Answer
from bridge.bonding.client.connection import Client

__all__ = ["Answer", "Client"]
