"""Programs that tests talk to and that only Debian packages."""

import os
import shutil
from pathlib import Path

import pytest


def program(name: str, package: str) -> Path:
    """Where it is. Without it the test is skipped; in CI as root, where `make test` installs it,
    the test fails.
    """
    # Debian keeps what only root runs where others do not look
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if found:
        return Path(found)
    why = f"no {name} here: on Debian, `apt install {package}`, or `make test` as root"
    if os.environ.get("CI") and os.geteuid() == 0:
        pytest.fail(why)
    return pytest.skip(why)
