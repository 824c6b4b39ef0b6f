"""Secrets in what others send: they are told by the names of their fields, and never kept."""

import re

from bridge.core.model import Json

MASK = "***"
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_SECRETS = {
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "authorization",
    "credential",
    "credentials",
    "passcode",
    "psk",
}
_KEYS = {"api", "private", "secret", "access", "auth", "signing", "encryption", "ssh", "shared"}


def masked(value: Json) -> Json:
    """The same, with `***` for the text or number in each field whose name says that it is a
    secret.
    """
    if isinstance(value, dict):
        return {name: _field(name, below) for name, below in value.items()}
    if isinstance(value, list):
        return [masked(each) for each in value]
    return value


def _field(name: str, value: Json) -> Json:
    if _secret(name) and not isinstance(value, dict | list | bool | None):
        return MASK
    return masked(value)


def _secret(name: str) -> bool:
    """`user_password`, `apiKey`, `X-Auth-Token`; not `token_count` nor `key`."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return False
    last = words[-1]
    before = words[-2] if len(words) > 1 else ""
    return last in _SECRETS or (last in ("key", "token") and before in _KEYS)
