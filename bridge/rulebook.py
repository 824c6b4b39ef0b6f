"""rules/*.yaml → one immutable rulebook with a hash. A bad edit keeps the last good one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bridge.core.backtesting.rule_examples import broken
from bridge.core.canonical_json import identity
from bridge.core.decisions.evaluate import listening
from bridge.core.rules.parser import Rule, Vocabulary, parse
from bridge.core.rules.rule import Chat
from bridge.core.yaml_document import Document, read
from bridge.errors import BadInput, Problem


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules, by the hash of their files. `sources`: each file's text by name. `listening`:
    rules by event type.
    """

    hash: str
    rules: tuple[Rule, ...]
    sources: Mapping[str, str]
    listening: Mapping[str, Sequence[Rule]] = field(default_factory=dict)

    def rule(self, identifier: str) -> Rule | None:
        """The rule of this id."""
        return next((rule for rule in self.rules if rule.id == identifier), None)


def load(folders: Sequence[Path], vocabulary: Vocabulary) -> Rulebook:
    """Read and check every file. Raises BadInput with every problem of all of them."""
    texts, unread = _texts(folders)
    return compile_sources(texts, vocabulary, unread)


def compile_sources(
    sources: Mapping[str, str], vocabulary: Vocabulary, unread: Sequence[Problem] = ()
) -> Rulebook:
    """The rulebook of these files; `unread`: what is wrong with others. Raises BadInput."""
    rules: list[Rule] = []
    problems = [*unread]
    documents: list[Document] = []
    for name, text in sorted(sources.items()):
        try:
            documents.append(read(text, name))
            found, wrong = parse(documents[-1], vocabulary)
        except BadInput as error:
            problems += error.problems
            continue
        rules += found
        problems += wrong
    problems += _twice(documents)
    problems += _said_twice(rules)
    if problems:
        raise BadInput(problems)
    return Rulebook(identity(dict(sources)), tuple(rules), dict(sources), listening(rules))


def proven(book: Rulebook, vocabulary: Vocabulary) -> Rulebook:
    """The same, if its examples hold. Raises BadInput: a rulebook that breaks its own promises is
    not put in use.
    """
    problems = [
        rule.source.problem((*rule.place, "examples", number), said, "mend the rule or its example")
        for rule in book.rules
        for number, example in enumerate(rule.examples)
        for said in broken(rule, example, vocabulary)
    ]
    if problems:
        raise BadInput(problems)
    return book


class RulebookLoader:
    """Keeps the rulebook of some folders: reads it again when a file changed, keeps the last good
    one when that is bad.
    """

    def __init__(self, folders: Sequence[Path], vocabulary: Vocabulary) -> None:
        self.folders = folders
        self.vocabulary = vocabulary
        self.rejected: BadInput | None = None
        self._kept: Rulebook | None = None
        self._signature: object = None

    def current(self, fallback: Callable[[], Mapping[str, str] | None] = lambda: None) -> Rulebook:
        """The newest good rulebook; `rejected` says what is wrong with the files, if anything.

        `fallback`: gives the files of the last good one, for a process that starts while the files
        are bad. Raises BadInput where there is no good one at all.
        """
        signature = _signature(self.folders)
        if self._kept is None or signature != self._signature:
            self._signature = signature
            try:
                self._kept = proven(load(self.folders, self.vocabulary), self.vocabulary)
                self.rejected = None
            except BadInput as error:
                self.rejected = error
                if self._kept is None:
                    last_good = fallback()
                    if last_good is None:
                        raise
                    self._kept = compile_sources(last_good, self.vocabulary)
        return self._kept


def _texts(folders: Sequence[Path]) -> tuple[Mapping[str, str], Sequence[Problem]]:
    texts: dict[str, str] = {}
    problems = [
        Problem(str(folder), "there is no such folder of rules", "set `rules` in the settings")
        for folder in folders
        if not folder.is_dir()
    ]
    for path in _files(folders):
        name = f"{path.parent.name}/{path.name}"
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            problems.append(Problem(str(path), f"cannot be read: {error.strerror}"))
        except UnicodeDecodeError:
            problems.append(Problem(str(path), "is not UTF-8 text", "save it as UTF-8"))
        else:
            if name in texts:
                problems.append(
                    Problem(str(path), f"another file is called {name} too", "rename one")
                )
            texts[name] = text
    return texts, problems


def _files(folders: Sequence[Path]) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.glob("*.yaml"))]


def _signature(folders: Sequence[Path]) -> object:
    """Changes whenever a rule file is added, edited or removed. Something that vanishes meanwhile
    counts as a change.
    """
    try:
        stats = [(path, path.stat()) for path in _files(folders)]
    except OSError:
        return object()
    return [(path, stat.st_mtime_ns, stat.st_size, stat.st_ino) for path, stat in stats]


def _said_twice(rules: Iterable[Rule]) -> list[Problem]:
    """Commands that two rules would take."""
    first: dict[str, Rule] = {}
    problems = []
    for rule in rules:
        if isinstance(rule.shape, Chat) and first.setdefault(rule.shape.command, rule) is not rule:
            what = (
                f"the command {rule.shape.command!r} is taken by the rule"
                f" {first[rule.shape.command].id}"
            )
            problems.append(
                rule.source.problem(
                    (*rule.place, "when", "chat", "command"), what, "give it another name"
                )
            )
    return problems


def _twice(documents: Iterable[Document]) -> list[Problem]:
    """Ids that stand there twice, in rules that are good and in those that are not."""
    first: dict[str, str] = {}
    problems = []
    for document in documents:
        many = isinstance(document.data, list)
        for number, data in enumerate(document.data if many else [document.data]):
            if isinstance(data, dict):
                identifier = data.get("id")
            else:
                identifier = None
            if not isinstance(identifier, str):
                continue
            if identifier in first:
                what = f"the id {identifier!r} is taken by a rule in {first[identifier]}"
                place = (number, "id") if many else ("id",)
                problems.append(document.problem(place, what, "every rule has an id of its own"))
            first.setdefault(identifier, document.name)
    return problems
