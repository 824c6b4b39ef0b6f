"""The client before servers that ask for time, refuse, or drip."""

import pytest

from bridge.bonding.catalogue import OPERATIONS
from bridge.bonding.client.responses import permission
from bridge.errors import (
    Busy,
    Forbidden,
    InDoubt,
    Refused,
    Unreachable,
)

from .scripted_server import Reply, client_of, serving

DATE = ("Date", "Sun, 01 Mar 2026 12:00:00 GMT")
READ = ("bond.get", {"bond": 3})
WRITE = ("bond.restart", {"bond": 3})


@pytest.mark.parametrize(
    ("after", "wait"),
    [
        ("7", 7),
        ("0", 0),
        ("999999", 3600),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_a_server_may_ask_for_time(after: str, wait: float | None) -> None:
    """Seconds or a date on the server's own clock, within an hour; what cannot be read asks for
    nothing.
    """
    for status in (429, 503):
        with serving(Reply({}, status, (DATE, ("Retry-After", after)))) as server:
            client = client_of(server.url)
            with pytest.raises(Unreachable) as caught:
                client.call(*READ)
            assert getattr(caught.value, "wait", None) == wait
            assert len(server.asked) == 1
            client.close()


def test_a_write_that_met_a_server_at_rest_is_not_taken_for_undone() -> None:
    """429 turns away at the door; behind a 503 the write may have been done."""
    asks = ("Retry-After", "7")
    with serving([Reply({}, 429, (asks,)), Reply({}, 503, (asks,))]) as server:
        client = client_of(server.url)
        with pytest.raises(Busy):
            client.call(*WRITE)
        with pytest.raises(InDoubt):
            client.call(*WRITE)
        client.close()


def test_a_refusal_reminds_of_the_precondition() -> None:
    """A 400 to an operation with a precondition names it, and what may not be done says which
    permission it needs.
    """
    replies = [
        Reply({"detail": "No."}, 400),
        Reply({"detail": "No."}, 400),
        Reply({"detail": "No."}, 403),
    ]
    with serving(replies) as server:
        client = client_of(server.url)
        with pytest.raises(
            Refused, match=r"^400: No. \(bond.restore_to_primary_agg: refused with 400 while"
        ):
            client.call("bond.restore_to_primary_agg", {"bond": 3})
        with pytest.raises(Refused, match=r"^400: No.$"):
            client.call(*WRITE)
        with pytest.raises(Forbidden, match="the permission to view legs") as caught:
            client.call("leg.list", {})
        assert (caught.value.needs, caught.value.status) == ("view legs", 403)
        client.close()


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("bond.restart", "change bonds"),
        ("user.create", "add users"),
        ("interface_leg.delete", "delete legs"),
        ("settings.update", "change settings"),
        ("repository.list", "view repositories"),
        ("speedtest.start", "add speedtests"),
        ("space.statistics.users", "view spaces"),
        ("bond_tuning.cancel", "change bond tunings"),
    ],
)
def test_permissions_are_told_in_words(operation: str, words: str) -> None:
    """View, add, change or delete, and what."""
    assert permission(OPERATIONS[operation]) == words


@pytest.mark.parametrize(
    ("operation", "error"), [(READ, Unreachable), (WRITE, InDoubt)], ids=["read", "write"]
)
def test_an_answer_that_drips_ends(operation: tuple, error: type) -> None:
    """Each piece comes in time, the whole does not: it ends all the same."""
    ticks = iter(range(0, 10_000, 10))
    with serving(Reply({"id": 3})) as server:
        client = client_of(server.url, ticks=lambda: next(ticks) * 10.0)
        with pytest.raises(error, match="went on for more than 90s"):
            client.call(*operation)
        client.close()


def test_the_budget_is_asked_before_each_request() -> None:
    """Every request takes a token; where there is none, nothing is sent."""
    tokens = iter([None, None])

    def budget() -> None:
        if next(tokens, "none left") is not None:
            raise Busy("no room", 1.0)

    with serving(Reply([])) as server:
        client = client_of(server.url, budget=budget)
        client.walk("leg.list")
        client.call(*READ)
        with pytest.raises(Busy):
            client.call(*READ)
        client.close()
    assert len(server.asked) == 2
