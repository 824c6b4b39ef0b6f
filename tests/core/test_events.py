"""Which change is which event."""

import hashlib
from itertools import product

import pytest

from bridge.core.events import builder, schema
from bridge.core.events.builder import EVENTS, describe, happenings, make, related
from bridge.core.events.headlines import LINES, headline
from bridge.core.events.schema import Schema
from bridge.core.model import Change, Event, Known, Seen
from bridge.core.objects.link_state import class_of
from bridge.core.objects.object_schemas import BODIES, CONFIGURED
from bridge.core.objects.snapshot_diff import compare, with_derived
from tests.case_tables import all_cases

from .builders import NOW, VOLATILE, body, change


def leg(state: str, standing: str | None, **given: object) -> dict:
    """A leg's body in this state, having last stood so."""
    return body(
        "leg", id=7, bond=3, state=state, standing=standing, **{"class": class_of(state)}, **given
    )


def placed(primary: int, current: int, secondary: int | None = 2) -> dict:
    """A placement's body."""
    return body("placement", id=7, primary=primary, current=current, secondary=secondary)


def tuning(status: str, outcome: str | None, verdict: str | None = None, **given: object) -> dict:
    """A tuning's body."""
    return body(
        "bond_tuning", id=7, bond=3, status=status, outcome=outcome, verdict=verdict, **given
    )


def aggregator(status: str | None, stood: str | None = None, **given: object) -> dict:
    """An aggregator's body; where its status does not say how it stands, `stood` is how it last
    did.
    """
    standing = status if status in ("up", "down") else stood
    return body("aggregator", id=7, status=status, standing=standing, **given)


def backup(*, complete: bool) -> dict:
    """A backup's body."""
    return body("backup", name="7", complete=complete)


def schedule(state: str) -> dict:
    """A backup schedule's body."""
    return body("backup_schedule", state=state)


def condition(state: str) -> dict:
    """How a bond stands."""
    return body("bond_condition", id=7, state=state)


def one(kind: str, **given: object) -> dict:
    """A body of a kind of which there is one, or of which only these fields matter."""
    return body(kind, **given)


def run(kind: str, outcome: str | None, **given: object) -> dict:
    """A tuning of a leg or a speed test that came to this."""
    return body(kind, id=7, bond=3, leg=5, outcome=outcome, **given)


UP = leg("up", "up")
DOWN = leg("down", "down")
POOR = leg("adapted", "degraded")

TABLE = [
    ("leg", None, UP, {"leg.added"}),
    ("leg", None, DOWN, {"leg.added", "leg.down"}),
    ("leg", None, POOR, {"leg.added", "leg.degraded"}),
    ("leg", None, leg("weird", None), {"leg.added"}),
    ("leg", UP, None, {"leg.removed"}),
    ("leg", DOWN, None, {"leg.removed"}),
    ("leg", UP, DOWN, {"leg.down"}),
    ("leg", UP, POOR, {"leg.degraded"}),
    ("leg", POOR, DOWN, {"leg.down"}),
    ("leg", DOWN, POOR, {"leg.degraded"}),
    ("leg", DOWN, UP, {"leg.up"}),
    ("leg", POOR, UP, {"leg.up"}),
    ("leg", UP, leg("testing", "up"), {"leg.changed"}),
    ("leg", leg("testing", "up"), UP, {"leg.changed"}),
    ("leg", leg("testing", "down"), UP, {"leg.up"}),
    ("leg", leg("testing", "down"), DOWN, {"leg.changed"}),
    ("leg", leg("weird", None), DOWN, {"leg.down"}),
    ("leg", leg("weird", None), UP, {"leg.changed"}),
    ("leg", DOWN, leg("connecting", "down"), {"leg.changed"}),
    ("leg", UP, leg("weird", "up"), {"leg.changed"}),
    ("leg", UP, {**UP, "mode": "idle"}, {"leg.mode_changed"}),
    ("leg", UP, {**DOWN, "mode": "idle"}, {"leg.down", "leg.mode_changed"}),
    ("leg", UP, {**UP, "note": "x"}, {"leg.changed"}),
    ("leg", UP, {**DOWN, "note": "x"}, {"leg.down", "leg.changed"}),
    ("bond", None, body("bond", id=7), {"bond.added"}),
    ("bond", body("bond", id=7), None, {"bond.removed"}),
    ("bond", body("bond", id=7), body("bond", id=7, name="x"), {"bond.changed"}),
    ("placement", None, placed(1, 2), set()),
    ("placement", placed(1, 2), None, set()),
    ("placement", placed(1, 1), placed(1, 2), {"bond.failed_over"}),
    ("placement", placed(1, 2), placed(1, 1), {"bond.restored"}),
    ("placement", placed(1, 2), placed(1, 3), {"bond.moved"}),
    ("placement", placed(1, 1), placed(3, 3), {"bond.moved", "placement.changed"}),
    ("placement", placed(1, 1), placed(3, 1), {"placement.changed"}),
    ("placement", placed(3, 1), placed(3, 3), {"bond.restored"}),
    ("placement", placed(1, 1), placed(1, 1, None), {"placement.changed"}),
    ("placement", placed(1, 1), placed(1, 2, 3), {"bond.failed_over", "placement.changed"}),
    ("aggregator", None, aggregator("up"), {"aggregator.added"}),
    ("aggregator", None, aggregator("down"), {"aggregator.added", "aggregator.failed"}),
    ("aggregator", aggregator("up"), None, {"aggregator.removed"}),
    ("aggregator", aggregator("up"), aggregator("down"), {"aggregator.failed"}),
    ("aggregator", aggregator("unknown"), aggregator("down"), {"aggregator.failed"}),
    ("aggregator", aggregator("unknown", "down"), aggregator("up"), {"aggregator.recovered"}),
    ("aggregator", aggregator("unknown", "down"), aggregator("down"), {"aggregator.changed"}),
    ("aggregator", aggregator("unknown"), aggregator("up"), {"aggregator.changed"}),
    ("aggregator", aggregator("up"), aggregator("unknown", "up"), {"aggregator.changed"}),
    ("aggregator", aggregator("down"), aggregator("up"), {"aggregator.recovered"}),
    ("aggregator", aggregator("up"), aggregator("up", name="x"), {"aggregator.changed"}),
    (
        "aggregator",
        aggregator("up"),
        aggregator("down", name="x"),
        {"aggregator.failed", "aggregator.changed"},
    ),
    ("bond_tuning", None, tuning("pending", None), {"bond_tuning.started"}),
    (
        "bond_tuning",
        None,
        tuning("finished", "recommended"),
        {"bond_tuning.started", "bond_tuning.finished", "bond_tuning.recommended"},
    ),
    (
        "bond_tuning",
        None,
        tuning("failed", "failed"),
        {"bond_tuning.started", "bond_tuning.finished"},
    ),
    ("bond_tuning", tuning("pending", None), tuning("running", None), set()),
    (
        "bond_tuning",
        tuning("running", None),
        tuning("canceled", "cancelled"),
        {"bond_tuning.finished"},
    ),
    (
        "bond_tuning",
        tuning("running", None),
        tuning("finished", "nothing"),
        {"bond_tuning.finished"},
    ),
    (
        "bond_tuning",
        tuning("running", None),
        tuning("finished", "recommended"),
        {"bond_tuning.finished", "bond_tuning.recommended"},
    ),
    (
        "bond_tuning",
        tuning("finished", "recommended"),
        tuning("finished", "recommended", "accepted"),
        {"bond_tuning.accepted"},
    ),
    (
        "bond_tuning",
        tuning("finished", "recommended"),
        tuning("finished", "recommended", "declined"),
        {"bond_tuning.declined"},
    ),
    (
        "bond_tuning",
        tuning("running", None),
        tuning("finished", "recommended", "accepted"),
        {"bond_tuning.finished", "bond_tuning.recommended", "bond_tuning.accepted"},
    ),
    ("bond_tuning", tuning("finished", "nothing"), None, set()),
    ("backup", None, backup(complete=True), {"backup.completed"}),
    ("backup", None, backup(complete=False), set()),
    ("backup", backup(complete=False), backup(complete=True), {"backup.completed"}),
    ("backup", backup(complete=True), None, set()),
    ("backup_schedule", schedule("due"), schedule("pending"), {"backup.pending"}),
    ("backup_schedule", schedule("pending"), schedule("overdue"), {"backup.overdue"}),
    ("backup_schedule", schedule("unknown"), schedule("overdue"), {"backup.overdue"}),
    ("backup_schedule", schedule("overdue"), schedule("due"), set()),
    (
        "backup",
        backup(complete=False),
        body("backup", name="7", complete=False, failed=True),
        {"backup.failed"},
    ),
    ("bond_condition", None, condition("up"), set()),
    ("bond_condition", None, condition("down"), {"bond.down"}),
    ("bond_condition", condition("up"), condition("degraded"), {"bond.degraded"}),
    ("bond_condition", condition("degraded"), condition("on_failover"), {"bond.on_failover_leg"}),
    ("bond_condition", condition("on_failover"), condition("down"), {"bond.down"}),
    ("bond_condition", condition("down"), condition("up"), {"bond.up"}),
    ("bond_condition", condition("unknown"), condition("up"), set()),
    ("bond_condition", condition("up"), condition("unknown"), set()),
    ("bond_condition", condition("down"), None, set()),
    (
        "failover_checks",
        one("failover_checks", state="clear"),
        one("failover_checks", state="failing"),
        {"aggregator.checks_failing"},
    ),
    (
        "failover_checks",
        one("failover_checks", state="failing"),
        one("failover_checks", state="clear"),
        {"aggregator.checks_passing"},
    ),
    (
        "settings",
        one("settings", failover="on"),
        one("settings", failover="maintenance"),
        {"failover.disabled"},
    ),
    (
        "settings",
        one("settings", failover="maintenance"),
        one("settings", failover="suspended"),
        {"failover.disabled"},
    ),
    (
        "settings",
        one("settings", failover="suspended"),
        one("settings", failover="on"),
        {"failover.enabled"},
    ),
    (
        "settings",
        one("settings", failover="on", other={"a": 1}),
        one("settings", failover="on", other={"a": 2}),
        {"settings.changed"},
    ),
    ("leg_tuning", None, run("leg_tuning", None), {"leg_tuning.started"}),
    (
        "leg_tuning",
        run("leg_tuning", None),
        run("leg_tuning", "recommended"),
        {"leg_tuning.finished", "leg_tuning.recommended"},
    ),
    ("leg_tuning", run("leg_tuning", None), run("leg_tuning", "unknown"), {"leg_tuning.finished"}),
    (
        "leg_tuning",
        run("leg_tuning", "recommended"),
        run("leg_tuning", "recommended", verdict="accepted"),
        {"leg_tuning.accepted"},
    ),
    (
        "leg_tuning",
        run("leg_tuning", "recommended"),
        run("leg_tuning", "recommended", verdict="declined"),
        {"leg_tuning.declined"},
    ),
    ("speedtest", None, run("speedtest", None), {"speedtest.started"}),
    ("speedtest", run("speedtest", None), run("speedtest", "failed"), {"speedtest.finished"}),
    ("speedtest", None, run("speedtest", "succeeded"), {"speedtest.started", "speedtest.finished"}),
    (
        "config_updates",
        one("config_updates", state="clear"),
        one("config_updates", state="failing"),
        {"config_updates.failing"},
    ),
    (
        "config_updates",
        one("config_updates", state="failing"),
        one("config_updates", state="stuck"),
        {"config_updates.stuck"},
    ),
    (
        "config_updates",
        one("config_updates", state="stuck"),
        one("config_updates", state="failing"),
        set(),
    ),
    (
        "config_updates",
        one("config_updates", state="stuck"),
        one("config_updates", state="clear"),
        {"config_updates.cleared"},
    ),
    ("certificate", one("certificate", stage=None), one("certificate", stage=30), {"tls.expiring"}),
    ("certificate", one("certificate", stage=30), one("certificate", stage=14), {"tls.expiring"}),
    (
        "certificate",
        one("certificate", stage=1, not_after="a"),
        one("certificate", stage=None, not_after="b"),
        {"tls.changed"},
    ),
    (
        "bonding_version",
        one("bonding_version", version="6.6"),
        one("bonding_version", version="6.7"),
        {"version.available"},
    ),
    (
        "node",
        one("node", id=7, outdated=False),
        one("node", id=7, outdated=True),
        {"node.outdated"},
    ),
    ("node", one("node", id=7), one("node", id=7, outdated=True), set()),
    ("node", one("node", id=7, outdated=True), one("node", id=7, outdated=False), {"node.updated"}),
    (
        "node",
        one("node", id=7, version="6.6", outdated=True),
        one("node", id=7, version="6.7", outdated=False),
        {"node.updated"},
    ),
    ("node", one("node", id=7, version="6.6"), one("node", id=7, version="6.7"), {"node.changed"}),
    (
        "downtime_report",
        one("downtime_report", week_start="a", week_count=3),
        one("downtime_report", week_start="b"),
        {"report.downtime_prevented"},
    ),
    ("downtime_report", one("downtime_report"), one("downtime_report", week_start="b"), set()),
    (
        "versions",
        one("versions", versions={"a": 1}),
        one("versions", versions={"a": 2}),
        {"versions.changed"},
    ),
    *(
        (kind, None, one(kind), {f"{kind}.added"})
        for kind in (*sorted(CONFIGURED), "iso", "repository")
    ),
    *(
        (kind, one(kind), None, {f"{kind}.removed"})
        for kind in (*sorted(CONFIGURED), "iso", "repository")
    ),
    *(
        (kind, one(kind), one(kind, **{next(iter(BODIES[kind])): 9}), {f"{kind}.changed"})
        for kind in (*sorted(CONFIGURED), "iso", "repository")
    ),
]


@all_cases(("kind", "before", "after", "names"), TABLE)
def test_a_change_is_exactly_these_events(
    kind: str, before: dict | None, after: dict | None, names: set[str]
) -> None:
    """Every change yields the events its rows name, and no other."""
    found = [row.name for row in happenings(change(kind, before, after))]
    assert set(found) == names
    assert len(found) == len(names)


def test_every_event_of_an_object_happens_in_the_table() -> None:
    """No row of the catalogue is without a change that brings it about."""
    assert {name for *_, names in TABLE for name in names} == {
        row.name for row in EVENTS.values() if row.kind
    }


@pytest.mark.parametrize(("first", "standing"), [("testing", None), ("unheard-of", None)])
def test_no_change_of_a_legs_state_goes_untold(first: str, standing: str | None) -> None:
    """A leg first seen in a state that does not say how it stands, and then up, has at least one
    event.
    """
    assert happenings(change("leg", leg(first, standing), UP)) != []


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (["up", "down", "up"], ["aggregator.failed", "aggregator.recovered"]),
        (["up", "down", "unknown", "up"], ["aggregator.failed", "aggregator.recovered"]),
        (["up", "down", "unknown", "down", "up"], ["aggregator.failed", "aggregator.recovered"]),
        (["up", "unknown", "up"], []),
        (["up", None, "down"], ["aggregator.failed"]),
    ],
)
def test_an_aggregator_fails_and_recovers_once_across_unknown(
    statuses: list, told: list[str]
) -> None:
    """A status that cannot be read in between neither hides a recovery nor tells a failure
    twice.
    """
    known: dict = {}
    names = []
    for status in statuses:
        seen = with_derived(known, [Seen("aggregator", "7", aggregator(status))], NOW, None)
        diff = compare(known, seen, volatile={}, gone=(), now=NOW)
        known |= {(each.seen.kind, each.seen.id): each for each in diff.known}
        names += [row.name for each in diff.changes for row in happenings(each)]
    assert [name for name in names if name in ("aggregator.failed", "aggregator.recovered")] == told


@pytest.mark.parametrize("state", ["up", "down", "testing", "strange"])
def test_a_flap_through_testing_is_one_outage(state: str) -> None:
    """Up, down, any state, up: one leg.down and one leg.up, whatever stands between."""
    known: dict[tuple[str, str], Known] = {}
    names = []
    for now in (
        "up",
        "testing",
        "down",
        "testing" if state == "up" else state,
        "up",
        "testing",
        "up",
    ):
        seen = with_derived(known, [Seen("leg", "7", leg(now, None))], NOW, None)
        diff = compare(known, seen, volatile=VOLATILE, gone=(), now=NOW)
        known |= {(each.seen.kind, each.seen.id): each for each in diff.known}
        names += [row.name for each in diff.changes for row in happenings(each)]
    assert [name for name in names if name in ("leg.down", "leg.up")] == ["leg.down", "leg.up"]


def test_ids_are_stable_and_differ_in_every_part() -> None:
    """The same happening has the same id; another server, object, type or count has another."""

    def identifier(
        row: str = "leg.down", server: str = "main", subject: str = "leg/7", n: object = 1
    ) -> str:
        return make(
            EVENTS[row], server=server, subject=subject, n=n, time=NOW, seen_at=NOW, data={}
        ).id

    ids = [
        identifier(),
        identifier(n=2),
        identifier(n="1"),
        identifier(server="other"),
        identifier(subject="leg/8"),
        identifier("leg.up"),
        identifier(server="mainleg", subject="/7"),
    ]
    assert len(set(ids)) == len(ids)
    assert ids[0] == hashlib.sha256(b'["main","leg/7","leg.down",1]').hexdigest()[:24]
    again = make(
        EVENTS["leg.down"],
        server="main",
        subject="leg/7",
        n=1,
        time=NOW.replace(hour=1),
        seen_at=NOW,
        data={"x": 1},
    )
    assert again.id == ids[0]


def shape_of(value: object, schema_here: Schema) -> None:
    """Fail unless the value has exactly the fields of the schema, all the way down; None may stand
    for anything.
    """
    if value is None or not schema_here or "*" in schema_here:
        return
    assert isinstance(value, dict)
    assert set(value) == set(schema_here)
    for name, below in schema_here.items():
        shape_of(value[name], below)


def _others() -> dict:
    bond = body("bond", id=3, name="acme", space={"key": "a", "name": "A"})
    where = body("placement", id=3, primary=1, secondary=2, current=2)
    seven = {**bond, "id": 7}
    return {
        ("bond", "3"): bond,
        ("placement", "3"): where,
        ("bond", "7"): seven,
        ("placement", "7"): {**where, "id": 7},
        ("aggregator", "1"): body("aggregator", id=1, name="one"),
        ("aggregator", "2"): body("aggregator", id=2, name="two"),
    }


@pytest.mark.parametrize("knows", [True, False], ids=["others known", "nothing else known"])
@all_cases("row", [row for row in EVENTS.values() if row.kind], ids=lambda row: row.name)
def test_data_has_exactly_the_shape_the_row_promises(row: builder.EventType, knows: bool) -> None:
    """What `describe` fills in is what an expression may name, for every row and every change that
    brings it about.
    """
    others = _others() if knows else {}
    told = [(kind, before, after) for kind, before, after, names in TABLE if row.name in names]
    for kind, before, after in told:
        data = describe(row, change(kind, before, after), others)
        promised = dict(row.shape["event"]["data"])
        assert set(promised) == set(data)
        shape_of(data, promised)
        assert all(data[noun] is not None for noun in row.nouns)


def test_what_an_event_tells_about_its_bond() -> None:
    """The bond noun is the bond with where it is; names not known yet are None and never
    invented.
    """
    moved = change("placement", placed(1, 1), placed(1, 2))
    assert related(moved) == {
        ("bond", "7"),
        ("placement", "7"),
        ("aggregator", "1"),
        ("aggregator", "2"),
    }
    data = describe(EVENTS["bond.failed_over"], moved, _others())
    assert (data["bond"]["name"], data["bond"]["current"], data["bond"]["id"]) == ("acme", 2, 7)
    assert (data["primary"], data["current"]) == (
        {"id": 1, "name": "one"},
        {"id": 2, "name": "two"},
    )
    blank = describe(EVENTS["bond.failed_over"], moved, {})
    assert (blank["bond"]["name"], blank["bond"]["current"]) == (None, 2)
    assert blank["current"] == {"id": 2, "name": None}


def test_a_leg_without_a_bond_is_related_to_nothing() -> None:
    """A leg whose bond the server does not name has a bond noun with nothing in it."""
    lone = change("leg", None, leg("up", "up") | {"bond": None})
    assert related(lone) == set()
    assert describe(EVENTS["leg.added"], lone, {})["bond"] == schema.blank(schema.BOND_NOUN)


def test_a_removed_bond_is_told_as_it_was() -> None:
    """The noun of an object that is gone is what was last known of it."""
    gone = Change("bond", "7", body("bond", id=7, name="acme"), None)
    data = describe(EVENTS["bond.removed"], gone, {})
    assert (data["bond"]["name"], data["new"], data["old"]["name"]) == ("acme", None, "acme")


def test_every_event_has_a_headline_and_every_headline_an_event() -> None:
    """No line is for an event that is none; what has no line of its own is the coming, going or
    changing of an object.
    """
    assert set(LINES) <= set(EVENTS)
    assert {name.partition(".")[2] for name in set(EVENTS) - set(LINES)} == {
        "added",
        "changed",
        "removed",
    }


def test_a_change_of_what_a_person_configured_reads_like_a_sentence() -> None:
    """What, of which bond, and the fields that differ, the server's own names among them."""
    before = body(
        "route", id=7, bond=3, network="203.0.113.0/28", enabled=True, other={"metric": 1}
    )
    after = {**before, "enabled": False, "other": {"metric": 2}}
    change_of = Change("route", "7", before, after, frozenset({"enabled", "other.metric"}))
    event = Event(
        "e",
        "route.changed",
        "main",
        "route/7",
        NOW,
        NOW,
        describe(EVENTS["route.changed"], change_of, _others()),
    )
    assert (
        headline(event)
        == "route 203.0.113.0/28 of acme changed: enabled True → False, other.metric 1 → 2"
    )


@all_cases("row", EVENTS.values(), ids=lambda row: row.name)
def test_headlines_never_fail_on_blank_data(row: builder.EventType) -> None:
    """An event of which nothing is known still has a line, in which the unknown shows as ?."""
    blank = schema.blank(row.shape["event"]["data"])
    line = headline(Event("e", row.name, "main", "x/7", NOW, NOW, blank))
    assert line
    assert "None" not in line
    assert "{" not in line


def test_a_headline_reads_like_a_sentence() -> None:
    """Names stand where they are known, and an event type nobody wrote a line for has one all the
    same.
    """
    data = {"leg": {"name": "cable"}, "bond": {"name": None}}
    assert (
        headline(Event("e", "leg.down", "main", "leg/7", NOW, NOW, data))
        == "leg cable of ? is down"
    )
    assert (
        headline(Event("e", "leg.down", "main", "leg/7", NOW, NOW, {"leg": None, "bond": {}}))
        == "leg ? of ? is down"
    )
    sent = {"body": {"text": "{0} {x"}}
    assert (
        headline(Event("e", "webhook.chat", "main", "x", NOW, NOW, sent))
        == "webhook chat: text {0} {x"
    )
    assert (
        headline(Event("e", "moon.rose", "main", "moon/1", NOW, NOW, {})) == "moon moon/1 was rose"
    )


def test_generic_changes_speak_only_of_uncovered_fields() -> None:
    """For every kind, a change of one covered field alone is never told as `<kind>.changed` beside
    its own event.
    """
    told_twice = []
    for row, name in product(EVENTS.values(), ("leg", "aggregator", "placement")):
        if (
            row.kind == name
            and row.covers
            and not row.name.endswith(("changed", "added", "removed"))
        ):
            cases = [(k, b, a) for k, b, a, names in TABLE if row.name in names and b is not None]
            for kind, before, after in cases:
                only = {
                    field: after[field] if field in row.covers else before[field]
                    for field in before
                }
                found = [each.name for each in happenings(change(kind, before, only))]
                if f"{name}.changed" in found:
                    told_twice.append(found)
    assert told_twice == []


def test_that_a_node_is_known_to_be_up_to_date_is_no_change() -> None:
    """What we work out ourselves is told only where it means something: a node that is outdated,
    not that it is known.
    """
    before = body("node", id=8, version="6.5")
    after = body("node", id=8, version="6.5", outdated=False)
    assert happenings(change("node", before, after)) == []
    told = happenings(change("node", after, {**after, "outdated": True}))
    assert [row.name for row in told] == ["node.outdated"]
    told = happenings(change("node", after, {**after, "version": "6.6"}))
    assert [row.name for row in told] == ["node.changed"]


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        (
            "schedule.due",
            {"schedule": {"rule": "nightly", "at": "2026-03-01T22:00:00+00:00"}},
            "rule nightly is due at 2026-03-01 22:00 UTC",
        ),
        (
            "approval.asked",
            {
                "approval": {
                    "rule": "bring-home",
                    "to": "noc",
                    "expires": "2026-03-01T22:30:00+00:00",
                    "detail": "30 bonds",
                }
            },
            "bring-home asks noc for a yes by 2026-03-01 22:30 UTC: 30 bonds",
        ),
        (
            "approval.asked",
            {
                "approval": {
                    "rule": "bring-home",
                    "expires": "2026-03-01T22:30:00.5+00:00",
                    "detail": "30 bonds",
                }
            },
            "bring-home asks for a yes by 2026-03-01 22:30 UTC: 30 bonds",
        ),
        (
            "approval.asked",
            {"approval": {"rule": "chat-restart", "reason": "confirmation", "asker": "ana"}},
            "chat-restart asks ana whether they are sure",
        ),
        (
            "bridge.paused",
            {"pause": {"server": None, "who": "ana", "why": "works on the core"}},
            "all actions are paused by ana: works on the core",
        ),
    ],
)
def test_what_the_bridge_says_of_itself_reads_like_a_sentence(
    name: str, data: dict, line: str
) -> None:
    """Moments are told to the minute, the rest as it stands."""
    assert headline(Event("e", name, "main", "x/7", NOW, NOW, data)) == line
