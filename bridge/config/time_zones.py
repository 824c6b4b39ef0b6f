"""Which time zone database is used: the machine's or the `tzdata` package's, whichever is newer.

Python reads the machine's first, and a machine that is not upgraded knows nothing of what
governments decided since: quiet hours and windows would begin an hour off.
"""

import zoneinfo
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import tzdata  # type: ignore[import-untyped]  # it ships no types

# zones change several times a year, and a new version comes with each change
_FRESH = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class TimeZoneDatabase:
    """A version such as `2026b` (empty: it does not say) and where it was found."""

    version: str
    place: str

    def is_old(self, now: datetime) -> bool:
        """Whether newer versions have very probably come out since."""
        return self.version < str((now - _FRESH).year)


def use_newest() -> TimeZoneDatabase:
    """Make `ZoneInfo` read the newer database from now on; called before any zone is used."""
    found = _newest()
    if found.place == "tzdata":
        zoneinfo.reset_tzpath(())
    return found


def _newest() -> TimeZoneDatabase:
    package = TimeZoneDatabase(tzdata.IANA_VERSION, "tzdata")
    machine = next(
        (found for folder in zoneinfo.TZPATH if (found := _of_machine(Path(folder)))), package
    )
    if machine.version > package.version:
        return machine
    return package


def _of_machine(folder: Path) -> TimeZoneDatabase | None:
    """The database in this folder: IANA's own files say their version in one of two places."""
    for name in ("tzdata.zi", "+VERSION"):
        try:
            with (folder / name).open(encoding="utf-8") as file:
                words = file.readline().split()
        except (OSError, UnicodeDecodeError):
            continue
        if words:
            return TimeZoneDatabase(words[-1], str(folder))
    return None
