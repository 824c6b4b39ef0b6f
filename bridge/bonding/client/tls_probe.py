"""What every client gets to see of a server, whatever its API says: that it listens, and its
certificate in the handshake.
"""

import socket
import ssl

import httpx

from bridge.bonding.client.connection_fixes import fix_for
from bridge.bonding.wire import described
from bridge.core.model import Body
from bridge.errors import Garbled, Unreachable


def certificate(url: str, timeout: float) -> Body | None:
    """The body of the certificate in use; None where the address is plain http. Raises Unreachable,
    Garbled.

    It is looked at and not trusted: expired and self-signed ones are just those that must be seen.
    """
    address = httpx.URL(url)
    if address.scheme != "https":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address.host, address.port or 443), timeout=timeout) as plain,
            context.wrap_socket(plain, server_hostname=address.host) as secured,
        ):
            found = secured.getpeercert(binary_form=True)
    except OSError as error:
        says = f"no TLS handshake with {address.host}: {error}{fix_for(error)}"
        raise Unreachable(says) from error
    try:
        return described(found or b"", "handshake")
    except ValueError as error:
        raise Garbled(f"the certificate of {address.host} cannot be read: {error}") from error


def listens(url: str, timeout: float) -> bool:
    """Whether anybody takes a connection at this address; nothing is said over it."""
    address = httpx.URL(url)
    try:
        with socket.create_connection(
            (address.host, address.port or (443 if address.scheme == "https" else 80)), timeout
        ):
            return True
    except (OSError, UnicodeError):
        return False
