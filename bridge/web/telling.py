"""What the pages say: verdicts, jobs and changes in the words of whoever has the night shift. Only words, no decisions."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.core.durations import spoken
from bridge.core.model import Body, JobState, Json, Reason, Ruling

_REASONS: Mapping[Reason, str] = {
    Reason.CONDITION: "Nothing to do: the rule's condition does not hold for this event.",
    Reason.CONDITION_ERROR: "Nothing was done: a condition or text of the rule could not be evaluated. Mend the rule.",
    Reason.DRY_RUN: "Nothing was done, on purpose: the rule is in dry_run and only says what it would do.",
    Reason.COOLDOWN: "Nothing was done: the rule acted on the same thing a short while ago and is cooling down.",
    Reason.EXPIRED: "Nothing was done: it is too late for it to be of use, and old news does not act.",
    Reason.RULE_GONE: "Nothing more was done: the rule is no longer in the rulebook.",
    Reason.STEP_FAILED: "Not begun: a step before it did not succeed.",
    Reason.UNREADABLE: "On hold: something that must be known first cannot be read now. It is judged again.",
    Reason.OVER: "Nothing was done: it was over before anybody learned of it, and what has passed needs no action.",
    Reason.FLAPPING: "On hold: the leg is flapping, and what is done to it now would be undone. It is judged again later.",
    Reason.HANDS_OFF: "On hold: somebody works on this bond, and until they have finished nothing is done to it.",
    Reason.IN_DOUBT: "Nobody knows whether it took effect: a person must look, and say so.",
}
_ANSWERED = {Ruling.SKIP: "A person looked and gave an answer.", Ruling.ACT: "A person said it is to be tried again."}
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
}

_MOST_ROWS, _LONGEST, _DEEPEST = 60, 300, 6
_ABOUT_THE_CHANGE = ("old", "new", "changed", "between", "over")


def sentence(row: Body) -> str:
    """A verdict for a person. `row` has its ruling and reason."""
    ruling, reason = Ruling(row["ruling"]), Reason(row["reason"]) if row["reason"] else None
    if reason is Reason.IN_DOUBT and ruling in _ANSWERED:
        return _ANSWERED[ruling]
    return _REASONS[reason] if reason else _RULINGS[ruling]


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


def standing(job: Body) -> str:
    """Where a job stands, in a sentence."""
    match JobState(job["state"]):
        case JobState.WAITING:
            return "It waits for the step before it."
        case JobState.DUE:
            return _due(job)
        case JobState.SUCCEEDED:
            return "It is done."
        case JobState.FAILED:
            return "It failed and is not tried again."
        case JobState.SKIPPED:
            return "It was not done: the last verdict below says why."
        case JobState.IN_DOUBT:
            return "It may or may not have taken effect, and the server does not show which."


def took(attempt: Body) -> str:
    """How long an attempt took: `0.3 s`; nothing while it is under way."""
    if attempt["ended_at"] is None:
        return ""
    seconds = (attempt["ended_at"] - attempt["began_at"]).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else spoken(seconds)  # noqa: PLR2004


def changes(data: Body) -> list[tuple[str, str, str]]:
    """(field, before, after) of what changed; nothing for an event that is not of a change."""
    old, new = data.get("old"), data.get("new")
    if not isinstance(old, dict) and not isinstance(new, dict):
        return []
    before, after = (dict(_flat(each)) if isinstance(each, dict) else {} for each in (old, new))
    rows = [(name, text(before.get(name)), text(after.get(name))) for name in dict.fromkeys((*before, *after))]
    return [row for row in rows if row[1] != row[2]][:_MOST_ROWS]


def contents(data: Body) -> list[tuple[str, str]]:
    """(name, value) of everything an event says beside the change itself."""
    about = {name: value for name, value in data.items() if name not in _ABOUT_THE_CHANGE}
    return [(name, text(value)) for name, value in _flat(about)][:_MOST_ROWS]


def known(body: Body) -> dict[str, Json]:
    """What was known about an event and matters, by a name that a person can read."""
    return {name.replace("_", " "): value for name, value in body.items() if value not in (None, False)}


def text(value: Json) -> str:
    """A value for a person; long ones are cut, the raw JSON has them whole."""
    if value is None:
        return "none"
    told = value if isinstance(value, str) else _compact(value)
    return told if len(told) <= _LONGEST else told[:_LONGEST] + " …"


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


def _due(job: Body) -> str:
    if not job["attempts"]:
        return "It is about to be tried."
    again = f"Tried so far: {job['attempts']}. Next try at {job['due_at']:%H:%M:%S}, at the latest {job['not_after']:%H:%M:%S}."
    return again + (" An earlier try may have taken effect, so that is looked up first." if job["doubt"] else "")


def _flat(body: Mapping[str, Any], above: str = "", depth: int = 0) -> Iterator[tuple[str, Json]]:
    for name, value in body.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            yield from _flat(value, f"{above}{name}.", depth + 1)
        else:
            yield f"{above}{name}", value
