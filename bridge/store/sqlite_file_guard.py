"""Whether the file of an SQLite database is still the one that is worked with: it can be moved away
below those who are.
"""

import fcntl
import os
import struct
import sys
from pathlib import Path

from bridge.errors import Unreachable
from bridge.store.database import Database, file_of

# a struct flock: its type, where it counts from, start, length (0: to the end), whose it is
_FLOCK = "hhqqi0q"


class Whereabouts:
    """The file as it was first seen, held open: so nobody else gets its number, and what others
    have locked can be asked.

    Anyone who works with a database in WAL mode holds a lock on its file for as long as it is open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._path = file_of(database.url)
        self._known: int | None = None

    def wrong(self) -> tuple[str, str] | None:
        """What became of the file while others work with it, and what to do; None where all is well
        or nobody does.
        """
        if self._path is None:
            return None
        there = _identity(self._path)
        if self._known is not None and there != _identity(self._known):
            if _held(self._known):
                return _said(self._path, gone=there is None)
            self._let_go()  # those who worked with it have ended: what is there now counts
        if self._known is None and there is not None:
            self._known = _opened(self._path)
        return None

    def insist(self) -> None:
        """Raises AgainLater where there is no file: who opens it then makes an empty one, which is
        taken for the right one.
        """
        if self._path is not None and not self._path.exists():
            raise Unreachable(f"there is no file {self._path}")

    def _let_go(self) -> None:
        # first our connections: closing a file lets go of every lock that this process has on it
        self._database.close()
        if self._known is not None:
            os.close(self._known)
        self._known = None


def _said(path: Path, *, gone: bool) -> tuple[str, str]:
    lost = "what it does now is not in the file that is there, and is lost when it ends"
    if gone:
        name = "the database file was moved away"
        return (
            name,
            (
                f"{path} is gone while the bridge works with it: {lost}. Put the same file back,"
                " its -wal and -shm beside it"
            ),
        )
    name = "the database file was replaced"
    mend = (
        "Stop bondbridge, put the right file there without the -wal and -shm of the other one, and"
        " start it again"
    )
    return name, f"{path} is another file than the one the bridge works with: {lost}. {mend}"


def _identity(file: Path | int) -> tuple[int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116  of what is open, too
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _opened(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # anyone who reads it says what is wrong
        return None


def _held(file: int) -> bool:
    """Whether another process has a lock on it. Where that cannot be asked, one does until we are
    started again.
    """
    if sys.platform != "linux":
        return True
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    return bool(struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))[0] != fcntl.F_UNLCK)
