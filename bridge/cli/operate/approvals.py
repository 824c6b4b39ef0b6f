"""`bondbridge approvals` · `approve` · `deny`: what rules ask people, and the answers."""

import sys
from typing import Annotated

import typer

from bridge.cli.bridge_context import AsJson, Config, bridge_of
from bridge.cli.operate.actor import actor
from bridge.cli.output import as_json, clock, table
from bridge.core.model import Body
from bridge.pipeline.messages.question_jobs import settled
from bridge.store.decisions.approvals import ASKED, GRANTED

_SHOWN = 3

Question = Annotated[
    str, typer.Argument(help="The question's id, or its beginning: see `bondbridge approvals`.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not show the plan and ask first.")]


def approvals(
    given: Config = None,
    every: Annotated[bool, typer.Option("--all", help="Answered ones too, newest first.")] = False,
    json_output: AsJson = False,
) -> None:
    """What rules ask people: why, until when, and what is done after a yes.

    Example: bondbridge approvals
    """
    with bridge_of(given) as bridge:
        rows = bridge.steering.questions(answered=every)
    if json_output:
        as_json(rows)
        return
    shown = [
        (
            row["id"],
            row["rule"],
            row["reason"],
            row["detail"],
            _standing(row),
            clock(row["expires_at"]),
            _short(row),
        )
        for row in rows
    ]
    table(
        ("question", "rule", "reason", "why", "state", "until", "plan"),
        shown,
        empty="nothing is asked",
    )


def approve(question: Question, given: Config = None, yes: Yes = False) -> None:
    """Say yes: exactly the plan that is shown is carried out, through all its guards. Exit code 1
    if it was too late.

    Example: bondbridge approve 3f9a2c
    """
    _answer(question, given, yes=True, sure=yes)


def deny(question: Question, given: Config = None, yes: Yes = False) -> None:
    """Say no: nothing of the plan is done. Exit code 1 if it was too late.

    Example: bondbridge deny 3f9a2c
    """
    _answer(question, given, yes=False, sure=yes)


def _answer(beginning: str, given: Config, *, yes: bool, sure: bool) -> None:
    with bridge_of(given) as bridge:
        asked = bridge.steering.question(beginning)
        if asked["state"] == ASKED and not sure:
            _show(asked)
            if not typer.confirm("carry it out?" if yes else "refuse it?", err=True):
                print("not answered", file=sys.stderr)
                raise typer.Exit(1)
        answered = bridge.steering.answer(asked["id"], yes=yes, who=actor())
    if answered.refused is not None:
        print(f"it does not count: {answered.refused.why}", file=sys.stderr)
        raise typer.Exit(1)
    if not answered.first:
        print(
            f"too late: {settled(answered.state, answered.who)}, at {clock(answered.at)}",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    print(
        f"{asked['id']}: {answered.state}"
        + (f", {len(asked['plan'])} to do" if answered.state == GRANTED else "")
    )


def _show(asked: Body) -> None:
    print(
        f"{asked['rule']} asks on {asked['server']}: {asked['detail']} ({asked['reason']})",
        file=sys.stderr,
    )
    if asked["cause"]:
        print(f"because: {asked['cause']}", file=sys.stderr)
    if asked["limits"]:
        print(f"to be answered {asked['limits']}", file=sys.stderr)
    for line in asked["plan"]:
        print(f"  {line}", file=sys.stderr)


def _standing(row: Body) -> str:
    return str(row["state"]) + (f" by {row['who']}" if row["who"] else "")


def _short(row: Body) -> str:
    more = len(row["plan"]) - _SHOWN
    return " · ".join(row["plan"][:_SHOWN]) + (f" · and {more} more" if more > 0 else "")
