"""Tokens for pages and API."""

import hashlib

import pytest

from bridge.store import tables as t
from bridge.store import tokens
from bridge.store.database import Database

from .builders import NOW, later, rows, together


def create(database: Database, name: str = "ann", **given: object) -> str | None:
    """Make a token."""
    with database.writing() as connection:
        return tokens.create(connection, name, **given)


def holder(database: Database, token: str) -> str | None:
    """Whose token this is now."""
    with database.reading() as connection:
        return tokens.holder(connection, token, NOW)


def spend(database: Database, token: str) -> bool:
    """Try to use a token up."""
    with database.writing() as connection:
        return tokens.spend(connection, token, NOW)


def test_a_token_opens_for_its_holder(database: Database) -> None:
    """The token that was shown is its holder's, and none like it is."""
    token = create(database)
    assert token.startswith("bbt_")
    assert holder(database, token) == "ann"
    for wrong in (
        "",
        token[:-1],
        token + "x",
        token.upper(),
        "bbt_",
        hashlib.sha256(token.encode()).hexdigest(),
    ):
        assert holder(database, wrong) is None


def test_only_a_digest_is_stored(database: Database) -> None:
    """Nothing in the table can be used to come in."""
    token = create(database)
    (row,) = rows(database, t.tokens)
    assert row["digest"] == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row)
    assert token.removeprefix("bbt_") not in str(row)


def test_every_token_is_another_and_every_name_has_one(database: Database) -> None:
    """Two tokens are never alike, and a taken name gets none."""
    made = {create(database, name) for name in ("ann", "ben", "cai")}
    assert len(made) == 3
    assert create(database, "ann") is None
    with database.reading() as connection:
        assert tokens.names(connection) == ["ann", "ben", "cai"]


@pytest.mark.parametrize(("seconds", "who"), [(1, "ann"), (0, None), (-1, None)])
def test_a_token_ends_at_its_moment(database: Database, seconds: float, who: str | None) -> None:
    """It is good until just before it expires."""
    assert holder(database, create(database, expires_at=later(seconds))) == who


@pytest.mark.parametrize(("seconds", "spent"), [(1, True), (0, False), (-1, False)])
def test_a_one_time_token_is_spent_in_time_or_not_at_all(
    database: Database, seconds: float, spent: bool
) -> None:
    """It cannot be held, only spent, and not after its time."""
    token = create(database, expires_at=later(seconds), once=True)
    assert holder(database, token) is None
    assert spend(database, token) is spent
    assert spend(database, token) is False


def test_a_one_time_token_is_spent_once_by_many(database: Database) -> None:
    """Of those who spend it at once, one gets in."""
    token = create(database, expires_at=later(60), once=True)
    assert sorted(together(2, lambda _: spend(database, token))) == [False, True]


def test_a_lasting_token_cannot_be_spent(database: Database) -> None:
    """Spending leaves other tokens alone."""
    token = create(database)
    passing = create(database, "ben", expires_at=later(60))
    assert not spend(database, token)
    assert not spend(database, passing)
    assert (holder(database, token), holder(database, passing)) == ("ann", "ben")


def test_a_one_time_token_without_an_end_can_be_spent(database: Database) -> None:
    """What `create` makes, `spend` takes."""
    assert spend(database, create(database, once=True))


def test_a_revoked_token_opens_nothing(database: Database) -> None:
    """Taking it away counts at once, and only once."""
    token = create(database)
    other = create(database, "ben")
    with database.writing() as connection:
        assert tokens.revoke(connection, "ann")
        assert not tokens.revoke(connection, "ann")
    assert (holder(database, token), holder(database, other)) == (None, "ben")


def test_what_expired_is_forgotten(database: Database) -> None:
    """Old sign-ins go, what is still good or lasts stays."""
    create(database, "old", expires_at=later(-1))
    create(database, "now", expires_at=NOW)
    create(database, "good", expires_at=later(1))
    create(database, "lasting")
    with database.writing() as connection:
        tokens.forget_expired(connection, NOW)
    assert sorted(row["name"] for row in rows(database, t.tokens)) == ["good", "lasting"]
