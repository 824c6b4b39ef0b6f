"""The key of this bridge, from which every other is derived, and what it shows: that a bridge has
been here.
"""

import hashlib
import secrets
from contextlib import suppress
from pathlib import Path

from bridge.config import Settings, private
from bridge.errors import BadInput, Problem
from bridge.store import installation
from bridge.store.database import Database, file_of

_LENGTH = 32


def digest_key(state_dir: Path) -> bytes:
    """The key that digests of secrets are made with: made at first start, readable by us alone."""
    path = _key(state_dir)
    try:
        private(state_dir)
        if not path.exists():
            fresh = state_dir / f"digest.key.{secrets.token_hex(4)}"
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(_LENGTH))
            with suppress(FileExistsError):
                path.hardlink_to(fresh)  # of two first starts one wins, and both read the winner's
            fresh.unlink()
        return path.read_bytes()
    except OSError as error:
        raise _unkept(path, error) from error


def agree_on_key(settings: Settings, database: Database) -> None:
    """The machines of one installation share a key: what one of them seals or digests, all of them
    can read.

    Raises BadInput where this machine's is another than that of the database.
    """
    path = _key(settings.state_dir)
    mine = hashlib.sha256(b"bondbridge key " + digest_key(settings.state_dir)).hexdigest()[:32]
    with database.writing() as connection:
        shared = installation.fingerprint_of_key(connection) or installation.keep_fingerprint(
            connection, mine
        )
    if shared != mine:
        what = (
            "this machine's key is not the one that this database is used with: links and digests"
            " would not agree"
        )
        mend = (
            f"copy {path.name} from the state folder of the machine that was there first, readable"
            " by this user alone"
        )
        raise BadInput([Problem(str(path), what, mend)])


def passing_key(state_dir: Path) -> bytes:
    """The same key for who only looks: where there is none yet it is kept nowhere. Raises
    BadInput.
    """
    path = _key(state_dir)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return secrets.token_bytes(_LENGTH)
    except OSError as error:
        raise _unkept(path, error) from error


def was_here(settings: Settings) -> bool:
    """Whether a bridge has been at work in this state folder."""
    return _key(settings.state_dir).exists()


def lost_database(settings: Settings) -> Path | None:
    """Where an SQLite database should be and is not, although a bridge was here; None where nothing
    is lost.
    """
    if was_here(settings):
        return missing_database(settings)
    return None


def missing_database(settings: Settings) -> Path | None:
    """Where an SQLite database should be and is not; None where it is there, or is no file."""
    path = file_of(settings.database_url)
    if path is None or path.exists():
        return None
    return path


def _key(state_dir: Path) -> Path:
    return state_dir / "digest.key"


def _unkept(path: Path, error: OSError) -> BadInput:
    what = f"cannot keep state here: {error.strerror}"
    mend = "make it writable, or set `state_dir`"
    return BadInput([Problem(str(path), what, mend)])
