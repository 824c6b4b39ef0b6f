"""What the pages say: verdicts, jobs and changes in the words of the night shift.
Only words, no decisions.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.core.durations import spoken
from bridge.core.model import Body, JobState, Json, Reason, Ruling

_REASONS: Mapping[Reason, str] = {
    Reason.CONDITION: "Nothing to do: the rule's condition does not hold for this event.",
    Reason.INTERNAL_ERROR: (
        "Not done: bondbridge itself failed on this. Its log has the details; everything else"
        " goes on."
    ),
    Reason.CONDITION_ERROR: (
        "Not done: a condition or an argument of the rule could not be evaluated. Mend the rule."
    ),
    Reason.DRY_RUN: (
        "Nothing was done, on purpose: the rule is in dry_run and only says what it would do."
    ),
    Reason.COOLDOWN: (
        "Nothing was done: the rule acted on the same thing a short while ago and is cooling down."
    ),
    Reason.EXPIRED: (
        "Nothing was done: it is too late for it to be of use, and old news does not act."
    ),
    Reason.RULE_GONE: "Nothing more was done: the rule is no longer in the rulebook.",
    Reason.RULE_CHANGED: (
        "Nothing more was done: the rule was edited, and does not do this any more."
    ),
    Reason.STEP_FAILED: "Not begun: a step before it did not succeed.",
    Reason.UNREADABLE: (
        "On hold: something that must be known first cannot be read now. It is judged again."
    ),
    Reason.OVER: (
        "Nothing was done: it was over before anybody learned of it, and what has passed needs no"
        " action."
    ),
    Reason.FLAPPING: (
        "On hold: the leg is flapping, and what is done to it now would be undone. It is judged"
        " again later."
    ),
    Reason.HANDS_OFF: (
        "On hold: somebody works on this bond, and until they have finished nothing is done to it."
    ),
    Reason.COUNT: "Nothing to do yet: it has not happened as often as the rule waits for.",
    Reason.CAME: "Nothing to do: what the rule waited for in vain elsewhere came in time.",
    Reason.ENDED: "Nothing was done: it was over before it had lasted as long as the rule asks.",
    Reason.ACKNOWLEDGED: "Not sent: somebody has acknowledged it, and needs no reminder.",
    Reason.LOOP: (
        "Nothing was done: our own actions led to it, one after another, and that has to end"
        " somewhere."
    ),
    Reason.FOR: "On hold: the rule waits whether it lasts.",
    Reason.GROUP: "On hold: the rule puts events together, and the group is not complete.",
    Reason.ABSENT: "On hold: the rule waits whether something else comes in time.",
    Reason.STALE: "On hold: what the server shows is too old to judge by. It is looked at again.",
    Reason.BREAKER: (
        "Nothing was done: too much of what the rule did has failed, and it is off until a person"
        " switches it on."
    ),
    Reason.SPACE: (
        "Nothing was done: it is not in a space in which the rule, or the settings, let rules act."
    ),
    Reason.EXPLAINED: "Nothing was done: we did it ourselves, or a test that runs does it.",
    Reason.OVERLAP: "Not now: what the rule began earlier about the same thing is still under way.",
    Reason.SUPERSEDED: "Nothing more was done: a newer decision of the rule has taken its place.",
    Reason.OPPOSED: "Another rule wants the opposite of the same object.",
    Reason.PRECONDITION: "Nothing was done: the server itself shows that it cannot be done now.",
    Reason.SILENCED: "A silence covers it.",
    Reason.INCIDENT: (
        "On hold: a common cause is at work, and single bonds are let be until it is over."
    ),
    Reason.PAUSED: "On hold: all acting is paused. `bondbridge resume` lets it go on.",
    Reason.WINDOW: "On hold: the rule acts only at certain hours.",
    Reason.STUCK: (
        "On hold: configuration updates are stuck, and what is changed now would not reach the"
        " nodes."
    ),
    Reason.LOCKED: "On hold: another job is at work on the same object.",
    Reason.RATE: (
        "On hold: as many calls of the rule, or messages at the channel, as may be within a while"
        " have been made."
    ),
    Reason.SEVERITY: "Not told there: the channel is told of worse things only.",
    Reason.QUIET: "On hold: the channel has quiet hours, and this can wait until they are over.",
    Reason.DIGEST: "On hold: the channel gathers what comes, and tells it in one message.",
    Reason.AWAY: (
        "On hold: the service behind the channel takes nothing for now. It is told when it does"
        " again."
    ),
    Reason.LIMIT: "On hold: as many calls have been made as the settings allow within a while.",
    Reason.UNDONE: "A person must decide: it was done before, and came undone each time.",
    Reason.TUNING: "A person must decide: what the tuning recommends looks odd.",
    Reason.BLAST_RADIUS: (
        "A person must decide: it would touch more objects than the rule may without asking."
    ),
    Reason.FORBIDDEN: "Nothing was done: the person who asked for it may not.",
    Reason.CONFIRMATION: "On hold: the person who asked for it is asked whether they are sure.",
    Reason.APPROVAL: "A person must decide: the rule asks for it.",
    Reason.ROLLOUT: "A person must decide: the rollout was stopped, and the rest waits.",
    Reason.IN_DOUBT: "Nobody knows whether it took effect: a person must look, and say so.",
    Reason.DENIED: "Nothing was done: a person said no.",
    Reason.UNANSWERED: "Nothing was done: nobody answered in time, and that is a no.",
}
_ANSWERED = {
    Ruling.SKIP: "A person looked and gave an answer.",
    Ruling.ACT: "A person said it is to be tried again.",
}
_ALLOWED = "A person said yes."
_EDITED = "The rule was edited: what was left goes on as the rule is now."
_UNWRITTEN = (
    "A text of the rule could not be written; the headline is told in its place. Mend the rule."
)
_RULINGS: Mapping[Ruling, str] = {
    Ruling.ACT: "The rule acts.",
    Ruling.SKIP: "Nothing was done.",
    Ruling.WAIT: "On hold: it is judged again.",
    Ruling.ASK: "A person must decide.",
}

# how a badge looks, where its word alone does not say it
_LOOKS = {
    Reason.DRY_RUN: "dry",
    Reason.CONDITION: "quiet",
    Reason.CONDITION_ERROR: "failed",
    Reason.INTERNAL_ERROR: "failed",
}

_MOST_ROWS = 60
_LONGEST = 300
_DEEPEST = 6
_ABOUT_THE_CHANGE = ("old", "new", "changed", "between", "over")


def sentence(row: Body) -> str:
    """A verdict for a person. `row` has its ruling and reason."""
    ruling = Ruling(row["ruling"])
    reason = Reason(row["reason"]) if row["reason"] else None
    if reason is Reason.IN_DOUBT and ruling in _ANSWERED:
        return _ANSWERED[ruling]
    if reason is Reason.CONDITION_ERROR and ruling is Ruling.ACT:
        return _UNWRITTEN
    if reason is Reason.RULE_CHANGED and ruling is Ruling.ACT:
        return _EDITED
    if reason and ruling is Ruling.ACT:
        return _ALLOWED
    if reason:
        return _REASONS[reason]
    return _RULINGS[ruling]


def look(row: Body) -> str:
    """The look of a verdict's badge."""
    return _LOOKS.get(row["reason"]) or str(row["ruling"])


def asks(job: Body) -> str:
    """`bond.restart bond 3`, `notify noc`."""
    request = job["request"]
    if job["action"] != "call":
        return f"{job['action']} {request.get('to', '')}".strip()
    arguments = [f"{name} {text(value)}" for name, value in request.get("arguments", {}).items()]
    return " ".join([str(request.get("operation")), *arguments])


_STANDING = {
    JobState.WAITING: "It waits for the step or the batch before it.",
    JobState.HELD: "It waits for a person's yes: see `bondbridge approvals`.",
    JobState.VERIFYING: "It was done; its effect is looked for.",
    JobState.SUCCEEDED: "It is done.",
    JobState.UNVERIFIED: "It was done, but its effect was never seen.",
    JobState.FAILED: "It failed and is not tried again.",
    JobState.SKIPPED: "It was not done: the last verdict below says why.",
    JobState.IN_DOUBT: "It may or may not have taken effect, and the server does not show which.",
}


def standing(job: Body, judged: Sequence[Body] = ()) -> str:
    """Where a job stands, in a sentence. `judged`: its verdicts in order; by the last one it may
    have to wait.
    """
    state = JobState(job["state"])
    if state is JobState.DUE:
        return _due(job, judged)
    return _STANDING[state]


def took(attempt: Body) -> str:
    """How long an attempt took: `0.3 s`; nothing while it is under way."""
    if attempt["ended_at"] is None:
        return ""
    seconds = (attempt["ended_at"] - attempt["began_at"]).total_seconds()
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    return spoken(seconds)


def changes(data: Body) -> list[tuple[str, str, str]]:
    """(field, before, after) of what changed; nothing for an event that is not of a change."""
    old = data.get("old")
    new = data.get("new")
    if not isinstance(old, dict) and not isinstance(new, dict):
        return []
    before, after = (dict(_flat(each)) if isinstance(each, dict) else {} for each in (old, new))
    rows = [
        (name, text(before.get(name)), text(after.get(name)))
        for name in dict.fromkeys((*before, *after))
    ]
    return [row for row in rows if row[1] != row[2]][:_MOST_ROWS]


def contents(data: Body) -> list[tuple[str, str]]:
    """(name, value) of everything an event says beside the change itself."""
    about = {name: value for name, value in data.items() if name not in _ABOUT_THE_CHANGE}
    return [(name, text(value)) for name, value in _flat(about)][:_MOST_ROWS]


def known(body: Body) -> dict[str, Json]:
    """What was known about an event and matters, by a name that a person can read."""
    return {
        name.replace("_", " "): value for name, value in body.items() if value not in (None, False)
    }


def text(value: Json) -> str:
    """A value for a person; long ones are cut, the raw JSON has them whole."""
    if value is None:
        return "none"
    if isinstance(value, str):
        told = value
    else:
        told = _compact(value)
    if len(told) <= _LONGEST:
        return told
    return told[:_LONGEST] + " …"


def pretty(value: Json) -> str:
    """JSON to look at."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except RecursionError:
        return _compact(value)


def _compact(value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return "(nested too deeply to be shown)"


def _due(job: Body, judged: Sequence[Body]) -> str:
    if judged and judged[-1]["ruling"] == Ruling.WAIT:
        waits = judged[-1]
    else:
        waits = None
    if waits is not None:
        why = f"{sentence(waits)} {waits['detail']}".rstrip(". ")
        if job["attempts"]:
            tried = f" Tried so far: {job['attempts']}."
        else:
            tried = ""
        return f"{why}. It is looked at again at {job['due_at']:%Y-%m-%d %H:%M:%S} UTC.{tried}"
    if not job["attempts"]:
        return "It is about to be tried."
    due, latest = (f"{job[name]:%Y-%m-%d %H:%M:%S} UTC" for name in ("due_at", "not_after"))
    again = f"Tried so far: {job['attempts']}. Next try at {due}, at the latest {latest}."
    return again + (
        " An earlier try may have taken effect, so that is looked up first." if job["doubt"] else ""
    )


def _flat(body: Mapping[str, Any], above: str = "", depth: int = 0) -> Iterator[tuple[str, Json]]:
    for name, value in body.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            yield from _flat(value, f"{above}{name}.", depth + 1)
        else:
            yield f"{above}{name}", value
