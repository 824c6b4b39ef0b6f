"""What a rule does about what it met: its steps as jobs, rendered, in the order they may go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from bridge.core.canonical_json import identity
from bridge.core.decisions import expression_context, job_requests, retry
from bridge.core.decisions.facts import RecordingFacts
from bridge.core.expressions.evaluator import ConditionError, ExpressionContext
from bridge.core.json_safety import bounded
from bridge.core.model import Body, Event, Job, JobState, Json, Outcome
from bridge.core.requests import CallRequest, NoticeRequest, Request, WaitRequest
from bridge.core.rules import time_windows
from bridge.core.rules.rule import Rollout, Rule, Step


@dataclass(frozen=True, slots=True)
class Occasion:
    """What there is to plan for. `ripe`: since when it may be done, from which the jobs' freshness
    is counted.

    `context`: what the steps that are done once see.
    """

    rule: Rule
    decision: str
    events: Sequence[Event]
    facts: RecordingFacts
    now: datetime
    ripe: datetime
    context: ExpressionContext


@dataclass(frozen=True, slots=True)
class Plan:
    """Every job that a rule's steps come to. `left_out`: why a step, or one turn of it, is none of
    them.
    """

    jobs: tuple[Job, ...]
    left_out: tuple[str, ...] = ()


_HOLDING = frozenset({"call", "wait"})


def planned(occasion: Occasion) -> Plan:
    """What the rule's steps come to. Raises ConditionError where nothing is left of them.

    A step whose condition or arguments cannot be evaluated is left out, and the others stand: what
    comes after a call or a wait goes with it, as it does when it fails, and notices say what is not
    done.
    """
    made: list[Job] = []
    left_out: list[str] = []
    held_up = False
    for number, step in enumerate(occasion.rule.steps):
        turns, failed = _turns(step, number, occasion)
        left_out += failed
        if held_up or step.action == "wait":
            state = JobState.WAITING
        else:
            state = JobState.DUE
        made += _batched(turns, step, occasion.rule.guard.rollout, state)
        held_up = held_up or (step.action in _HOLDING and bool(turns))
        if failed and step.action in _HOLDING:
            made = [_noted(job, failed) for job in made]
            break
    if left_out and not made:
        raise ConditionError(left_out[0])
    # a wait that nothing holds up begins at once
    begins = (
        begun(job, occasion.now) if not _before(job, made) and job.action == "wait" else job
        for job in made
    )
    return Plan(tuple(begins), tuple(left_out))


def _noted(job: Job, left_out: Sequence[str]) -> Job:
    """Whoever is told of it is also told what is not done."""
    return replace(job, request=job_requests.unplanned(job.request, left_out))


def _before(job: Job, made: Sequence[Job]) -> bool:
    return any(each.step < job.step and each.action in _HOLDING for each in made)


def begun(job: Job, now: datetime) -> Job:
    """A job whose turn has come: a wait is due at its end, anything else at once; its freshness
    counts from then.
    """
    if isinstance(job.request, WaitRequest):
        due = ends(job.request, now)
    else:
        due = now
    return replace(
        job,
        state=JobState.DUE,
        due_at=due,
        not_after=max(job.not_after, due + timedelta(seconds=job.retry.until)),
    )


def ends(request: WaitRequest, now: datetime) -> datetime:
    """When a wait that begins now is over."""
    if request.until is None or request.zone is None:
        return now + timedelta(seconds=request.seconds or 0)
    return time_windows.o_clock(time.fromisoformat(request.until), request.zone, now)


def _turns(step: Step, number: int, occasion: Occasion) -> tuple[list[Job], list[str]]:
    """The jobs of every turn of a step; and why there are none of a turn that cannot be
    evaluated.
    """
    made: list[Job] = []
    failed: list[str] = []
    for key, events in _each(step, occasion.events):
        try:
            made += _of_turn(step, (number, *key), occasion, events)
        except ConditionError as error:
            about = " ".join((step.action, step.name, *key)).replace("  ", " ")
            failed.append(f"{about}: {error}")
    return made, list(dict.fromkeys(failed))


def _each(step: Step, events: Sequence[Event]) -> Iterator[tuple[tuple[str, ...], Sequence[Event]]]:
    """One turn, or with `each` one for every object of that noun among the events."""
    if step.each is None:
        yield (), events
        return
    seen: set[str] = set()
    for event in events:
        noun = event.data.get(step.each)
        if isinstance(noun, dict):
            key = str(noun.get("id", noun))
        else:
            key = str(noun)
        if key not in seen:
            seen.add(key)
            yield (key,), [event]


def _of_turn(
    step: Step, key: Sequence[Json], occasion: Occasion, events: Sequence[Event]
) -> Iterator[Job]:
    rule, first = occasion.rule, events[0]
    seen = (
        occasion.context
        if step.each is None
        else expression_context.of(events, occasion.now, occasion.facts, _all(occasion))
    )
    if step.condition is not None and not step.condition.holds(seen):
        return
    wanted = step.retry or retry.default(step.action, first.type)
    for target, request in enumerate(job_requests.of(step, seen, events)):
        identifier = identity(occasion.decision, *key, target)
        yield Job(
            id=identifier,
            decision=occasion.decision,
            event=first.id,
            rule=rule.id,
            server=first.server,
            step=int(key[0]),
            action=step.action,
            request=job_requests.identified(request, identifier, rule.id),
            retry=wanted,
            due_at=occasion.now,
            not_after=occasion.ripe + timedelta(seconds=wanted.until),
            target=aimed(request, first, occasion.facts),
            verify=_verify(step),
            # what is found to last is told after what ended by then
            since=occasion.now if first.only is not None else min(first.time, occasion.now),
        )


def _all(occasion: Occasion) -> Body:
    return {"events": [expression_context.told(event) for event in occasion.events]}


def _verify(step: Step) -> Body | None:
    if step.verify is None:
        return None
    expect = step.verify.expect
    return {
        "expect": (expect.compiled or expect.source) if expect else None,
        "within": step.verify.within,
    }


def _batched(
    turns: Sequence[Job], step: Step, rollout: Rollout | None, state: JobState
) -> Iterator[Job]:
    """The turns in batches, where the rule rolls out: those of a later batch wait for the one
    before.
    """
    if rollout is None or step.each is None or step.action != "call":
        yield from (replace(job, state=state) for job in turns)
        return
    sizes = _sizes(rollout, len(turns))
    numbers = [batch for batch, size in enumerate(sizes) for _ in range(size)]
    for job, batch in zip(turns, numbers, strict=True):
        spec = {"batch": batch, "pause": rollout.pause, "stop_on": sorted(rollout.stop_on)}
        yield replace(job, state=JobState.WAITING if batch else state, rollout=spec)


def _sizes(rollout: Rollout, total: int) -> list[int]:
    sizes = [min(rollout.first, total)]
    later = 0
    while sum(sizes) < total:
        if rollout.then:
            share = rollout.then[min(later, len(rollout.then) - 1)]
        else:
            share = None
        if share:
            size = share.of(total)
        else:
            size = rollout.first
        sizes.append(min(max(size, 1), total - sum(sizes)))
        later += 1
    return sizes


def on_failure(
    step: Step,
    failed: Job,
    events: Sequence[Event],
    now: datetime,
    facts: RecordingFacts,
    said: Body,
) -> Plan:
    """What a step does about its own failure; its expressions also see the `job` that failed."""
    seen = expression_context.of(events, now, facts, {"job": {"id": failed.id, **said}})
    made: list[Job] = []
    left_out: list[str] = []
    for number, each in enumerate(step.on_failure):
        try:
            if each.condition is None or each.condition.holds(seen):
                asked = job_requests.of(each, seen, events, job_requests.failure(failed, said))
                made += _answers(each, failed, number, asked, events[0], now, facts)
        except ConditionError as error:
            left_out.append(f"on_failure, {each.action} {each.name}: {error}")
    return Plan(tuple(made), tuple(left_out))


def _answers(
    step: Step,
    failed: Job,
    number: int,
    asked: Sequence[Request],
    event: Event,
    now: datetime,
    facts: RecordingFacts,
) -> Iterator[Job]:
    """The jobs of one step of `on_failure`."""
    wanted = step.retry or retry.default(step.action, event.type)
    for target, request in enumerate(asked):
        yield Job(
            id=identity(failed.id, "on_failure", number, target),
            decision=failed.decision,
            event=failed.event,
            rule=failed.rule,
            server=failed.server,
            step=failed.step,
            action=step.action,
            request=request,
            retry=wanted,
            due_at=now,
            not_after=now + timedelta(seconds=wanted.until),
            target=aimed(request, event, facts),
            parent=failed.id,
        )


def aimed(request: Request, event: Event, facts: RecordingFacts) -> str:
    """What a call touches, or where a notice is told, as "noc/0"; "" for nothing."""
    if isinstance(request, NoticeRequest):
        return request.destination
    if isinstance(request, CallRequest):
        return touched(request, event, facts)
    return ""


def touched(request: CallRequest, event: Event, facts: RecordingFacts) -> str:
    """What a call touches: `"bond/3"` where it can be known, since jobs of one bond never overlap;
    "" for nothing.
    """
    arguments = request.arguments
    bond = arguments.get("bond")
    if bond is None and arguments.get("leg") is not None:
        leg = event.data.get("leg") or {}
        same = str(leg.get("id")) == str(arguments["leg"])
        seen = (
            leg
            if same and leg.get("bond") is not None
            else facts.view(event.server, "leg", arguments["leg"]) or {}
        )
        bond = seen.get("bond")
    if bond is not None:
        return bounded(f"bond/{bond}")
    return next(
        (
            bounded(f"{name}/{value}")
            for name, value in reversed([*arguments.items()])
            if value is not None
        ),
        "",
    )


def outcome_said(job: Job, outcome: Outcome, detail: str) -> Body:
    """What is told of a job: in events about it, and to what answers its failure."""
    request = job.request
    about = {"operation": job.action, "arguments": {}}
    if isinstance(request, CallRequest):
        about = {"operation": request.operation, "arguments": request.arguments}
    return {**about, "outcome": outcome, "detail": detail}
