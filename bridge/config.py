"""The settings: one YAML file, the environment over it, secrets only from the environment or from files.

Frozen once read; a wrong value stops the start with every problem at once. `BONDBRIDGE_WEB__PORT=9000` overrides
`web: {port: …}`, and so for every key. Only wiring and the entries read this.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from bridge.core.document import Document, problems_of, read
from bridge.core.durations import seconds
from bridge.core.events import OURSELVES
from bridge.core.rule_file import slug
from bridge.errors import BadInput, Problem

# other ways to say yes on the command line live in cli; these two names are the contract with the environment
CONFIG_VARIABLE = "BONDBRIDGE_CONFIG"
PREFIX = "BONDBRIDGE_"

Duration = Annotated[float, BeforeValidator(seconds), Field(gt=0)]
Name = Annotated[str, AfterValidator(slug)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(_Frozen):
    """Where a secret stands: `{env: NAME}` (or a file named by NAME_FILE), or `{file: PATH}`. Never the secret itself."""

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _not_in_clear(cls, value: Any) -> Any:
        if not isinstance(value, dict | Secret):
            msg = "a secret does not stand in the settings: write {env: NAME} or {file: PATH}"
            raise ValueError(msg)  # noqa: TRY004  pydantic collects ValueErrors
        return value

    @model_validator(mode="after")
    def _one_place(self) -> "Secret":
        if (self.env is None) == (self.file is None):
            msg = "write either {env: NAME} or {file: PATH}"
            raise ValueError(msg)
        return self

    def reveal(self) -> str:
        """The secret. Raises ValueError that names the place, never the content."""
        path = self.file or Path(os.environ.get(f"{self.env}_FILE", ""))
        if self.env and self.env in os.environ:
            return os.environ[self.env]
        if self.env and f"{self.env}_FILE" not in os.environ:
            msg = f"neither {self.env} nor {self.env}_FILE is set in the environment"
            raise ValueError(msg)
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            msg = f"cannot read the secret file {path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
            raise ValueError(msg) from error


def _revealed(secret: Secret) -> Secret:
    if not secret.reveal():
        msg = f"the secret at {secret.env or secret.file} is empty"
        raise ValueError(msg)
    return secret


# checked when the settings are read, so that a missing secret stops the start and not the first request
GivenSecret = Annotated[Secret, AfterValidator(_revealed)]


def _without_credentials(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        msg = "credentials do not stand in an address: use `user` and `password`"
        raise ValueError(msg)
    return url


class Poll(_Frozen):
    """How often each family of scopes is polled, in domain time; `every` and `off` by globs of scope names."""

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
    every: dict[str, Duration] = Field(default_factory=dict)
    off: list[str] = Field(default_factory=list)


class Backups(_Frozen):
    """When backups are expected. `backup.fetch` keeps the newest `keep` of them in `directory`, none above `largest` bytes."""

    every: Duration = 86_400.0
    grace: Duration = 7_200.0
    directory: Path | None = None
    keep: int = Field(default=7, ge=1)
    largest: int = Field(default=2 * 2**30, ge=1)


class User(_Frozen):
    """An account on a management server."""

    user: str
    password: GivenSecret


class Users(_Frozen):
    """Accounts for classes of action; a class without one uses the server's main account."""

    operate: User | None = None
    configure: User | None = None
    administer: User | None = None


class Flapping(_Frozen):
    """When a leg flaps: `start` and `stop` in changes that have not leaked away yet, `leak` the time one takes to."""

    start: float = Field(default=5.0, ge=2)
    stop: float = Field(default=1.0, ge=0)
    leak: Duration = 120.0


class Server(_Frozen):
    """One management server. `force_live` makes every rule act, and is obeyed only by a server that is a simulator.

    `requests_per_second` is for all processes together, null for no limit; `concurrency` is how many requests may be under
    way at once in one of them.
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
    force_live: bool = False


class Channel(_Frozen):
    """A named place where people are told: one or more Apprise URLs, each a secret since it carries credentials."""

    urls: list[GivenSecret] = Field(min_length=1)


class Webhook(_Frozen):
    """An incoming webhook at `/webhooks/<name>`; its events belong to `server`."""

    platform: str = "hmac"
    secret: GivenSecret
    server: Name
    tolerance: Duration = 300.0


class Web(_Frozen):
    """Where pages, API and webhooks are served. `largest_body` in bytes."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65_535)
    public_url: HttpUrl | None = None
    largest_body: int = Field(default=65_536, ge=1)

    @property
    def url(self) -> str:
        """What people open."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return str(self.public_url or f"http://{host}:{self.port}/")


class ClockSettings(_Frozen):
    """The domain clock: `domain` is what it showed when the machine's showed `machine`; it runs `speed` times as fast."""

    machine: AwareDatetime
    domain: AwareDatetime
    speed: float = Field(default=1.0, gt=0)


class Settings(BaseSettings):
    """Everything a person can set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    state_dir: Path = Path("state")
    database: str | None = None
    broker: str | None = None
    rules: Annotated[list[Path], NoDecode, BeforeValidator(lambda value: [value] if isinstance(value, str) else value)] = Field(
        default_factory=lambda: [shipped("rules")], min_length=1
    )
    web: Web = Web()
    servers: list[Server] = Field(min_length=1)
    channels: dict[Name, Channel] = Field(default_factory=dict)
    webhooks: dict[Name, Webhook] = Field(default_factory=dict)
    flapping: Flapping = Flapping()
    allow: list[str] = Field(default_factory=list)
    clock: ClockSettings | None = None

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


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises BadInput with every problem, each at its line."""
    chosen = path or ((environment or os.environ).get(CONFIG_VARIABLE) or None)
    document = _document(Path(chosen)) if chosen else Document("environment", {}, {})
    if not isinstance(document.data, dict):
        raise BadInput([document.problem((), "the settings are a mapping: servers, channels, …")])
    known = {name: value for name, value in document.data.items() if name in Settings.model_fields}
    strange = [
        document.problem((name,), "unknown key", f"there are: {', '.join(Settings.model_fields)}")
        for name in document.data
        if name not in known
    ]
    try:
        settings = Settings(**known)
    except ValidationError as error:
        raise BadInput([*strange, *problems_of(error, document), *_contradictions(*_as_written(known), document)]) from error
    except SettingsError as error:
        raise BadInput([Problem("environment", str(error), "lists and mappings are written as JSON there")]) from error
    names, hooks = [each.name for each in settings.servers], {name: hook.server for name, hook in settings.webhooks.items()}
    problems = [*strange, *_contradictions(names, hooks, document)]
    if problems:
        raise BadInput(problems)
    return settings


def _as_written(data: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The servers' names and the webhooks' servers, as far as settings that are wrong elsewhere show them."""
    servers, hooks = data.get("servers"), data.get("webhooks")
    names = [each.get("name") for each in servers if isinstance(each, dict)] if isinstance(servers, list) else []
    wanted = hooks.items() if isinstance(hooks, dict) and names else ()
    return names, {name: hook["server"] for name, hook in wanted if isinstance(hook, dict) and "server" in hook}


def _contradictions(names: list[Any], hooks: Mapping[str, Any], document: Document) -> Iterator[Problem]:
    """What is right by itself and wrong beside the rest."""
    for i, name in enumerate(names):
        if name == OURSELVES:
            what = f"a server cannot be called {name!r}: so the bridge's own events are signed"
            yield document.problem(("servers", i, "name"), what)
        if name in names[:i]:
            yield document.problem(("servers", i, "name"), f"two servers are called {name!r}", "a name is one server's")
    for hook, server in hooks.items():
        if server not in names:
            what = f"it belongs to server {server!r}, which is not in `servers`"
            yield document.problem(("webhooks", hook, "server"), what)


def shipped(name: str) -> Path:
    """A folder that ships with bondbridge: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).parent / name
    return inside if inside.is_dir() else Path(__file__).parent.parent / name


def _document(path: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput([Problem(str(path), f"cannot be read: {error.strerror}", "name another with --config")]) from error
    except UnicodeDecodeError as error:
        raise BadInput([Problem(str(path), "is not UTF-8 text", "save it as UTF-8")]) from error
    return read(text, str(path))
