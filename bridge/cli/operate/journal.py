"""`bondbridge events` and `bondbridge jobs`: the journal in the terminal."""

import time
from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Any

import typer
from rich.text import Text

from bridge import wiring
from bridge.cli.bridge_context import AsJson, Config, bridge_of
from bridge.cli.operate.actor import actor, place
from bridge.cli.output import as_json, as_json_line, clock, console, table
from bridge.core.job_summary import asks
from bridge.core.model import OPEN, JobState
from bridge.core.rules.parser import nearest
from bridge.errors import BadInput, Problem
from bridge.store.views import journal
from bridge.store.views.journal import Window
from bridge.web import serializers
from bridge.web.pages import phrases

Limit = Annotated[int, typer.Option(help="At most so many.", min=1, max=journal.MOST)]
jobs = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


class JobOutcome(StrEnum):
    """What a person can say about a job in doubt."""

    DONE = "done"
    FAILED = "failed"
    AGAIN = "again"


def events(
    event: Annotated[
        str, typer.Argument(help="An event's id, or its beginning: tells its story.")
    ] = "",
    given: Config = None,
    like: Annotated[
        str, typer.Option("--type", help="Only this type, or a glob such as leg.*")
    ] = "",
    limit: Limit = 30,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what happens from now, until Ctrl-C.")
    ] = False,
    json_output: AsJson = False,
) -> None:
    """What happened, in the order it was recorded; or one event's story: why something was done, or
    was not.

    Examples: bondbridge events --type 'leg.*' · bondbridge events 3f9a2c · bondbridge events
    --follow --json
    """
    with bridge_of(given) as bridge:
        if event:
            _story(bridge, _whole_id(bridge, "events", event), json_output=json_output)
            return
        check_type(bridge, "events", like)
        with bridge.database.reading() as connection:
            rows = journal.list_events(connection, Window(limit), like or None).rows[::-1]
        if json_output and not follow:
            as_json([{**row, "headline": serializers.told(row)} for row in rows])
            return
        print_events(rows, json_output=json_output)
        if follow:
            _follow(bridge, like, rows[-1]["seq"] if rows else 0, json_output=json_output)


@jobs.callback()
def list_jobs(
    context: typer.Context,
    given: Config = None,
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    limit: Limit = 30,
    json_output: AsJson = False,
) -> None:
    """Jobs, newest first.

    Example: bondbridge jobs --state in_doubt
    """
    context.obj = given
    if context.invoked_subcommand:
        return
    with bridge_of(given) as bridge, bridge.database.reading() as connection:
        rows = journal.list_jobs(connection, Window(limit), state).rows
    if json_output:
        as_json(rows)
        return
    shown = [
        (
            row["id"],
            row["state"],
            row["rule"],
            asks(row["action"], row["request"]),
            row["attempts"],
            clock(row["due_at"]),
        )
        for row in rows
    ]
    table(("job", "state", "rule", "asks", "attempts", "due"), shown)


@jobs.command()
def settle(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="The job's id, or its beginning.")],
    answer: Annotated[
        JobOutcome,
        typer.Argument(
            help="done: it took effect · failed: it did not, let it be · again: try it again"
        ),
    ],
    given: Config = None,
) -> None:
    """Say what became of a job in doubt.

    Example: bondbridge jobs settle 7c41d0 done
    """
    with bridge_of(given or context.obj) as bridge:
        whole = _whole_id(bridge, "jobs", job)
        if not bridge.deliverer.answer(whole, answer, who=actor(), place=place()):
            raise BadInput(
                [
                    Problem(
                        "jobs", f"{whole} is not in doubt", "see `bondbridge jobs --state in_doubt`"
                    )
                ]
            )
    print(f"{whole}: {answer}")


def _whole_id(bridge: wiring.Bridge, name: str, beginning: str) -> str:
    with bridge.database.reading() as connection:
        found = journal.find(connection, name, beginning)
    if len(found) != 1:
        if not found:
            what = f"no id begins with {beginning!r}"
        else:
            what = f"several ids begin with {beginning!r}"
        raise BadInput(
            [Problem(name, what, f"see `bondbridge {name}`" if not found else "give more of it")]
        )
    return found[0]


def check_type(bridge: wiring.Bridge, command: str, like: str) -> None:
    """Raises BadInput for a type, or a glob, of events that there never were and that there cannot
    be.
    """
    known = wiring.vocabulary(bridge.settings).event_types
    if not like or any(fnmatchcase(name, like) for name in known):
        return
    with (
        bridge.database.reading() as connection
    ):  # of a webhook that the settings have no longer, say
        if journal.list_events(connection, Window(1), like).rows:
            return
    mend = nearest(like, known) or "docs/events.md lists them; a glob is such as 'leg.*'"
    raise BadInput([Problem(command, f"no event is called {like!r}", mend)])


def print_events(rows: Any, *, json_output: bool) -> None:
    """One line each: when, which, what."""
    for row in rows:
        if json_output:
            as_json_line(row)
        else:
            line = Text.assemble(
                (clock(row["time"]), "dim"), "  ", (row["id"], "cyan"), "  ", serializers.told(row)
            )
            console.print(line, soft_wrap=True)


def _follow(bridge: wiring.Bridge, like: str, after: int, *, json_output: bool) -> None:
    while True:
        with bridge.database.reading() as connection:
            rows = journal.list_events(connection, Window(after=after), like or None).rows
        print_events(rows, json_output=json_output)
        if rows:
            after = rows[-1]["seq"]
        if not rows:
            time.sleep(0.5)


def _story(bridge: wiring.Bridge, event: str, *, json_output: bool) -> None:
    with bridge.database.reading() as connection:
        told = journal.story(connection, event)
    if json_output or told is None:
        as_json(told)
        return
    console.print(Text(serializers.told(told), "bold"), soft_wrap=True)
    console.print(
        Text(
            f"{told['type']} · {told['server']} · {told['subject']} · {told['time'].isoformat()}",
            "dim",
        ),
        soft_wrap=True,
    )
    for each in told["tellings"]:
        console.print(Text(_telling(each)), soft_wrap=True)
    if not told["decisions"]:
        console.print("not decided yet" if not told["decided"] else "no rule listens to this event")
    for decision in told["decisions"]:
        _print_decision(decision)


def _telling(each: Mapping[str, Any]) -> str:
    if each["acked_by"]:
        has = f", {each['acked_by']} acknowledged it at {clock(each['acked_at'])}"
    else:
        has = ""
    if each["ended_at"]:
        over = f", over at {clock(each['ended_at'])}"
    else:
        over = ""
    return f"told at {each['address']} at {clock(each['told_at'])}{has}{over}"


def _print_decision(decision: Mapping[str, Any]) -> None:
    verdict = decision["ruling"] + (f" ({decision['reason']})" if decision["reason"] else "")
    console.print(
        Text.assemble(
            "\nrule ", (decision["rule"], "bold"), ": ", (verdict, "bold"), "  ", decision["detail"]
        ),
        soft_wrap=True,
    )
    for traced in decision["trace"]:
        console.print(
            Text(f"  {traced['step']}: {traced['says']} · {traced['about']}", "dim"), soft_wrap=True
        )
    for job in decision["jobs"]:
        console.print(
            Text(f"  job {job['id']}: {asks(job['action'], job['request'])} → {job['state']}"),
            soft_wrap=True,
        )
        for judged in decision["verdicts"]:
            if judged["job"] == job["id"] and judged["reason"]:
                why = (
                    f"    {clock(judged['at'])} {judged['ruling']} ({judged['reason']}) "
                    f" {judged['detail']}"
                )
                console.print(Text(why), soft_wrap=True)
        for tried in job["tried"]:
            outcome = tried["outcome"] or "on its way"
            console.print(
                Text(
                    f"    {clock(tried['began_at'])} {tried['what']}: {outcome} "
                    f" {tried['detail'] or ''}"
                ),
                soft_wrap=True,
            )
        if job["state"] in OPEN:
            judged = [each for each in decision["verdicts"] if each["job"] == job["id"]]
            console.print(Text(f"    {phrases.standing(job, judged)}"), soft_wrap=True)
        if job["state"] == JobState.IN_DOUBT:
            hint = (
                f"    in doubt: find out, then say  bondbridge jobs settle {job['id']}"
                " done|failed|again"
            )
            console.print(Text(hint, "bold red"), soft_wrap=True)
