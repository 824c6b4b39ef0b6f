"""Every operation that writes, called from a rule: from a webhook through deciding and delivering
to the world.
"""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from bridge.actions import call_permissions
from bridge.bonding.catalogue import ALIASES, OPERATIONS, Danger, Operation
from bridge.core.model import OPEN, JobState
from bridge.errors import BadInput
from bridge.rulebook import compile_sources
from bridge.store.decisions import approvals
from bridge.webhooks import generic_hmac
from tests.api.cases import Case, case_of
from tests.api.simulator_server import TLS, USER, Again
from tests.api.test_by_hand import called
from tests.case_tables import all_cases
from tests.pipeline.harness import HOOK_SECRET, Stage, staged

# the name that a rule gives, and the row that it is
CALLS: list[tuple[str, Operation]] = [
    *((name, row) for name, row in OPERATIONS.items() if row.writes),
    *(
        (name, alias.operation(leg_type))
        for name, alias in ALIASES.items()
        if alias.sample.writes
        for leg_type in ("interface", "mobile_broadband")
    ),
]
NONCES = itertools.count()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, httpx.Client, Again]]:
    """A bridge before a simulator, allowed to call everything; and an administrator who prepares
    the world.
    """
    allow = [
        name
        for name, row in [*OPERATIONS.items(), *CALLS]
        if row.danger in (Danger.CONFIGURE, Danger.ADMINISTER)
    ]
    with (
        staged(tmp_path_factory.mktemp("stage"), rules="[]", allow=sorted(set(allow))) as stage,
        httpx.Client(base_url=stage.sim.url, auth=USER, timeout=60, verify=TLS) as api,
    ):
        yield stage, api, Again(stage.sim)


@pytest.fixture
def stage(place: tuple[Stage, httpx.Client, Again]) -> Stage:
    """The same stage for all, its world as it was at first."""
    place[2].begin()
    return place[0]


@pytest.fixture
def api(place: tuple[Stage, httpx.Client, Again]) -> httpx.Client:
    """The administrator."""
    return place[1]


@pytest.fixture
def begin(place: tuple[Stage, httpx.Client, Again]) -> Callable[[], None]:
    """Puts the world back to where it stood."""
    return place[2].begin


def rule(name: str, arguments: Mapping[str, Any], fields: Mapping[str, Any] | None) -> str:
    """A rule of one call; secrets are written as the place where they stand."""
    step: dict[str, Any] = {"call": name, "with": dict(arguments)}
    if fields:
        places = {
            each: {"env": "STAGE_PASSWORD"} for each in call_permissions.secret(name, dict(fields))
        }
        step["set"] = {**fields, **places}
    return json.dumps({"id": "it", "when": "webhook.demo", "do": [step]})


def named(name: str, case: Case) -> dict[str, Any]:
    """The arguments that the name takes: an alias needs no bond."""
    return {each: case.arguments[each] for each in call_permissions.callable_operations()[name]}


# until the effect of a call must have shown, in steps of two seconds of the world
_PATIENCE = 160


def happens(stage: Stage, text: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Let a webhook with these arguments meet the rule; the job that comes of it, when all is
    done.
    """
    (stage.folder / "rules" / "rules.yaml").write_text(text, encoding="utf-8")
    body = json.dumps({"with": dict(arguments), "nonce": next(NONCES)}).encode()
    stamp = int(stage.bridge.machine().timestamp())
    receiver = stage.bridge.receiver
    event = (
        receiver.take(
            "demo", receiver.read("demo", generic_hmac.signed(body, HOOK_SECRET, stamp), body)
        )
        .taken[0]
        .event.id
    )
    stage.work()
    for _ in range(_PATIENCE):
        (decision,) = stage.story(event)["decisions"]
        (job,) = decision["jobs"]
        if (
            job["state"] == JobState.HELD
        ):  # a tuning that no poll has seen is asked about before it is accepted
            _say_yes(stage)
        elif job["state"] not in OPEN:
            break
        else:
            stage.sim.advance(2)
        stage.work()
    return dict(job)


def _say_yes(stage: Stage) -> None:
    with stage.bridge.database.reading() as connection:
        (question,) = approvals.waiting(connection)
    assert (
        stage.bridge.approver.answer(question["id"], yes=True, who="a person") == approvals.GRANTED
    )


@pytest.mark.takes(15)
@all_cases(("name", "row"), CALLS, ids=called, before="begin")
def test_it_can_be_called_from_a_rule(
    name: str, row: Operation, stage: Stage, api: httpx.Client
) -> None:
    """A rule that names it, with arguments from the event, makes it happen: once, effective, and to
    be seen.
    """
    case = case_of(row, stage.sim, api)
    before = case.look(api)
    arguments = named(name, case)
    given = {each: f"${{event.data.body.with.{each}}}" for each in arguments}
    job = happens(stage, rule(name, given, case.body), arguments)
    assert job["state"] == JobState.SUCCEEDED, job
    done = stage.sim.world.ledger[-1]
    assert (done["operation"], done["arguments"], done["effective"]) == (
        row.name,
        case.arguments,
        True,
    )
    stage.sim.advance(case.later)
    after = case.look(api)
    assert after != before
    assert case.wanted is None or after == case.wanted


@all_cases(("name", "row"), CALLS, ids=called)
def test_wrong_arguments_are_told_when_the_rule_is_loaded(
    name: str, row: Operation, stage: Stage
) -> None:
    """One that is missing, one too many, and what is no id each refuse the rule, with their
    places.
    """
    needed = call_permissions.callable_operations()[name]
    good = {each: "acme" if each == "space" else 1 for each in needed}
    fields = {"note": "x"} if row.takes else None
    wrong = [(good | {"zebra": 1}, "with.zebra")]
    wrong += [
        ({key: value for key, value in good.items() if key != each}, "with") for each in needed
    ]
    wrong += [(good | {each: "no id"}, f"with.{each}") for each in needed]
    vocabulary = stage.bridge.keeper.vocabulary
    assert compile_sources({"good": rule(name, good, fields)}, vocabulary).rules
    for arguments, key in wrong:
        with pytest.raises(BadInput) as caught:
            compile_sources({"bad": rule(name, arguments, fields)}, vocabulary)
        (problem,) = caught.value.problems
        assert problem.key == f"do.0.{key}"


@all_cases(
    ("name", "row"),
    {row.arguments: (name, row) for name, row in CALLS if row.arguments}.values(),
    ids=called,
    before="begin",
)
def test_wrong_arguments_of_an_event_are_not_sent(name: str, row: Operation, stage: Stage) -> None:
    """What the event gives and is no id fails the job with its reason, and nothing reaches the
    server.
    """
    needed = call_permissions.callable_operations()[name]
    given = {each: f"${{event.data.body.with.{each}}}" for each in needed}
    text = rule(name, given, {"note": "x"} if row.takes else None)
    job = happens(stage, text, dict.fromkeys(needed, "../1"))
    assert job["state"] == JobState.FAILED
    assert "is not " in job["tried"][-1]["detail"]
    assert stage.sim.world.ledger == []
