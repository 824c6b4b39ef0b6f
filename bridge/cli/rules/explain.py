"""`bondbridge rules explain`: why something was done, or was not: every verdict in words, with what
it was made from.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

import typer
from rich.text import Text

from bridge import wiring
from bridge.cli.bridge_context import AsJson, Config, bridge_of
from bridge.cli.output import as_json, clock, console
from bridge.core.canonical_json import canonical
from bridge.core.decisions import evaluate
from bridge.core.job_summary import asks
from bridge.core.model import Body
from bridge.errors import BadInput, Problem
from bridge.store.observations.events import event_of
from bridge.store.views import journal
from bridge.web import serializers
from bridge.web.pages import phrases

_LONGEST = 160
# what guards say that stand against nothing
_THROUGH = frozenset({"lets through", "in time"})


def explain(
    name: Annotated[str, typer.Argument(help="An event's or a decision's id, or its beginning.")],
    given: Config = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="Guards that let it through and facts that were asked, too."),
    ] = False,
    json_output: AsJson = False,
) -> None:
    """Why: every verdict with its reason, what stood against it, and what came of it.

    Examples: bondbridge rules explain 3f9a2c · bondbridge rules explain 3f9a2c --all
    """
    with bridge_of(given) as bridge:
        told, read, questions = _story(bridge, name)
        if json_output:
            as_json({**told, "facts": read, "questions": questions})
            return
        for line in (*_of_event(told), *_of_decisions(told, read if every else None, questions)):
            console.print(Text(line), soft_wrap=True)
        if not told["decisions"]:
            for line in _unmet(bridge, told):
                console.print(Text(line), soft_wrap=True)


def _story(bridge: wiring.Bridge, name: str) -> tuple[Body, Mapping[str, Body], Mapping[str, Body]]:
    """The event's story, of one decision if that is named; facts by their hash; open questions by
    decision.
    """
    with bridge.database.reading() as connection:
        found = [
            (table, each)
            for table in ("events", "decisions")
            for each in journal.find(connection, table, name)
        ]
        if len(found) != 1:
            what = (
                f"{'several' if found else 'no'} events or decisions have an id that begins with"
                f" {name!r}"
            )
            if found:
                mend = "give more of it"
            else:
                mend = "see `bondbridge events`"
            raise BadInput([Problem("rules explain", what, mend)])
        ((table, whole),) = found
        if table == "events":
            event = whole
        else:
            event = journal.event_of_decision(connection, whole)
        story = journal.story(connection, event) or {}
        chosen = [each for each in story["decisions"] if table == "events" or each["id"] == whole]
        read = journal.read_by(
            connection,
            {row["facts"] for each in chosen for row in each["verdicts"] if row["facts"]},
        )
    questions = {asked["decision"]: asked for asked in bridge.steering.questions()}
    return {**story, "decisions": chosen}, read, questions


def _of_event(told: Body) -> Iterator[str]:
    yield serializers.told(told)
    when = f"happened {told['time']:%Y-%m-%d %H:%M:%S} UTC, seen {clock(told['seen_at'])}"
    yield f"{told['type']} on {told['server']}, {told['subject']}: {when}"
    known = phrases.known(told["known"] or {})
    if known:
        yield f"known then: {', '.join(f'{name} {value}' for name, value in known.items())}"


def _of_decisions(
    told: Body, read: Mapping[str, Body] | None, questions: Mapping[str, Body]
) -> Iterator[str]:
    """`read`: the facts by their hash where all is to be told; None for what matters."""
    for decision in told["decisions"]:
        yield ""
        yield f"rule {decision['rule']}: {serializers.verdict(decision)}"
        yield f"  {phrases.sentence(decision)} {decision['detail']}".rstrip()
        yield f"  decision {decision['id']}, rulebook {decision['rulebook']}"
        yield from _waits(decision, questions)
        for judged in decision["verdicts"]:
            if judged["job"] is None:
                yield from _run(judged, read)
        for job in decision["jobs"]:
            yield from _job(
                job, [each for each in decision["verdicts"] if each["job"] == job["id"]], read
            )


def _waits(decision: Body, questions: Mapping[str, Body]) -> Iterator[str]:
    if decision["due_at"] is not None:
        yield (
            f"  it waits, and is judged again at {decision['due_at']:%Y-%m-%d %H:%M:%S} UTC:"
            f" {decision['detail']}"
        )
    if decision["gathering"]:
        yield f"  its group: bondbridge rules explain {decision['gathering'][:12]}"
    asked = questions.get(decision["id"])
    if asked:
        until = f"{asked['expires_at']:%Y-%m-%d %H:%M:%S} UTC"
        yield (
            f"  it waits for a person until {until}: bondbridge approve {asked['id'][:8]}, or deny"
        )


def _run(judged: Body, read: Mapping[str, Body] | None, indent: str = "  ") -> Iterator[str]:
    """One run of the guards: what they said and what was asked, or only what did not let it
    through.
    """
    if judged["until"]:
        until = f", until {clock(judged['until'])}"
    else:
        until = ""
    said = f"{serializers.verdict(judged)}{until}  {judged['detail']}"
    yield f"{indent}{clock(judged['at'])}  {said}".rstrip()
    for traced in judged["trace"] or ():
        if read is None and traced["says"] in _THROUGH:
            continue
        yield f"{indent}  {traced['step']}: {traced['says']} · {phrases.text(traced['about'])}"
    body = (read or {}).get(judged["facts"] or "", {})
    for question, answer in body.get("asked", {}).items():
        yield f"{indent}  asked {question}: {_short(answer)}"


def _job(job: Body, verdicts: list[Body], read: Mapping[str, Body] | None) -> Iterator[str]:
    yield f"  job {job['id']}: {asks(job['action'], job['request'])} → {job['state']}"
    yield f"    {phrases.standing(job, verdicts)}"
    for judged in verdicts:
        yield from _run(judged, read, "    ")
    for tried in job["tried"]:
        if phrases.took(tried):
            took = f" ({phrases.took(tried)})"
        else:
            took = ""
        outcome = f"{tried['outcome'] or 'on its way'} {tried['detail'] or ''}".rstrip()
        yield f"    {clock(tried['began_at'])}  {tried['what']}: {outcome}{took}"


def _unmet(bridge: wiring.Bridge, told: Body) -> Iterator[str]:
    """Why no rule met it, and what those that listen now would say."""
    yield ""
    if not told["decided"]:
        yield "it is not decided yet"
        return
    book = bridge.decider.rulebook()
    event = event_of(told)
    listening = book.listening.get(event.type, ())
    if event.only is not None:
        yield f"it was found for the rule {event.only} alone"
    if not listening:
        family = event.type.partition(".")[0]
        near = sorted({name for name in book.listening if name.startswith(f"{family}.")})
        yield f"no rule listens to {event.type}" + (
            f"; rules listen to {', '.join(near)}" if near else ""
        )
        return
    yield f"no rule listened to {event.type} when it was decided; with the rules as they are now:"
    for made in bridge.decider.tried(book, event, max(bridge.now(), event.time)):
        yield f"  {made.rule}: {made.verdict}  {made.verdict.detail}"
    for rule in listening:
        if not evaluate.accepts(rule, event):
            yield f"  {rule.id}: does not meet it, it is for another"


def _short(answer: object) -> str:
    if answer is None:
        text = "nothing"
    else:
        text = canonical(answer)
    if len(text) <= _LONGEST:
        return text
    return text[:_LONGEST] + "…"
