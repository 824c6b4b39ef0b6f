"""What people do, as events of the kind `operator.*`: who, from where, what, about what, why and
until when.
"""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bridge.core.events.builder import EVENTS, OURSELVES, make
from bridge.core.model import Body, Event

_OBJECTS = frozenset({"bond", "leg", "space", "job", "rule", "channel"})


@dataclass(frozen=True, slots=True)
class Deed:
    """`what`: the event's name after `operator.`; `place`: such as "command line on gw1" or "API,
    203.0.113.7".

    `about`: what it was done to, such as "bond/3"; `server`: "" where it is about none or all;
    `override`: which guards were against it, of a call that a person made all the same.
    """

    what: str
    who: str
    place: str
    about: str = ""
    why: str = ""
    server: str = ""
    until: datetime | None = None
    override: str = ""


def event_of(
    deed: Deed, now: datetime, n: object = None, nouns: Body = MappingProxyType({})
) -> Event:
    """The event that the deed is. `n`: makes it the same as another with this `n`; else its moment
    and person do.

    `nouns`: what else its data names.
    """
    kind = deed.about.partition("/")[0]
    if kind in _OBJECTS and "/" in deed.about:
        subject = deed.about
    else:
        subject = "operator"
    noun: Body = {
        "who": deed.who,
        "place": deed.place or None,
        "what": deed.what.replace("_", " "),
        "about": deed.about or None,
        "why": deed.why or None,
        "until": deed.until.isoformat() if deed.until else None,
        "override": deed.override or None,
    }
    return make(
        EVENTS[f"operator.{deed.what}"],
        server=deed.server or OURSELVES,
        subject=subject,
        n=n or [deed.who, deed.place, deed.about, now.isoformat()],
        time=now,
        seen_at=now,
        data={"operator": noun, **nouns},
    )
