"""Moments in texts for people."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from bridge.core.time_format import all_in_zone, in_zone, minute

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("until 2026-07-01 02:00 UTC", "until 2026-07-01 04:00 CEST"),
        (
            "until 2026-01-01 23:30:07 UTC, or 2026-01-02 00:00 UTC",
            "until 2026-01-02 00:30:07 CET, or 2026-01-02 01:00 CET",
        ),
        ("2026-10-25 00:30 UTC", "2026-10-25 02:30 CEST"),
        ("2026-10-25 01:30 UTC", "2026-10-25 02:30 CET"),
        ("2026-03-29 00:59 UTC", "2026-03-29 01:59 CET"),
        ("2026-03-29 01:00 UTC", "2026-03-29 03:00 CEST"),
        ("2026-13-45 99:00 UTC", "2026-13-45 99:00 UTC"),
        ("2026-07-01 02:00 UTCX, 02:00 UTC", "2026-07-01 02:00 UTCX, 02:00 UTC"),
        ("9999-12-31 23:59 UTC", "9999-12-31 23:59 UTC"),
        ("2026-07-01T02:00:00+00:00", "2026-07-01T02:00:00+00:00"),
        ("", ""),
    ],
)
def test_a_text_shows_its_moments_by_other_clocks(text: str, there: str) -> None:
    """On both sides of both changes of the clocks; what is no moment stays as it is."""
    assert in_zone(text, BERLIN) == there
    assert in_zone(text, UTC) == text


def test_what_a_rule_says_of_a_time_is_shown_so() -> None:
    """A moment that stands alone in a text becomes one in UTC first; whatever holds texts is gone
    through.
    """
    told = {
        "title": minute("2026-07-01T02:00:04+00:00"),
        "lines": ["a", "2026-07-01 02:00 UTC"],
        "n": 3,
        "take": None,
    }
    shown = {
        "title": "2026-07-01 04:00 CEST",
        "lines": ["a", "2026-07-01 04:00 CEST"],
        "n": 3,
        "take": None,
    }
    assert all_in_zone(told, BERLIN) == shown
