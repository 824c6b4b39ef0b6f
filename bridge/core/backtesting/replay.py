"""Verdicts are made again from the facts they were made from, and come out the same, or something
is wrong (law 9).

the rule as it was, the facts as they were kept ─► the same code ─► the same verdict, trace and jobs
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.core.canonical_json import canonical
from bridge.core.decisions import evaluate, guards
from bridge.core.decisions.evaluate import EvaluationContext
from bridge.core.decisions.facts import RecordedFacts, RecordingFacts, verdict_json
from bridge.core.decisions.guards import ACT, Intent
from bridge.core.model import Body, Decision, Event, Job, Mode, Reason, Verdict
from bridge.core.rules.rule import Rule

Judged = tuple[Decision, Mapping[str, Verdict]]


def judged(rule: Rule, read: Body, began: Body, events: Sequence[Event], decision: str) -> Judged:
    """A verdict on a decision, made again; of a group also what each member got.

    `read`: the facts it was made from, `began`: the first line of its trace, which says what was
    done: a first look, a look after a wait, the close of a group, of which `events` are all
    members. Raises KeyError for what was not asked then.
    """
    forced = read["mode"] == Mode.LIVE and rule.mode is not Mode.LIVE
    context = EvaluationContext("", datetime.fromisoformat(read["now"]), forced)
    facts = RecordingFacts(RecordedFacts(read["asked"]))
    if began["step"] == "group":
        return evaluate.close_group(
            rule, events, decision, datetime.fromisoformat(read["ripe"]), facts, context
        )
    event = _as_it_was(events[0], read)
    if began["step"] == "again":
        edited = began["says"] == evaluate.EDITED
        return evaluate.re_evaluate(
            rule, event, Reason(began["about"]), facts, context, edited=edited
        ), {}
    return evaluate.evaluate(rule, event, facts, context), {}


def _as_it_was(event: Event, read: Body) -> Event:
    """Its time may have been set right since."""
    ((_, time),) = read["events"]
    return replace(event, time=datetime.fromisoformat(time), known=read["known"] or {})


def admitted(rule: Rule, read: Body, job: Job, event: Event) -> Verdict:
    """A verdict on a job before an attempt, made again. Raises KeyError for what was not asked
    then.
    """
    recorded = RecordedFacts(read["asked"])
    facts = RecordingFacts(recorded)
    now = datetime.fromisoformat(read["now"])
    then = replace(job, not_after=datetime.fromisoformat(read["not_after"]))
    intent = Intent(rule, job.server, (event,), job.decision, facts, now, event.time, (), then)
    verdict = guards.before_attempt(intent, Mode(read["mode"]))
    place = recorded.place()
    return place if place is not None and verdict is ACT else verdict


def line(
    at: datetime,
    decision: str,
    rule: str,
    verdict: Verdict,
    *,
    job: str | None = None,
    trace: Sequence[Body] | None = None,
    jobs: Iterable[Job] = (),
) -> str:
    """One line of the decision log: canonical JSON, without anything that depends on when or where
    it is written.
    """
    owed = [
        {
            "id": each.id,
            "step": each.step,
            "action": each.action,
            "request": each.request.stored(),
            "target": each.target,
            "event": each.event,
        }
        for each in sorted(jobs, key=lambda one: (one.step, one.id))
    ]
    ruled = {"decision": decision, "rule": rule, "job": job, **verdict_json(verdict)}
    return canonical(
        {
            "at": at.isoformat(),
            **ruled,
            "trace": None if trace is None else list(trace),
            "jobs": owed,
        }
    )
