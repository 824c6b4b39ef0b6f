"""Broken rule files: one for every kind of mistake, each with the line and the words that its first
line promises.
"""

import re
from pathlib import Path

from bridge.core.rules.parser import Vocabulary, parse
from bridge.core.yaml_document import read
from bridge.errors import BadInput, Problem
from tests.case_tables import all_cases

BROKEN = sorted((Path(__file__).parent.parent / "rules_broken").glob("*.yaml"))
SAYS = re.compile(r"# says: (\d+): (.+)")

VOCABULARY = Vocabulary(
    operations={"bond.restart": ("bond",), "bond.update": ("bond",), "leg.update": ("leg",)},
    channels={"noc": 1},
    webhooks=frozenset({"chat"}),
    takes={"bond.update": True, "leg.update": True},
    refused={
        "bonder.create": ("a bonder comes with its bond", ""),
        "user.delete": ("not allowed", "write `allow: [user.delete]`"),
    },
    wrong=lambda name, value: "" if isinstance(value, int) else f"{name}: {value!r} is not an id",
    secret=lambda _operation, fields: {"password"} & fields.keys(),
    hooks=frozenset({"ticketing"}),
)


def problems(path: Path) -> list[Problem]:
    """Everything that is wrong with a file, wherever it is found."""
    try:
        return parse(read(path.read_text(encoding="utf-8"), path.name), VOCABULARY)[1]
    except BadInput as error:
        return list(error.problems)


@all_cases("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_file_says_what_is_wrong_where(path: Path) -> None:
    """Each file gives the promised words at the promised line; every problem has a line, a column
    and a caret below it.
    """
    promise = SAYS.match(path.read_text(encoding="utf-8"))
    assert promise is not None
    told = problems(path)
    at_line = [f"{each.what} ({each.mend})" for each in told if each.line == int(promise[1])]
    assert any(promise[2] in words for words in at_line), [str(each) for each in told]
    assert all(each.line and each.column for each in told)
    for each in told:
        quoted = each.excerpt.splitlines()
        assert (
            "passw" in path.read_text(encoding="utf-8") if not quoted else quoted[1].strip() == "^"
        )


def test_there_are_enough_of_them() -> None:
    """The corpus is no sample: it has well over a hundred mistakes, numbered without a gap."""
    assert [path.name[:3] for path in BROKEN] == [f"{n:03}" for n in range(1, len(BROKEN) + 1)]
    assert len(BROKEN) > 150


def test_one_mistake_is_told_once() -> None:
    """No broken file of one mistake buries it: nearly all say one thing, none more than two."""
    counts = [len(problems(path)) for path in BROKEN]
    assert max(counts) <= 2
    assert sum(count == 1 for count in counts) > 0.95 * len(counts)
