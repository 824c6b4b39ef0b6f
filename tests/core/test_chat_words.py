"""A typed line: its words, which command it is, what it names."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.chat import arguments, commands, tokenizer, views
from bridge.core.chat.commands import BUILT_IN, Command
from bridge.core.chat.inventory import Inventory
from bridge.core.chat.name_resolution import InventoryObject, UnknownObject, find
from bridge.core.chat.roles import Role


def thing(
    identifier: int, name: str, within: str | None = None, kind: str = "bond", **body: object
) -> InventoryObject:
    """One object."""
    return InventoryObject(kind, str(identifier), name, "acme", {"id": identifier, **body}, within)


BONDS = [
    thing(1, "vancouver-hq"),
    thing(2, "Vancouver HQ"),
    thing(3, "hq"),
    thing(12, "Zürich"),
    thing(44, "12"),
    thing(5, ""),
]
LEGS = [
    thing(7, "dsl", "hq", "leg", bond=3),
    thing(8, "lte", "hq", "leg", bond=3),
    thing(9, "dsl", "vancouver-hq", "leg", bond=1),
    thing(10, "cable/2", "vancouver-hq", "leg", bond=1),
]
FLEET = Inventory(BONDS, LEGS, [InventoryObject("space", "acme", "Acme", "acme", {"key": "acme"})])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", []),
        ("  restart   hq ", ["restart", "hq"]),
        ('restart "north office"', ["restart", "north office"]),
        ("restart 'north office' now", ["restart", "north office", "now"]),
        ("restart “north office”", ["restart", "north office"]),
        ("restart „Büro Nord“", ["restart", "Büro Nord"]),
        ("restart «nord ouest»", ["restart", "nord ouest"]),
        ("restart ‘north office’", ["restart", "north office"]),  # noqa: RUF001
        ("restart o'brien", ["restart", "o'brien"]),
        ('say "a \\"b\\" c"', ["say", 'a "b" c']),
        ('""', [""]),
        ("a\u00a0b\tc", ["a", "b", "c"]),
    ],
)
def test_a_line_is_its_words(text: str, said: list[str]) -> None:
    """Words are apart by any space; quotes of every make hold them together, and are none inside a
    word.
    """
    assert tokenizer.split(text) == said


@pytest.mark.parametrize("text", ['restart "hq', "restart 'hq", "a “b", "x" * 1001])
def test_what_cannot_be_split_says_so(text: str) -> None:
    """A quote that is never closed and a line that is too long are told."""
    with pytest.raises(ValueError, match=r"never closed|too long"):
        tokenizer.split(text)


@given(st.lists(st.text(max_size=20), max_size=8))
def test_whatever_is_quoted_comes_back(said: list[str]) -> None:
    """Any words that are quoted and put on one line are the same words again."""
    assert tokenizer.split(" ".join(map(tokenizer.quoted, said))) == said


@given(st.text(max_size=60))
def test_nothing_that_is_said_steers_what_shows_it(text: str) -> None:
    """One line of a log stays one line, and no terminal is written to; what can be read stays as it
    is.
    """
    cleaned = tokenizer.plain(text)
    assert len(cleaned) == len(text)
    assert len(cleaned.splitlines()) <= 1
    assert not {"\x1b", "\0", "\u202e"} & set(cleaned)
    assert tokenizer.plain("Büro Nord, 10 €") == "Büro Nord, 10 €"


@given(st.text(max_size=300))
def test_any_text_has_words_or_a_reason(text: str) -> None:
    """Nothing that can be typed does more than say why it is no line."""
    with suppress(ValueError):
        assert all(isinstance(word, str) for word in tokenizer.split(text))


def test_a_command_of_two_words_goes_before_one_of_one() -> None:
    """`legs down` is one command, whatever its case; a command of a rule is found beside it."""
    known = {**BUILT_IN, "legs": Command("legs", (), Role.VIEWER, "")}
    found = [commands.found(said, known) for said in (["Legs", "DOWN"], ["legs", "up"], ["help"])]
    assert [each[0].name for each in found if each] == ["legs down", "legs", "help"]
    assert commands.found(["restart"], known) is None
    assert commands.near(["legs", "donw"], known) == "did you mean 'legs down'?"
    assert commands.near(["xyzzy"], known) == ""


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("1", 1),
        ("vancouver-hq", 1),
        ("Vancouver HQ", 2),
        ("VANCOUVER hq", 2),
        ("HQ", 3),  # the whole name goes before a part of another
        ("zür", 12),
        ("ÜRI", 12),
        ("12", 12),  # an id goes before a name
        ("5", 5),
    ],
)
def test_a_name_means_one_object(word: str, meant: int) -> None:
    """By its id, its name in any case, the beginning of it or a part, as long as it is one."""
    assert find("bond", word, BONDS).id == str(meant)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("vanc", "several bonds are called like 'vanc': vancouver-hq (1), Vancouver HQ (2)"),
        ("vancuver-hq", "no bond 'vancuver-hq', did you mean 'vancouver-hq'?"),
        ("calgary", "no bond 'calgary'"),
        ("", "no bond ''"),
        ("99", "no bond '99'"),
    ],
)
def test_what_means_none_or_several_is_told(word: str, told: str) -> None:
    """With the nearest name there is, or with those that it may be."""
    with pytest.raises(UnknownObject) as caught:
        find("bond", word, BONDS)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("hq/dsl", 7),
        ("hq/l", 8),
        ("lte", 8),
        ("vanc/dsl", 9),
        ("vancouver-hq/cable/2", 10),
        ("cable", 10),
        ("9", 9),
    ],
)
def test_a_leg_goes_by_its_bond_too(word: str, meant: int) -> None:
    """`hq/dsl`, its own name where no other leg has it, or its id."""
    assert find("leg", word, LEGS).id == str(meant)


def test_a_sign_that_a_platform_wrote_otherwise_is_that_sign() -> None:
    """`A&amp;B` is the bond A&B, unless one is really called so."""
    assert find("bond", "a&amp;b", [thing(1, "A&B"), thing(2, "AB")]).id == "1"
    assert find("bond", "A&amp;B", [thing(1, "A&amp;B")]).id == "1"


def test_two_legs_of_one_name_are_told() -> None:
    """With the bonds by which they are told apart."""
    with pytest.raises(
        UnknownObject,
        match=r"several legs are called like 'dsl': hq/dsl \(7\), vancouver-hq/dsl \(9\)",
    ):
        find("leg", "dsl", LEGS)


@given(
    st.text(max_size=12), st.lists(st.tuples(st.integers(0, 30), st.text(max_size=8)), max_size=8)
)
def test_finding_names_nothing_that_is_not_there(word: str, known: list[tuple[int, str]]) -> None:
    """Any word means one of the things there are, or is told to mean none."""
    things = [thing(number, name) for number, name in dict(known).items()]
    with suppress(UnknownObject):
        assert find("bond", word, things) in things


MODE = Command("mode", ("leg", "active|idle"), Role.ADMIN, "", "chat-mode")
NOTE = Command("note", ("bond", "text"), Role.VIEWER, "", "note")
RESTART = Command("restart", ("bond",), Role.OPERATOR, "", "chat-restart")


@pytest.mark.parametrize(
    ("command", "said", "args"),
    [
        (MODE, ["hq/dsl", "IDLE"], ("hq/dsl", "idle")),
        (NOTE, ["hq", "all", "is", "well"], ("hq", "all is well")),
        (NOTE, ["hq"], ("hq", "")),
        (RESTART, ["Vancouver", "HQ"], ("Vancouver HQ",)),
        (Command("all", (), Role.VIEWER, "", "all"), [], ()),
    ],
)
def test_what_a_command_takes(command: Command, said: list[str], args: tuple[str, ...]) -> None:
    """Objects by their proper names, choices as they are written in the rule, the rest as it was
    said.
    """
    assert arguments.understood(command, said, FLEET).args == args


@pytest.mark.parametrize(
    ("command", "said", "told"),
    [
        (MODE, ["hq/dsl"], "mode takes: mode LEG active|idle"),
        (MODE, ["hq/dsl", "idel"], "'idel' is none of active, idle, did you mean 'idle'?"),
        (MODE, ["hq/dsl", "idle", "now"], "'now' is too much"),
        (RESTART, [], "restart takes: restart BOND"),
        (
            Command("accept", ("tuning",), Role.OPERATOR, "", "accept"),
            ["hq"],
            "no tuning of hq recommends anything",
        ),
    ],
)
def test_what_a_command_does_not_take(command: Command, said: list[str], told: str) -> None:
    """Each mistake is told with what would be right."""
    with pytest.raises(UnknownObject) as caught:
        arguments.understood(command, said, FLEET)
    assert str(caught.value).startswith(told)


def test_long_lists_are_cut_with_a_count() -> None:
    """Of many legs that are down twenty are named, and how many more there are."""
    legs = [
        InventoryObject("leg", str(n), f"leg{n:02}", "acme", {"standing": "down", "state": "down"})
        for n in range(30)
    ]
    told = views.legs_down(Inventory(legs=legs))
    assert told.text == "30 of 30 legs are down or degraded"
    assert (len(told.lines), told.lines[-1]) == (21, "… and 10 more")
