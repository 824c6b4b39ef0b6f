"""What an edited rule leaves of the jobs that were planned by it as it was."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.core.decisions import edited_rule, expression_context, job_planning
from bridge.core.decisions.step_progress import progress
from bridge.core.model import Event, Job, JobState, Outcome
from tests.core.builders import NOW, answering, down, later, rule

D = JobState.DUE
W = JobState.WAITING
S = JobState.SUCCEEDED
HEAD = "id: a\nwhen: leg.down\ngroup: {wait: 30s}\n"
ROLL = "  - {call: bond.restart, each: bond, with: {bond: '${bond.id}'}}\n"
EVENTS = tuple(down(f"e{bond}", bond) for bond in (3, 4, 5, 6))


def planned(text: str, events: Sequence[Event] = EVENTS) -> list[Job]:
    """The jobs of a rule about these events."""
    facts = answering()
    occasion = job_planning.Occasion(
        rule(text), "d", events, facts, NOW, NOW, expression_context.of(events, NOW, facts)
    )
    return list(job_planning.planned(occasion).jobs)


def fitted(text: str, jobs: Sequence[Job], events: Sequence[Event] = EVENTS) -> list[Job]:
    """All jobs after the rule has become this, an hour later; those that ended are skipped."""
    about = edited_rule.Left(rule(text), "d", events, jobs, answering(), NOW, later(3600))
    made = edited_rule.fitted(about)
    kept = {job.id: job for job in made.kept}
    kept |= {job.id: replace(job, state=JobState.SKIPPED) for job, _ in made.ended}
    return [kept.get(job.id, job) for job in jobs] + list(made.new)


def rolled(guard: str) -> str:
    """A rule that restarts bond after bond."""
    return f"{HEAD}guard: {{rollout: {{{guard}}}}}\ndo:\n{ROLL}"


@pytest.mark.parametrize(
    ("edited", "starts", "pause"),
    [
        (rolled("first: 1, then: [1], pause: 5m"), [4], 300),
        (rolled("first: 1, then: [3], pause: 5m"), [4, 5, 6], 300),
        (rolled("first: 2, then: [1], pause: 5m"), [4], 0),
        (f"{HEAD}do:\n{ROLL}", [4, 5, 6], 0),
    ],
)
def test_the_rest_of_a_rollout_goes_as_the_rule_says_now(
    edited: str, starts: list[int], pause: float
) -> None:
    """Its batches and their pauses; what is done is done, and counts as of its batch."""
    first, *rest = planned(rolled("first: 1, then: [1], pause: 2h"))
    jobs = fitted(edited, [replace(first, state=S, attempts=1), *rest])
    step = progress(jobs, later(3600))
    assert [job.request.stored()["arguments"]["bond"] for job, _ in step.start] == starts
    assert {when for _, when in step.start} == {later(3600 + pause)}


def test_who_said_that_a_rollout_goes_on_is_heard_still() -> None:
    """What stopped it, and was seen by anyone who let it go on, does not stop it again."""
    first, *rest = planned(rolled("first: 1, then: [1], pause: 1m, stop_on: [refused]"))
    assert first.rollout
    over = replace(
        first, state=JobState.FAILED, attempts=1, rollout={**first.rollout, "stop_on": []}
    )
    jobs = fitted(rolled("first: 1, then: [1], pause: 5m, stop_on: [refused]"), [over, *rest])
    assert not progress(jobs, later(3600)).ask
    assert [job.rollout and job.rollout["pause"] for job in jobs] == [300.0] * 4


@pytest.mark.parametrize(
    ("retry", "due", "until"),
    [
        ("retry: {on: [refused], every: 1m, until: 6h}", 3660, 6 * 3600),
        ("retry: {on: [refused], every: 3h, until: 6h}", 4 * 3600, 6 * 3600),
        ("retry: {on: [refused], every: 2h, until: 9h}", 3 * 3600, 9 * 3600),
    ],
)
def test_the_next_try_is_when_the_rule_says_now(retry: str, due: float, until: float) -> None:
    """Sooner, later, and for longer: counted from the same moments as before."""
    text = (
        "id: a\nwhen: leg.down\ndo:\n  - call: bond.restart\n    with: {bond: '${bond.id}'}\n    "
    )
    (job,) = planned(text + "retry: {on: [refused], every: 2h, until: 6h}", [down()])
    tried = replace(job, attempts=1, due_at=later(3 * 3600))
    (now,) = fitted(text + retry, [tried], [down()])
    assert (now.due_at, now.not_after, now.state) == (later(due), NOW + timedelta(seconds=until), D)
    (never,) = fitted(text, [tried], [down()])
    assert never.retry.on == frozenset[Outcome]()


def test_a_step_that_is_new_has_its_turn() -> None:
    """What the rule does besides, from where it has got to, is done; what comes before that is
    not.
    """
    text = f"{HEAD}do:\n%s{ROLL}%s"
    first, *rest = planned(text % ("  - wait: 2h\n", ""), EVENTS[:1])
    over = replace(first, state=S)
    jobs = fitted(
        text % ("  - notify: {to: boss}\n  - wait: 2h\n", "  - notify: {to: boss, title: b}\n"),
        [over, *rest],
        EVENTS[:1],
    )
    assert [(job.step, job.action, job.state) for job in jobs] == [
        (1, "wait", S),
        (2, "call", W),
        (3, "notify", W),
    ]
    assert [job.action for job, _ in progress(jobs, later(3600)).start] == ["call"]


def test_a_call_that_is_another_now_takes_the_place_of_the_one_before() -> None:
    """The old one ends, and holds up nothing that comes after it."""
    text = (
        f"{HEAD}do:\n  - {{call: bond.%s, each: bond, with: {{bond: '${{bond.id}}'}}}}\n  - notify:"
        " {to: boss}\n"
    )
    jobs = fitted(
        text % "restore_to_primary_agg", planned(text % "restart", EVENTS[:1]), EVENTS[:1]
    )
    assert [(job.request.stored().get("operation"), job.state) for job in jobs] == [
        ("bond.restart", JobState.SKIPPED),
        (None, W),
        ("bond.restore_to_primary_agg", W),
    ]
    assert [job.request.stored()["operation"] for job, _ in progress(jobs, later(3600)).start] == [
        "bond.restore_to_primary_agg"
    ]


def test_an_edit_that_changes_nothing_changes_no_job() -> None:
    """However often it is looked at."""
    text = (
        f"{HEAD}guard: {{rollout: {{first: 1, then: [1], pause: 5m}}}}\ndo:\n  - wait: 2h\n{ROLL} "
        " - notify: {to: boss}\n"
    )
    jobs = planned(text)
    assert fitted(text, jobs) == jobs
    assert fitted(text + "description: another\n", jobs) == jobs


@pytest.mark.parametrize(
    "state", [JobState.VERIFYING, JobState.IN_DOUBT, JobState.SUCCEEDED, JobState.FAILED]
)
def test_what_was_sent_is_not_taken_back(state: JobState) -> None:
    """A call that may have taken effect goes its way, whatever becomes of its rule."""
    (job,) = planned(f"{HEAD}do:\n{ROLL}", EVENTS[:1])
    sent = replace(job, state=state, attempts=1)
    assert fitted(f"{HEAD}do: [{{notify: {{to: boss}}}}]\n", [sent], EVENTS[:1])[0] == sent


def test_a_bond_that_the_condition_turns_away_now_is_let_be() -> None:
    """Of a group the others go on."""
    jobs = fitted(f"{HEAD}if: bond.id != 4\ndo:\n{ROLL}", planned(f"{HEAD}do:\n{ROLL}"))
    assert [job.state is JobState.SKIPPED for job in jobs] == [False, True, False, False]
