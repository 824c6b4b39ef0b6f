"""What others named or sent, where it is written to a terminal or a log."""

import pytest

from bridge.core.visible_text import visible, visible_line

PWNED = "\x1b[2J\x1b]0;pwned\x07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (PWNED, r"\x1b[2J\x1b]0;pwned\x07"),
        ("a\x9b31mb", r"a\x9b31mb"),
        ("a\rb\x08", r"a\rb\x08"),
        ("\u202eevil\u2066x", r"\u202eevil\u2066x"),
        ("Zürich, 東京 ✓", "Zürich, 東京 ✓"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_what_steers_a_terminal_is_shown(text: str, shown: str) -> None:
    """Every control character by its number; everything that is writing stays."""
    assert visible(text) == shown


def test_on_one_line_nothing_can_begin_another() -> None:
    """A name with a line break forges no log line."""
    assert visible_line("hq\n2026-11-30 all is well") == r"hq\n2026-11-30 all is well"
