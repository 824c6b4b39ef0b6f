"""Where secrets stand: in the environment or in files, never in the settings."""

import base64
import os
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator


class Frozen(BaseModel):
    """Settings that stay as they were read, and have no key that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(Frozen):
    """Where a secret stands: `{env: NAME}` (or a file named by NAME_FILE), or `{file: PATH}`. Never
    the secret itself.
    """

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
            msg = (
                f"cannot read the secret file {path}:"
                f" {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
            )
            raise ValueError(msg) from error

    def reveal_all(self) -> tuple[str, ...]:
        """The secrets that stand there, one a line: all of them are good, the first is the current
        one.

        Raises ValueError that names the place, also where it is empty.
        """
        lines = tuple(line.strip() for line in self.reveal().splitlines() if line.strip())
        if not lines:
            msg = f"the secret at {self.env or self.file} is empty"
            raise ValueError(msg)
        return lines


def _revealed(secret: Secret) -> Secret:
    secret.reveal_all()
    return secret


# checked when the settings are read, so that a missing secret stops the start and not the first
# request
GivenSecret = Annotated[Secret, AfterValidator(_revealed)]


def read_where_it_stands(value: Any) -> Any:
    """The text that stands at `{env: NAME}` or `{file: PATH}`; any other value as it is."""
    if isinstance(value, dict):
        return Secret.model_validate(value).reveal()
    return value


# an address that may hold a password: as it is, or where it stands, as for every secret
Address = Annotated[str, BeforeValidator(read_where_it_stands)]


def _leads(secret: Secret) -> Secret:
    parts = urlsplit(secret.reveal())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        msg = (
            f"the secret at {secret.env or secret.file} is no address: write the whole of it, with"
            " https:// in front"
        )
        raise ValueError(msg)
    return secret


# an address that anyone who has it may write to
AddressSecret = Annotated[GivenSecret, AfterValidator(_leads)]


# what the Standard Webhooks specification asks of a secret, in bytes
_LEAST = 24
_MOST = 64
_PREFIX = "whsec_"


def _signs(secret: Secret) -> Secret:
    lines = secret.reveal_all()
    for number, line in enumerate(lines, start=1):
        if not _LEAST <= _size(line.removeprefix(_PREFIX)) <= _MOST:
            wanted = (
                f"{_PREFIX} and the base64 of {_LEAST} to {_MOST} bytes, such as"
                f' "{_PREFIX}$(openssl rand -base64 32)"'
            )
            if len(lines) > 1:
                which = f", line {number},"
            else:
                which = ""
            msg = f"the secret at {secret.env or secret.file}{which} cannot sign: write {wanted}"
            raise ValueError(msg)
    return secret


def _size(text: str) -> int:
    try:
        return len(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except ValueError:  # not base64
        return 0


SigningSecret = Annotated[GivenSecret, AfterValidator(_signs)]
