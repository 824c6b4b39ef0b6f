"""What ships with bondbridge beside its code."""

from pathlib import Path


def shipped(name: str) -> Path:
    """A folder that ships with bondbridge: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).parent.parent
    return package / name if (package / name).is_dir() else package.parent / name
