"""Addresses as Apprise writes them: what each leads to, and what is wrong with one. They are secrets: none is ever shown."""

from difflib import get_close_matches
from typing import Any


def kind_of(url: str) -> str:
    """The service that an address leads to, by its name."""
    from apprise import Apprise  # noqa: PLC0415  17 MB: only where something is told

    service = Apprise.instantiate(url)
    return str(service.service_name) if service else "nothing that is known"


def wrong(url: str) -> str:
    """Why an address cannot be used, in one sentence without its secrets; "" where it can."""
    from apprise import Apprise  # noqa: PLC0415  17 MB: only where something is told
    from apprise.manager_plugins import NotificationManager  # noqa: PLC0415  the same

    if Apprise.instantiate(url) is not None:
        return ""
    services: Any = NotificationManager()  # type: ignore[no-untyped-call]  # it ships half its types
    schema, separator, _ = url.partition("://")
    known = list(services.schemas())
    if not separator:
        return "it has no beginning such as mailto:// or slack://"
    if schema.lower() in ("http", "https"):
        return "a web address is written as Apprise writes it: by its service, such as slack:// or mmosts://, or as jsons://"
    if schema.lower() not in known:
        near = get_close_matches(schema.lower(), known, n=1, cutoff=0.7)
        return f"no service is written {schema}://" + (f"; did you mean {near[0]}://?" if near else "")
    service = services[schema.lower()]
    forms = ", ".join(form.replace("{schema}", schema.lower()) for form in sorted(service.templates, key=len)[:3])
    return f"an address of {service.service_name} has another form, such as {forms}"
