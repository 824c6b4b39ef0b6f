"""`bondbridge watch`: events as they are recorded · `incidents` · `hands-off`."""

import time
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated

import typer

from bridge.cli.bridge_context import AsJson, Config, bridge_of
from bridge.cli.operate.actor import actor, place
from bridge.cli.operate.journal import check_type, print_events
from bridge.cli.output import as_json, as_json_line, clock, table
from bridge.core.rules.parser import nearest
from bridge.errors import BadInput, Problem
from bridge.store.observations import incidents as incident_store
from bridge.store.observations import snapshots
from bridge.store.views import journal
from bridge.store.views.journal import Window
from bridge.web import serializers

_PAUSE = 0.5
# so many bonds are named where one is not found
_NEAREST = 3


def watch(
    given: Config = None,
    like: Annotated[
        str, typer.Option("--type", help="Only this type, or a glob such as leg.*")
    ] = "",
    since: Annotated[
        int,
        typer.Option(
            help="Begin after this number in the recorded order; 0 for all there is.", min=-1
        ),
    ] = -1,
    json_output: AsJson = False,
) -> None:
    """Events as they are recorded, until Ctrl-C; with --json one CloudEvents document a line.

    Examples: bondbridge watch --type 'leg.*' · bondbridge watch --json --since 0
    """
    with bridge_of(given) as bridge:
        check_type(bridge, "watch", like)
        if since < 0:
            with bridge.database.reading() as connection:
                newest = journal.list_events(connection, Window(1)).rows
            if newest:
                since = newest[0]["seq"]
            else:
                since = 0
        while True:
            with bridge.database.reading() as connection:
                rows = journal.list_events(
                    connection, Window(journal.MOST, after=since), like or None
                ).rows
            if json_output:
                for row in rows:
                    as_json_line(serializers.event(row))
            else:
                print_events(rows, json_output=False)
            if rows:
                since = rows[-1]["seq"]
            if len(rows) < journal.MOST:
                time.sleep(_PAUSE)


def incidents(
    incident: Annotated[
        str, typer.Argument(help="An incident's id, or its beginning: lists its members.")
    ] = "",
    given: Config = None,
    json_output: AsJson = False,
) -> None:
    """Incidents: what many outages have in common, newest first; or the events that one owns.

    Examples: bondbridge incidents · bondbridge incidents 4be1
    """
    with bridge_of(given) as bridge, bridge.database.reading() as connection:
        rows = journal.list_incidents(connection, Window(30), incident).rows
        if incident and len(rows) == 1:
            members = journal.members_of(connection, rows[0]["id"])
        else:
            members = None
    if incident and members is None:
        what = f"{len(rows) or 'no'} incidents' ids begin with {incident!r}"
        raise BadInput([Problem("incidents", what, "see `bondbridge incidents`")])
    if json_output:
        as_json(members if members is not None else rows)
    elif members is not None:
        print_events(members, json_output=False)
    else:
        shown = [
            (
                row["id"],
                row["state"],
                f"{row['cause']} {row['name'] or row['key']}",
                len(row["bonds"]),
                len(row["legs"]),
                clock(row["began"]),
                clock(row["ended"]),
            )
            for row in rows
        ]
        table(("incident", "state", "cause", "bonds", "legs", "began", "ended"), shown)


def hands_off(
    bond: Annotated[
        str,
        typer.Argument(help="The bond that is worked on, its id or name; without one, lists them."),
    ] = "",
    given: Config = None,
    server: Annotated[str, typer.Option(help="Which server, where there are several.")] = "",
    lasts: Annotated[str, typer.Option("--for", help="How long, such as 2h.")] = "2h",
    why: Annotated[str, typer.Option(help="What is being done.")] = "",
    over: Annotated[
        bool, typer.Option("--over", help="It is finished: rules may act on the bond again.")
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Even if no poll has seen a bond with this id.")
    ] = False,
    json_output: AsJson = False,
) -> None:
    """Say that somebody works on a bond: no rule acts on it until then. What happens there is still
    told.

    Examples: bondbridge hands-off 12 --for 2h --why 'replacing the bonder' · bondbridge hands-off
    12 --over
    """
    with bridge_of(given) as bridge:
        chosen = server or next(iter(bridge.clients))
        if chosen not in bridge.clients:
            raise BadInput(
                [
                    Problem(
                        "hands-off",
                        f"no server is called {chosen!r}",
                        nearest(chosen, bridge.clients),
                    )
                ]
            )
        with bridge.database.reading() as connection:
            bodies = [body for _, body in snapshots.bodies_of(connection, chosen, ("bond",))]
            names = {int(body["id"]): str(body["name"]) for body in bodies}
            if bond:
                one = _bond(names, chosen, bond, anyway=anyway or over)
            else:
                one = None
        if one is not None and over and not bridge.steering.let_go(chosen, one, actor(), place()):
            raise BadInput(
                [Problem("hands-off", f"nobody works on bond {bond}", "see `bondbridge hands-off`")]
            )
        if one is not None and not over:
            bridge.steering.hands_off(chosen, one, lasts, actor(), why, place())
        with bridge.database.reading() as connection:
            rows = [
                dict(row) for row in incident_store.held(connection, chosen, bridge.now()).values()
            ]
    if json_output:
        as_json(rows)
    else:
        shown = [(row["bond"], clock(row["until"]), row["who"], row["why"]) for row in rows]
        table(("bond", "until", "who", "why"), shown, empty="nobody works on any bond")


def _bond(names: Mapping[int, str], server: str, given: str, *, anyway: bool) -> int:
    """The id of a bond of this server. Raises BadInput for one that no poll has seen, unless
    `anyway`.
    """
    found = [number for number, name in names.items() if given in (str(number), name)]
    if len(found) == 1:
        return found[0]
    if anyway and given.isascii() and given.isdigit():
        return int(given)
    if found:
        what = f"{len(found)} bonds of {server} are called {given!r}"
    else:
        what = f"{server} has no bond {given!r}"
    raise BadInput([Problem("hands-off", what, _near(given, names, found))])


def _near(given: str, names: Mapping[int, str], found: Sequence[int]) -> str:
    if not names:
        return (
            "no poll has seen its bonds yet; if it is there all the same, give its id and --anyway"
        )
    alike = found or [
        number for number, name in names.items() if name in get_close_matches(given, names.values())
    ]
    if not alike and given.isascii() and given.isdigit():
        alike = sorted(names, key=lambda number: abs(number - int(given)))
    shown = ", ".join(
        f"{number} ({names[number]})" for number in (alike or sorted(names))[:_NEAREST]
    )
    return f"nearest: {shown}; if it is there all the same, give its id and --anyway"
