"""What events count under, and how many of them count."""

from collections.abc import Sequence
from datetime import datetime

from bridge.core.canonical_json import canonical
from bridge.core.decisions import expression_context
from bridge.core.decisions.evaluation import per_value
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.expressions.evaluator import ConditionError
from bridge.core.model import Event
from bridge.core.rules.rule import Absent, Count, Rule


def count_between(times: Sequence[tuple[datetime, bool]], since: datetime, until: datetime) -> int:
    """How many counted after `since` and not after `until`. `times`: when each counted, and whether
    it led to acting: that uses up all before it.
    """
    begins = max((time for time, acted in times if acted), default=since)
    return sum(max(since, begins) < time <= until for time, acted in times if not acted)


def event_key(rule: Rule, event: Event, now: datetime, facts: RecordingFacts) -> str | None:
    """What an event counts under for `count` and `absent`; None where that cannot be evaluated."""
    shape = rule.shape
    per = shape.per if isinstance(shape, Absent | Count) else None
    try:
        return canonical(per_value(per, expression_context.of((event,), now, facts)))
    except ConditionError:
        return None
