"""`bondbridge rules`: check them, run their examples, try them on an event. Nothing is called."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from bridge import config, wiring
from bridge.cli.output import as_json, console
from bridge.cli.settings import AsJson, Config, bridge_of, chosen
from bridge.core import examples, match
from bridge.core.model import Decision, Event
from bridge.core.rule_file import GivenModel
from bridge.core.rules import Vocabulary, nearest
from bridge.errors import BadInput, Problem
from bridge.rulebook import Rulebook, load
from bridge.store import decisions, journal
from bridge.store.events import event_of

app = typer.Typer(help="Check rules, run their examples, try them on an event. Nothing is called.", no_args_is_help=True)
Folder = Annotated[Path | None, typer.Argument(help="Folder of rules; default: those of the settings.")]


@app.command()
def check(folder: Folder = None, given: Config = None) -> None:
    """Read every rule file and say everything that is wrong, each at its line; exit code 2 if anything is.

    Example: bondbridge rules check
    """
    book, _ = _load(folder, given)
    print(f"{len(book.rules)} rules in {len(book.sources)} files are good (rulebook {book.hash})")


@app.command("test")
def play(folder: Folder = None, given: Config = None) -> None:
    """Play every rule's own examples; exit code 1 if one does not get the verdict it promises.

    Example: bondbridge rules test
    """
    book, vocabulary = _load(folder, given)
    failed = [line for rule in book.rules for line in examples.failures(rule, vocabulary)]
    for line in failed:
        print(line, file=sys.stderr)
    count = sum(len(rule.examples) for rule in book.rules)
    print(f"{count - len(failed)} of {count} examples hold")
    raise typer.Exit(1 if failed else 0)


@app.command("try")
def try_event(
    event: Annotated[str, typer.Argument(help="An event's id from the journal, or an event type with --data.")],
    data: Annotated[str, typer.Option(help="Data of a made-up event, as JSON; what is left out is null.")] = "{}",
    folder: Annotated[Path | None, typer.Option(help="Other rules than those of the settings.")] = None,
    given: Config = None,
    json_output: AsJson = False,
) -> None:
    """What each rule would say to an event, with every condition and guard. Nothing is called, nothing is recorded.

    Examples: bondbridge rules try 3f9a2c · bondbridge rules try leg.down --data '{"bond": {"space": {"key": "lab"}}}'
    """
    with bridge_of(given) as bridge:
        vocabulary = wiring.vocabulary(bridge.settings)
        book = load([folder] if folder else bridge.settings.rules, vocabulary)
        found = _imagined(event, data, vocabulary) if event in vocabulary.event_types else _recorded(bridge, event)
        now = max(bridge.now(), found.time) if event not in vocabulary.event_types else found.time
        with bridge.database.reading() as connection:
            held = decisions.held(connection, match.cooldown_keys(book.rules, found, now))
    made = match.decide(book.rules, [found], match.Situation(book.hash, now, held))
    if json_output:
        as_json([{"rule": each.rule, "verdict": str(each.verdict), "trace": each.trace} for each in made])
        return
    if not made:
        print(f"no rule listens to {found.type}")
    for each in made:
        _print(each)


def _load(folder: Path | None, given: Path | None) -> tuple[Rulebook, Vocabulary]:
    settings = config.load(chosen(given))
    vocabulary = wiring.vocabulary(settings)
    return load([folder] if folder else settings.rules, vocabulary), vocabulary


def _imagined(name: str, data: str, vocabulary: Vocabulary) -> Event:
    try:
        given: Any = json.loads(data)
    except ValueError as error:
        raise BadInput([Problem("--data", f"not JSON: {error}", """write it as '{"leg": {"id": 3}}'""")]) from error
    if not isinstance(given, dict):
        raise BadInput([Problem("--data", "must be a JSON object")])
    return examples.imagine(GivenModel(type=name, data=given), vocabulary, "made-up")


def _recorded(bridge: wiring.Bridge, beginning: str) -> Event:
    with bridge.database.reading() as connection:
        ids = journal.find(connection, "events", beginning)
        told = journal.story(connection, ids[0]) if len(ids) == 1 else None
    if told is None:
        mend = nearest(beginning, wiring.vocabulary(bridge.settings).event_types) or "see `bondbridge events`"
        raise BadInput([Problem("rules try", f"{beginning!r} is neither one event in the journal nor an event type", mend)])
    return event_of(told)


def _print(made: Decision) -> None:
    console.print(
        Text.assemble((made.rule, "bold"), ": ", (str(made.verdict), "bold"), "  ", made.verdict.detail), soft_wrap=True
    )
    for traced in made.trace:
        console.print(Text(f"  {traced['step']}: {traced['says']} · {traced['about']}", "dim"), soft_wrap=True)
