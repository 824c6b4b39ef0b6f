"""What jobs ask for, as it is stored: read and stored again it is the same, whatever is in it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.canonical_json import canonical
from bridge.core.chat.reply import Tone
from bridge.core.requests import (
    KINDS,
    CallRequest,
    NoticeRequest,
    PostRequest,
    ReplyRequest,
    Request,
    RuleSilenceRequest,
    WaitRequest,
    WebhookRequest,
    request_of,
)

QUESTION = {"approval": "a1", "plan": "f" * 24}
NOTICE = {"to": "noc", "target": 1, "title": "leg cable is down", "body": "since 12:00"}
EVENT = {"event": "e1", "type": "leg.down", "subject": "leg/7", "time": "2026-03-01T12:00:00+00:00"}
# the action and what is stored, each as it has been since the first release
STORED: list[tuple[str, dict[str, Any]]] = [
    ("call", {"operation": "bond.restart", "arguments": {"bond": 3}}),
    ("call", {"operation": "backup.fetch", "arguments": {}}),
    ("call", {"operation": "leg.update", "arguments": {"leg": 7}, "body": {"note": None}}),
    ("call", {"operation": "leg.update", "arguments": {"leg": 7}, "body": {}}),
    ("notify", {**NOTICE, "severity": "warning"}),
    ("notify", {**NOTICE, "severity": "info", "follow": {}}),
    (
        "notify",
        {
            **NOTICE,
            "severity": "critical",
            "follow": {"repeat_every": 600.0, "escalate": {"after": 1, "to": "boss", "targets": 2}},
            "unwritten": {"title": "no such key"},
        },
    ),
    ("notify", {**NOTICE, "severity": "info", "over": True}),
    ("notify", {**NOTICE, "severity": "info", "take": True, "reminds": "j1"}),
    ("notify", {**NOTICE, "severity": "info", "follow": {}, "what": "a", "reminds": "j1"}),
    ("notify", {**NOTICE, "asks": "a1"}),
    ("notify", {**NOTICE, "question": QUESTION, "asks": "a1"}),
    ("notify", NOTICE),
    (
        "post",
        {
            "to": "noc",
            "room": 0,
            "text": "r asks",
            "lines": ["a"],
            "tone": "plain",
            "event": "e1",
            "question": QUESTION,
            "asks": "a1",
        },
    ),
    (
        "post",
        {
            "to": "noc",
            "room": 0,
            "text": "ana said yes",
            "lines": [],
            "tone": "good",
            "event": "e1",
            "question": None,
        },
    ),
    ("reply", {"event": "e1", "text": "restarted hq"}),
    ("reply", {"event": "e1", "text": "restarted", "unwritten": {"text": "division by zero"}}),
    ("reply", {"event": "e1", "text": "are you sure?", "lines": [], "question": QUESTION}),
    (
        "reply",
        {
            "event": "e1",
            "text": "you have it",
            "lines": ["a", "b"],
            "tone": "good",
            "to_all": False,
            "replaces": True,
        },
    ),
    ("webhook", {"to": "billing", "data": {"leg": None}, **EVENT, "id": "j1", "rule": "r"}),
    (
        "webhook",
        {
            "to": "billing",
            "data": {},
            **EVENT,
            "unwritten": {"leg": "no such key"},
            "id": "j1",
            "rule": "r",
        },
    ),
    ("wait", {"seconds": 600.0}),
    ("wait", {"seconds": 0}),
    ("wait", {"until": "02:00:00", "zone": "America/Vancouver"}),
    ("silence", {"types": ["leg.*"], "per": "bond", "for": 7200.0, "acts": False, "event": "e1"}),
    ("silence", {"types": ["leg.down"], "per": "server", "for": "2h", "acts": True, "event": "e1"}),
]


@pytest.mark.parametrize(("action", "stored"), STORED)
def test_it_is_stored_again_as_it_was_read(action: str, stored: dict[str, Any]) -> None:
    """Nothing comes, goes or changes: an approval's digest is made of just this."""
    request = request_of(action, stored)
    assert type(request) is KINDS[action]
    assert request.stored() == stored
    assert canonical(request.stored()) == canonical(stored)
    assert not request.more or (action, request.more.keys()) == ("silence", {"for"})


def test_every_action_has_a_request() -> None:
    """And each of them is in the table."""
    assert {action for action, _ in STORED} == KINDS.keys()


@given(
    st.sampled_from(sorted(KINDS)),
    st.dictionaries(st.text(), st.none() | st.booleans() | st.text()),
)
def test_what_another_release_stored_is_carried_along(action: str, more: dict[str, Any]) -> None:
    """Of keys that are not known here nothing is lost."""
    stored = {**dict(STORED)[action], "later": {"a": [1]}}
    unknown = {name: value for name, value in more.items() if name not in KINDS[action].MISSING}
    unknown = {name: value for name, value in unknown.items() if not hasattr(KINDS[action], name)}
    assert request_of(action, {**stored, **unknown}).stored() == {**stored, **unknown}
    assert request_of("no longer", {**stored, **unknown}).stored() == {**stored, **unknown}


@pytest.mark.parametrize("action", KINDS)
def test_what_is_missing_is_empty(action: str) -> None:
    """A row that was damaged spoils no other: it can be read, and comes to nothing by itself."""
    kind = KINDS[action]
    assert request_of(action, {}).stored() == {**kind.MISSING, **dict.fromkeys(kind.NULLS)}


def test_fields_have_their_stored_values() -> None:
    """One of each kind."""
    call = CallRequest.of(STORED[2][1])
    assert (call.operation, call.arguments, call.body) == ("leg.update", {"leg": 7}, {"note": None})
    notice = NoticeRequest.of(dict(STORED[5][1]))
    assert (notice.destination, notice.takes, notice.over) == ("noc/1", True, None)
    assert not NoticeRequest.of({**NOTICE, "over": True}).takes
    post = PostRequest(to="noc", room=0, text="", lines=[], tone=Tone.GOOD, event="e1")
    assert post.stored()["question"] is None
    assert ReplyRequest(event="e1", text="a").stored() == {"event": "e1", "text": "a"}
    assert WaitRequest(seconds=0).stored() == {"seconds": 0}
    assert WebhookRequest.of({}).id == ""
    assert RuleSilenceRequest.of({"for": "2h"}).length == "2h"
    assert RuleSilenceRequest.of({}).length == 0
    assert Request.of({"a": 1}).more == {"a": 1}
