"""The event catalogue's rows: which change of which kind of object is which event. A new event is
one row.

A change yields exactly the events its kind's rows name. `<kind>.changed` speaks only of fields that
no other row covers, so one happening is never told twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bridge.core.events.types import (
    EventType,
    Happens,
    Still,
    added,
    away,
    became,
    begun,
    differs,
    ended,
    moved,
    removed,
    stays,
    turned,
    undecided,
)
from bridge.core.objects.object_schemas import BODIES, CONFIGURED


def _leg(name: str, happens: Happens, *covers: str) -> EventType:
    return EventType(name, ("leg", "bond"), "leg", happens, frozenset(covers))


def _condition(name: str, happens: Happens) -> EventType:
    return EventType(
        name,
        ("bond", "bond_condition"),
        "bond_condition",
        happens,
        frozenset(BODIES["bond_condition"]),
    )


def _placement(name: str, happens: Happens) -> EventType:
    return EventType(
        name,
        ("bond", "placement", "primary", "current"),
        "placement",
        happens,
        frozenset({"current"}),
    )


def _aggregator(name: str, happens: Happens) -> EventType:
    return EventType(
        name, ("aggregator",), "aggregator", happens, frozenset({"status", "standing"})
    )


def _run(kind: str, name: str, happens: Happens, time_field: str | None = None) -> EventType:
    """Something that starts, ends and is judged: tunings and speed tests."""
    nouns = {
        "bond_tuning": ("tuning", "bond"),
        "leg_tuning": ("tuning", "leg", "bond"),
        "speedtest": ("speedtest", "bond"),
    }
    return EventType(
        f"{kind}.{name}", nouns[kind], kind, happens, frozenset(BODIES[kind]), time_field
    )


def _own(kind: str, name: str, happens: Happens, *covers: str) -> EventType:
    """A kind that is its own noun; without `covers` the event speaks for all of it."""
    return EventType(name, (kind,), kind, happens, frozenset(covers or BODIES[kind]))


_STANDING = ("standing", "state", "class")
_BAD = frozenset({"down", "degraded"})
_WRONG = frozenset({"down", "degraded", "on_failover"})
_TROUBLED = frozenset({"failing", "stuck"})
_OFF = frozenset({"maintenance", "suspended"})


def _tunings(kind: str) -> Iterator[EventType]:
    yield _run(kind, "started", begun, "started")
    yield _run(kind, "finished", ended, "finished")
    yield _run(kind, "recommended", became("outcome", "recommended"), "finished")
    yield _run(kind, "accepted", became("verdict", "accepted"))
    yield _run(kind, "declined", became("verdict", "declined"))


_SEEN = (
    _leg("leg.down", became("standing", "down"), *_STANDING),
    _leg("leg.degraded", became("standing", "degraded"), *_STANDING),
    _leg("leg.up", turned("standing", "up", after=_BAD), *_STANDING),
    _leg("leg.mode_changed", lambda c: "mode" in c.fields, "mode"),
    _condition("bond.down", became("state", "down")),
    _condition("bond.degraded", became("state", "degraded")),
    _condition("bond.on_failover_leg", became("state", "on_failover")),
    _condition("bond.up", turned("state", "up", after=_WRONG)),
    _placement("bond.failed_over", moved(lambda was, now: was and not now)),
    _placement("bond.restored", moved(lambda was, now: now and not was)),
    _placement("bond.moved", moved(lambda was, now: was == now)),
    _aggregator("aggregator.failed", became("standing", "down")),
    _aggregator("aggregator.recovered", turned("standing", "up", after=_BAD)),
    _own("failover_checks", "aggregator.checks_failing", became("state", "failing")),
    _own(
        "failover_checks",
        "aggregator.checks_passing",
        turned("state", "clear", after=frozenset({"failing"})),
    ),
    _own(
        "settings",
        "failover.disabled",
        lambda c: c.body["failover"] in _OFF and "failover" in c.fields,
        "failover",
    ),
    _own("settings", "failover.enabled", turned("failover", "on", after=_OFF), "failover"),
    *_tunings("bond_tuning"),
    *_tunings("leg_tuning"),
    _run("speedtest", "started", begun, "started"),
    _run("speedtest", "finished", ended, "finished"),
    _own(
        "config_updates",
        "config_updates.failing",
        turned("state", "failing", after=frozenset({"clear", None})),
    ),
    _own("config_updates", "config_updates.stuck", became("state", "stuck")),
    _own("config_updates", "config_updates.cleared", turned("state", "clear", after=_TROUBLED)),
    EventType(
        "backup.completed",
        ("backup",),
        "backup",
        became("complete", value=True),
        frozenset({"complete"}),
        "created",
    ),
    EventType(
        "backup.failed", ("backup",), "backup", became("failed", value=True), frozenset({"failed"})
    ),
    _own("backup_schedule", "backup.pending", became("state", "pending")),
    _own("backup_schedule", "backup.overdue", became("state", "overdue")),
    _own(
        "certificate",
        "tls.expiring",
        lambda c: c.body["stage"] is not None and "stage" in c.fields,
        "stage",
    ),
    _own("certificate", "tls.changed", differs("fingerprint", "not_after")),
    _own("bonding_version", "version.available", differs("version")),
    _own(
        "node",
        "node.outdated",
        turned("outdated", value=True, after=frozenset({False})),
        "outdated",
    ),
    _own(
        "node",
        "node.updated",
        turned("outdated", value=False, after=frozenset({True})),
        "outdated",
        "version",
    ),
    _own("downtime_report", "report.downtime_prevented", differs("week_start", "month_start")),
)

# Kinds whose coming, going or changing the rows above do not already tell. A placement comes and
# goes with its bond, the one settings object and the versions neither come nor go, a node with its
# bonder or aggregator.
_GENERIC = {
    **dict.fromkeys(
        ("leg", "bond", "aggregator", "iso", "repository", *sorted(CONFIGURED)),
        "changed added removed",
    ),
    **dict.fromkeys(("placement", "settings", "versions", "node"), "changed"),
}


def _generic(kind: str, told: str) -> Iterator[EventType]:
    happens = {"changed": lambda _: False, "added": added, "removed": removed}
    nouns = dict.fromkeys(
        (kind, "bond") if "bond" in BODIES[kind] or kind == "placement" else (kind,)
    )
    for name in told.split():
        yield EventType(f"{kind}.{name}", tuple(nouns), kind, happens[name])


# what people do, beside pauses, answers to questions and taking over what was told
_DEEDS = (
    "paused",
    "resumed",
    "silenced",
    "silence_ended",
    "hands_off",
    "hands_off_ended",
    "rule_switched_on",
    "job_settled",
    "notices_resent",
    "tuning_undone",
    "token_created",
    "token_revoked",
    "signed_in",
    "signed_out",
    "sign_in_refused",
)

# not from a comparison: what the bridge concludes, and what it says of itself
_CONCLUDED = (
    EventType("leg.flapping", ("leg", "bond", "flapping")),
    EventType("leg.stable", ("leg", "bond", "flapping")),
    EventType("aggregator.suspected", ("aggregator", "incident")),
    EventType("incident.opened", ("incident",)),
    EventType("incident.ended", ("incident",)),
    EventType("scope.baseline", ("scope",)),
    EventType("scope.forbidden", ("scope", "problem")),
    EventType("scope.shrunk", ("scope", "problem")),
    EventType("poll.slow", ("scope", "problem")),
    EventType("wire.unknown", ("scope", "problem", "sample")),
    EventType("alerts.truncated", ("problem",)),
    EventType("server.unreachable", ("problem",)),
    EventType("server.recovered", ("problem",)),
    EventType("server.auth_failed", ("problem",)),
    EventType("action.succeeded", ("job",)),
    EventType("action.failed", ("job",)),
    EventType("action.in_doubt", ("job",)),
    EventType("action.unverified", ("job",)),
    EventType("rulebook.rejected", ("problem",)),
    EventType("rule.tripped", ("rule",)),
    EventType("rule.contradicted", ("rule",)),
    EventType("rule.gathered", ("rule", "events")),
    EventType("schedule.due", ("schedule",)),
    EventType("event.acknowledged", ("telling",)),
    EventType("channel.failing", ("channel",)),
    EventType("channel.working", ("channel",)),
    EventType("chat.command", ("chat", "bond", "leg", "tuning", "space", "reach")),
    EventType("chat.refused", ("chat", "refusal")),
    *(
        EventType(f"approval.{name}", ("approval",))
        for name in ("asked", "granted", "denied", "expired", "refused")
    ),
    EventType("bridge.paused", ("pause",)),
    EventType("bridge.resumed", ("pause",)),
    *(EventType(f"operator.{name}", ("operator",)) for name in _DEEDS),
    EventType("operator.called", ("operator", "bond", "leg", "space")),
    EventType("internal.error", ("fault",)),
)

_BOND = frozenset({"bond.down", "bond.degraded", "bond.on_failover_leg", "bond.up", "bond.removed"})


def _bond_is(name: str, state: str) -> tuple[str, str, Still]:
    return name, " ".join(sorted(_BOND - {name})), stays("state", state)


def _undecided(kind: str) -> tuple[str, str, Still]:
    return f"{kind}.recommended", f"{kind}.accepted {kind}.declined", undecided


# What lasts: event, the events that end it, whether its object still shows it (None: no object
# does). What grows worse under another name goes on under this one too: an overdue backup is still
# pending.
_LASTING: tuple[tuple[str, str, Still | None], ...] = (
    ("leg.down", "leg.up leg.degraded leg.removed", stays("standing", "down")),
    ("leg.degraded", "leg.up leg.down leg.removed", stays("standing", "degraded")),
    _bond_is("bond.down", "down"),
    _bond_is("bond.degraded", "degraded"),
    _bond_is("bond.on_failover_leg", "on_failover"),
    ("bond.failed_over", "bond.restored bond.removed", away),
    ("aggregator.failed", "aggregator.recovered aggregator.removed", stays("standing", "down")),
    ("aggregator.checks_failing", "aggregator.checks_passing", stays("state", "failing")),
    ("failover.disabled", "failover.enabled", stays("failover", *_OFF)),
    *(
        (f"{kind}.started", f"{kind}.finished", stays("outcome", None))
        for kind in ("bond_tuning", "leg_tuning", "speedtest")
    ),
    *map(_undecided, ("bond_tuning", "leg_tuning")),
    ("config_updates.failing", "config_updates.cleared", stays("state", *_TROUBLED)),
    ("config_updates.stuck", "config_updates.cleared", stays("state", "stuck")),
    ("backup.pending", "backup.completed", stays("state", "pending", "overdue")),
    ("backup.overdue", "backup.completed", stays("state", "overdue")),
    ("tls.expiring", "tls.changed", lambda body: body["stage"] is not None),
    # a value of the field
    ("node.outdated", "node.updated", stays("outdated", True)),  # noqa: FBT003
    ("leg.flapping", "leg.stable leg.removed", None),
    ("aggregator.suspected", "incident.ended", None),
    ("incident.opened", "incident.ended", None),
    ("server.unreachable", "server.recovered server.auth_failed", None),
    ("server.auth_failed", "server.recovered server.unreachable", None),
    ("approval.asked", "approval.granted approval.denied approval.expired", None),
    ("channel.failing", "channel.working", None),
    ("bridge.paused", "bridge.resumed", None),
)


def _rows() -> Iterator[EventType]:
    lasting = {name: (tuple(ends.split()), still) for name, ends, still in _LASTING}
    generic = (row for kind, told in _GENERIC.items() for row in _generic(kind, told))
    for row in (*_SEEN, *generic, *_CONCLUDED):
        ends, still = lasting.get(row.name, ((), None))
        yield replace(row, ends=ends, still=still)


EVENTS: Mapping[str, EventType] = {row.name: row for row in _rows()}
