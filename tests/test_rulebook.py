"""The rulebook of a folder."""

import os
from pathlib import Path

import pytest

from bridge.core.rules.parser import Vocabulary
from bridge.errors import BadInput
from bridge.rulebook import RulebookLoader, compile_sources, load

WORDS = Vocabulary(operations={"bond.restart": ("bond",)}, channels={"noc": 1})


def rule(name: str, when: str = "leg.up") -> str:
    """The text of a rule."""
    return f"- {{id: {name}, when: {when}, do: [{{notify: {{to: noc, title: t}}}}]}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two good files, and things that are no rule files."""
    here = tmp_path / "rules"
    here.mkdir()
    (here / "b.yaml").write_text(rule("two"))
    (here / "a.yaml").write_text(rule("one") + rule("three"))
    (here / "README.md").write_text("- not a rule")
    return here


def ids(book: object) -> list[str]:
    """The rules of a book by id."""
    return [each.id for each in book.rules]


def write(path: Path, text: str) -> None:
    """Write a file so that its change can be seen, however coarse the file system's clock is."""
    path.write_text(text)
    path.touch()
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + write_count()))


def write_count(counter: list[int] = [0]) -> int:  # noqa: B006
    """A second later each time."""
    counter[0] += 1
    return counter[0] * 1_000_000_000


def test_all_files_are_one_book(folder: Path) -> None:
    """Files are taken in the order of their names, rules in the order they stand in; other files
    are left alone.
    """
    book = load([folder], WORDS)
    assert ids(book) == ["one", "three", "two"]
    assert list(book.sources) == ["rules/a.yaml", "rules/b.yaml"]
    assert (book.rule("two").id, book.rule("nobody")) == ("two", None)


def test_the_hash_is_of_the_texts(folder: Path) -> None:
    """The same files have the same hash wherever they lie; any change of name or text gives
    another.
    """
    one = load([folder], WORDS)
    assert compile_sources(one.sources, WORDS).hash == one.hash
    assert compile_sources(dict(reversed(one.sources.items())), WORDS).hash == one.hash
    renamed = {name.replace("a.", "c."): text for name, text in one.sources.items()}
    longer = {**one.sources, "rules/a.yaml": one.sources["rules/a.yaml"] + "# a word\n"}
    assert (
        len({one.hash, compile_sources(renamed, WORDS).hash, compile_sources(longer, WORDS).hash})
        == 3
    )


def test_several_folders_are_one_book(folder: Path, tmp_path: Path) -> None:
    """Rules of one's own stand beside those that ship; two files that would have one name are a
    problem.
    """
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.yaml").write_text(rule("own"))
    assert ids(load([folder, mine], WORDS)) == ["own", "one", "three", "two"]
    other = tmp_path / "elsewhere" / "rules"
    other.mkdir(parents=True)
    (other / "a.yaml").write_text(rule("hidden"))
    with pytest.raises(BadInput, match=r"another file is called rules/a\.yaml too"):
        load([folder, other], WORDS)
    with pytest.raises(BadInput) as caught:
        load([folder, tmp_path / "x", tmp_path / "y"], WORDS)
    assert [Path(each.where).name for each in caught.value.problems] == ["x", "y"]


def test_an_empty_folder_is_a_book_without_rules(tmp_path: Path) -> None:
    """Nothing to do is not an error."""
    assert load([tmp_path], WORDS).rules == ()


def test_all_problems_of_all_files_are_told(folder: Path) -> None:
    """Broken YAML in one file and a wrong word in another are both there, each with its file and
    line.
    """
    write(folder / "a.yaml", "- id: [")
    write(folder / "b.yaml", "\n" + rule("two", "leg.upp"))
    with pytest.raises(BadInput) as caught:
        load([folder], WORDS)
    assert [(each.where, each.line) for each in caught.value.problems] == [
        ("rules/a.yaml", 1),
        ("rules/b.yaml", 2),
    ]


def test_an_id_is_taken_once(folder: Path) -> None:
    """The same id in two files or twice in one is told at the second, naming the first."""
    write(folder / "c.yaml", rule("new") + rule("one"))
    write(folder / "d.yaml", rule("dup") + rule("dup"))
    with pytest.raises(BadInput) as caught:
        load([folder], WORDS)
    assert [(each.where, each.line, each.key) for each in caught.value.problems] == [
        ("rules/c.yaml", 2, "1.id"),
        ("rules/d.yaml", 2, "1.id"),
    ]
    assert "'one' is taken by a rule in rules/a.yaml" in caught.value.problems[0].what


def test_a_command_is_taken_once(folder: Path) -> None:
    """Two rules for one command, in whatever files, are told at the second, naming the first."""
    said = "- id: {}\n  when: {{chat: {{command: greet}}}}\n  do: [{{reply: {{text: hello}}}}]\n"
    write(folder / "c.yaml", said.format("first"))
    write(folder / "d.yaml", said.format("second"))
    with pytest.raises(BadInput) as caught:
        load([folder], WORDS)
    (problem,) = caught.value.problems
    assert (problem.where, problem.line, problem.key) == ("rules/d.yaml", 2, "0.when.chat.command")
    assert "the command 'greet' is taken by the rule first" in problem.what


def test_what_cannot_be_read_hides_nothing_of_the_other_files(folder: Path) -> None:
    """All that is wrong is told at once."""
    (folder / "x.yaml").write_bytes(b"\xff\xfe")
    (folder / "y.yaml").write_text("- id: y", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load([folder], WORDS)
    assert {problem.where.rpartition("/")[2] for problem in caught.value.problems} == {
        "x.yaml",
        "y.yaml",
    }


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda here: (here / "x.yaml").write_bytes(b"\xff\xfe"), "is not UTF-8 text"),
        (lambda here: (here / "x.yaml").mkdir(), "cannot be read: Is a directory"),
        (
            lambda here: (here / "x.yaml").symlink_to(here / "nowhere"),
            "cannot be read: No such file",
        ),
        (lambda here: (here / "x.yaml").write_text("when: leg.down"), "id: field required"),
    ],
    ids=["bytes", "folder", "dangling", "no rule"],
)
def test_a_file_that_cannot_be_read_is_a_problem(folder: Path, spoil: object, says: str) -> None:
    """What looks like a rule file and is none is told, not left out."""
    spoil(folder)
    with pytest.raises(BadInput, match=says):
        load([folder], WORDS)


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    """A wrong folder, or a file in its place, is told with what to set."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(BadInput, match="no such folder of rules"):
            load([path], WORDS)


def test_a_good_edit_is_taken_and_no_edit_reads_nothing(folder: Path) -> None:
    """A changed, added or removed file makes a new book; without a change it is the very same
    one.
    """
    keeper = RulebookLoader([folder], WORDS)
    first = keeper.current()
    assert keeper.current() is first
    write(folder / "b.yaml", rule("four"))
    assert ids(keeper.current()) == ["one", "three", "four"]
    write(folder / "c.yaml", rule("five"))
    assert ids(keeper.current()) == ["one", "three", "four", "five"]
    (folder / "a.yaml").unlink()
    assert ids(keeper.current()) == ["four", "five"]
    assert keeper.rejected is None


def test_a_bad_edit_keeps_the_last_good_book(folder: Path) -> None:
    """Broken files are told and change nothing, however often they are looked at, until they are
    mended.
    """
    keeper = RulebookLoader([folder], WORDS)
    good = keeper.current()
    write(folder / "b.yaml", "- id: [")
    assert keeper.current() is good
    assert "not YAML" in str(keeper.rejected)
    rejected = keeper.rejected
    assert keeper.current() is good
    assert keeper.rejected is rejected
    write(folder / "b.yaml", rule("two", "leg.upp"))
    assert keeper.current() is good
    assert "leg.upp" in str(keeper.rejected)
    write(folder / "b.yaml", rule("six"))
    assert ids(keeper.current()) == ["one", "three", "six"]
    assert keeper.rejected is None


def test_going_back_to_the_good_text_ends_the_rejection(folder: Path) -> None:
    """The old text again is the old book again."""
    keeper = RulebookLoader([folder], WORDS)
    good = keeper.current()
    write(folder / "b.yaml", "- id: [")
    keeper.current()
    write(folder / "b.yaml", rule("two"))
    assert (keeper.current().hash, keeper.rejected) == (good.hash, None)


def test_a_new_process_goes_on_with_what_was_remembered(folder: Path) -> None:
    """A start on bad files uses the last good ones, says what is wrong with these, and takes them
    once they are mended.
    """
    remembered = load([folder], WORDS).sources
    write(folder / "b.yaml", "- id: [")
    keeper = RulebookLoader([folder], WORDS)
    assert ids(keeper.current(lambda: remembered)) == ["one", "three", "two"]
    assert "not YAML" in str(keeper.rejected)
    write(folder / "b.yaml", rule("seven"))
    assert ids(keeper.current(lambda: remembered)) == ["one", "three", "seven"]


def test_a_folder_that_vanishes_keeps_the_book(folder: Path) -> None:
    """A folder that is away for a moment is a bad edit like any other."""
    keeper = RulebookLoader([folder], WORDS)
    good = keeper.current()
    folder.rename(folder.with_name("away"))
    assert keeper.current() is good
    assert "no such folder" in str(keeper.rejected)
    folder.with_name("away").rename(folder)
    assert (keeper.current().hash, keeper.rejected) == (good.hash, None)


def test_a_first_start_on_bad_files_fails_each_time(folder: Path) -> None:
    """Where there was never a good book there is none, now and when asked again."""
    write(folder / "b.yaml", "- id: [")
    keeper = RulebookLoader([folder], WORDS)
    for _ in range(2):
        with pytest.raises(BadInput, match="not YAML"):
            keeper.current()


def test_remembered_files_that_fit_no_more_do_not_start(folder: Path) -> None:
    """If neither the files nor the remembered ones can be used under these settings, the start says
    so.
    """
    write(folder / "b.yaml", "- id: [")
    with pytest.raises(BadInput):
        RulebookLoader([folder], WORDS).current(lambda: {"rules/old.yaml": rule("old", "leg.upp")})


def test_a_file_of_comments_has_no_rules(folder: Path) -> None:
    """A rule is switched off by commenting it out: the others are read all the same."""
    (folder / "off.yaml").write_text("# - id: off\n#   when: leg.down\n", encoding="utf-8")
    assert "off" not in ids(load([folder], WORDS))
