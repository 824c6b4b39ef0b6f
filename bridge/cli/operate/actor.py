"""Who runs a command: the name that stands beside what they did."""

import getpass
import os
import socket

from bridge.config import PREFIX


def actor() -> str:
    """From BONDBRIDGE_ACTOR, or the user's name, or in a container whose user has none its
    number.
    """
    if given := os.environ.get(f"{PREFIX}ACTOR", "").strip():
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def place() -> str:
    """From where: the command line, and of which host."""
    return f"command line on {socket.gethostname()}"
