"""Whether a folder can be written, found out by writing: nothing is left behind."""

import errno
import os
import tempfile
from pathlib import Path

# more than one block, so that a full disk shows
_BYTES = 65_536


def probe_folder(folder: Path) -> None:
    """Write a file in this folder and remove it. Where there is no such folder yet, make one in the
    nearest folder above it that there is, and remove that again. Raises OSError.
    """
    above = (folder.absolute(), *folder.absolute().parents)
    nearest = next(each for each in above if os.path.lexists(each))
    if not nearest.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"{nearest} is a file, not a folder", str(nearest))
    if nearest == folder.absolute():
        _write_in(nearest)
        return
    with tempfile.TemporaryDirectory(dir=str(nearest)) as made:
        _write_in(Path(made))


def _write_in(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(bytes(_BYTES))
        probe.flush()
        os.fsync(probe.fileno())
