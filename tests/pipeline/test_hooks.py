"""Another system is told: from an incoming webhook through the outbox to a real receiver."""

import json
from pathlib import Path

import pytest

from bridge.core.model import JobState
from tests.bonding.scripted_server import Reply, serving
from tests.pipeline.harness import Stage, staged

RULES = """
- id: tell-ticketing
  when: webhook.demo
  do: [{webhook: {to: ticketing, data: {bond: "${event.data.body.bond}"}}}]
"""
HOOKS = (
    "hooks: {{ticketing: {{url: '{url}/in', secret: {{env: STAGE_SIGNING}}, allow_private:"
    " {inside}, timeout: 30s}}}}\n"
)


@pytest.fixture(autouse=True)
def signing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret that is signed with."""
    monkeypatch.setenv("STAGE_SIGNING", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def tried(stage: Stage, event: str) -> list[tuple[str, str]]:
    """How each attempt ended."""
    (job,) = stage.story(event)["decisions"][0]["jobs"]
    return [(each["outcome"], each["detail"]) for each in job["tried"]]


def test_another_system_is_told_until_it_takes_it(tmp_path: Path) -> None:
    """What ended unknown and what was put off goes again with the same id, and is over when it is
    taken.
    """
    replies = [
        Reply(status=500),
        Reply(status=429, headers=(("Retry-After", "60"),)),
        Reply(status=204),
    ]
    with (
        serving(replies) as receiver,
        staged(tmp_path, rules=RULES, more=HOOKS.format(url=receiver.url, inside="true")) as stage,
    ):
        event = stage.webhook(3)
        stage.work()
        stage.live(150, 10)
        assert tried(stage, event) == [
            ("unknown", "answered 500"),
            ("unreachable", "answered 429: again in 60s"),
            ("done", "204"),
        ]
        (job,) = stage.jobs()
    assert job["state"] == JobState.SUCCEEDED
    assert [asked.headers["webhook-id"] for asked in receiver.asked] == [job["id"]] * 3
    (sent,) = {asked.body for asked in receiver.asked}
    told = json.loads(sent)
    assert (
        told["id"],
        told["source"],
        told["type"],
        told["event"],
        told["rule"],
        told["data"],
    ) == (
        job["id"],
        "demo",
        "webhook.demo",
        event,
        "tell-ticketing",
        {"bond": 3},
    )


def test_what_is_refused_is_not_sent_again(tmp_path: Path) -> None:
    """An address inside that the settings do not allow: the job has failed, the story says why, and
    nobody was reached.
    """
    with serving(Reply()) as receiver:
        url = receiver.url.replace("http:", "https:")
        with staged(tmp_path, rules=RULES, more=HOOKS.format(url=url, inside="false")) as stage:
            event = stage.webhook(3)
            stage.work()
            stage.live(60, 30)
            assert [outcome for outcome, _ in tried(stage, event)] == ["refused"]
            assert "no public address" in tried(stage, event)[0][1]
            assert stage.jobs()[0]["state"] == JobState.FAILED
    assert receiver.asked == []


def test_a_dry_run_sends_nothing(tmp_path: Path) -> None:
    """It says what it would have sent."""
    rules = RULES.replace("  do:", "  mode: dry_run\n  do:")
    with serving(Reply()) as receiver:
        more = HOOKS.format(url=receiver.url, inside="true")
        with staged(tmp_path, rules=rules, live=False, more=more) as stage:
            stage.webhook(3)
            stage.work()
            (decision,) = stage.decisions()
    assert decision["reason"] == "dry_run"
    assert receiver.asked == []
