"""The proxies of the environment: HTTPS_PROXY, HTTP_PROXY and NO_PROXY count for all that we call,
as Apprise takes them.

What stays on this machine never goes through one.
"""

import os

_DIRECT = ("localhost", "127.0.0.0/8", "::1")
_NAMES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def proxy_for(url: str) -> str | None:
    """The proxy that leads there; None for the direct way."""
    if not any(os.environ.get(name) for name in _NAMES):
        return None
    keep_loopback_direct()
    # only where there is a proxy
    from requests.utils import get_environ_proxies, select_proxy  # noqa: PLC0415

    found = select_proxy(url, get_environ_proxies(url))
    if found:
        return str(found)
    return None


def keep_loopback_direct() -> None:
    """Add this machine to NO_PROXY, in both spellings that libraries look at."""
    for name in ("no_proxy", "NO_PROXY"):
        known = [each.strip() for each in os.environ.get(name, "").split(",") if each.strip()]
        if known != ["*"]:
            os.environ[name] = ",".join([*known, *(each for each in _DIRECT if each not in known)])
