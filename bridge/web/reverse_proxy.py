"""What stands in front of us: who the sender is behind it, and below which path we are reached."""

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

# as some proxies write it: with the port, and IPv6 in brackets
_BRACKETS = re.compile(r"\[([^\]]+)\](?::\d+)?")
_WITH_PORT = re.compile(r"([0-9.]+):\d+")


class Prefixed:
    """The application below the path of `public_url`, whether the proxy takes that off or not."""

    def __init__(self, application: _Application, public_url: str | None) -> None:
        self._application = application
        self._prefix = urlsplit(public_url or "").path.rstrip("/")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Addresses that we make begin with the prefix; the paths that we look at do not."""
        environ["SCRIPT_NAME"] = self._prefix
        path = environ.get("PATH_INFO", "")
        if self._prefix and (path == self._prefix or path.startswith(f"{self._prefix}/")):
            environ["PATH_INFO"] = path[len(self._prefix) :] or "/"
        return self._application(environ, start_response)


def address_of(text: str | None) -> IPv4Address | IPv6Address | None:
    """The address in what a proxy wrote of the sender; None for what is none. IPv4 inside IPv6 is
    IPv4.
    """
    said = (text or "").strip()
    if found := _BRACKETS.fullmatch(said) or _WITH_PORT.fullmatch(said):
        said = found[1]
    try:
        address = ip_address(said)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address
