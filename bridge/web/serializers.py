"""Rows as JSON: events as CloudEvents 1.0, times as ISO 8601 in UTC with a Z, nothing of our
leases.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask.json.provider import JSONProvider

from bridge.core.events.headlines import headline
from bridge.core.json_safety import decoded
from bridge.core.model import Body, Event, Reason, Ruling, Verdict

_OURS_ALONE = frozenset({"lease_until", "fence"})


class Provider(JSONProvider):
    """How this application writes JSON: moments as text, and never the NaN that is no JSON."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """The text of a value."""
        try:
            return json.dumps(obj, default=_plain, allow_nan=False, **kwargs)
        except ValueError:  # somebody sent us 1e999: told as the word, which every reader can read
            finite = json.loads(json.dumps(obj, default=_plain), parse_constant=str)
            return json.dumps(finite, **kwargs)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value of a text, as plain data that can be stored. Raises ValueError, also for what
        is too deep.
        """
        del kwargs
        return decoded(s.encode("utf-8", "surrogatepass") if isinstance(s, str) else s, strict=True)


def iso(moment: datetime) -> str:
    """`2026-03-01T12:00:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def event_of(row: Body) -> Event:
    """The event that a row of the journal is."""
    names = ("id", "type", "server", "subject", "time", "seen_at", "data", "exact")
    return Event(**{name: row[name] for name in names}, known=row["known"] or {})


def told(row: Body) -> str:
    """An event's headline; of state that one rule was asked about once more, with that rule.

    Data that is not of its type's shape, from an older version perhaps, must not cost the page.
    """
    try:
        line = headline(event_of(row))
    except (KeyError, TypeError, ValueError, AttributeError):
        line = f"{row['type']} for {row['subject']}"
    if row.get("only"):
        line += f" (still so: checked again for rule {row['only']})"
    return line


def verdict(row: Body) -> str:
    """`skip(cooldown)`, as everywhere else."""
    return str(Verdict(Ruling(row["ruling"]), Reason(row["reason"]) if row["reason"] else None))


def event(row: Body) -> Body:
    """An event as structured CloudEvents JSON; `seq`, `seenat`, `headline`, `exact` and what was
    known are extensions.
    """
    return {
        "specversion": "1.0",
        "id": row["id"],
        "source": row["server"],
        "type": row["type"],
        "subject": row["subject"],
        "time": row["time"],
        "datacontenttype": "application/json",
        "data": row["data"],
        "seq": row["seq"],
        "seenat": row["seen_at"],
        "headline": told(row),
        "exact": row["exact"],
        **({"forrule": row["only"]} if row.get("only") else {}),
        **known(row),
    }


def known(row: Body) -> Body:
    """What the bridge knew about an event when it decided it, as extensions: plain values, named by
    lower-case letters.
    """
    return {
        name.replace("_", ""): value
        for name, value in (row["known"] or {}).items()
        if value not in (None, False)
    }


def incident(row: Body) -> Body:
    """An incident as it stands, without when it is looked at next."""
    return {name: value for name, value in row.items() if name not in ("due_at", "touched")}


def decision(row: Body) -> Body:
    """A decision: its row, and its verdict in one word."""
    return {**row, "verdict": verdict(row)}


def job(row: Body) -> Body:
    """A job: its row without the lease."""
    return _without_lease(row)


def story(row: Body) -> Body:
    """An event and all that came of it."""
    return {
        "event": event(row),
        "decisions": [_chapter(each) for each in row["decisions"]],
        "tellings": row["tellings"],
    }


def _chapter(row: Body) -> Body:
    jobs = [{**_without_lease(each), "tried": _many(each["tried"])} for each in row["jobs"]]
    return {
        **decision(row),
        "verdicts": [{**each, "verdict": verdict(each)} for each in row["verdicts"]],
        "jobs": jobs,
    }


def _many(rows: Iterable[Body]) -> list[Body]:
    return [_without_lease(row) for row in rows]


def _without_lease(row: Body) -> Body:
    return {name: value for name, value in row.items() if name not in _OURS_ALONE}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    msg = f"a {type(value).__name__} has no place in an answer"
    raise TypeError(msg)
