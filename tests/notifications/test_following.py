"""What lasts is told on: again while it does, to others if nobody takes it, and its end to those
who know of its begin.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge import config, wiring
from bridge.errors import BadInput
from bridge.pipeline.controls.operator_controls import SilenceRequest
from tests.notifications.json_service import Service, serving
from tests.notifications.leg_events import NUMBER, happens, occurs, passes, recorded
from tests.pipeline.harness import Stage, staged

RULES = """
- id: outage
  when: leg.down
  do:
    - notify: {to: noc, title: "leg ${leg.id} is down", severity: warning, follow: %s}
"""


@contextmanager
def following(
    folder: Path, how: str = "true", policy: str = ", rate: null"
) -> Iterator[tuple[Stage, Service]]:
    """A stage whose one rule follows outages so."""
    with (
        serving() as service,
        staged(folder, rules=RULES % how, channel=service.url, telling=policy, live=False) as stage,
    ):
        yield stage, service


def test_an_end_is_told_once_with_how_long_it_lasted(tmp_path: Path) -> None:
    """To the person who was told of the begin, under the same words; what does not end it is not
    its end.
    """
    with following(tmp_path) as (stage, service):
        happens(stage, "leg.down", 1)
        stage.sim.advance(720)
        happens(stage, "leg.up", 2)
        happens(stage, "leg.up", 1)
        stage.sim.advance(60)
        happens(stage, "leg.up", 1)
        assert service.titles() == ["leg 1 is down", "resolved: leg 1 is down"]
        assert service.heard[1]["message"].endswith("it lasted 12m")


def test_what_is_over_when_it_can_be_told_is_one_message(tmp_path: Path) -> None:
    """The service was away while it came and went: both are told at once, as good news, and no end
    follows.
    """
    with following(tmp_path) as (stage, service):
        service.status = 503
        happens(stage, "leg.down", 1)
        stage.sim.advance(30)
        happens(stage, "leg.up", 1)
        service.status = 200
        passes(stage, 600)
        happens(stage, "leg.up", 1)
        assert service.titles() == ["leg 1 is down: resolved, it lasted 30s"]
        assert service.heard[0]["type"] == "success"
        assert "ack" not in service.heard[0]["message"]
        assert stage.bridge.follower.open() == []


def test_what_was_told_late_is_told_in_the_order_of_the_world(tmp_path: Path) -> None:
    """The service was away for all but the first: an end comes before what began after it, what is
    over where it began.
    """
    with following(tmp_path) as (stage, service):
        happens(stage, "leg.down", 5)
        service.status = 503
        for leg, what in (
            (1, "down"),
            (2, "down"),
            (1, "up"),
            (5, "up"),
            (3, "down"),
            (3, "up"),
            (4, "down"),
        ):
            happens(stage, f"leg.{what}", leg)
            stage.sim.advance(30)
        service.status = 200
        passes(stage, 900)
        told = [title.replace(" is down", "") for title in service.titles()]
        over = "{}: resolved, it lasted {}".format
        assert told == [
            "leg 5",
            over("leg 1", "1m"),
            "leg 2",
            "resolved: leg 5",
            over("leg 3", "30s"),
            "leg 4",
        ]


def test_one_poll_that_finds_several_things_tells_them_in_their_order(tmp_path: Path) -> None:
    """Whatever order they are recorded in: what was over first is told first."""
    with following(tmp_path) as (stage, service):
        happens(stage, "leg.down", 1)
        stage.sim.advance(60)
        later = occurs(stage, "leg.down", 2)
        sooner = occurs(stage, "leg.up", 1, seconds=-30)
        recorded(stage, later, sooner)
        assert service.titles() == ["leg 1 is down", "resolved: leg 1 is down", "leg 2 is down"]


def test_what_is_over_when_a_digest_tells_it_is_told_as_over(tmp_path: Path) -> None:
    """The service was away meanwhile: one line says both, no end follows, and what lasts is still
    followed.
    """
    with following(tmp_path, policy=", digest: 1m") as (stage, service):
        service.status = 503
        for leg in (1, 2):
            happens(stage, "leg.down", leg)
        stage.sim.advance(720)
        happens(stage, "leg.up", 1)
        service.status = 200
        passes(stage, 1200)
        (told,) = service.heard
        assert told["title"] == "2 notices: 1 leg.down, 1 resolved"
        assert [
            line
            for line in told["message"].splitlines()
            if line.startswith("- leg 1 is down: resolved, it lasted 12m")
        ]
        happens(stage, "leg.up", 2)
        passes(stage, 120)
        assert service.titles()[1:] == ["resolved: leg 2 is down"]


def test_what_nobody_was_told_of_has_no_end(tmp_path: Path) -> None:
    """A channel that is told of worse things only hears neither."""
    with following(tmp_path, policy=", severity: critical, rate: null") as (stage, service):
        happens(stage, "leg.down", 1)
        happens(stage, "leg.up", 1)
        assert service.titles() == []


def test_what_lasts_is_told_again_until_somebody_has_it(tmp_path: Path) -> None:
    """Every so often, with how long; acknowledged it is not, and its end is told all the same."""
    with following(tmp_path, "{repeat_every: 1h}") as (stage, service):
        event = happens(stage, "leg.down", 1)
        for _ in range(5):
            passes(stage, 1801)
        assert service.titles() == ["leg 1 is down", *["reminder: leg 1 is down"] * 2]
        assert service.heard[1]["message"].startswith("for 1h")
        assert stage.bridge.follower.acknowledge(event, "ana") == 1
        passes(stage, 7200)
        happens(stage, "leg.up", 1)
        assert service.titles()[3:] == ["resolved: leg 1 is down"]
        assert "event.acknowledged" in stage.types()


def test_a_silence_keeps_what_lasts_from_being_told_again_but_not_its_end(tmp_path: Path) -> None:
    """Neither again nor to others while it holds, at once when it is over; that it has ended is
    told all the same.
    """
    policy = ", rate: null}, oncall: {urls: [{env: STAGE_CHANNEL}], rate: null"
    with following(tmp_path, "{repeat_every: 1h, escalate: {after: 90m, to: oncall}}", policy) as (
        stage,
        service,
    ):
        for leg in (1, 2):
            happens(stage, "leg.down", leg)
        stage.bridge.steering.silence(SilenceRequest("demo", "3h", "works"), "ana")
        for _ in range(5):
            passes(stage, 1800)
        happens(stage, "leg.up", 1)
        assert service.titles() == ["leg 1 is down", "leg 2 is down", "resolved: leg 1 is down"]
        passes(stage, 1801)
        assert Counter(service.titles()[3:]) == {
            "reminder: leg 2 is down": 1,
            "nobody has acknowledged: leg 2 is down": 1,
        }


def test_who_has_it_is_said_to_the_next_one(tmp_path: Path) -> None:
    """A second word, one about what is over and one about what nobody was told of each say why they
    do nothing.
    """
    with following(tmp_path) as (stage, _):
        event = happens(stage, "leg.down", 1)
        up = happens(stage, "leg.up", 2)
        stage.bridge.follower.acknowledge(event, "ana")
        with pytest.raises(BadInput, match="ana has acknowledged it already"):
            stage.bridge.follower.acknowledge(event, "bob")
        with pytest.raises(BadInput, match="nobody was told of this"):
            stage.bridge.follower.acknowledge(up, "bob")
        happens(stage, "leg.up", 1)
        with pytest.raises(BadInput, match="over already"):
            stage.bridge.follower.acknowledge(event, "bob")


def test_a_backup_that_comes_at_last_is_told_as_over_once(tmp_path: Path) -> None:
    """By the shipped rules: first it is late, then it is overdue, and its coming is one message."""
    rules = (config.shipped("rules") / "backups.yaml").read_text(encoding="utf-8")
    with (
        serving() as service,
        staged(
            tmp_path,
            rules=rules,
            channel=service.url,
            live=False,
            backups="{every: 10m, grace: 4m}",
        ) as stage,
    ):
        stage.tell("tour")
        stage.live(1600)
        what = "backup of the management server is"
        assert service.titles() == [
            f"{what} pending",
            f"{what} overdue",
            f"resolved: {what} overdue",
        ]
        assert "it is told as overdue if none has come by 2026-" in service.heard[0]["message"]


def test_where_nobody_takes_it_others_are_told_once_and_of_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the time the rule says, not before, and not when somebody has acknowledged."""
    with serving() as oncall:
        monkeypatch.setenv("STAGE_ONCALL", oncall.url)
        how = "{escalate: {after: 15m, to: oncall}}"
        policy = ", rate: null}, oncall: {urls: [{env: STAGE_ONCALL}]"
        with following(tmp_path, how, policy) as (stage, service):
            happens(stage, "leg.down", 1)
            taken = happens(stage, "leg.down", 2)
            stage.bridge.follower.acknowledge(taken, "ana")
            passes(stage, 899)
            assert oncall.titles() == []
            for _ in range(3):
                passes(stage, 600)
            assert oncall.titles() == ["nobody has acknowledged: leg 1 is down"]
            happens(stage, "leg.up", 1)
            happens(stage, "leg.up", 2)
            assert oncall.titles()[1:] == ["resolved: leg 1 is down"]
            assert Counter(service.titles())["resolved: leg 1 is down"] == 1


def test_after_a_start_it_is_looked_at_before_others_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fell due while nobody watched may be over: the next poll says so, or that it lasts;
    without one it is told soon.
    """
    with serving() as oncall:
        monkeypatch.setenv("STAGE_ONCALL", oncall.url)
        policy = ", rate: null}, oncall: {urls: [{env: STAGE_ONCALL}]"
        with following(tmp_path, "{escalate: {after: 15m, to: oncall}}", policy) as (stage, _):
            happens(stage, "leg.down", 1)
            stage.sim.advance(901)
            other = wiring.build(
                config.load(tmp_path / "bondbridge.yaml"), now=lambda: stage.sim.world.now
            )
            anew = Stage(stage.sim, other, stage.folder)
            passes(anew, 0)
            assert oncall.titles() == []
            passes(anew, 60)
            assert oncall.titles() == []
            passes(anew, 61)
            assert oncall.titles() == ["nobody has acknowledged: leg 1 is down"]
            other.close()


def test_a_channel_of_several_addresses_calls_others_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its addresses was told, and nobody took it at any: that is one call, and one end of
    it.
    """
    with serving() as oncall:
        monkeypatch.setenv("STAGE_ONCALL", oncall.url)
        monkeypatch.setenv(
            "BONDBRIDGE_CHANNELS__NOC__URLS", '[{"env": "STAGE_CHANNEL"}, {"env": "STAGE_CHANNEL"}]'
        )
        policy = ", rate: null}, oncall: {urls: [{env: STAGE_ONCALL}]"
        with following(tmp_path, "{escalate: {after: 15m, to: oncall}}", policy) as (
            stage,
            service,
        ):
            happens(stage, "leg.down", 1)
            for _ in range(2):
                passes(stage, 901)
            happens(stage, "leg.up", 1)
            assert oncall.titles() == [
                "nobody has acknowledged: leg 1 is down",
                "resolved: leg 1 is down",
            ]
            assert Counter(service.titles()) == {"leg 1 is down": 2, "resolved: leg 1 is down": 2}


_THINGS = st.lists(
    st.sampled_from(
        ["down", "up", "degraded", "ack", "silence", "unsilence", "away", "back", "wait"]
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Service]]:
    """One for all examples: each is about a leg of its own."""
    with following(tmp_path_factory.mktemp("pairs"), "{repeat_every: 1h}") as ready:
        yield ready


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_THINGS)
def test_begins_and_ends_pair_up(stage: tuple[Stage, Service], things: list[str]) -> None:
    """Whatever happens to a leg, to silences and to the service: each begin that is told has one
    end, and no end is alone.
    """
    bridge, service = stage
    leg = next(NUMBER) + 1000
    downs = list[str]()
    before = len(service.heard)
    for thing in (*things, "unsilence", "back", "wait", "up", "wait"):
        if thing in ("down", "up", "degraded"):
            identifier = happens(bridge, f"leg.{thing}", leg)
            if thing == "down":
                downs.append(identifier)
        else:
            _do(bridge, service, thing, downs)
    for _ in range(8):
        passes(bridge, 301)
    told = Counter(service.titles()[before:])
    assert told[f"leg {leg} is down"] == told[f"resolved: leg {leg} is down"]


def _do(stage: Stage, service: Service, thing: str, downs: list[str]) -> None:
    steering = stage.bridge.steering
    if thing in ("away", "back"):
        service.status = 200 if thing == "back" else 503
    elif thing == "silence":
        steering.silence(SilenceRequest("demo", "2h", "tests", ("leg.*",)), "tests")
    elif thing == "unsilence":
        for each in steering.silences():
            steering.end_silence(each["id"], "tests")
    elif thing == "ack" and downs:
        try:
            stage.bridge.follower.acknowledge(downs[-1], "ana")
        except BadInput:
            return  # nobody was told of it, or it is over
    else:
        passes(stage, timedelta(minutes=20).total_seconds())
