"""Conversations: where later answers go. An address is sealed before it is stored, and opened only
when it is written to.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import SplitResult, unquote, urlsplit

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection

from bridge.actions.chat_reply import Gone, ReplyPlace
from bridge.store.database import Database
from bridge.store.notifications import conversations

# so long platforms take later answers
OPEN_FOR = timedelta(minutes=30)
# after that so long it is still said of what comes late that it is too late
_KEPT = timedelta(days=1)
_AT_ONCE = 50

_CONSONANTS = "bdfgklmnprstvz"
_VOWELS = "aeiou"
_SYLLABLES = 4


class Conversations:
    """`key`: the bridge's own, from which those used here are derived; `machine`: the machine's
    clock.
    """

    def __init__(self, database: Database, key: bytes, machine: Callable[[], datetime]) -> None:
        self._database = database
        self._machine = machine
        self._fernet = Fernet(
            base64.urlsafe_b64encode(_derived(key, b"addresses of conversations"))
        )
        self._words = _derived(key, b"words of confirmations")

    def begin(self, connection: Connection, event: str, webhook: str, address: str) -> None:
        """Remember where the answers to this event go."""
        sealed = self._fernet.encrypt(address.encode()).decode()
        conversations.begin(connection, event, webhook, sealed, self._machine() + OPEN_FOR)

    def prune(self) -> int:
        """Forget a few of those that nothing can be told at any more; how many."""
        with self._database.reading() as connection:
            late = conversations.over(connection, self._machine() - _KEPT, _AT_ONCE)
        if late:
            with self._database.writing() as connection:
                conversations.forget(connection, late)
        return len(late)

    def place(self, event: str) -> ReplyPlace:
        """Where answers to this event go now. Raises Gone."""
        with self._database.reading() as connection:
            row = conversations.get(connection, event)
        if row is None:
            raise Gone("there is no place to answer it")
        if row["until"] <= self._machine():
            raise Gone("it is too late: the platform takes no more answers to it")
        try:
            address = self._fernet.decrypt(row["address"].encode()).decode()
        except InvalidToken as error:
            raise Gone("its address was sealed with another key") from error
        return ReplyPlace(row["webhook"], address)

    def word(self, event: str) -> str:
        """The word by which the person who said the command confirms it: `"tolavibe"`; of each
        event another.
        """
        digest = hmac.new(self._words, event.encode(), hashlib.sha256).digest()
        pairs = zip(digest[::2], digest[1::2], strict=True)
        syllables = (
            _CONSONANTS[one % len(_CONSONANTS)] + _VOWELS[other % len(_VOWELS)]
            for one, other in pairs
        )
        return "".join(list(syllables)[:_SYLLABLES])


def allowed(address: str, beginnings: Sequence[str]) -> bool:
    """Whether an address is one of those that are written to: the same place, and below the same
    path.
    """
    try:
        given = urlsplit(address)
        return given.scheme in ("http", "https") and any(
            _below(given, urlsplit(each)) for each in beginnings
        )
    except ValueError:
        return False


def _below(given: SplitResult, allowed: SplitResult) -> bool:
    there = (given.scheme, given.hostname, given.port, given.username) == (
        allowed.scheme,
        allowed.hostname,
        allowed.port,
        None,
    )
    asked = unquote(given.path)
    if allowed.path.endswith("/"):
        path = allowed.path
    else:
        path = f"{allowed.path}/"
    return (
        there
        and (asked.startswith(path) or asked == allowed.path)
        and not {"..", "\\"} & {*asked.split("/"), *asked}
    )


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)
