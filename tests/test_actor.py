"""Who ran a command."""

import os

import pytest

from bridge.cli.operate.actor import actor


def test_the_name_is_given_or_the_users_or_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container the user often has no name."""
    monkeypatch.setenv("BONDBRIDGE_ACTOR", " alice ")
    assert actor() == "alice"
    monkeypatch.delenv("BONDBRIDGE_ACTOR")
    monkeypatch.setenv("USER", "bob")
    monkeypatch.delenv("LOGNAME", raising=False)
    assert actor() == "bob"
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 123_456)
    assert actor() == "uid 123456"
