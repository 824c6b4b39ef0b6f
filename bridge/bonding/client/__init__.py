"""The only room that opens sockets to a management server."""

from bridge.bonding.client.answers import Answer
from bridge.bonding.client.connection import Client
from bridge.bonding.client.walking import PAGE_SIZE

__all__ = ["PAGE_SIZE", "Answer", "Client"]
