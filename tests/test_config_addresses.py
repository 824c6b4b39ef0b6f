"""Addresses of our own services: a wrong one is one line that says what to write, and never shows
the password.
"""

from pathlib import Path

import pytest

from bridge import config
from bridge.errors import BadInput

SERVER = (
    "servers: [{name: hq, url: 'https://bonds.example', user: u, password: {env: HQ_PASSWORD}}]"
)
PASSWORD = "geheim-7"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HQ_PASSWORD", "x")
    monkeypatch.setenv("OUR_DATABASE", f"postgresql+psycopg://bridge:{PASSWORD}@db.example/bridge")
    monkeypatch.setenv("OUR_BROKER", f"redis://:{PASSWORD}@cache.example:6379/0")


def loaded(folder: Path, *lines: str) -> config.Settings:
    """Settings with these lines."""
    path = folder / "bondbridge.yaml"
    path.write_text("\n".join([SERVER, *lines]), encoding="utf-8")
    return config.load(path)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            f"database: mysql://bridge:{PASSWORD}@db/bridge",
            "'mysql' is no database that bondbridge uses",
        ),
        (
            f"database: postgres://bridge:{PASSWORD}@db/bridge",
            "'postgres' is no database that bondbridge uses",
        ),
        (f"database: postgresql+asyncpg://bridge:{PASSWORD}@db/bridge", "'asyncpg' is no driver"),
        (
            f"database: postgresql+psycopg://bridge:{PASSWORD}@db:54x2/bridge",
            "this is no address of a database",
        ),
        (
            f"database: postgresql+psycopg://bridge:{PASSWORD}@x@db/bridge",
            "the host cannot be told from the password",
        ),
        (f"database: postgresql+psycopg://bridge:{PASSWORD}@db", "it names no database"),
        (f"database: bridge:{PASSWORD}@db/bridge", "this is no address of a database"),
        (f"broker: amqp://:{PASSWORD}@cache:6379/0", "this is no address of a broker"),
        (
            f"broker: redis://:{PASSWORD}/x@cache:6379/0",
            "the host and the port cannot be told from the password",
        ),
        (
            f"broker: redis://:{PASSWORD}@cache:sixthousand/0",
            "the host and the port cannot be told from the password",
        ),
        (
            f"broker: 'redis://:{PASSWORD}#x@cache:6379/0'",
            "the host and the port cannot be told from the password",
        ),
    ],
)
def test_a_wrong_address_says_what_to_write(tmp_path: Path, line: str, says: str) -> None:
    """In one line with its place."""
    with pytest.raises(BadInput) as caught:
        loaded(tmp_path, line)
    (said,) = str(caught.value).splitlines()
    assert says in said
    assert f"{tmp_path / 'bondbridge.yaml'}:2" in said
    assert "PASSWORD@HOST" in said
    assert PASSWORD not in said


def test_addresses_with_passwords_stand_where_secrets_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the environment or in files, as others do; and as they are."""
    (tmp_path / "hook").write_text("https://tickets.example/in?token=abc\n")
    monkeypatch.setenv("TICKETS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    hook = f"{{tickets: {{url: {{file: {tmp_path / 'hook'}}}, secret: {{env: TICKETS}}}}}}"
    found = loaded(
        tmp_path, "database: {env: OUR_DATABASE}", "broker: {env: OUR_BROKER}", f"hooks: {hook}"
    )
    assert found.database_url == f"postgresql+psycopg://bridge:{PASSWORD}@db.example/bridge"
    assert found.broker == f"redis://:{PASSWORD}@cache.example:6379/0"
    assert str(found.hooks["tickets"].url) == "https://tickets.example/in?token=abc"
    good = loaded(
        tmp_path, "database: postgresql+psycopg://bridge:p%40ss@[2001:db8::1]:5432/bridge"
    )
    assert good.database_url.endswith("/bridge")
    with pytest.raises(BadInput, match="neither NOWHERE nor NOWHERE_FILE is set"):
        loaded(tmp_path, "database: {env: NOWHERE}")
