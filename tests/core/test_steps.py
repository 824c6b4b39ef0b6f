"""Which step comes next, and which batch of a rollout."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.decisions import expression_context, job_planning
from bridge.core.decisions.step_progress import Progress, progress
from bridge.core.model import Event, Job, JobState, Outcome
from bridge.core.rules.rule import Rule

from .builders import NOW, VOCABULARY, answering, down, job, later, rule, rules

W = JobState.WAITING
D = JobState.DUE
OK = JobState.SUCCEEDED
F = JobState.FAILED
SK = JobState.SKIPPED
IN = JobState.IN_DOUBT
V = JobState.VERIFYING
UN = JobState.UNVERIFIED
H = JobState.HELD
ALL_ENDS = ("failed", "in_doubt", "refused", "unverified")


def rolled(batch: int, pause: float = 120, stop_on: Sequence[str] = ALL_ENDS) -> dict[str, Any]:
    """Where a job stands in a rollout."""
    return {"batch": batch, "pause": pause, "stop_on": list(stop_on)}


def batches(*states: str, **spec: Any) -> list[Job]:
    """A rollout of one step, a batch for each word, such as "OK OK"; it is followed by a notice."""
    known = {"W": W, "D": D, "OK": OK, "F": F, "SK": SK, "IN": IN, "V": V, "UN": UN, "H": H}
    made = [
        job(id=f"{batch}.{n}", state=known[name], rollout=rolled(batch, **spec))
        for batch, names in enumerate(states)
        for n, name in enumerate(names.split())
    ]
    return [*made, job(id="after", step=1, action="notify", state=W)]


def _started(step: Progress) -> list[Job]:
    return [one for one, _ in step.start]


def _names(step: Progress) -> tuple[list[str], list[str], list[str], bool]:
    three = (sorted(one.id for one in jobs) for jobs in (_started(step), step.skip, step.ask))
    return (*three, step.acted)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("jobs", "start", "skip", "over"),
    [
        ("", "", "", True),
        ([(0, "call", D), (1, "notify", W)], [], [], False),
        ([(0, "call", OK), (1, "notify", W)], [1], [], True),
        (
            [(0, "call", OK), (1, "notify", W), (1, "notify", W), (2, "call", W)],
            [1, 2, 3],
            [],
            False,
        ),
        ([(0, "call", OK), (1, "notify", D), (1, "notify", OK), (2, "call", D)], [], [], False),
        ([(0, "call", F), (1, "notify", W), (2, "call", W)], [], [1, 2], True),
        ([(0, "call", SK), (1, "notify", W)], [], [1], True),
        ([(0, "notify", D), (1, "call", W)], [1], [], False),
        ([(0, "notify", F), (1, "call", W)], [1], [], False),
        ([(0, "notify", D), (0, "notify", OK)], [], [], True),
        ([(0, "call", IN), (1, "notify", W)], [], [], True),
        ([(0, "call", IN), (0, "call", D), (1, "notify", W)], [], [], False),
        ([(0, "call", OK)], [], [], True),
        ([(0, "call", F)], [], [], True),
        ([(0, "call", F), (1, "notify", SK)], [], [], True),
        ([(0, "call", OK), (1, "notify", OK), (2, "call", D)], [], [], False),
        ([(1, "notify", W), (0, "call", D)], [], [], False),
        ([(1, "notify", W), (0, "call", OK)], [0], [], True),
        ([(0, "call", OK), (1, "wait", W), (2, "call", W)], [1], [], False),
        ([(0, "call", OK), (1, "wait", D), (2, "call", W)], [], [], False),
        ([(0, "wait", OK), (1, "call", W)], [1], [], False),
        ([(0, "wait", SK), (1, "call", W), (2, "notify", W)], [], [1, 2], True),
        ([(0, "notify", D), (1, "wait", W)], [1], [], False),
        ([(0, "call", V), (1, "notify", W)], [], [], False),
        ([(0, "call", UN), (1, "notify", W)], [], [1], True),
        ([(0, "call", H), (1, "notify", W)], [], [], False),
    ],
)
def test_what_comes_next(jobs: list, start: list, skip: list, over: bool) -> None:
    """A step starts when the calls before it have succeeded; a failed call ends the rest, and a
    notice holds up nothing.
    """
    made = [
        job(id=str(i), step=step, action=action, state=state)
        for i, (step, action, state) in enumerate(jobs)
    ]
    expected = Progress(
        tuple((made[i], NOW) for i in start), tuple(made[i] for i in skip), acted=over
    )
    assert progress(made, NOW) == expected


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["call", "notify", "wait"]),
            st.sampled_from(JobState),
            st.sampled_from([None, 0, 1, 2]),
        ),
        max_size=7,
    ),
    st.randoms(),
)
def test_progress_does_not_depend_on_the_order_of_rows(rows: list, chance: object) -> None:
    """However the database hands the jobs over, the same of them start, end or wait, and only
    waiting ones are touched.
    """
    made = [
        job(
            id=str(i),
            step=step,
            action=action,
            state=state,
            rollout=rolled(batch) if batch is not None else None,
        )
        for i, (step, action, state, batch) in enumerate(rows)
    ]
    mixed = list(made)
    chance.shuffle(mixed)
    one = progress(made, NOW)
    other = progress(mixed, NOW)
    assert [_names(each) for each in (one, other)] == [_names(one)] * 2
    assert all(each.state is W for each in (*_started(one), *one.skip, *one.ask))
    assert not set(_names(one)[0]) & {*_names(one)[1], *_names(one)[2]}


@pytest.mark.parametrize(
    ("states", "start", "at"),
    [
        (("W", "W W"), ["0.0"], 0),
        (("D", "W W"), [], 0),
        (("V", "W W"), [], 0),
        (("H", "W W"), [], 0),
        (("OK", "W W", "W"), ["1.0", "1.1"], 120),
        (("OK", "OK D", "W"), [], 0),
        (("OK", "OK V", "W"), [], 0),
        (("OK", "OK OK", "W"), ["2.0"], 120),
        (("SK", "W"), ["1.0"], 120),
        (("OK", "OK"), ["after"], 0),
    ],
)
def test_batches_go_one_after_another(states: tuple[str, ...], start: list[str], at: float) -> None:
    """A batch starts when all of the one before is over, its pause later; the first at once; what
    follows after the last.
    """
    found = progress(batches(*states), NOW).start
    assert [(one.id, when) for one, when in found] == [(name, later(at)) for name in start]


@pytest.mark.parametrize(
    ("end", "stop_on", "stops"),
    [
        ("F", ALL_ENDS, True),
        ("UN", ALL_ENDS, True),
        ("IN", ALL_ENDS, True),
        ("SK", ALL_ENDS, False),
        ("F", ["failed"], True),
        ("F", ["refused"], True),
        ("F", ["unverified", "in_doubt"], False),
        ("UN", ["failed"], False),
        ("UN", ["unverified"], True),
        ("IN", ["failed"], False),
        ("F", [], False),
    ],
)
def test_a_bad_end_stops_the_rest_and_a_person_is_asked(
    end: str, stop_on: list[str], stops: bool
) -> None:
    """Only what `stop_on` names stops a rollout; then everything of it that is left is asked about,
    and nothing starts.
    """
    found = progress(batches("OK", f"OK {end}", "W W", "W", stop_on=stop_on), NOW)
    assert [one.id for one in found.ask] == (["2.0", "2.1", "3.0"] if stops else [])
    assert [one.id for one, _ in found.start] == ([] if stops else ["2.0", "2.1"])
    assert not found.acted


def test_a_bad_end_in_the_last_batch_leaves_nothing_to_ask_about() -> None:
    """What cannot be stopped any more is a failed step like any other."""
    found = progress(batches("OK", "F"), NOW)
    assert _names(found) == ([], ["after"], [], True)


def test_a_stopped_batch_is_let_finish() -> None:
    """While others of its batch are under way nobody is asked yet: they may come to the same
    end.
    """
    assert progress(batches("F D", "W"), NOW) == Progress()


def test_answers_to_a_failure_hold_up_nothing() -> None:
    """Jobs of `on_failure` stand outside: neither while they are under way nor by how they end do
    they change what comes.
    """
    own = [job(id="a", state=OK), job(id="b", step=1, state=W)]
    plain = progress(own, NOW)
    for state in JobState:
        assert (
            progress(
                [
                    *own,
                    job(id="c", state=state, parent="x"),
                    job(id="d", step=1, state=state, parent="x"),
                ],
                NOW,
            )
            == plain
        )


# --- what a rule's steps come to
# ---------------------------------------------------------------------------------------

ROLLING = (
    "id: a\nwhen: leg.down\ngroup: {wait: 30s}\nguard: {rollout: {first: 1, then: %s, pause:"
    " 2m}}\ndo:\n  - {call: bond.restart, with: {bond: '${bond.id}'}, each: bond}\n  - notify: {to:"
    " boss, title: done}\n"
)


def _occasion(one: Rule, events: Sequence[Event]) -> job_planning.Occasion:
    """Now, with nothing known."""
    facts = answering()
    return job_planning.Occasion(
        one, "d", events, facts, NOW, NOW, expression_context.of(events, NOW, facts)
    )


def planned(text: str, bonds: Sequence[int]) -> list[Job]:
    """The jobs of a rule that meets legs of these bonds."""
    events = tuple(down(f"e{n}", bond) for n, bond in enumerate(bonds))
    return list(job_planning.planned(_occasion(rule(text), events)).jobs)


@pytest.mark.parametrize(
    ("then", "total", "sizes"),
    [
        ("[5]", 1, [1]),
        ("[2]", 6, [1, 2, 2, 1]),
        ("[2, 3]", 10, [1, 2, 3, 3, 1]),
        ("[50%]", 10, [1, 5, 4]),
        ("[1%]", 4, [1, 1, 1, 1]),
        ("[2, 100%]", 9, [1, 2, 6]),
    ],
)
def test_a_rollout_grows_as_it_is_told(then: str, total: int, sizes: list[int]) -> None:
    """First so many, then so many or such a share of all, the last size again and again; a share is
    at least one.
    """
    calls = [one for one in planned(ROLLING % then, range(1, total + 1)) if one.action == "call"]
    assert [sum(one.rollout["batch"] == n for one in calls) for n in range(len(sizes))] == sizes
    assert [one.state for one in calls] == [D if one.rollout["batch"] == 0 else W for one in calls]
    assert [one.request.stored()["arguments"]["bond"] for one in calls] == list(range(1, total + 1))


def test_each_object_has_one_turn() -> None:
    """Two events of one bond are one call on it, about the first of them."""
    made = planned(ROLLING % "[5]", [3, 4, 3])
    assert [(one.request.stored()["arguments"]["bond"], one.event) for one in made[:-1]] == [
        (3, "e0"),
        (4, "e1"),
    ]
    assert len({one.id for one in made}) == 3


def test_a_wait_holds_up_what_comes_after_it() -> None:
    """A wait at the beginning counts from now, one behind a call from when its turn comes;
    freshness counts from then.
    """
    text = (
        "id: a\nwhen: leg.down\ndo:\n  - wait: 10m\n  - {call: bond.restart, with: {bond:"
        " '${bond.id}'}}\n"
    )
    first, second = planned(text, [3])
    assert (first.state, first.due_at, second.state) == (D, later(600), W)
    behind = planned(
        text.replace("  - wait: 10m\n", "") + "  - wait: 10m\n  - notify: {to: boss, title: t}\n",
        [3],
    )
    assert [one.state for one in behind] == [D, W, W]
    begun = job_planning.begun(behind[1], later(60))
    assert (begun.state, begun.due_at) == (D, later(660))
    late = job_planning.begun(second, later(86400))
    assert (late.state, late.due_at, late.not_after) == (D, later(86400), later(86400 + 900))


def test_a_wait_until_a_time_of_day_ends_at_the_next_one() -> None:
    """`until` is the next time the zone's clocks show it: noon now, so midnight is twelve hours
    away, noon a day.
    """
    text = (
        "id: a\nwhen: leg.down\ndo: [{wait: {until: '%s', zone: UTC}}, {notify: {to: boss, title:"
        " t}}]"
    )
    assert planned(text % "00:00", [3])[0].due_at == later(12 * 3600)
    assert planned(text % "12:00", [3])[0].due_at == later(24 * 3600)


def test_what_answers_a_failure_names_its_parent() -> None:
    """Jobs of `on_failure` see the job that failed, are due at once, and say whose failure they
    answer.
    """
    one = rule(
        "id: a\nwhen: leg.down\ndo:\n  - call: bond.restart\n    with: {bond: '${bond.id}'}\n   "
        " on_failure:\n      - notify: {to: noc, title: '${job.operation}: ${job.outcome}'}\n     "
        " - {if: job.outcome == 'unknown', notify: {to: boss, title: t}}\n"
    )
    failed = job_planning.planned(_occasion(one, (down(),))).jobs[0]
    said = job_planning.outcome_said(failed, "refused", "409")  # type: ignore[arg-type]
    made = job_planning.on_failure(
        one.steps[0], failed, (down(),), later(5), answering(), said
    ).jobs
    assert [(each.request.stored()["title"], each.parent, each.due_at) for each in made] == [
        ("bond.restart: refused", failed.id, later(5))
    ] * 2
    assert {each.decision for each in made} == {"d"}


def test_a_step_with_a_condition_has_a_turn_only_where_it_holds() -> None:
    """`if` of a step is asked for each turn, and steps after one without turns are held up by
    nothing.
    """
    text = (
        "id: a\nwhen: leg.down\ngroup: {wait: 30s}\ndo:\n  - {call: bond.restart, with: {bond:"
        " '${bond.id}'}, each: bond, if: bond.id > 3}\n  - notify: {to: boss, title: t}\n"
    )
    assert [one.request.stored()["arguments"]["bond"] for one in planned(text, [3, 4, 5])[:-1]] == [
        4,
        5,
    ]
    (alone,) = planned(text, [3])
    assert (alone.action, alone.state) == ("notify", D)


def test_a_webhook_carries_its_jobs_id_and_what_happened() -> None:
    """What is sent is complete when it is decided: the job's id, the rule, the event, and the data
    rendered, types kept.
    """
    text = (
        "id: a\nwhen: leg.down\ndo: [{webhook: {to: ticketing, data: "
        "{bond: '${bond.id}', text: 'leg ${leg.name}', raw: '${leg}'}}}]\n"
    )
    (one,) = rules(text, replace(VOCABULARY, hooks=frozenset({"ticketing"})))
    (made,) = job_planning.planned(_occasion(one, (down(),))).jobs
    stored = made.request.stored()
    data = stored.pop("data")
    assert stored == {
        "to": "ticketing",
        "id": made.id,
        "rule": "a",
        "event": "e1",
        "type": "leg.down",
        "subject": "leg/7",
        "time": NOW.isoformat(),
    }
    assert (data["bond"], data["text"], data["raw"]["name"]) == (3, "leg cable", "cable")
    assert made.not_after == later(86_400)


@pytest.mark.parametrize(
    ("notice", "bonds", "title", "severity"),
    [
        ("{to: boss}", [3], "leg cable of acme is down", "info"),
        (
            "{to: boss, severity: critical}",
            [3, 4, 5],
            "leg cable of acme is down, and 2 more",
            "critical",
        ),
        ("{to: boss, title: '${bond.id} is down', severity: warning}", [3], "3 is down", "warning"),
    ],
)
def test_a_notice_without_a_title_has_the_headline(
    notice: str, bonds: list[int], title: str, severity: str
) -> None:
    """Of the event, or of the first of a group with how many there are besides; and how bad it is
    goes with it.
    """
    (made,) = planned(
        f"id: a\nwhen: leg.down\ngroup: {{wait: 30s}}\ndo: [{{notify: {notice}}}]\n", bonds
    )
    assert (made.request.stored()["title"], made.request.stored()["severity"]) == (title, severity)


@pytest.mark.parametrize(
    ("detail", "end"), [("409: not now", "refused, 409: not now"), ("", "refused")]
)
def test_a_notice_of_a_failure_says_what_failed(detail: str, end: str) -> None:
    """Without a title of its own it is the call, how it ended and why."""
    one = rule(
        "id: a\nwhen: leg.down\ndo:\n  - call: bond.restart\n    with: {bond: '${bond.id}'}\n"
        "    on_failure: [{notify: {to: boss}}]\n"
    )
    failed = job_planning.planned(_occasion(one, (down(),))).jobs[0]
    said = job_planning.outcome_said(failed, Outcome.REFUSED, detail)
    (made,) = job_planning.on_failure(
        one.steps[0], failed, (down(),), later(5), answering(), said
    ).jobs
    assert made.request.stored()["title"] == f"bond.restart bond=3: {end}"
