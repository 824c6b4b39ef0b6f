"""Addresses as Apprise writes them: what each leads to, and what is wrong with one. They are
secrets: none is ever shown.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qs, urlsplit


def kind_of(url: str) -> str:
    """The service that an address leads to, by its name."""
    from apprise import Apprise  # noqa: PLC0415  17 MB: only where something is told

    service = Apprise.instantiate(url)
    if service:
        return str(service.service_name)
    return "nothing that is known"


def wrong(url: str) -> str:
    """Why an address cannot be used, in one sentence without its secrets; "" where it can."""
    from apprise import Apprise  # noqa: PLC0415  17 MB: only where something is told
    from apprise.manager_plugins import NotificationManager  # noqa: PLC0415  the same

    if said := _another_meaning(url):
        return said
    with _listening() as warned:
        known_as: Any = Apprise.instantiate(url)
    if known_as is not None:
        return _dropped(url, known_as, warned)
    # it ships half its types
    services: Any = NotificationManager()  # type: ignore[no-untyped-call]
    schema, separator, _ = url.partition("://")
    known = list(services.schemas())
    if not separator:
        return "it has no beginning such as mailto:// or slack://"
    if schema.lower() in ("http", "https"):
        return (
            "a web address is written as Apprise writes it: by its service, such as slack:// or"
            " mmosts://, or as jsons://"
        )
    if schema.lower() not in known:
        near = get_close_matches(schema.lower(), known, n=1, cutoff=0.7)
        return f"no service is written {schema}://" + (
            f"; did you mean {near[0]}://?" if near else ""
        )
    service = services[schema.lower()]
    forms = ", ".join(
        form.replace("{schema}", schema.lower()) for form in sorted(service.templates, key=len)[:3]
    )
    return f"an address of {service.service_name} has another form, such as {forms}"


def _another_meaning(url: str) -> str:
    """What a character in a user name or password makes of an address: another host, or half a
    password.
    """
    rest = url.partition("://")[2]
    before_query, _, query = rest.partition("?")
    end = re.search("[/#]", before_query)
    if end:
        place = before_query[: end.start()]
    else:
        place = before_query
    if place.count("@") > 1:
        return (
            "it has more than one @ before the host: write %40 for one in the user or the password"
        )
    name, _, word = place.partition(":")
    if (
        end
        and "@" not in place
        and name
        and word
        and not word.isdigit()
        and re.search(r"[^/]@", before_query[end.end() :])
    ):
        return "the password ends at a / or #: write %2F or %23 for one in it"
    if ";" in query:
        return "it ends at a ; after the question mark: write %3B for one in a value"
    return ""


def _dropped(url: str, service: Any, warned: list[str]) -> str:
    """What Apprise would leave out of the address, and for which recipient."""
    recipients = getattr(service, "targets", None)
    schema = url.partition("://")[0].lower()
    named = [
        part
        for value in parse_qs(urlsplit(url).query).get("to", [])
        for part in re.split(r"[,\s]+", value)
        if part
    ]
    if schema.startswith("mailto") and (recipients == [] or any("@" not in part for part in named)):
        return "one of its recipients is no mail address: write each as name@example.com"
    if any("nvalid" in line or "ropped" in line for line in warned):
        return "a part of it means nothing to the service, and would be left out"
    return ""


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise warns of meanwhile."""
    log = logging.getLogger("apprise")
    warned = list[str]()
    ear = logging.Handler(logging.WARNING)
    ear.emit = lambda record: warned.append(record.getMessage())  # type: ignore[method-assign]
    log.addHandler(ear)
    try:
        yield warned
    finally:
        log.removeHandler(ear)
