"""Every operation but the private one, by `bondbridge call`."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.bonding.catalogue import ALIASES, OPERATIONS, Operation
from bridge.simulator.api.runner import Running
from tests.api.cases import Case, case_of
from tests.api.simulator_server import Again, speaking
from tests.case_tables import all_cases
from tests.test_cli import Ran, Run, run

__all__ = ["run"]  # the fixture

SETTINGS = """
state_dir: state
servers: [{{name: hq, url: "{url}", user: demo@example.com, password: {{env: HQ_PASSWORD}},
    requests_per_second: null}}]
"""
# the name that is typed, and the row that it is
CALLS: list[tuple[str, Operation]] = [
    *((name, row) for name, row in OPERATIONS.items() if not row.private),
    *(
        (name, alias.operation(each))
        for name, alias in ALIASES.items()
        for each in ("interface", "mobile_broadband")
    ),
]
Place = tuple[Running, httpx.Client, Again]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Path]]:
    """One simulator, and a folder with settings for it."""
    folder = tmp_path_factory.mktemp("hand")
    with speaking() as (sim, api):
        (folder / "bondbridge.yaml").write_text(SETTINGS.format(url=sim.url), encoding="utf-8")
        yield (sim, api, Again(sim)), folder


@pytest.fixture
def place(shared: tuple[Place, Path], monkeypatch: pytest.MonkeyPatch) -> Place:
    """The world as it was at first, and we stand in the folder."""
    monkeypatch.chdir(shared[1])
    monkeypatch.setenv("HQ_PASSWORD", "demo")
    shared[0][2].begin()
    return shared[0]


@pytest.fixture
def begin(place: Place) -> Callable[[], None]:
    """Puts the world back to where it stood."""
    return place[2].begin


def called(word: str | Operation) -> str:
    """What a failure says of a case."""
    return word if isinstance(word, str) else word.name


def words(name: str, case: Case) -> list[str]:
    """What is typed behind `call`: an alias needs no bond."""
    names = ALIASES[name].arguments if name in ALIASES else case.row.arguments
    typed = [name, *(f"{each}={case.arguments[each]}" for each in names)]
    return [
        *typed,
        *(["--body", json.dumps(case.body)] if case.body else []),
        *(["--yes"] if case.row.writes else []),
    ]


def settled(body: Any) -> Any:
    """An answer without the rates, which are others at every read."""
    if isinstance(body, dict):
        return {name: settled(value) for name, value in body.items() if not name.endswith("_rate")}
    return [settled(each) for each in body] if isinstance(body, list) else body


@pytest.mark.takes(12)
@all_cases(("name", "row"), CALLS, ids=called, before="begin")
def test_it_can_be_called_by_hand(name: str, row: Operation, place: Place, run: Run) -> None:
    """What reads prints what the server says, or saves it; what writes is done, effective, and to
    be seen.
    """
    sim, api, _ = place
    case = case_of(row, sim, api)
    before = case.look(api)
    ran = run("call", *words(name, case), *(["--output", "it.zip"] if row.zipped else []))
    assert ran.code == 0, ran.err
    if row.zipped:
        assert Path("it.zip").read_bytes() == api.get(case.path).content
    elif not row.writes:
        assert settled(json.loads(ran.out)) == settled(api.get(case.path).json())
    else:
        done = sim.world.ledger[-1]
        assert (done["operation"], done["arguments"], done["effective"]) == (
            row.name,
            case.arguments,
            True,
        )
        sim.advance(case.later)
        assert (
            case.look(api) == case.wanted if case.wanted is not None else case.look(api) != before
        )


@all_cases(("name", "row"), CALLS, ids=called)
def test_wrong_arguments_are_told_before_anything_is_sent(
    name: str, row: Operation, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One missing, one too many, what is no id, fields for what takes none: exit code 2, where
    nobody listens.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HQ_PASSWORD", "demo")
    Path("bondbridge.yaml").write_text(SETTINGS.format(url="http://127.0.0.1:9"), encoding="utf-8")
    needed = ALIASES[name].arguments if name in ALIASES else row.arguments
    good = {each: "acme" if each == "space" else "1" for each in needed}
    more = ["--yes"] * row.writes + ["--output", "it.zip"] * row.zipped
    fields = ["--set", "note=x"] * row.takes
    wrong = [
        (
            dict.fromkeys(needed, "no id") | {"zebra": "1"},
            fields,
            ["takes no 'zebra'", *["'no id' is not "] * len(good)],
        )
    ]
    wrong += [({}, fields, [f"needs '{each}'" for each in needed])] * bool(needed)
    wrong += [(good, ["--set", "note=x"], ["takes no fields"])] * (not row.takes)
    wrong += [(good, [], ["needs the fields to change"])] * (row.method in ("PUT", "PATCH"))
    for arguments, given, said in wrong:
        ran = run(
            "call", name, *(f"{key}={value}" for key, value in arguments.items()), *given, *more
        )
        assert ran.code == 2
        assert all(ran.err.count(each) == said.count(each) for each in said), ran.err


def test_the_private_one_is_never_called(place: Place, run: Run) -> None:
    """What the vendor keeps for its own pages is refused, though the server would answer."""
    sim, api, _ = place
    assert api.get("/api/v4/self/").is_success
    ran: Ran = run("call", "self.get")
    assert ran.code == 2
    assert re.search("private.*never called", ran.err)
    assert sim.world.ledger == []


def test_an_alias_of_a_leg_that_is_not_there_is_refused(place: Place, run: Run) -> None:
    """The leg is asked which type it is; one that is not there is refused by the server, and
    nothing is changed.
    """
    ran = run("call", "leg.update", "leg=999", "--set", "link_mode=idle", "--yes")
    assert (ran.code, "404: Not found." in ran.err) == (4, True)
    assert place[0].world.ledger == []
