"""Folders: those that ship with bondbridge beside its code, and those it makes."""

from pathlib import Path


def shipped(name: str) -> Path:
    """A folder that ships with bondbridge: inside the package when installed, beside it in a
    checkout.
    """
    package = Path(__file__).parent.parent
    if (package / name).is_dir():
        return package / name
    return package.parent / name


def private(path: Path) -> None:
    """Make a folder, and those above it that are missing, for us alone; what is there stays as it
    is. Raises OSError.
    """
    for each in reversed((path, *path.parents)):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)
