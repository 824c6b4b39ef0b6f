"""Of the machine's time zone database and the package's the newer is used, and doctor says
which.
"""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import tzdata  # type: ignore[import-untyped]

from bridge.cli.setup import doctor
from bridge.config.time_zones import TimeZoneDatabase, use_newest

NOVEMBER = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Path]:
    """Where this machine keeps its time zones; afterwards the suite's own are used again."""
    zoneinfo.reset_tzpath([str(tmp_path)])
    yield tmp_path
    zoneinfo.reset_tzpath(())
    zoneinfo.ZoneInfo.clear_cache()


def test_a_machine_that_was_not_upgraded_is_not_asked(machine: Path) -> None:
    """A zone whose rules changed since is read from the newer package."""
    (machine / "tzdata.zi").write_text("# version 2025b\n")
    (machine / "America").mkdir()
    # as if Vancouver still were an hour behind, as New York's neighbour
    stale = zoneinfo.ZoneInfo("America/Vancouver")
    (machine / "America" / "Vancouver").write_bytes(_file_of("Etc/UTC"))
    zoneinfo.ZoneInfo.clear_cache()
    assert zoneinfo.ZoneInfo("America/Vancouver").utcoffset(NOVEMBER) == NOVEMBER.utcoffset()
    zoneinfo.ZoneInfo.clear_cache()
    assert use_newest() == TimeZoneDatabase(tzdata.IANA_VERSION, "tzdata")
    assert zoneinfo.ZoneInfo("America/Vancouver").utcoffset(NOVEMBER) == stale.utcoffset(NOVEMBER)


@pytest.mark.parametrize("name", ["tzdata.zi", "+VERSION"])
def test_a_machine_that_is_newer_than_the_package_is_used(machine: Path, name: str) -> None:
    """A bridge that runs for years profits from its machine's upgrades."""
    (machine / name).write_text("# version 2999a\n" if name == "tzdata.zi" else "2999a\n")
    assert use_newest() == TimeZoneDatabase("2999a", str(machine))
    assert (str(machine),) == zoneinfo.TZPATH


def test_a_machine_that_does_not_say_its_version_is_taken_for_older(machine: Path) -> None:
    """Nothing there, or something else: the package's counts."""
    assert use_newest().place == "tzdata"
    zoneinfo.reset_tzpath([str(machine)])
    (machine / "tzdata.zi").write_bytes(b"\xff\xfe")
    assert use_newest().place == "tzdata"


@pytest.mark.parametrize(
    ("version", "old"),
    [("2025b", True), ("2026a", False), ("2026f", False), ("", True), ("2027a", False)],
)
def test_a_database_of_the_year_before_is_old(version: str, old: bool) -> None:
    """Several versions come out every year."""
    assert TimeZoneDatabase(version, "tzdata").is_old(NOVEMBER) is old


def test_doctor_says_which_database_is_used_and_that_it_is_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With what an old one means and how to upgrade it."""
    assert f"database {tzdata.IANA_VERSION} of the package tzdata" in doctor._time_zones().says  # noqa: SLF001
    monkeypatch.setattr(
        doctor, "use_newest", lambda: TimeZoneDatabase("2019c", "/usr/share/zoneinfo")
    )
    found = doctor._time_zones()  # noqa: SLF001
    assert not found.good
    assert (
        found.says
        == "database 2019c of this machine, in /usr/share/zoneinfo is old: windows and quiet hours"
        " may be an hour off; upgrade it (`pip install --upgrade tzdata`)"
    )


def _file_of(zone: str) -> bytes:
    return Path(str(tzdata.__path__[0]), "zoneinfo", *zone.split("/")).read_bytes()
