"""One trouble of a server is said once, in however many of its scopes it shows."""

from pathlib import Path

import structlog

from bridge.errors import Garbled, Unreachable
from bridge.pipeline.observe.poll_failures import kind_of
from tests.pipeline.multi_server_harness import watched


def test_scopes_that_fail_alike_are_one_line_a_minute(tmp_path: Path) -> None:
    """It says how many they are; after a minute it says so again, and at once for another kind of
    answer.
    """
    with watched(tmp_path, poll={"histories": "1d"}) as watch:
        watch.live(30)
        watch.sim.set_faults(html=1.0)
        with structlog.testing.capture_logs() as lines:
            watch.poll()
            watch.live(30)
        failed = [each for each in lines if each["event"] == "poll failed"]
        assert len(failed) == 1
        with structlog.testing.capture_logs() as lines:
            watch.live(90)
            watch.poll()
        failed = [each for each in lines if each["event"] == "poll failed"]
        assert 1 <= len(failed) <= 3
        assert max(each["scopes"] for each in failed) > 5
        watch.sim.set_faults(errors=1.0)
        with structlog.testing.capture_logs() as lines:
            watch.poll()
        assert [each["event"] for each in lines].count("poll failed") == 1


def test_lists_that_are_not_understood_alike_are_told_once(tmp_path: Path) -> None:
    """While the server answers otherwise, in whichever lists it is; and again when it comes
    anew.
    """
    some = ["leg.list", "bond.list", "aggregator.list"]
    with watched(tmp_path, poll={"histories": "1d"}) as watch:
        watch.live(30)
        before = len(watch.events("wire.unknown"))
        for times in (1, 2):
            watch.sim.set_faults(html=1.0, only=some)
            for _ in range(4):
                watch.poll()
                watch.live(30)
            assert len(watch.events("wire.unknown")) - before == times
            watch.sim.set_faults()
            watch.poll()
            watch.live(30)


def test_the_kind_of_an_answer_names_no_scope() -> None:
    """Neither operations, numbers, addresses nor keys make it another."""
    pairs = (
        (Garbled("legs.list: the answer is not JSON"), Garbled("bond.get: the answer is not JSON")),
        (
            Unreachable("https://a answered 503 to leg.list"),
            Unreachable("https://a answered 503 to bond.list"),
        ),
    )
    assert all(kind_of(one) == kind_of(other) for one, other in pairs)
    assert kind_of(pairs[0][0]) == "garbled: the answer is not JSON"
    assert kind_of(pairs[0][0]) != kind_of(Garbled("legs.list: neither a list nor a page of one"))
