"""Webhooks: those that come in, with the people who talk through them, and those that go out."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, IPvAnyNetwork, model_validator

from bridge.config import name_checks
from bridge.config.secrets import Frozen, Secret, SigningSecret, read_where_it_stands
from bridge.config.setting_types import Bound, Duration, Name

Network = Annotated[IPvAnyNetwork, BeforeValidator(name_checks.network)]


def _signed(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        msg = "credentials do not stand in an address: what is sent is signed with `secret`"
        raise ValueError(msg)
    return url


class Person(Frozen):
    """A role for a person (`user`) or for everybody in a room, by the ids of the platform;
    `spaces`: only there, by globs.

    `name`: what the person is called here; one who comes by two ways is known as one by it.
    """

    role: Literal["viewer", "operator", "admin"]
    user: str = ""
    room: str = ""
    spaces: list[str] = Field(default_factory=list)
    name: str = ""

    @model_validator(mode="after")
    def _somebody(self) -> "Person":
        if not (self.user or self.room):
            msg = "whose role is it? write `user` or `room`, or both"
            raise ValueError(msg)
        return self


class Webhook(Frozen):
    """An incoming webhook at `/webhooks/<name>`; its events belong to `server`.

    `secret`: one a line, all of them good, so that they can be changed one after the other.
    `spaces`: what comes of it touches only bonds of these, by globs; empty for all. `allow_from`:
    networks it may come from; empty for all. `rate`: so many. For chat: `people` and their roles,
    `strangers` the role of those without one, `answers_at` where later answers may go.
    """

    platform: str = "hmac"
    # read at the start of what serves, so that one that is missing keeps nobody from looking
    secret: Secret
    server: Name
    tolerance: Duration | None = None
    options: dict[str, str | None] = Field(default_factory=dict)
    spaces: list[str] = Field(default_factory=list)
    allow_from: list[Network] = Field(default_factory=list)
    rate: Bound | None = Bound.model_construct(most=600, every=60.0)
    people: list[Person] = Field(default_factory=list)
    strangers: Literal["viewer"] | None = None
    answers_at: list[HttpUrl] = Field(default_factory=list)


class OutgoingWebhookSettings(Frozen):
    """An outgoing webhook: rules send to these and nowhere else.

    `allow_private`: also to addresses that are not public, and over plain http. `verify` as for a
    server.
    """

    url: Annotated[HttpUrl, AfterValidator(_signed), BeforeValidator(read_where_it_stands)]
    secret: SigningSecret
    allow_private: bool = False
    verify: bool | Path = True
    timeout: Duration = 10.0

    @model_validator(mode="after")
    def _unread(self) -> "OutgoingWebhookSettings":
        if self.url.scheme != "https" and not self.allow_private:
            msg = (
                "what goes outside goes over https: write an https address, or `allow_private:"
                " true` where it stays inside"
            )
            raise ValueError(msg)
        return self
