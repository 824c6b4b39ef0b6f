"""What `bondbridge doctor` says of the database, and what it finds there.

It only looks: nothing is made, and one row written to see that it can be.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from bridge import config, wiring
from bridge.cli.bridge_context import refuse_lost
from bridge.cli.setup.folder_probe import probe_folder
from bridge.errors import BadInput, Problem
from bridge.store import installation, internal_errors, migrate, rulebooks
from bridge.store.database import Away
from bridge.store.decisions import decisions
from bridge.store.migrate import Stands
from bridge.store.notifications import destinations
from bridge.store.notifications.destinations import Destination
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import Scope

# one failed poll is noise, as many in a row are worth a line
_FAILING = 3
# so long a rule that could not be evaluated is yellow
_RECENT = timedelta(days=1)


def standing(bridge: wiring.Bridge) -> tuple[str, bool]:
    """What to say of a database that is good, and whether there is anything to read in it yet.
    Raises BadInput.
    """
    refuse_lost(bridge.settings)
    missing = wiring.missing_database(bridge.settings)
    shown = bridge.database.engine.url.render_as_string(hide_password=True)
    # one that is named is made where its folder is; elsewhere opening it says what is wrong
    if missing is not None and (bridge.settings.database is None or missing.parent.is_dir()):
        _check_makeable(missing)
        return f"there is none at {missing} yet: `bondbridge up` makes it", False
    stands = migrate.stands(bridge.database, config.shipped("migrations"))
    been = wiring.was_here(bridge.settings)
    if stands is Stands.WITHOUT_TABLES and not been:
        return f"{shown} has no tables yet: `bondbridge up` makes them", False
    if stands is Stands.WITHOUT_TABLES:
        mend = (
            "was another put in its place? put it back, or make the tables with `bondbridge"
            " migrate`"
        )
        raise BadInput([Problem(shown, "it has no tables, though a bridge has been here", mend)])
    if stands is Stands.OLDER:
        mend = "bring them up to date with `bondbridge migrate`; `bondbridge up` does so by itself"
        raise BadInput([Problem(shown, "its tables are of an older version", mend)])
    _check_writable(bridge, shown)
    return shown, True


def _check_makeable(missing: Path) -> None:
    """Raises BadInput where no database can be made at this place."""
    try:
        probe_folder(missing.parent)
    except OSError as error:
        what = f"there is none yet, and none can be made here: {error.strerror}"
        fix = "make its folder writable, make room on its disk, or set `database`"
        raise BadInput([Problem(str(missing), what, fix)]) from error


def _check_writable(bridge: wiring.Bridge, shown: str) -> None:
    """A disk that is full and a server that is read-only can be read very well. Raises BadInput."""
    try:
        with bridge.database.writing() as connection:
            installation.probe(connection, bridge.machine().isoformat())
    except Away as error:
        why = str(error.orig).strip().splitlines()[0]
        fix = "make room on its disk, or look whether it is read-only or kept busy"
        raise BadInput(
            [Problem(shown, f"it can be read and cannot be written: {why}", fix)]
        ) from error


def has_rulebook(bridge: wiring.Bridge) -> bool:
    """Whether some rules were good once: they go on."""
    with bridge.database.reading() as connection:
        return rulebooks.newest(connection) is not None


def yellow(bridge: wiring.Bridge) -> Iterator[tuple[str, str]]:
    """Rules that met an event in the last day and could not be evaluated on it, as they are written
    now, and what is to be said of each.
    """
    with bridge.database.reading() as connection:
        found = decisions.yellow(connection, bridge.now() - _RECENT)
    rules = _rule_hashes(bridge)
    for row in found:
        if row["rule"] not in rules or row["written"] not in (None, rules[row["rule"]]):
            continue
        often = {1: "once", 2: "twice"}.get(row["often"], f"{row['often']} times")
        says = (
            f"could not be evaluated {often} in the last day, last at {row['at']:%Y-%m-%d %H:%M}"
            f" UTC: {row['detail']}"
        )
        yield row["rule"], says


def _rule_hashes(bridge: wiring.Bridge) -> dict[str, str]:
    """By id, of the rulebook in use: the files, or where these are bad the last good ones."""

    def last_good() -> Mapping[str, str] | None:
        with bridge.database.reading() as connection:
            return rulebooks.newest(connection)

    try:
        return {rule.id: rule.hash for rule in bridge.keeper.current(last_good).rules}
    except BadInput:  # no rules are in use
        return {}


def set_aside(bridge: wiring.Bridge) -> Iterator[tuple[str, str]]:
    """What our own code failed on in the last day, and what is to be said of each."""
    with bridge.database.reading() as connection:
        found = internal_errors.recent(connection, bridge.now() - _RECENT)
    for row in found:
        if row["server"]:
            of = f" of {row['server']}"
        else:
            of = ""
        if row["count"] == 1:
            often = "once"
        else:
            often = f"{row['count']} times since {row['first_at']:%Y-%m-%d %H:%M} UTC"
        says = f"set aside {often}, last at {row['last_at']:%Y-%m-%d %H:%M} UTC: {row['detail']}"
        yield (
            f"{row['about']}{of} ({row['step']})",
            f"{says}; a fault of bondbridge itself: its log says more",
        )


def forbidden(bridge: wiring.Bridge, server: str) -> Iterator[tuple[str, str]]:
    """What the server did not let us see when it was last asked, each with the permission that it
    takes.
    """
    with bridge.database.reading() as connection:
        scopes = snapshots.all_scopes(connection, server)
    for scope in scopes:
        if _is_forbidden(scope) and bridge.observer.wanted(*_key(scope)):
            yield scope.name, f"forbidden: {scope.problem}"


def dead_letters(bridge: wiring.Bridge) -> list[tuple[str, str]]:
    """Destinations with notices that nobody took."""
    with bridge.database.reading() as connection:
        found = {
            key: each.dead
            for key, each in destinations.queue_depths(connection).items()
            if each.dead
        }
    look = (
        "`bondbridge channels dead` lists them, `bondbridge channels resend all` sends them again"
    )
    return [
        (key, f"{many} notice{'s' if many != 1 else ''} that nobody took: {look}")
        for key, many in found.items()
    ]


def failing_channels(bridge: wiring.Bridge) -> dict[str, str]:
    """By channel: which of its addresses take nothing now, since when, and their last answers."""
    with bridge.database.reading() as connection:
        found = [each for each in destinations.every(connection) if each.is_failing]
    failing: dict[str, list[str]] = {}
    for each in found:
        channel = bridge.settings.channels.get(each.channel)
        if channel and each.target < len(wiring.destinations(channel.urls)) + len(channel.rooms):
            failing.setdefault(each.channel, []).append(_failing(each))
    return {name: "\n".join(lines) for name, lines in failing.items()}


def _failing(destination: Destination) -> str:
    since = destination.failing_since
    return (
        f"address {destination.target} is failing"
        + (f" since {since:%Y-%m-%d %H:%M} UTC" if since else "")
        + f", it last said: {destination.said}; what is due there waits and is tried again:"
        f" `bondbridge channels test {destination.channel}` shows whether it works"
    )


def failing_scopes(bridge: wiring.Bridge, server: str) -> Iterator[tuple[str, str]]:
    """What of a server cannot be polled, those that fail alike together, and what is to be said of
    it. What is forbidden is not among it.
    """
    with bridge.database.reading() as connection:
        scopes = snapshots.all_scopes(connection, server)
    alike: dict[str, list[Scope]] = {}
    for scope in scopes:
        fails = scope.failures >= _FAILING and not _is_forbidden(scope)
        if fails and bridge.observer.wanted(*_key(scope)):
            alike.setdefault(str(scope.problem), []).append(scope)
    for problem, those in alike.items():
        more = f" and {len(those) - 1} more" if len(those) > 1 else ""
        since = min(str(each.remembered.get("failing_since") or "") for each in those)
        says = f"cannot be polled since {_minute(since)}: {problem}"
        yield f"scope {those[0].name}{more}", says


def _is_forbidden(scope: Scope) -> bool:
    return int(scope.remembered.get("forbidden", 0)) > 0


def _key(scope: Scope) -> tuple[str, str]:
    return scope.server, scope.name


def _minute(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC" if moment else "lately"
