"""Zip files: streamed to a file beside the wanted one, checked whole, and only then given its
name.
"""

import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import httpx

from bridge.errors import BadInput, Garbled, Problem


def save(response: httpx.Response, to: Path, largest: int, in_time: Callable[[], None]) -> int:
    """Its size in bytes. Raises Garbled for what is no whole zip or too large, BadInput for a place
    that cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{to.name}.", suffix=".part", dir=to.parent)
    except OSError as error:
        raise BadInput(
            [Problem(str(to), f"cannot be written: {error.strerror}", "name another place")]
        ) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            size = _write(response, file, largest, in_time)
        _check(part)
        part.replace(to)
    except OSError as error:
        raise BadInput(
            [Problem(str(to), f"cannot be written: {error.strerror}", "make room or name another")]
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return size


def _write(
    response: httpx.Response, file: BinaryIO, largest: int, in_time: Callable[[], None]
) -> int:
    size = 0
    for chunk in response.iter_bytes():
        in_time()
        size += len(chunk)
        if size > largest:
            msg = f"the file is larger than {largest} bytes"
            raise Garbled(msg)
        file.write(chunk)
    return size


def _check(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise Garbled(f"the answer is no whole zip file: {error}") from error
    if broken is not None:
        msg = f"the zip file is damaged at {broken}"
        raise Garbled(msg)
