"""Each guard by itself: what it lets through, what it stops, and for how long."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.core.decisions import guards
from bridge.core.decisions.guards import ATTEMPTING, DECIDING, Intent, before_attempt, expired
from bridge.core.model import Event, Job, Mode, Reason, Ruling

from .builders import NOW, RESTART, answering, down, event, job, later, rule

GUARDS = dict((*DECIDING, *ATTEMPTING))
NIGHTS = '{windows: [{days: daily, from: "22:00", to: "06:00", zone: UTC}]}'
RADIUS = "{blast_radius: {most: %s, of: bonds, within: 1h}}"
SILENCE = {"until": later(300).isoformat(), "who": "ann", "why": "works"}
BY_ANOTHER = {
    "rule": "b",
    "priority": 0,
    "request": {"operation": "bond_tuning.decline", "arguments": {"bond": 3, "tuning": 5}},
}
AT_ODDS: dict[str, Any] = {"operation": "bond_tuning.accept", "arguments": {"bond": 3, "tuning": 5}}


def call(bond: int = 3, **arguments: Any) -> Job:
    """A call on this bond."""
    return job(
        request={"operation": "bond.restart", "arguments": {"bond": bond, **arguments}},
        target=f"bond/{bond}",
    )


ACCEPT = job(request=AT_ODDS, target="bond/3")
NOTICE = job(action="notify", request={"to": "boss", "target": 0})


def intent(
    guard: str = "{}",
    more: str = "",
    *,
    jobs: Sequence[Job] = (call(),),
    one: Job | None = None,
    events: Sequence[Event] = (down(),),
    approval: bool | None = None,
    **answers: Any,
) -> Intent:
    """What a rule with this guard is about to do; `one`: the job about to be tried."""
    facts = answering(**answers)
    if approval is not None:
        facts.note_approval(needed=approval)
    made = rule(f"id: a\nwhen: leg.down\nguard: {guard}\n{more}\n{RESTART}")
    return Intent(made, "main", events, "mine", facts, NOW, NOW, jobs, one)


def owned(name: str = "leg.down") -> Event:
    """An event that an incident owns."""
    return replace(event(name, bond={"id": 3}), known={"incident": "i1"})


IN_ACME = {"bond": 3, "space": {"key": "acme", "name": "Acme"}}
BACKUP = job(request={"operation": "backup.fetch", "arguments": {}}, target="")
SPACE = job(
    request={"operation": "space.update", "arguments": {"space": "acme"}}, target="space/acme"
)
MUTES = {
    per: job(action="silence", request={"per": per, "types": ["*"], "for": 60.0})
    for per in ("bond", "space", "server")
}


def said(
    *,
    role: str | None = "operator",
    sure: str = "true",
    reach: list[str] | None = None,
    view: Any = None,
    jobs: Sequence[Job] = (call(),),
    one: Job | None = None,
    more_events: Sequence[Event] = (),
) -> Intent:
    """What a command is about to do; `view`: what every object is seen as."""
    command = event(
        "chat.command",
        chat={"command": "restart", "role": role, "who": "ann"},
        bond={"id": 3, "space": IN_ACME["space"]},
        reach=reach,
    )
    made = rule(
        f"id: a\nwhen: {{chat: {{command: restart, takes: [bond], sure: {sure}}}}}\n{RESTART}"
    )
    return Intent(
        made, "main", (command, *more_events), "mine", answering(view=view), NOW, NOW, jobs, one
    )


OPEN_INCIDENT = {"state": "open", "cause": "provider", "name": "Shaw"}
SEEN = {"recommendations": [], "legs": {}, "usual": {}}


@pytest.mark.parametrize(
    ("guard", "about", "says"),
    [
        ("role", intent(), None),
        ("role", said(role="operator"), None),
        ("role", said(role="admin"), None),
        ("role", said(role="viewer"), "skip(forbidden)"),
        ("role", said(role=None), "skip(forbidden)"),
        ("role", said(role="root"), "skip(forbidden)"),
        ("reach", intent(), None),
        ("reach", said(reach=None, view=None), None),
        ("reach", said(reach=["ac*"], view=IN_ACME), None),
        ("reach", said(reach=["lab"], view=IN_ACME), "skip(space)"),
        ("reach", said(reach=[], view=IN_ACME), "skip(space)"),
        ("reach", said(reach=["*"], view=None), "skip(space)"),
        ("reach", said(reach=["acme"], view={**IN_ACME, "space": None}), "skip(space)"),
        ("reach", said(reach=["*"], view=IN_ACME, jobs=[BACKUP]), "skip(space)"),
        ("reach", said(reach=["lab"], view=IN_ACME, jobs=[NOTICE]), None),
        ("reach", said(reach=["lab"], view=IN_ACME, jobs=(), one=call()), "skip(space)"),
        ("reach", said(reach=["acme"], view=IN_ACME, jobs=[call(leg=7)]), None),
        ("reach", said(reach=["acme"], view=None, jobs=[SPACE]), None),
        ("reach", said(reach=["lab"], view=None, jobs=[SPACE]), "skip(space)"),
        ("reach", said(reach=["lab"], view=IN_ACME, jobs=[MUTES["bond"]]), "skip(space)"),
        ("reach", said(reach=["acme"], view=IN_ACME, jobs=[MUTES["bond"]]), None),
        ("reach", said(reach=["acme"], view=IN_ACME, jobs=[MUTES["space"]]), None),
        ("reach", said(reach=["*"], view=IN_ACME, jobs=[MUTES["server"]]), "skip(space)"),
        ("reach", said(reach=["lab"], view=IN_ACME, more_events=[down()]), "skip(space)"),
        ("breaker", intent(), None),
        ("breaker", intent(tripped={"at": NOW.isoformat(), "why": "3 failed"}), "skip(breaker)"),
        ("overlap", intent(running=["other"]), None),
        ("overlap", intent(more="overlap: one"), None),
        ("overlap", intent(more="overlap: one", running=["mine"]), None),
        ("overlap", intent(more="overlap: one", running=["mine", "other"]), "skip(overlap)"),
        ("overlap", intent(more="overlap: queue", running=["other"]), "wait(overlap)"),
        ("overlap", intent(more="overlap: restart", running=["other"]), None),
        ("opposed", intent(jobs=[ACCEPT]), None),
        ("opposed", intent(jobs=[ACCEPT], open_calls=[BY_ANOTHER]), "ask(opposed)"),
        (
            "opposed",
            intent(jobs=[ACCEPT], open_calls=[{**BY_ANOTHER, "priority": 1}]),
            "skip(opposed)",
        ),
        ("opposed", intent(jobs=[ACCEPT], open_calls=[{**BY_ANOTHER, "priority": -1}]), None),
        (
            "opposed",
            intent(jobs=[ACCEPT], more="priority: 2", open_calls=[{**BY_ANOTHER, "priority": 2}]),
            "ask(opposed)",
        ),
        ("opposed", intent(jobs=[ACCEPT], open_calls=[{**BY_ANOTHER, "rule": "a"}]), None),
        ("opposed", intent(jobs=[ACCEPT], open_calls=[{**BY_ANOTHER, "request": AT_ODDS}]), None),
        ("opposed", intent(jobs=[NOTICE], open_calls=[BY_ANOTHER]), None),
        ("undone", intent(remedied=2), None),
        ("undone", intent("{undone: {times: 3, within: 6h}}"), None),
        ("undone", intent("{undone: {times: 3, within: 6h}}", remedied=2), None),
        ("undone", intent("{undone: {times: 3, within: 6h}}", remedied=3), "ask(undone)"),
        ("tuning", intent(), None),
        ("tuning", intent(jobs=[ACCEPT]), "ask(tuning)"),
        ("tuning", intent(jobs=[ACCEPT], tuning=SEEN, shaken="cable"), "ask(tuning)"),
        ("blast radius", intent(size=100), None),
        ("blast radius", intent(RADIUS % 2, size=100), None),
        ("blast radius", intent(RADIUS % 2, jobs=[call(3), call(4)], size=100), None),
        (
            "blast radius",
            intent(RADIUS % 2, jobs=[call(3), call(4), call(5)], size=100),
            "ask(blast_radius)",
        ),
        ("blast radius", intent(RADIUS % 2, touched=["1", "2"], size=100), "ask(blast_radius)"),
        ("blast radius", intent(RADIUS % 2, touched=["1", "3"], size=100), None),
        ("blast radius", intent(RADIUS % "5%", jobs=[call(n) for n in range(5)], size=100), None),
        (
            "blast radius",
            intent(RADIUS % "5%", jobs=[call(n) for n in range(6)], size=100),
            "ask(blast_radius)",
        ),
        ("blast radius", intent(RADIUS % "5%", size=3), None),
        (
            "blast radius",
            intent(RADIUS % "5%", jobs=[call(3), call(4)], size=0),
            "ask(blast_radius)",
        ),
        ("blast radius", intent(RADIUS % 1, jobs=[call(3), NOTICE], size=9), None),
        ("approval", intent(), None),
        ("approval", intent("{approval: {from: noc, expires: 30m}}", approval=False), None),
        (
            "approval",
            intent("{approval: {from: noc, expires: 30m}}", approval=True),
            "ask(approval)",
        ),
        ("confirmation", intent(), None),
        ("confirmation", said(), "ask(confirmation)"),
        ("confirmation", said(sure="false"), None),
        ("confirmation", said(jobs=[NOTICE]), None),
        ("silence", intent(), None),
        ("silence", intent(silence={**SILENCE, "acts": False}), None),
        ("silence", intent(silence={**SILENCE, "acts": True}), "wait(silenced)"),
        ("hands-off", intent(), None),
        (
            "hands-off",
            intent(hands_off={"until": later(90).isoformat(), "who": "ann"}),
            "wait(hands_off)",
        ),
        (
            "hands-off",
            intent(
                events=[event("bridge.paused")], jobs=[], hands_off={"until": "x", "who": "ann"}
            ),
            None,
        ),
        ("flapping", intent(calm_at=later(60).isoformat()), None),
        ("flapping", intent(jobs=[call(leg=7)]), None),
        ("flapping", intent(jobs=[call(leg="7")], calm_at=later(60).isoformat()), "wait(flapping)"),
        ("flapping", intent(jobs=[call(leg=7)], calm_at=later(-60).isoformat()), "wait(flapping)"),
        ("incident", intent(incident=OPEN_INCIDENT), None),
        ("incident", intent(events=[owned()]), None),
        ("incident", intent(events=[owned()], incident=OPEN_INCIDENT), "wait(incident)"),
        ("incident", intent(events=[down(), owned()], incident=OPEN_INCIDENT), "wait(incident)"),
        ("incident", intent(events=[owned()], incident={**OPEN_INCIDENT, "state": "over"}), None),
        ("incident", intent(events=[owned("bond.failed_over")], incident=OPEN_INCIDENT), None),
        ("incident", intent(events=[owned("bond.moved")], incident=OPEN_INCIDENT), None),
        ("pause", intent(), None),
        (
            "pause",
            intent(paused={"since": NOW.isoformat(), "who": "ann", "why": "works"}),
            "wait(paused)",
        ),
        ("window", intent(), None),
        ("window", intent(NIGHTS), "wait(window)"),
        ("window", intent(NIGHTS.replace("06:00", "12:01")), None),
        ("window", intent(NIGHTS.replace("06:00", "12:00")), "wait(window)"),
        ("stuck updates", intent(updates="failing"), None),
        ("stuck updates", intent(updates="stuck"), "wait(stuck)"),
        ("ended", intent(ended=NOW.isoformat()), None),
        ("ended", intent(one=call()), None),
        ("ended", intent(one=call(), ended=NOW.isoformat()), "skip(ended)"),
        ("ended", intent(one=call(), ended=NOW.isoformat(), begun=True), None),
        ("ended", intent(more="late: act", one=call(), ended=NOW.isoformat()), None),
    ],
)
def test_what_each_guard_says(guard: str, about: Intent, says: str | None) -> None:
    """Each guard stops exactly what it is for, says why, and a wait says until when."""
    verdict = GUARDS[guard](about)
    assert (str(verdict) if verdict else None) == says
    if verdict:
        assert verdict.detail
        assert (verdict.until is not None and verdict.until > NOW) == (
            verdict.ruling is Ruling.WAIT
        )


def test_every_guard_is_in_the_table() -> None:
    """No guard of deciding or attempting is without cases that let through and cases that stop."""
    (mark,) = [each for each in test_what_each_guard_says.pytestmark if each.name == "parametrize"]
    cases = {(guard, says is None) for guard, _, says in mark.args[1]}
    assert cases == {(name, stops) for name in GUARDS for stops in (True, False)}


@pytest.mark.parametrize(
    ("guard", "about", "until"),
    [
        ("silence", intent(silence={**SILENCE, "acts": True}), later(300)),
        ("hands-off", intent(hands_off={"until": later(90).isoformat(), "who": "ann"}), later(90)),
        ("flapping", intent(jobs=[call(leg=7)], calm_at=later(60).isoformat()), later(60)),
        ("flapping", intent(jobs=[call(leg=7)], calm_at=later(-60).isoformat()), later(1)),
        ("incident", intent(events=[owned()], incident=OPEN_INCIDENT), NOW + guards.LOOK_AGAIN),
        ("overlap", intent(more="overlap: queue", running=["other"]), NOW + guards.LOOK_AGAIN),
        (
            "pause",
            intent(paused={"since": NOW.isoformat(), "who": "ann", "why": "x"}),
            NOW + timedelta(minutes=1),
        ),
        ("window", intent(NIGHTS), later(10 * 3600)),
        ("stuck updates", intent(updates="stuck"), NOW + guards.LOOK_AGAIN),
    ],
)
def test_a_wait_is_looked_at_again_when_it_can_be_over(
    guard: str, about: Intent, until: object
) -> None:
    """A wait whose end is known lasts until then; any other is looked at again a little later,
    never at once.
    """
    verdict = GUARDS[guard](about)
    assert verdict is not None
    assert verdict.until == until


def test_what_is_final_is_judged_before_what_a_person_is_asked_and_that_before_waits() -> None:
    """A person is not asked about what is skipped anyway, and nothing waits that a person still has
    to answer.
    """
    order = [name for name, _ in DECIDING]
    assert order[:5] == ["role", "reach", "breaker", "overlap", "opposed"]
    assert order[5:10] == ["undone", "tuning", "blast radius", "approval", "confirmation"]
    assert [name for name, _ in ATTEMPTING] == ["role", "reach", "breaker", "ended", *order[10:]]


@pytest.mark.parametrize(("depth", "stops"), [(None, False), (0, False), (3, False), (4, True)])
def test_our_own_actions_lead_to_one_another_only_so_often(depth: int | None, stops: bool) -> None:
    """Three of our own actions may lead to the next; the fourth is a loop."""
    verdict = guards.loop(replace(down(), known={"depth": depth}))
    assert (verdict is not None and verdict.reason is Reason.LOOP) == stops


@pytest.mark.parametrize(
    ("known", "more", "step", "says"),
    [
        ({}, "", RESTART, []),
        ({"over": True}, "", RESTART, ["over"]),
        ({"over": True}, "late: act", RESTART, []),
        ({"over": True}, "", "do: [{notify: {to: boss, title: t}}]", []),
        ({"explained": "bond.restart"}, "", RESTART, ["explained"]),
        ({"explained": "bond.restart"}, "", "do: [{notify: {to: boss, title: t}}]", []),
    ],
)
def test_what_is_over_or_explained_is_told_but_calls_nothing(
    known: dict, more: str, step: str, says: list[str]
) -> None:
    """Rules that only tell are not stopped; those that call are, unless they say `late: act`."""
    one = rule(f"id: a\nwhen: leg.down\n{more}\n{step}")
    told = replace(down(), known=known)
    found = [guards.over(told, one), guards.explained(told, one)]
    assert [str(verdict.reason) for verdict in found if verdict] == says


@pytest.mark.parametrize(
    ("own", "settings", "key", "stops"),
    [
        ("", None, None, False),
        ("", None, "acme", False),
        ("{spaces: ['ac*']}", None, "acme", False),
        ("{spaces: ['ac*']}", None, "beta", True),
        ("{spaces: ['ac*']}", None, None, True),
        ("", ["beta"], "acme", True),
        ("{spaces: ['ac*']}", ["acme"], "acme", False),
        ("{spaces: ['ac*']}", ["beta"], "acme", True),
        ("", ["*"], None, True),
    ],
)
def test_calls_stay_in_their_spaces(
    own: str, settings: list[str] | None, key: str | None, stops: bool
) -> None:
    """Both the rule and the settings must let it act there, and a space that is not known is none
    of theirs.
    """
    one = rule(f"id: a\nwhen: leg.down\nguard: {own or '{}'}\n{RESTART}")
    told = event("leg.down", bond={"id": 3, "space": {"key": key, "name": None}})
    assert (guards.space(told, one, answering(spaces=settings)) is not None) == stops


def test_expiry_is_inclusive() -> None:
    """At the last moment it is still in time, a microsecond later it is not."""
    assert expired(NOW, NOW) is None
    late = expired(later(0.000001), NOW)
    assert late is not None
    assert (str(late), late.detail) == (
        "skip(expired)",
        "it was to be done by 2026-03-01 12:00:00 UTC",
    )


@pytest.mark.parametrize(
    ("one", "mode", "age", "answers", "says"),
    [
        (call(), Mode.LIVE, 0, {}, "act"),
        (call(), Mode.LIVE, 900, {}, "act"),
        (call(), Mode.LIVE, 901, {}, "skip(expired)"),
        (call(), Mode.DRY_RUN, 0, {}, "skip(dry_run)"),
        (call(), Mode.DRY_RUN, 901, {}, "skip(dry_run)"),
        (call(), Mode.LIVE, 0, {"updates": "stuck"}, "wait(stuck)"),
        (call(), Mode.LIVE, 901, {"updates": "stuck"}, "skip(expired)"),
        (NOTICE, Mode.LIVE, 0, {"updates": "stuck"}, "act"),
        (NOTICE, Mode.LIVE, 901, {}, "skip(expired)"),
        (
            call(),
            Mode.LIVE,
            0,
            {"tripped": {"at": "x", "why": "y"}, "updates": "stuck"},
            "skip(breaker)",
        ),
        (None, Mode.LIVE, 0, {"updates": "stuck"}, "act"),
    ],
)
def test_the_guards_before_an_attempt(
    one: Job | None, mode: Mode, age: float, answers: dict, says: str
) -> None:
    """A rule that was set dry since, an attempt that comes too late, then each guard; what only
    tells is not held up.
    """
    about = replace(intent(one=one, **answers), now=later(age))
    assert str(before_attempt(about, mode)) == says


def test_a_rule_that_is_gone_does_nothing_more() -> None:
    """A job whose rule is no longer in the rulebook is skipped, and says which rule."""
    verdict = guards.rule_gone(call())
    assert (str(verdict), "'r'" in verdict.detail) == ("skip(rule_gone)", True)


def test_a_bond_that_somebody_works_on_is_told_by_the_call_or_else_by_the_events() -> None:
    """The bonds that calls touch count; only where none is known those of the events."""
    assert intent(jobs=[call(9)]).bonds == [9]
    assert intent(jobs=[NOTICE]).bonds == [3]
    assert intent(jobs=[call(9)], one=call(4)).bonds == [4]
