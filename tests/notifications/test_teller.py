"""Telling over a real service: in order, once, and nothing lost when it is away, slow, or does not
want it.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bridge.actions.action import Result
from bridge.actions.notify import Notify
from bridge.core.model import JobState, Outcome
from bridge.core.requests import NoticeRequest
from bridge.store.notifications import destinations
from bridge.store.tables import jobs, verdicts
from tests.notifications.json_service import Service, serving
from tests.pipeline.harness import Stage, staged
from tests.test_cli import Run, run

__all__ = ["run"]

RULES = """
- id: tell
  when: webhook.demo
  do: [{notify: {to: noc, title: "bond ${event.data.body.bond}", severity: warning}}]
"""


@contextmanager
def telling(
    folder: Path, policy: str = ", rate: null", rules: str = RULES
) -> Iterator[tuple[Stage, Service]]:
    """A stage whose one channel leads to a service, with this policy."""
    with (
        serving() as service,
        staged(folder, rules=rules, channel=service.url, telling=policy) as stage,
    ):
        yield stage, service


def asked(stage: Stage, *numbers: int) -> None:
    """Webhooks that each are told once, in this order."""
    for number in numbers:
        stage.webhook(number)
        stage.sim.advance(0.001)
    for server in stage.bridge.decider.waiting():
        stage.bridge.decider.run(server)


def states(stage: Stage) -> list[str]:
    """Those of all jobs, oldest first."""
    return [job["state"] for job in stage.jobs()]


def reasons(stage: Stage) -> list[str | None]:
    """Why notices were not told at once, in the order it was said; what was let through says
    nothing.
    """
    with stage.bridge.database.reading() as connection:
        found = (
            select(verdicts.c.reason).where(verdicts.c.job.is_not(None)).order_by(verdicts.c.seq)
        )
        return [each for each in connection.execute(found).scalars() if each]


def test_what_is_told_is_told_in_order_and_once(tmp_path: Path) -> None:
    """One message each, however often somebody looks."""
    with telling(tmp_path) as (stage, service):
        asked(stage, *range(1, 30))
        stage.work()
        stage.work()
        assert service.titles() == [f"bond {n}" for n in range(1, 30)]
        assert set(states(stage)) == {JobState.SUCCEEDED}


def test_of_several_workers_one_tells_at_an_address(tmp_path: Path) -> None:
    """Four at once: the order is kept, and nothing is told twice."""
    with telling(tmp_path) as (stage, service):
        asked(stage, *range(1, 40))
        due = stage.bridge.deliverer.due()
        assert len(due) == 1
        workers = [threading.Thread(target=stage.bridge.deliverer.run, args=due) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert service.titles() == [f"bond {n}" for n in range(1, 40)]


def test_while_a_service_is_away_its_oldest_notice_is_tried_alone(tmp_path: Path) -> None:
    """Hours of it cost few requests; each notice says what it waits for; when it is back all come
    in order, once.
    """
    with telling(tmp_path) as (stage, service):
        service.status = 503
        asked(stage, 1, 2)
        stage.work()
        for n in range(3, 20):
            stage.sim.advance(1200)
            asked(stage, n)
            stage.work()
        assert service.heard == []
        assert service.asked < 6 * 12 * 2
        assert states(stage) == ["due"] * 19
        assert reasons(stage)[-1] == "away"
        service.status = 200
        stage.sim.advance(300)
        stage.work()
        assert service.titles() == [f"bond {n}" for n in range(1, 20)]
        assert set(states(stage)) == {JobState.SUCCEEDED}


def test_what_waits_says_for_what_and_until_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """`events ID` and `rules explain` of a notice that its channel does not take yet: not that it
    is about to be told.
    """
    monkeypatch.chdir(tmp_path)
    quiet = ', rate: null, quiet: [{days: daily, from: "00:00", to: "07:00", zone: UTC}]'
    with telling(tmp_path, quiet) as (stage, _):
        asked(stage, 1)
        stage.work()
        event = stage.events("webhook.demo")[0]["id"]
        for command in (("events", event), ("rules", "explain", event)):
            told = run(*command).out
            assert "the channel has quiet hours" in told
            assert "It is looked at again at 2026-03-01 07:00:00 UTC." in told
            assert "about to be tried" not in told


def test_people_are_told_of_a_channel_that_takes_nothing_and_when_it_does_again(
    tmp_path: Path,
) -> None:
    """Once each, after some minutes: anyone who listens to another channel knows."""
    with telling(tmp_path) as (stage, service):
        service.status = 500
        asked(stage, 1)
        for _ in range(20):
            stage.work()
            stage.sim.advance(60)
        assert [each for each in stage.types() if each.startswith("channel")] == ["channel.failing"]
        service.status = 200
        stage.sim.advance(300)
        stage.work()
        assert [each for each in stage.types() if each.startswith("channel")] == [
            "channel.failing",
            "channel.working",
        ]


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_a_service_does_not_take_holds_up_nothing(tmp_path: Path, status: int) -> None:
    """A message that is refused is over, and kept; the next one is told."""
    with telling(tmp_path) as (stage, service):
        service.status = status
        asked(stage, 1)
        stage.work()
        service.status = 200
        asked(stage, 2)
        stage.work()
        assert service.titles() == ["bond 2"]
        assert states(stage) == [JobState.FAILED, JobState.SUCCEEDED]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_wrong_address_is_tried_now_and_then_until_it_is_mended(
    tmp_path: Path, status: int
) -> None:
    """Nothing is thrown away because a token was revoked at night: it is told when it is good
    again, within a day.
    """
    with telling(tmp_path) as (stage, service):
        service.status = status
        asked(stage, 1)
        for _ in range(6):
            stage.work()
            stage.sim.advance(600)
        assert states(stage) == [JobState.DUE]
        with stage.bridge.database.reading() as connection:
            (outlet,) = destinations.every(connection)
        assert "check this address and its credentials" in str(outlet.said)
        service.status = 200
        stage.sim.advance(300)
        stage.work()
        assert service.titles() == ["bond 1"]


def test_what_nobody_took_in_a_day_is_a_dead_letter(tmp_path: Path) -> None:
    """It has failed, with its reason, and is not forgotten."""
    with telling(tmp_path) as (stage, service):
        service.status = 503
        asked(stage, 1, 2)
        for _ in range(26):
            stage.work()
            stage.sim.advance(3600)
        assert states(stage) == [JobState.FAILED, JobState.FAILED]
        service.status = 200
        stage.work()
        assert service.heard == []


def test_a_digest_is_one_message_of_all_that_came(tmp_path: Path) -> None:
    """A thousand things in a minute: nothing for a minute, then one message that counts them; each
    says it was in it.
    """
    with telling(tmp_path, ", digest: 60s") as (stage, service):
        asked(stage, *range(1, 301))
        stage.work()
        assert service.heard == []
        stage.sim.advance(61)
        stage.work()
        assert [each["title"] for each in service.heard] == ["300 notices: 300 webhook.demo"]
        assert set(states(stage)) == {JobState.SUCCEEDED}
        assert set(reasons(stage)) == {"digest"}


def test_a_storm_takes_no_more_messages_than_the_rate(tmp_path: Path) -> None:
    """The last message that there is room for is a summary of all the rest, and so is the next."""
    with telling(tmp_path, ", rate: {most: 3, every: 60s}") as (stage, service):
        asked(stage, *range(1, 101))
        stage.work()
        asked(stage, *range(101, 121))
        stage.work()
        assert service.titles() == ["bond 1", "bond 2", "98 notices: 98 webhook.demo"]
        stage.sim.advance(61)
        stage.work()
        assert service.titles()[3:] == ["bond 101", "bond 102", "18 notices: 18 webhook.demo"]
        assert set(states(stage)) == {JobState.SUCCEEDED}


def test_a_slow_service_holds_up_no_other(tmp_path: Path) -> None:
    """One that does not answer in time is away; another channel has been told meanwhile."""
    rules = RULES + RULES.replace("id: tell", "id: other").replace("to: noc", "to: spare")
    with serving() as slow, serving() as quick:
        slow.slow = 3
        os.environ["STAGE_SPARE"] = quick.url
        policy = ", rate: null}, spare: {urls: [{env: STAGE_SPARE}]"
        with staged(tmp_path, rules=rules, channel=slow.url, telling=policy) as stage:
            asked(stage, 1)
            stage.work()
            assert quick.titles() == ["bond 1"]
            assert sorted(states(stage)) == [JobState.DUE, JobState.SUCCEEDED]
            slow.slow = 0
            stage.sim.advance(60)
            stage.work()
            assert slow.titles()[-1] == "bond 1"


def test_a_worker_that_dies_while_it_tells_leaves_nothing_untold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease lapses and somebody goes on: what was on its way is told again, the rest once, in
    order.
    """
    with telling(tmp_path) as (stage, service):
        asked(stage, 1, 2, 3)
        send = Notify.send

        def dies(notify: Notify, server: str, request: NoticeRequest) -> Result:
            send(notify, server, request)
            if len(service.heard) == 2:
                raise SystemExit
            return Result(Outcome.DONE)

        with monkeypatch.context() as patched:
            patched.setattr(Notify, "send", dies)
            with pytest.raises(SystemExit):
                stage.work()
        with stage.bridge.database.writing() as connection:  # as a minute later
            connection.execute(update(jobs).values(lease_until=None))
        stage.work()
        assert service.titles() == ["bond 1", "bond 2", "bond 2", "bond 3"]
        assert set(states(stage)) == {JobState.SUCCEEDED}
