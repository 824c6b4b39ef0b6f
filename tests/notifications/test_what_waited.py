"""What waits to be told is looked at again when it is sent: it says what is true by then, or is not
sent.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bridge.pipeline.controls.operator_controls import SilenceRequest
from bridge.store.tables import jobs, verdicts
from tests.notifications.json_service import Service, serving
from tests.notifications.leg_events import happens, passes
from tests.notifications.test_following import following
from tests.pipeline.harness import Stage, staged

HOUR = 3600.0
NIGHT = ", rate: null, quiet: [{days: daily, from: '01:00', to: '09:00', zone: UTC}]"
REPEATED = "{repeat_every: 30m}"


def lives(stage: Stage, hours: float, step: float = 600.0) -> None:
    """Let so many hours pass, looking every ten minutes."""
    for _ in range(round(hours * HOUR / step)):
        passes(stage, step)


def reasons(stage: Stage, title: str) -> list[str | None]:
    """Why notices of this title were not sent, of each the last word."""
    with stage.bridge.database.reading() as connection:
        rows = connection.execute(
            select(jobs.c.id, jobs.c.request, verdicts.c.reason)
            .join(verdicts, verdicts.c.job == jobs.c.id)
            .order_by(verdicts.c.seq)
        ).all()
    last = {row.id: row.reason for row in rows if row.request["title"] == title}
    return list(last.values())


@pytest.mark.parametrize("why", ["quiet hours", "the service is away"])
def test_a_night_of_reminders_is_at_most_one_and_true(tmp_path: Path, why: str) -> None:
    """One leg is acknowledged meanwhile, one is well again, one is still down: one reminder, of the
    last, with its length.
    """
    with following(tmp_path, REPEATED, NIGHT if why == "quiet hours" else ", rate: null") as (
        stage,
        service,
    ):
        events = [happens(stage, "leg.down", leg) for leg in (1, 2, 3)]
        passes(stage, HOUR - 60)
        service.heard.clear()
        if why != "quiet hours":
            service.status = 503
        passes(stage, 120)
        lives(stage, 3)
        stage.bridge.follower.acknowledge(events[0], "ana")
        happens(stage, "leg.up", 2)
        lives(stage, 4)
        assert service.titles() == []
        service.status = 200
        lives(stage, 1 if why == "quiet hours" else 0.25, step=300)
        told = Counter(service.titles())
        assert told.pop("resolved: leg 2 is down") == 1
        told.pop("channel noc, address 0, takes no messages", None)
        assert told == {"reminder: leg 3 is down": 1}
        (reminder,) = [each for each in service.heard if each["title"].startswith("reminder")]
        assert reminder["message"].startswith("for 9h" if why == "quiet hours" else "for 8h")
        assert reasons(stage, "reminder: leg 1 is down")[-1] == "acknowledged"
        assert reasons(stage, "reminder: leg 2 is down")[-1] == "ended"


@contextmanager
def escalating(folder: Path) -> Iterator[tuple[Stage, Service, Service]]:
    """A stage that calls others, at a service of their own, after 15 minutes."""
    with pytest.MonkeyPatch.context() as patched, serving() as oncall:
        patched.setenv("STAGE_ONCALL", oncall.url)
        policy = ", rate: null}, oncall: {urls: [{env: STAGE_ONCALL}], rate: null"
        how = "{escalate: {after: 15m, to: oncall}}"
        with following(folder, how, policy) as (stage, service):
            yield stage, service, oncall


@pytest.mark.parametrize("what", ["acknowledged", "ended", "silenced", "lasting"])
def test_others_are_not_called_for_what_needs_them_no_more(tmp_path: Path, what: str) -> None:
    """Their service was away when they were to be called: by then it is somebody's, over, silenced,
    or still so.
    """
    with escalating(tmp_path) as (stage, _, oncall):
        oncall.status = 503
        event = happens(stage, "leg.down", 1)
        passes(stage, 901)
        if what == "acknowledged":
            stage.bridge.follower.acknowledge(event, "ana")
        elif what == "ended":
            happens(stage, "leg.up", 1)
        elif what == "silenced":
            stage.bridge.steering.silence(SilenceRequest("demo", "3h", "works"), "ana")
        oncall.status = 200
        lives(stage, 2)
        called = ["nobody has acknowledged: leg 1 is down"]
        assert oncall.titles() == (called if what == "lasting" else [])
        lives(stage, 2)
        assert oncall.titles() == (called if what in ("lasting", "silenced") else [])
        if what == "silenced":
            assert oncall.heard[0]["message"].startswith("for 3h")


@pytest.mark.parametrize("lasts", [True, False])
def test_a_silence_that_is_set_while_a_notice_waits_holds_it_back(
    tmp_path: Path, lasts: bool
) -> None:
    """It is told after the silence if it still lasts, and not at all if it was over by then; its
    end is never held back.
    """
    with following(tmp_path, "true", NIGHT) as (stage, service):
        passes(stage, 2 * HOUR)
        happens(stage, "leg.down", 1)
        lives(stage, 6)
        stage.bridge.steering.silence(SilenceRequest("demo", "3h", "works"), "ana")
        if not lasts:
            lives(stage, 2)
            happens(stage, "leg.up", 1)
        else:
            lives(stage, 2)
        assert service.titles() == []
        lives(stage, 3)
        assert service.titles() == (["leg 1 is down"] if lasts else [])
        happens(stage, "leg.up", 1)
        assert service.titles() == (["leg 1 is down", "resolved: leg 1 is down"] if lasts else [])


def test_what_somebody_has_by_the_time_it_is_told_says_who(tmp_path: Path) -> None:
    """Told at another address in time, and taken there: the late one names them, and asks
    nobody.
    """
    with pytest.MonkeyPatch.context() as patched, serving() as slow:
        patched.setenv("STAGE_SLOW", slow.url)
        urls = '[{"env": "STAGE_CHANNEL"}, {"env": "STAGE_SLOW"}]'
        patched.setenv("BONDBRIDGE_CHANNELS__NOC__URLS", urls)
        with following(tmp_path, REPEATED) as (stage, service):
            slow.status = 503
            event = happens(stage, "leg.down", 1)
            stage.bridge.follower.acknowledge(event, "ana")
            slow.status = 200
            passes(stage, 300)
            assert service.titles() == slow.titles() == ["leg 1 is down"]
            assert slow.heard[0]["message"] == "acknowledged by ana"
            happens(stage, "leg.up", 1)
            assert slow.titles()[1:] == ["resolved: leg 1 is down"]


ASKING = """
- id: restart
  when: webhook.demo
  guard: {approval: {from: noc, expires: 30m}}
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""


@pytest.mark.parametrize("yes", [True, False, None])
def test_a_question_that_is_answered_is_not_put_any_more(tmp_path: Path, yes: bool | None) -> None:
    """The service was away: answered elsewhere, its answer is told and the question is not;
    unanswered it is put.
    """
    with serving() as service, staged(tmp_path, rules=ASKING, channel=service.url) as stage:
        service.status = 503
        stage.webhook(2)
        stage.work()
        (question,) = stage.bridge.steering.questions()
        if yes is not None:
            stage.bridge.steering.answer(question["id"], yes=yes, who="ana")
        service.status = 200
        passes(stage, 120)
        asked = [title for title in service.titles() if "asks" in title]
        assert len(asked) == (1 if yes is None else 0)
        answers = [title for title in service.titles() if "ana said" in title]
        assert len(answers) == (0 if yes is None else 1)


def test_what_lasts_does_not_grow_old_while_a_service_is_away(tmp_path: Path) -> None:
    """After two days what is still down is told, and followed; what is over by then is a dead
    letter, as it always was.
    """
    with following(tmp_path) as (stage, service):
        service.status = 503
        happens(stage, "leg.down", 1)
        happens(stage, "leg.down", 2)
        lives(stage, 30, step=HOUR)
        happens(stage, "leg.up", 2)
        lives(stage, 18, step=HOUR)
        service.status = 200
        lives(stage, 1)
        assert [title for title in service.titles() if "leg" in title] == ["leg 1 is down"]
        happens(stage, "leg.up", 1)
        assert service.titles()[-1] == "resolved: leg 1 is down"
        assert stage.now() > stage.sim.world.epoch + timedelta(days=2)


def test_a_notice_of_what_is_not_followed_says_what_it_is_by_then(tmp_path: Path) -> None:
    """In the morning: what is over is told as over, what lasts is told as it is."""
    rules = (
        '- {id: outage, when: leg.down, do: [{notify: {to: noc, title: "leg ${leg.id} is down"}}]}'
    )
    with (
        serving() as service,
        staged(tmp_path, rules=rules, channel=service.url, telling=NIGHT) as stage,
    ):
        passes(stage, 2 * HOUR)
        happens(stage, "leg.down", 1)
        happens(stage, "leg.down", 2)
        passes(stage, 600)
        happens(stage, "leg.up", 1)
        lives(stage, 8)
        assert service.titles() == ["leg 1 is down: resolved, it lasted 10m", "leg 2 is down"]


TOGETHER = """
- id: outages
  when: leg.down
  group: {by: bond.id, wait: 10m, most: 50}
  do: [{notify: {to: noc, title: "${size(events)} are down"}}]
"""


def test_what_is_told_together_is_what_is_so_by_then(tmp_path: Path) -> None:
    """Of a group those that are over are left out, and those that a silence covers by then, each
    with its reason.
    """
    with serving() as service, staged(tmp_path, rules=TOGETHER, channel=service.url) as stage:
        for leg in (1, 2, 3, 4):
            happens(stage, "leg.down", leg)
        passes(stage, 300)
        happens(stage, "leg.up", 1)
        stage.bridge.steering.silence(SilenceRequest("demo", "1h", "works", about="leg/2"), "ana")
        passes(stage, 301)
        assert service.titles() == ["2 are down"]
        said = {
            row["event"]: row["reason"] for row in stage.decisions() if row["rule"] == "outages"
        }
        assert sorted(filter(None, said.values())) == ["ended", "silenced"]


def test_a_digest_of_what_was_not_sent_begins_anew(tmp_path: Path) -> None:
    """The one reminder in it was taken meanwhile: what comes later is gathered from then on, not
    from before.
    """
    with following(tmp_path, REPEATED, ", rate: null, digest: 10m") as (stage, service):
        event = happens(stage, "leg.down", 1)
        passes(stage, 601)
        passes(stage, 1801)
        stage.bridge.follower.acknowledge(event, "ana")
        passes(stage, 601)
        assert service.titles() == ["leg 1 is down"]
        passes(stage, HOUR)
        happens(stage, "leg.down", 2)
        assert service.titles() == ["leg 1 is down"]
        passes(stage, 601)
        assert service.titles() == ["leg 1 is down", "leg 2 is down"]


def test_a_moment_that_a_silence_covers_by_the_time_it_is_told_is_not_told(tmp_path: Path) -> None:
    """What does not last has nothing that could be told after the silence."""
    rules = '- {id: well, when: leg.up, do: [{notify: {to: noc, title: "leg ${leg.id} is up"}}]}'
    with (
        serving() as service,
        staged(tmp_path, rules=rules, channel=service.url, telling=NIGHT) as stage,
    ):
        passes(stage, 2 * HOUR)
        happens(stage, "leg.up", 1)
        happens(stage, "leg.up", 2)
        lives(stage, 6)
        stage.bridge.steering.silence(SilenceRequest("demo", "3h", "works", about="leg/1"), "ana")
        lives(stage, 6)
        assert service.titles() == ["leg 2 is up"]
        assert reasons(stage, "leg 1 is up") == ["silenced"]
