"""The key of this bridge, from which every other is derived."""

import secrets
from contextlib import suppress
from pathlib import Path

from bridge.config import Settings, private
from bridge.errors import BadInput, Problem


def digest_key(state_dir: Path) -> bytes:
    """The key that digests of secrets are made with: made at first start, readable by us alone."""
    path = state_dir / "digest.key"
    try:
        private(state_dir)
        if not path.exists():
            fresh = state_dir / f"digest.key.{secrets.token_hex(4)}"
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(32))
            with suppress(FileExistsError):
                path.hardlink_to(fresh)  # of two first starts one wins, and both read the winner's
            fresh.unlink()
        return path.read_bytes()
    except OSError as error:
        mend = "make it writable, or set `state_dir`"
        raise BadInput([Problem(str(path), f"cannot keep state here: {error.strerror}", mend)]) from error


def lost_database(settings: Settings) -> Path | None:
    """Where the embedded database should be and is not, although this bridge has its key; None where nothing is lost."""
    if settings.database is not None or not (settings.state_dir / "digest.key").exists():
        return None
    path = settings.state_dir / "bondbridge.sqlite3"
    return None if path.exists() else path
