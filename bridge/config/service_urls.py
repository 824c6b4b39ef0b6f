"""Addresses of our own services in the settings: of the database and of the broker."""

from urllib.parse import urlsplit

_ESCAPES = "in the password write %40 for @, %2F for /, %3A for :, %23 for # and %25 for %"
_DATABASE = (
    f"write postgresql+psycopg://USER:PASSWORD@HOST:5432/NAME or sqlite:////PATH; {_ESCAPES}"
)
_BROKER = (
    f"write redis://:PASSWORD@HOST:6379/0, rediss:// for TLS, or redis+socket:///PATH; {_ESCAPES}"
)
_DRIVERS = {"sqlite": ("pysqlite",), "postgresql": ("psycopg",)}
_BROKERS = ("redis", "rediss", "redis+socket", "sentinel", "memory")


def database(url: str) -> str:
    """One that we can use. Raises ValueError that says what to write, without the password."""
    from sqlalchemy import make_url  # noqa: PLC0415  only where the settings name a database
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415  the same

    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(f"this is no address of a database: {_DATABASE}") from None
    kind, _, driver = parts.drivername.partition("+")
    if kind not in _DRIVERS:
        raise ValueError(f"{kind!r} is no database that bondbridge uses: {_DATABASE}")
    if driver and driver not in _DRIVERS[kind]:
        raise ValueError(f"{driver!r} is no driver that bondbridge uses: {_DATABASE}")
    if any(letter in (parts.host or "") for letter in "@#:/ ") and not _is_ipv6(parts.host or ""):
        raise ValueError(f"the host cannot be told from the password: {_DATABASE}")
    if kind == "postgresql" and not parts.database:
        raise ValueError(f"it names no database: {_DATABASE}")
    return url


def broker(url: str) -> str:
    """One that Celery can use. Raises ValueError that says what to write, without the password."""
    scheme = url.partition("://")[0]
    if "://" not in url or scheme not in _BROKERS:
        raise ValueError(f"this is no address of a broker that bondbridge uses: {_BROKER}")
    try:
        parts = urlsplit(url)
        wrong = (
            parts.port == 0
            or (scheme in ("redis", "rediss") and not parts.hostname)
            or bool(parts.fragment)
        )
    except ValueError:
        wrong = True
    if wrong or url.count("@") > 1:
        raise ValueError(f"the host and the port cannot be told from the password: {_BROKER}")
    return url


def _is_ipv6(host: str) -> bool:
    return ":" in host and all(letter in "0123456789abcdefABCDEF:." for letter in host)
