"""Whether the host of an Apprise address can be reached; nothing is sent there."""

import socket
from typing import Any
from urllib.parse import urlsplit

from bridge.bonding.client.proxy import proxy_for
from bridge.errors import Unreachable

# services that somebody runs at a host of their own and that speak HTTP; the host of the others is
# the service's business
_SELF_HOSTED = frozenset(
    {
        "NotifyAppriseAPI",
        "NotifyBark",
        "NotifyForm",
        "NotifyGotify",
        "NotifyHomeAssistant",
        "NotifyJSON",
        "NotifyMattermost",
        "NotifyNextcloud",
        "NotifyNextcloudTalk",
        "NotifyRocketChat",
        "NotifySignalAPI",
        "NotifySynology",
        "NotifyXML",
    }
)

Host = tuple[str, int]


def host_of(url: str) -> Host | None:
    """The host and port that a message to this address connects to; None where the address names
    none.
    """
    from apprise import Apprise  # noqa: PLC0415  17 MB: only where something is told

    service: Any = Apprise.instantiate(url)
    name = type(service).__name__
    if name == "NotifyEmail":
        if service.smtp_host:
            return (service.smtp_host, service.port)
        return None
    if name in _SELF_HOSTED or (name == "NotifyNtfy" and service.mode == "private"):
        return _by_http(service)
    return None


def _by_http(service: Any) -> Host:
    """Its own port, or the proxy that leads there."""
    schema, port = ("https", 443) if service.secure else ("http", 80)
    proxy = proxy_for(f"{schema}://{service.host}:{service.port or port}/")
    if proxy is None:
        return service.host, service.port or port
    found = urlsplit(proxy)
    return found.hostname or service.host, found.port or 80


def connect(host: Host, timeout: float) -> None:
    """Connect there and hang up. `timeout` in seconds for each of its addresses. Raises
    Unreachable.
    """
    try:
        socket.getaddrinfo(*host, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"the name {host[0]} cannot be looked up: {error}") from error
    try:
        with socket.create_connection(host, timeout):
            pass
    except OSError as error:
        raise Unreachable(f"{host[0]} takes no connection at port {host[1]}: {error}") from error
