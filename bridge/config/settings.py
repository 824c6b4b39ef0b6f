"""What a person can set, and of what shape it is.

`BONDBRIDGE_WEB__PORT=9000` overrides `web: {port: …}`, and so for every key.
"""

import os
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    HttpUrl,
    PrivateAttr,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bridge.config import name_checks, service_urls
from bridge.config.channels import Channel, Watchdog
from bridge.config.paths import shipped
from bridge.config.secrets import Address, Frozen, GivenSecret
from bridge.config.setting_types import Bound, Duration, Name
from bridge.config.webhooks import OutgoingWebhookSettings, Webhook
from bridge.core.rules.models.scalars import Zone
from bridge.core.yaml_document import Document, Place
from bridge.errors import Problem

PREFIX = "BONDBRIDGE_"

Scopes = Annotated[str, AfterValidator(name_checks.scopes_like)]


def _without_credentials(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        msg = "credentials do not stand in an address: use `user` and `password`"
        raise ValueError(msg)
    return url


class Poll(Frozen):
    """How often each family of scopes is polled, in domain time; `every` and `off` by globs of
    scope names.
    """

    legs: Duration = 15.0
    bonds: Duration = 30.0
    aggregators: Duration = 30.0
    nodes: Duration = 60.0
    placements: Duration = 15.0
    tunings: Duration = 300.0
    tunings_running: Duration = 10.0
    speedtests: Duration = 600.0
    histories: Duration = 600.0
    statistics: Duration = 60.0
    status: Duration = 60.0
    reports: Duration = 3_600.0
    configuration: Duration = 1_800.0
    backups: Duration = 300.0
    every: dict[Scopes, Duration] = Field(default_factory=dict)
    off: list[Scopes] = Field(default_factory=list)


class Backups(Frozen):
    """When backups are expected. `backup.fetch` keeps the newest `keep` of them in `directory`,
    none above `largest` bytes.
    """

    every: Duration = 86_400.0
    grace: Duration = 7_200.0
    directory: Path | None = None
    keep: int = Field(default=7, ge=1)
    largest: int = Field(default=2 * 2**30, ge=1)


class User(Frozen):
    """An account on a management server."""

    user: str
    password: GivenSecret


class Users(Frozen):
    """Accounts for classes of action; a class without one uses the server's main account."""

    operate: User | None = None
    configure: User | None = None
    administer: User | None = None


class Flapping(Frozen):
    """When a leg flaps: `start` and `stop` in changes that have not leaked away yet, `leak` the
    time one takes to.
    """

    start: float = Field(default=5.0, ge=2)
    stop: float = Field(default=1.0, ge=0)
    leak: Duration = 120.0

    @model_validator(mode="after")
    def _begins_above_its_end(self) -> "Flapping":
        if self.stop >= self.start:
            msg = f"a spell that begins at {self.start:g} ends below that: `stop` is {self.stop:g}"
            raise ValueError(msg)
        return self


class Limits(Frozen):
    """Limits on what rules do, over all of them; passing the global one stops everything until a
    person says go on.
    """

    everything: Bound | None = Field(
        default=Bound.model_construct(most=2000, every=3600.0), alias="global"
    )
    server: Bound | None = Bound.model_construct(most=1000, every=3600.0)
    space: Bound | None = None
    aggregator: Bound | None = None
    rule: Bound | None = None


class Server(Frozen):
    """One management server. `force_live` makes every rule act, and is obeyed only by a server that
    is a simulator.

    `requests_per_second` is for all processes together, null for no limit; `concurrency` is how
    many requests may be under way at once in one of them. `act_in`: globs of the spaces that rules
    may act in, empty for all.
    """

    name: Name
    url: Annotated[HttpUrl, AfterValidator(_without_credentials)]
    user: str
    password: GivenSecret
    users: Users = Users()
    login: Literal["basic", "token"] = "basic"
    verify: bool | Path = True
    timeout: Duration = 10.0
    requests_per_second: float | None = Field(default=10.0, gt=0, le=1_000)
    concurrency: int = Field(default=4, ge=1, le=64)
    poll: Poll = Poll()
    backups: Backups = Backups()
    ignore: dict[str, list[str]] = Field(default_factory=dict)
    act_in: list[str] = Field(default_factory=list)
    force_live: bool = False


class Web(Frozen):
    """Where pages, API and webhooks are served. `largest_body` in bytes.

    `proxies`: how many of ours stand in front and add to X-Forwarded-For; with 0 that header is not
    believed.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65_535)
    public_url: HttpUrl | None = None
    largest_body: int = Field(default=65_536, ge=1)
    proxies: int = Field(default=0, ge=0, le=5)

    @property
    def url(self) -> str:
        """What people open; it ends with a slash."""
        if ":" in self.host:
            host = f"[{self.host}]"
        else:
            host = self.host
        return f"{str(self.public_url or f'http://{host}:{self.port}').rstrip('/')}/"


class ClockSettings(Frozen):
    """The domain clock: `domain` is what it showed when the machine's showed `machine`; it runs
    `speed` times as fast.
    """

    machine: AwareDatetime
    domain: AwareDatetime
    speed: float = Field(default=1.0, gt=0)


def _variable(place: Place, *, nested: bool) -> str:
    """The variable that this place, or all around it, comes from; `nested`: one that is only merged
    with the file is none.
    """
    path = [str(part).upper() for part in place]
    names = ["__".join(path[:n]) for n in range(len(path), 1 if nested else 0, -1)]
    return next((f"{PREFIX}{name}" for name in names if f"{PREFIX}{name}" in os.environ), "")


class Settings(BaseSettings):
    """Everything a person can set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        env_ignore_empty=True,
    )

    state_dir: Path = Path("state")
    database: Annotated[Address, AfterValidator(service_urls.database)] | None = None
    broker: Annotated[Address, AfterValidator(service_urls.broker)] | None = None
    rules: Annotated[
        list[Path],
        NoDecode,
        BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    ] = Field(default_factory=lambda: [shipped("rules")], min_length=1)
    web: Web = Web()
    # in which people read times
    timezone: Zone = "UTC"
    servers: list[Server] = Field(min_length=1)
    channels: dict[Name, Channel] = Field(default_factory=dict)
    # the channel that a guard's question goes to where the rule names none
    asks: Annotated[str | None, AfterValidator(name_checks.channel_that_is)] = None
    webhooks: dict[Name, Webhook] = Field(default_factory=dict)
    hooks: dict[Name, OutgoingWebhookSettings] = Field(default_factory=dict)
    flapping: Flapping = Flapping()
    limits: Limits = Limits()
    allow: list[Annotated[str, AfterValidator(name_checks.allowed)]] = Field(default_factory=list)
    watchdog: Watchdog | None = None
    clock: ClockSettings | None = None

    # where everything of them stands, for what is found wrong only later
    _document: Document | None = PrivateAttr(default=None)

    @property
    def zone(self) -> tzinfo:
        """In which people read times."""
        if self.timezone == "UTC":
            return UTC
        return ZoneInfo(self.timezone)

    def written_in(self, document: Document) -> "Settings":
        """The same, read from this file."""
        self._document = document
        return self

    def problem(self, place: Place, what: str, mend: str = "") -> Problem:
        """Something wrong at this place: in its file at its line, or in the variable of the
        environment.
        """
        written = self._document is not None and place in self._document.marks
        variable = _variable(place, nested=written)
        if self._document is not None and written and not variable:
            return self._document.problem(place, what, mend)
        return Problem(variable or "settings", what, mend, ".".join(map(str, place)))

    @property
    def database_url(self) -> str:
        """The database's, or the embedded SQLite's."""
        return self.database or f"sqlite:///{(self.state_dir / 'bondbridge.sqlite3').resolve()}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes over the file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings
