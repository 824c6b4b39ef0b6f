"""Files that hold the secrets of webhooks, one a line: all are good, the first is the current
one.
"""

import base64
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bridge.config.paths import private
from bridge.errors import BadInput, Problem
from bridge.webhooks.secret_strength import PREFIX

_BYTES = 32  # what the Standard Webhooks specification asks for lies between 24 and 64


def fresh() -> str:
    """A secret that Standard Webhooks can sign with, and that is as good for every other
    platform.
    """
    return f"{PREFIX}{base64.b64encode(secrets.token_bytes(_BYTES)).decode()}"


def create(path: Path, secret: str) -> None:
    """Write a new file that only its owner can read. Raises BadInput where there is one."""
    try:
        private(path.parent)
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(f"{secret}\n")
    except FileExistsError as error:
        what = "there is a secret already, which somebody may be using"
        raise BadInput(
            [Problem(str(path), what, "move it away first, or name the webhook otherwise")]
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error


def replace(path: Path, lines: Sequence[str]) -> None:
    """Put these secrets in the place of those: anyone who reads it sees the old ones or the new
    ones, and may read it still.
    """
    write(path, "".join(f"{line}\n" for line in lines))


def write(path: Path, text: str) -> None:
    """Another content for a file that there is, all at once; owner and mode stay. Raises
    BadInput.
    """
    real = path.resolve()
    beside = None
    try:
        was = real.stat()
        descriptor, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
        beside = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(was.st_mode & 0o7777)
        if (was.st_uid, was.st_gid) != (os.getuid(), os.getgid()):
            os.chown(beside, was.st_uid, was.st_gid)
        beside.replace(real)
    except OSError as error:
        if beside:
            beside.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> BadInput:
    return BadInput(
        [
            Problem(
                str(path), f"cannot be written: {error.strerror}", "run this as the user that may"
            )
        ]
    )
