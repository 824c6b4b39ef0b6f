"""The rulebook in use: the newest good one, remembered by its hash; a bad edit is told about
once.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from bridge.core.canonical_json import identity
from bridge.core.events import builder
from bridge.core.events.headlines import headline
from bridge.errors import BadInput
from bridge.rulebook import Rulebook, RulebookLoader
from bridge.store import rulebooks
from bridge.store.database import Database
from bridge.store.observations import events as event_store

log = structlog.get_logger()


class ActiveRulebook:
    """Keeps what the keeper finds. `now` is domain time."""

    def __init__(
        self, database: Database, keeper: RulebookLoader, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._keeper = keeper
        self._now = now
        self._adopted: str | None = None
        self._told: str | None = None
        self._noted: tuple[object, object] = (object(), None)  # nothing yet

    def rulebook(self) -> Rulebook:
        """The newest good rulebook; a new one is remembered, a bad one is told about once."""
        try:
            book = self._keeper.current(self._last_good)
        except BadInput:
            self._note(None)
            raise
        if book.hash != self._adopted:
            with self._database.writing() as connection:
                is_new = rulebooks.adopt(connection, book.hash, book.sources, self._now())
            # of all processes that find it, the first says so
            tell = log.info if is_new else log.debug
            tell("rulebook in use", rules=len(book.rules), hash=book.hash)
            self._adopted = book.hash
        self._note(book)
        self._tell_rejected()
        return book

    def _last_good(self) -> Mapping[str, str] | None:
        with self._database.reading() as connection:
            return rulebooks.newest(connection)

    def _note(self, book: Rulebook | None) -> None:
        """Whether the files can be used, for those who ask in another process: said whenever they
        were read anew.
        """
        found = (book, self._keeper.rejected)
        if all(one is other for one, other in zip(found, self._noted, strict=True)):
            return
        self._noted = found
        with self._database.writing() as connection:
            rulebooks.note(connection, rejected=self._keeper.rejected is not None)

    def _tell_rejected(self) -> None:
        rejected = self._keeper.rejected
        if rejected:
            text = str(rejected)
        else:
            text = None
        if text is None or text == self._told:
            self._told = text
            return
        self._told = text
        now = self._now()
        row = builder.EVENTS["rulebook.rejected"]
        data = {"problem": {"text": text}}
        # the same bad files are one happening, whichever process finds them, until a good rulebook
        # came between
        n = identity(text, self._adopted)
        event = builder.make(
            row, server=builder.OURSELVES, subject="rulebook", n=n, time=now, seen_at=now, data=data
        )
        with self._database.writing() as connection:
            new = event_store.record(connection, [event])
        for each in new:
            log.error(headline(each), id=each.id)
