"""Secrets become keyed digests here, before anything can store them: a change shows, and nothing
else.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import lru_cache

from bridge.bonding.catalogue import SECRET_INSIDE, SPACES
from bridge.core.canonical_json import canonical
from bridge.core.model import Json

# What is called so is a secret wherever it stands, whether or not the catalogue knows the field.
_TELLING = re.compile(
    r"passw(or)?d|passphrase|secret|(^|_)token$|private_key|api_key|preshared|(^|_)psk$",
    re.IGNORECASE,
)
_PRIVATE_KEY = "PRIVATE KEY-----"


def digested(raw: Mapping[str, Json], secret: frozenset[str], key: bytes) -> dict[str, Json]:
    """The same object with the named fields, and all that is secret by its name or its look, as
    digests.
    """
    return {
        name: _digest(value, key)
        if name in secret or _tells(name, value)
        else _below(name, value, key)
        for name, value in raw.items()
    }


def hidden(given: Mapping[str, Json], secret: frozenset[str]) -> frozenset[str]:
    """The fields that are secret, or hold what is: `{"email": "a@b", "password": "p"}` →
    `{"password"}`.
    """
    safe = digested(given, secret, b"")
    return frozenset(name for name, value in given.items() if safe[name] != value)


def _tells(name: str, value: Json) -> bool:
    if isinstance(value, str) and _PRIVATE_KEY in value:
        return True
    # a yes or a no about passwords is none itself
    return _telling(name) and not isinstance(value, bool) and bool(value)


@lru_cache(maxsize=4096)
def _telling(name: str) -> bool:
    """The same few names come thousands of times with every poll."""
    return _TELLING.search(name) is not None


def _below(name: str, value: Json, key: bytes) -> Json:
    if isinstance(value, dict):
        return digested(value, SECRET_INSIDE - {"key"} if name in SPACES else SECRET_INSIDE, key)
    if isinstance(value, list):
        return [_below(name, each, key) for each in value]
    if isinstance(value, str) and _PRIVATE_KEY in value:
        return _digest(value, key)
    return value


def _digest(value: Json, key: bytes) -> Json:
    if not value:
        return value
    return (
        "digest:"
        + hmac.new(key, canonical(value).encode("utf-8", "replace"), hashlib.sha256).hexdigest()[
            :16
        ]
    )
