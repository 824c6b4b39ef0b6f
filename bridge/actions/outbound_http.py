"""One request to a system outside: its name is looked up once, and what is reached is just the
address that was checked.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path

import httpx

from bridge.bonding.client.proxy import proxy_for
from bridge.bonding.client.responses import asked_for
from bridge.errors import BridgeError, Busy, InDoubt, Refused, Unreachable

# The request cannot have left, so nobody can have received it.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
# of a name with many addresses so many are tried
_ADDRESSES = 3
# the steps of one exchange that may each take the time-out: connecting and shaking hands for each
# address, writing, the answer
_STEPS = 2 * _ADDRESSES + 2
# an address that carries an IPv4 one through a gateway
_NAT64 = IPv6Network("64:ff9b::/96")

Lookup = Callable[[str, int], Sequence[str]]


def lookup(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, each once. Raises OSError, and UnicodeError for what is no name."""
    return list(
        dict.fromkeys(
            str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
    )


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: `allow_private` also to an address that is not public; `trust` are the certificates
    that are believed.
    """

    url: httpx.URL
    allow_private: bool
    timeout: float
    trust: ssl.SSLContext
    lookup: Lookup = lookup

    @property
    def longest(self) -> float:
        """Seconds that one request may take."""
        return self.timeout * _STEPS

    def addresses(self) -> Sequence[str]:
        """Where its name leads, all of it allowed. Raises Unreachable, Refused."""
        host = self.url.host
        port = self.url.port or (443 if self.url.scheme == "https" else 80)
        try:
            found = self.lookup(host, port)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"the name {host} cannot be looked up: {error}") from error
        for each in found:
            if not self.allow_private and not _public(each):
                raise Refused(
                    f"{host} is at {each}, which is no public address: if it should be, write"
                    " `allow_private: true`"
                )
        return found[:_ADDRESSES]

    def post(self, content: bytes, headers: dict[str, str]) -> int:
        """Send it; the status of the answer, one of those that say it was taken.

        Raises Unreachable (certainly not taken; Busy where it asks for time), InDoubt, Refused.
        """
        return self._send("POST", content, headers)

    def get(self) -> int:
        """Only call there; as `post`."""
        return self._send("GET", b"", {})

    def _send(self, method: str, content: bytes, headers: dict[str, str]) -> int:
        if proxy := proxy_for(str(self.url)):
            return self._sent_by(proxy, method, content, headers)
        problem: BridgeError = Unreachable(f"the name {self.url.host} has no address")
        for address in self.addresses():
            try:
                return self._sent(method, address, content, headers)
            except Unreachable as error:
                if isinstance(error, Busy):
                    raise
                problem = error
        raise problem

    def _sent_by(self, proxy: str, method: str, content: bytes, headers: dict[str, str]) -> int:
        """Through a proxy of the environment, which looks the name up; what is known here to lead
        inside stays refused.
        """
        with suppress(Unreachable):  # behind a proxy names outside are often not known
            self.addresses()
        return self._request(self.url, proxy, method, content, headers, {})

    def _sent(self, method: str, address: str, content: bytes, headers: dict[str, str]) -> int:
        there = {**headers, "Host": self.url.netloc.decode()}
        url = self.url.copy_with(host=address)
        # the certificate must be that of the name, though the address is what is connected to
        more = {"sni_hostname": self.url.host}
        return self._request(url, None, method, content, there, more)

    def _request(
        self,
        url: httpx.URL,
        proxy: str | None,
        method: str,
        content: bytes,
        headers: dict[str, str],
        more: dict[str, str],
    ) -> int:
        # each time a client of its own: pooled connections are kept by address, and would be shared
        # between names
        try:
            with (
                httpx.Client(
                    verify=self.trust,
                    timeout=self.timeout,
                    trust_env=False,
                    follow_redirects=False,
                    proxy=proxy,
                ) as http,
                http.stream(
                    method, url, content=content, headers=headers, extensions=more
                ) as answer,
            ):
                # its body stays unread: it may repeat what we must not tell, such as a secret in
                # the address
                return _judged(answer)
        except _NEVER_SENT as error:
            raise Unreachable(f"{self.url.host} cannot be reached: {_cause(error)}") from error
        except httpx.HTTPError as error:
            raise InDoubt(f"no answer from {self.url.host}: {_cause(error)}") from error


def at(address: str, *, inside: bool, timeout: float) -> Target:
    """One address that somebody gave us, which was looked at before; `inside`: it need not be
    public.
    """
    return Target(httpx.URL(address), inside, timeout, _usual())


@cache
def _usual() -> ssl.SSLContext:
    return trusted(verify=True)


def _judged(answer: httpx.Response) -> int:
    status = answer.status_code
    if answer.is_success:
        return status
    if answer.is_redirect:
        raise Refused(
            f"answered {status}, which leads elsewhere and is not followed: mend its `url` in the"
            " settings",
            status,
        )
    wait = asked_for(answer)
    if status == httpx.codes.TOO_MANY_REQUESTS or (
        status == httpx.codes.SERVICE_UNAVAILABLE and wait is not None
    ):
        raise Busy(f"answered {status}" + (f": again in {wait:.0f}s" if wait else ""), wait)
    if answer.is_server_error:
        raise InDoubt(f"answered {status}")
    raise Refused(f"answered {status}", status)


def _public(address: str) -> bool:
    """Whether it leads outside. Addresses that carry another are judged by that one."""
    ip = _carried(ip_address(address))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _carried(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _cause(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def trusted(verify: bool | Path) -> ssl.SSLContext:  # noqa: FBT001  the setting's own shape
    """The certificates to believe. Raises OSError for a file that cannot be read or is none."""
    if isinstance(verify, Path):
        return ssl.create_default_context(cafile=verify)
    return httpx.create_ssl_context(verify=verify, trust_env=False)
