"""What goes into a platform and what comes out of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from bridge.core.chat.reply import Reply
from bridge.core.json_safety import TooDeep, TwiceNamed, decoded
from bridge.core.model import Body
from bridge.errors import Refused

JSON = ("application/json",)
FORM = ("application/x-www-form-urlencoded",)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: header names in lower case, the body as bytes."""

    headers: Mapping[str, str]
    body: bytes


class Options(BaseModel):
    """What a platform lets a person set beside the secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Keys:
    """What requests are checked with: any of the secrets is good, the first is the current one.

    `tolerance`: seconds of machine time that a dated request may be away from now. `options`: the
    platform's own.
    """

    secrets: Sequence[str]
    tolerance: float
    options: Any = None

    def __post_init__(self) -> None:
        # an empty secret is everybody's: with none left, nothing is good
        object.__setattr__(self, "secrets", tuple(each for each in self.secrets if each.strip()))


@dataclass(frozen=True, slots=True)
class EventDelivery:
    """Another system says something. `id` is the same for the same delivery sent again.

    `earlier`: the id it had if it came a while ago, for a platform whose ids change with time.
    """

    id: str
    body: Body
    earlier: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A person or a room: the platform's id for it, and what it is called."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CommandDelivery:
    """A person typed a command. `answer_at`: where later answers may be sent; anyone who has it may
    write there.
    """

    id: str
    text: str
    person: Named
    room: Named
    answer_at: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ButtonDelivery:
    """A person pressed a button of ours; `value` is the button's."""

    id: str
    value: str
    person: Named
    room: Named
    answer_at: str | None = field(default=None, repr=False)


Delivery = EventDelivery | CommandDelivery | ButtonDelivery


@dataclass(frozen=True, slots=True)
class DeliveryReading:
    """What one request comes to. `ignored`: parts of it that become nothing, and why. `lost`: what
    was not even sent.

    `answer`: what the platform itself wants to hear, such as its challenge; then nothing was
    delivered.
    """

    deliveries: tuple[Delivery, ...] = ()
    ignored: tuple[str, ...] = ()
    answer: Body | None = None
    lost: str = ""


@runtime_checkable
class Platform(Protocol):
    """One platform: how it signs, dates and words what it sends.

    `title`: what people know it as. `tolerance`: what is usual, in seconds. `proof`: what to do
    where a request did not prove where it comes from, for the person who sent it.
    """

    name: str
    title: str
    tolerance: float
    proof: str

    @property
    def options(self) -> type[Options]:
        """The model of what can be set."""

    def read(self, request: Request, keys: Keys, now: datetime) -> DeliveryReading:
        """What a request comes to; `now` is machine time. Raises Refused with an HTTP status, and
        nothing else.
        """

    def example(self, keys: Keys, now: datetime) -> Request:
        """A request as an honest sender makes it, that asks for nothing."""

    def howto(self, url: str, keys: Keys) -> str:
        """What to enter at the sender, for a person; no secret in it."""

    def wrong(self, secret: str) -> str:
        """Why this is no secret to rely on, and what one looks like; empty where it is. The secret
        itself is never said.
        """


@runtime_checkable
class ChatPlatform(Platform, Protocol):
    """A platform on which people talk. `answers_at`: how addresses for later answers begin; empty
    where there are none.

    `buttons`: whether its messages can have some. `seconds`: so long it waits for an answer.
    """

    answers_at: tuple[str, ...]
    buttons: bool
    seconds: float

    def shown(self, answer: Reply, url: str) -> Body:
        """The JSON that answers a command: in the response itself, or later at its address.

        `url`: our own webhook, which some platforms want in each button.
        """

    def pressed(self, answer: Reply, url: str) -> Body:
        """The JSON of the response to a pressed button; empty where the answer goes to its address
        instead.
        """

    def posted(self, answer: Reply, url: str) -> Body:
        """The JSON of a message in a room."""


def json_object(body: bytes) -> Body:
    """The body as a JSON object. Raises Refused(400); only to be asked after the signature was
    found good.
    """
    try:
        body.decode()
        value = decoded(body, strict=True)
    except UnicodeDecodeError as error:
        raise Refused("the body is not UTF-8", 400) from error
    except TooDeep as error:
        raise Refused("the body is nested too deeply", 400) from error
    except TwiceNamed as error:
        raise Refused("the body has one name twice in an object", 400) from error
    except ValueError as error:
        raise Refused("the body is not JSON", 400) from error
    if not isinstance(value, dict):
        raise Refused("the body must be a JSON object", 400)
    return value


def check_type(headers: Mapping[str, str], accepted: Collection[str]) -> None:
    """Raises Refused(415) for a body of another kind than the platform sends."""
    given = content_type(headers)
    if given not in accepted:
        raise Refused(
            f"the content type {given or '(none)'} is not {' or '.join(sorted(accepted))}", 415
        )


def content_type(headers: Mapping[str, str]) -> str:
    """What kind of body it is said to be; empty where nothing is said."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()
