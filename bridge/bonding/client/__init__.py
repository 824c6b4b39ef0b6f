"""The only room that opens sockets to a management server."""

from bridge.bonding.client.client import Client
from bridge.bonding.client.pagination import PAGE_SIZE
from bridge.bonding.client.responses import Response

__all__ = ["PAGE_SIZE", "Client", "Response"]
