"""`bondbridge rules`: check them, run their examples, try them on an event. Nothing is called."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from bridge import config, wiring
from bridge.cli.bridge_context import AsJson, Config, bridge_of, loaded
from bridge.cli.operate.actor import actor, place
from bridge.cli.output import as_json, console
from bridge.cli.rules import backtest, explain
from bridge.core.backtesting import junit, rule_examples
from bridge.core.backtesting.rulebook_diff import compare
from bridge.core.model import Decision, Event
from bridge.core.rules.json_schema import schema_of
from bridge.core.rules.lint_conflicts import contradictions
from bridge.core.rules.lint_muted_channels import unheard
from bridge.core.rules.models.rule import GivenModel
from bridge.core.rules.parser import Vocabulary, nearest
from bridge.errors import BadInput, Problem
from bridge.rulebook import Rulebook, compile_sources, load
from bridge.store import rulebooks
from bridge.store.observations.events import event_of
from bridge.store.views import journal

app = typer.Typer(
    help="Check rules, run their examples, try them on an event. Nothing is called.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command()(backtest.backtest)
app.command()(explain.explain)
Folder = Annotated[
    Path | None, typer.Argument(help="Folder of rules; default: those of the settings.")
]


@app.command()
def check(folder: Folder = None, given: Config = None) -> None:
    """Read every rule file and say everything that is wrong, each at its line; exit code 2 if
    anything is.

    Live rules that can want opposite things of one object are named: that is no error, but a
    `priority` settles it. So is what rules tell a channel that takes only what is worse, and what
    is odd, such as a text that can never be written.

    Example: bondbridge rules check
    """
    settings = loaded(given)
    book, _ = _load(folder, settings)
    least = {name: channel.severity for name, channel in settings.channels.items()}
    notes = (str(problem) for rule in book.rules for problem in rule.notes)
    for line in (*notes, *contradictions(book.rules), *unheard(book.rules, least)):
        print(f"note: {line}")
    print(f"{len(book.rules)} rules in {len(book.sources)} files are good (rulebook {book.hash})")


@app.command("test")
def play(
    folder: Folder = None,
    given: Config = None,
    report: Annotated[
        Path | None, typer.Option("--junit", help="Write a JUnit XML report there.")
    ] = None,
) -> None:
    """Play every rule's own examples; exit code 1 if one does not get the verdict it promises.

    Examples: bondbridge rules test · bondbridge rules test --junit report.xml
    """
    book, vocabulary = _load(folder, loaded(given))
    played = {
        rule.id: [list(rule_examples.broken(rule, each, vocabulary)) for each in rule.examples]
        for rule in book.rules
    }
    for rule, cases in played.items():
        for number, lines in enumerate(cases, 1):
            for line in lines:
                print(f"{rule}, example {number}: {line}", file=sys.stderr)
    if report is not None:
        _write(report, junit.report(played))
    outcomes = [not lines for cases in played.values() for lines in cases]
    print(f"{sum(outcomes)} of {len(outcomes)} examples hold")
    raise typer.Exit(0 if all(outcomes) else 1)


@app.command()
def schema(
    given: Config = None,
    output: Annotated[Path | None, typer.Option(help="Write it there instead.")] = None,
) -> None:
    """The JSON Schema of a rule file, with the events, operations and channels there are; editors
    complete and check by it.

    Example: bondbridge rules schema --output rules.schema.json
    """
    text = json.dumps(schema_of(wiring.vocabulary(loaded(given))), indent=2, ensure_ascii=False)
    if output is None:
        print(text)
    else:
        _write(output, text + "\n")


@app.command()
def diff(
    before: Annotated[
        str,
        typer.Argument(
            help="A rulebook's hash, or its beginning; `now` for the files as they are."
        ),
    ],
    after: Annotated[str, typer.Argument(help="Likewise.")] = "now",
    given: Config = None,
    json_output: AsJson = False,
) -> None:
    """What changed between two rulebooks that were in use: rules that came, went, and changed. Exit
    code 1 if any did.

    Examples: bondbridge rules diff 3f9a2c · bondbridge rules diff 3f9a2c 7c41d0
    """
    with bridge_of(given) as bridge:
        found = compare(*(_book(bridge, name).rules for name in (before, after)))
    if json_output:
        as_json({"added": found.added, "removed": found.removed, "changed": found.changed})
    else:
        for word, names in (("added", found.added), ("removed", found.removed)):
            for name in names:
                print(f"{word}: {name}")
        for name, lines in found.changed.items():
            print("\n".join((f"changed: {name}", *lines)))
        if not (found.added or found.removed or found.changed):
            print("the same rules")
    raise typer.Exit(1 if found.added or found.removed or found.changed else 0)


@app.command("try")
def try_event(
    event: Annotated[
        str, typer.Argument(help="An event's id from the journal, or an event type with --data.")
    ],
    data: Annotated[
        str, typer.Option(help="Data of a made-up event, as JSON; what is left out is null.")
    ] = "{}",
    folder: Annotated[
        Path | None, typer.Option(help="Other rules than those of the settings.")
    ] = None,
    given: Config = None,
    json_output: AsJson = False,
) -> None:
    """What each rule would say to an event, with every condition and guard. Nothing is called,
    nothing is recorded.

    Examples: bondbridge rules try 3f9a2c · bondbridge rules try leg.down --data '{"bond": {"space":
    {"key": "lab"}}}'
    """
    with bridge_of(given) as bridge:
        vocabulary = wiring.vocabulary(bridge.settings)
        book = load([folder] if folder else bridge.settings.rules, vocabulary)
        if event in vocabulary.event_types:
            found = _imagined(event, data, vocabulary)
        else:
            found = _recorded(bridge, event)
        if event not in vocabulary.event_types:
            now = max(bridge.now(), found.time)
        else:
            now = found.time
        made = bridge.decider.tried(book, found, now)
    if json_output:
        as_json(
            [
                {"rule": each.rule, "verdict": str(each.verdict), "trace": each.trace}
                for each in made
            ]
        )
        return
    if not made:
        print(f"no rule listens to {found.type}")
    for each in made:
        _print(each)


@app.command()
def resume(
    rule: Annotated[str, typer.Argument(help="The rule's id.")],
    given: Config = None,
) -> None:
    """Switch a rule on again that its breaker has switched off, on every server.

    Example: bondbridge rules resume bring-home
    """
    with bridge_of(given) as bridge:
        count = bridge.steering.switch_on(rule, actor(), place())
    print(
        f"{rule} acts again on {count} server{'s' if count > 1 else ''}; its failures count anew"
        " from now"
    )


def _book(bridge: wiring.Bridge, name: str) -> Rulebook:
    """A remembered rulebook, or that of the files. Raises BadInput."""
    if name == "now":
        return load(bridge.settings.rules, bridge.keeper.vocabulary)
    with bridge.database.reading() as connection:
        rows = rulebooks.find(connection, name)
        newest = ", ".join(row["hash"][:12] for row in (rows or rulebooks.find(connection, ""))[:5])
    if len(rows) != 1:
        what = (
            f"{'several' if rows else 'no'} remembered rulebooks have a hash that begins with"
            f" {name!r}"
        )
        raise BadInput([Problem("rules diff", what, newest and f"such as {newest}")])
    return compile_sources(rows[0]["sources"], bridge.keeper.vocabulary)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput([Problem(str(path), f"cannot be written: {error.strerror}")]) from error


def _load(folder: Path | None, settings: config.Settings) -> tuple[Rulebook, Vocabulary]:
    vocabulary = wiring.vocabulary(settings)
    return load([folder] if folder else settings.rules, vocabulary), vocabulary


def _imagined(name: str, data: str, vocabulary: Vocabulary) -> Event:
    try:
        given: Any = json.loads(data)
    except ValueError as error:
        raise BadInput(
            [Problem("--data", f"not JSON: {error}", """write it as '{"leg": {"id": 3}}'""")]
        ) from error
    if not isinstance(given, dict):
        raise BadInput([Problem("--data", "must be a JSON object")])
    return rule_examples.imagine(GivenModel(type=name, data=given), vocabulary, "made-up")


def _recorded(bridge: wiring.Bridge, beginning: str) -> Event:
    with bridge.database.reading() as connection:
        ids = journal.find(connection, "events", beginning)
        if len(ids) == 1:
            told = journal.story(connection, ids[0])
        else:
            told = None
    if told is None:
        mend = (
            nearest(beginning, wiring.vocabulary(bridge.settings).event_types)
            or "see `bondbridge events`"
        )
        raise BadInput(
            [
                Problem(
                    "rules try",
                    f"{beginning!r} is neither one event in the journal nor an event type",
                    mend,
                )
            ]
        )
    return event_of(told)


def _print(made: Decision) -> None:
    console.print(
        Text.assemble(
            (made.rule, "bold"), ": ", (str(made.verdict), "bold"), "  ", made.verdict.detail
        ),
        soft_wrap=True,
    )
    for traced in made.trace:
        console.print(
            Text(f"  {traced['step']}: {traced['says']} · {traced['about']}", "dim"), soft_wrap=True
        )
