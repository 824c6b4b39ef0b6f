"""Values of ten thousand characters that others send: cut where a person reads one line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bridge.core.events.headlines import headline
from bridge.core.expressions.evaluation_errors import LONGEST_SOURCE
from bridge.core.job_summary import asks
from bridge.core.visible_text import LONGEST
from bridge.store.observations import events as event_store
from bridge.webhooks import generic_hmac
from tests.pipeline.harness import HOOK_SECRET, Stage, staged

LONG = "x" * 10_000
EXPRESSION = " || ".join(f"event.data.body.bond == 'a bond with the number {n}'" for n in range(30))
RULES = f"""
- id: restarts
  when: webhook.demo
  guard: {{cooldown: {{every: 10m, per: event.data.body.bond}}}}
  do: [{{call: bond.restart, with: {{bond: "${{event.data.body.bond}}"}}}}]
- id: tells
  when: webhook.demo
  do: [{{notify: {{to: noc, title: "bond ${{event.data.body.bond}}"}}}}]
- id: odd
  when: webhook.demo
  if: "{EXPRESSION} || event.data.body.bond"
  do: [{{notify: {{to: noc}}}}]
- id: wordless
  when: webhook.demo
  do: [{{notify: {{to: noc, title: "${{event.data.body.bond + 1}}"}}}}]
- id: missing
  when: webhook.demo
  if: event.data.body[event.data.body.bond] == 1
  do: [{{notify: {{to: noc}}}}]
- id: failed
  when: action.failed
  do: [{{notify: {{to: noc}}}}]
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A bridge whose rules do all they can with what a webhook brings."""
    with staged(tmp_path / "stage", rules=RULES) as ready:
        yield ready


def _sent(stage: Stage, **body: object) -> None:
    content = json.dumps(body).encode()
    stamp = int(stage.bridge.machine().timestamp())
    receiver = stage.bridge.receiver
    signed = generic_hmac.signed(content, HOOK_SECRET, stamp)
    receiver.take("demo", receiver.read("demo", signed, content))


def _all_that_failed(stage: Stage) -> None:
    _sent(stage, bond=LONG)
    stage.work()
    _sent(stage, action=LONG, bond=1, labels={"alertname": LONG, "bond": LONG}, status=LONG)
    next(iter(stage.sim.world.bonds.values())).name = LONG
    stage.set("leg", min(stage.sim.world.legs), "state", "down")
    stage.live(120)


def test_no_value_in_the_log_is_as_long_as_what_others_send(stage: Stage) -> None:
    """Of webhooks, of names on the server, of what failed because of them: each has an end."""
    with structlog.testing.capture_logs() as lines:
        _all_that_failed(stage)
    said = [str(each["event"]) for each in lines]
    assert any("is down" in each for each in said)
    assert any("condition_error" in each for each in said)
    assert any("…" in str(each.get("what")) for each in lines)
    # an argument and what came of it, or a field before and after
    assert max(len(str(value)) for each in lines for value in each.values()) < 3 * LONGEST


def test_no_headline_is_as_long_as_what_others_send(stage: Stage) -> None:
    """Also where two values stand in it, and its beginning says what it is about."""
    _all_that_failed(stage)
    lines = {each["type"]: headline(event_store.event_of(each)) for each in stage.events()}
    assert lines["action.failed"].startswith("bond.restart (bond xxxx")
    assert lines["action.failed"].endswith("… is not an id; ids are whole numbers, 1 or more")
    assert lines["bond.changed"].startswith(f"bond {'x' * 199}… changed: name ")
    assert max(map(len, lines.values())) < 4 * LONGEST


def test_a_condition_error_shows_the_beginning_of_its_expression(stage: Stage) -> None:
    """A hundred characters of it, then why; what it names of others has an end as well."""
    _all_that_failed(stage)
    details = {each["rule"]: each["detail"] for each in reversed(stage.decisions())}
    written, _, why = details["odd"].partition("…: ")
    assert len(written) == LONGEST_SOURCE - 1
    assert EXPRESSION.startswith(written)
    assert why.startswith("`||` goes with true or false, and not with a text")
    assert len(details["missing"]) < 2 * LONGEST
    assert "there is no 'xxx" in details["missing"]


def test_a_job_in_one_line_has_an_end(stage: Stage) -> None:
    """A call's arguments and fields, and the title of a notice."""
    _all_that_failed(stage)
    lines = {each["rule"]: asks(each["action"], each["request"]) for each in stage.jobs()}
    assert lines["restarts"] == "bond.restart bond=1"
    assert lines["tells"].startswith("tell noc: bond ")
    long = {"operation": "bond.patch", "arguments": {"bond": LONG}, "body": {"name": LONG}}
    assert asks("call", long) == f"bond.patch bond={'x' * 199}… name={'x' * 199}…"
    assert max(map(len, lines.values())) < 2 * LONGEST
