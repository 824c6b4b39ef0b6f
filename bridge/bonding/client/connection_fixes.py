"""What a person can do about a connection that did not come about."""

import socket
import ssl
from collections.abc import Iterator


def fix_for(error: BaseException) -> str:
    """In brackets, with a space before it; nothing where there is nothing to say."""
    said = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return " (name its own authority: `verify: FILE`; `verify: false` trusts anybody)"
    if "WRONG_VERSION_NUMBER" in said or "record layer failure" in said.lower():
        return " (it speaks no TLS there: is the port right, or does it want http://?)"
    causes = list(_causes(error))
    if any(isinstance(each, socket.gaierror | UnicodeError) for each in causes):
        return " (check the name in `url`, and whether this machine can look it up)"
    if any(isinstance(each, ssl.SSLError) for each in causes):
        return ""
    if any(isinstance(each, OSError) for each in causes):
        return " (check `url`; is the server up, and does a firewall let us through to it?)"
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and all that it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
