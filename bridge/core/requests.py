"""What a job asks for, by its action. Each is stored with its job as JSON, by the names of its
fields.

A field that is None is not stored. What is stored and has no field here is carried along, so that
a request is stored again just as it was read, and keeps the digest that people approved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `more`: what is stored and has no field."""

    more: Body = field(default_factory=dict)

    # what stands for a field that was always stored and is not there
    MISSING: ClassVar[Body] = {}
    # fields whose null is stored, too
    NULLS: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def of(cls, stored: Body) -> Self:
        """The request that was stored so."""
        names = {each.name for each in fields(cls)} - {"more"}
        known = {name: value for name, value in stored.items() if name in names}
        more = {name: value for name, value in stored.items() if name not in names}
        return cls(**{**cls.MISSING, **known}, more=more)

    def stored(self) -> dict[str, Any]:
        """As it is stored."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        more = values.pop("more")
        kept = {
            name: value for name, value in values.items() if value is not None or name in self.NULLS
        }
        return {**kept, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest(Request):
    """One operation of the management server's API; `body`: the fields that it carries."""

    operation: str
    arguments: Body
    body: Body | None = None

    MISSING: ClassVar[Body] = {"operation": "", "arguments": {}}


# the event of a notice that tells of many
MANY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRequest(Request):
    """One message at one destination of a channel: `target` counts its addresses, then its rooms.

    `follow`: how it is followed up, `take`: somebody can acknowledge it, `over`: it tells of an
    end. `reminds`: the job whose notice it repeats, `what`: that one's title. `asks`: the approval
    request that it puts, `question`: that may be answered by a link. `event`: what it is about,
    MANY for many things. `notices`, `left`: of a digest, those it shows and how many it leaves out.
    """

    to: str
    target: int
    title: str
    body: str
    severity: str | None = None
    follow: Body | None = None
    unwritten: Mapping[str, str] | None = None
    over: bool | None = None
    take: bool | None = None
    reminds: str | None = None
    what: str | None = None
    asks: str | None = None
    question: Body | None = None
    event: str | None = None
    notices: list[Body] | None = None
    left: int | None = None

    MISSING: ClassVar[Body] = {"to": "", "target": 0, "title": "", "body": ""}

    @property
    def destination(self) -> str:
        """`"noc/0"`: the channel, and which of its addresses."""
        return f"{self.to}/{self.target}"

    @property
    def takes(self) -> bool:
        """Whether somebody can acknowledge it; not what is over, or only said."""
        return self.follow is not None or bool(self.take)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRequest(Request):
    """One message in a room of a channel, with buttons where it asks a `question`."""

    to: str
    room: int
    text: str
    lines: list[str]
    tone: str
    event: str
    question: Body | None = None
    asks: str | None = None

    MISSING: ClassVar[Body] = {
        "to": "",
        "room": 0,
        "text": "",
        "lines": [],
        "tone": "plain",
        "event": "",
    }
    NULLS: ClassVar[frozenset[str]] = frozenset({"question"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequest(Request):
    """A later answer to a person's command, or to the press of a button."""

    event: str
    text: str
    lines: list[str] | None = None
    tone: str | None = None
    to_all: bool | None = None
    replaces: bool | None = None
    question: Body | None = None
    unwritten: Mapping[str, str] | None = None

    MISSING: ClassVar[Body] = {"event": "", "text": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest(Request):
    """An event for another system. `id`: that of the job, the same at every try; `rule`: the one
    that sends it.
    """

    to: str
    data: Body
    event: str
    type: str
    subject: str
    time: str
    id: str
    rule: str
    unwritten: Mapping[str, str] | None = None

    MISSING: ClassVar[Body] = {
        "to": "",
        "data": {},
        "event": "",
        "type": "",
        "subject": "",
        "time": "",
        "id": "",
        "rule": "",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRequest(Request):
    """So many seconds, or until a time of the day in a time zone."""

    seconds: float | None = None
    until: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSilenceRequest(Request):
    """A silence that a rule begins; how long it lasts is stored as `for`."""

    event: str
    per: str
    acts: bool
    types: list[str] | None = None

    MISSING: ClassVar[Body] = {"event": "", "per": "", "acts": False}

    @property
    def length(self) -> float | str:
        """Seconds, or a length as a person writes it."""
        found: float | str = self.more.get("for", 0.0)
        return found


KINDS: Mapping[str, type[Request]] = {
    "call": CallRequest,
    "notify": NoticeRequest,
    "post": PostRequest,
    "reply": ReplyRequest,
    "webhook": WebhookRequest,
    "wait": WaitRequest,
    "silence": RuleSilenceRequest,
}


def request_of(action: str, stored: Body) -> Request:
    """The request of a job with this action. One of an action that there is no more is kept as it
    is.
    """
    return KINDS.get(action, Request).of(stored)
