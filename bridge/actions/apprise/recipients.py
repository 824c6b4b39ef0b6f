"""An address of Apprise's may name several recipients: each becomes an address of its own, so that
nobody is told twice.

Sent together, one that is refused would have the message repeated to all, or taken from all.
"""

import copy
import re
from functools import cache
from typing import Any

# how Apprise's services call the list of those that they tell
_LISTS = ("targets", "topics", "channels", "rooms", "phones", "emails", "groups", "users", "chats")
_SEVERAL = re.compile(r",|%2C|[?&]to=|://[^/?]*/[^/?]+/[^/?]|/#.*/|[@#!].*[@#!]|\s", re.IGNORECASE)


@cache
def recipients(url: str) -> tuple[str, ...]:
    """An address for each recipient; the one that was given where it names one, or means
    nothing.
    """
    if not _SEVERAL.search(url):
        return (url,)
    from apprise import Apprise  # noqa: PLC0415  17 MB: only where there may be several

    service: Any = Apprise.instantiate(url)
    if service is None or len(service) < 2:  # noqa: PLR2004  one message in any case
        return (url,)
    lists = {
        name: list(getattr(service, name))
        for name in _LISTS
        if isinstance(getattr(service, name, None), list)
    }
    alone = [
        _alone(url, service, lists, name, each, first=not n)
        for name in lists
        for n, each in enumerate(lists[name])
    ]
    # what does not read back as one recipient stays as the person wrote it
    good = len(alone) == len(service) and all(
        len(Apprise.instantiate(each) or ()) == 1 for each in alone
    )
    if good:
        return tuple(alone)
    return (url,)


def _alone(
    url: str, service: Any, lists: dict[str, list[Any]], name: str, recipient: Any, *, first: bool
) -> str:
    """The address of this recipient; those who get a copy of a mail get one copy."""
    one = copy.copy(service)
    for each in lists:
        setattr(one, each, [recipient] if each == name else [])
    if not first:
        for copies in ("cc", "bcc"):
            if hasattr(one, copies):
                setattr(one, copies, set())
    # how it shows a message is chosen where it is sent, unless the person wrote it
    found = str(one.url(privacy=False))
    if "format=" in url:
        return found
    return re.sub("(?<=[?&])format=[a-z]+&?", "", found)
