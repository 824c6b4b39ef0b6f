"""Rules meet events."""

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.guards import ACT, Held, before_attempt, cooldown, cooldown_key, expired
from bridge.core.match import Situation, cooldown_keys, decide, facts_of, meet
from bridge.core.model import Decision, Event, Job, JobState, Mode, Outcome, Reason, Retry, Ruling, Verdict
from bridge.core.rules import Rule

from .made import NOW, event, later, rule, rules

TELL = "do: [{notify: {to: boss, title: 'leg ${leg.name}'}}]"
RESTART = "do: [{call: bond.restart, with: {bond: '${bond.id}'}}]"
COOLING = f"id: a\nwhen: leg.down\nguard: {{cooldown: {{every: 10m, per: bond}}}}\n{RESTART}"


def situation(now: datetime = NOW, held: dict | None = None, *, forced_live: bool = False) -> Situation:
    """Where the decision is made."""
    return Situation("book", now, held or {}, forced_live)


def down(identifier: str = "e1", bond: int = 3, *, time: datetime = NOW, name: str | None = "cable") -> Event:
    """A leg of this bond is down."""
    return event("leg.down", identifier, time=time, leg={"name": name, "id": 7}, bond={"id": bond, "name": "acme"})


@pytest.mark.parametrize(
    ("text", "age", "verdict"),
    [
        (f"id: a\nwhen: leg.down\n{TELL}", 0, "act"),
        (f"id: a\nwhen: leg.down\nif: leg.name == 'cable'\n{TELL}", 0, "act"),
        (f"id: a\nwhen: leg.down\nif: leg.name == 'fibre'\n{TELL}", 0, "skip(condition)"),
        (f"id: a\nwhen: leg.down\nif: event.data.old.name == 'x'\n{TELL}", 0, "skip(condition_error)"),
        (f"id: a\nwhen: leg.down\nif: leg.name\n{TELL}", 0, "skip(condition_error)"),
        (f"id: a\nwhen: leg.down\nif: leg.note\n{TELL}", 0, "skip(condition_error)"),
        (f"id: a\nwhen: leg.down\nmode: dry_run\n{RESTART}", 0, "skip(dry_run)"),
        (f"id: a\nwhen: leg.down\nmode: dry_run\nif: leg.id == 8\n{RESTART}", 0, "skip(condition)"),
        (f"id: a\nwhen: leg.down\n{RESTART}", 900, "act"),
        (f"id: a\nwhen: leg.down\n{RESTART}", 901, "skip(expired)"),
        (f"id: a\nwhen: leg.down\nmode: dry_run\n{RESTART}", 901, "skip(expired)"),
        (f"id: a\nwhen: leg.down\nif: leg.id == 8\n{RESTART}", 901, "skip(condition)"),
        (f"id: a\nwhen: leg.down\n{TELL}", 24 * 3600, "act"),
        (f"id: a\nwhen: leg.down\n{TELL}", 24 * 3600 + 1, "skip(expired)"),
        (f"id: a\nwhen: leg.down\n{RESTART[:-2]}, retry: {{on: [refused], every: 1m, until: 6h}}}}]", 6 * 3600, "act"),
        ("id: a\nwhen: leg.down\ndo: [{notify: {to: noc, title: '${event.data.old.name}'}}]", 0, "skip(condition_error)"),
        ("id: a\nwhen: leg.down\ndo: [{notify: {to: noc, title: '${1 / (leg.id - 7)}'}}]", 0, "skip(condition_error)"),
        (f"id: a\nwhen: leg.down\nguard: {{cooldown: {{every: 1m, per: '1 / (leg.id - 7)'}}}}\n{TELL}", 0,
         "skip(condition_error)"),
        (f"{COOLING}", 0, "act"),
    ],
)  # fmt: skip
def test_every_meeting_has_a_verdict_with_its_reason(text: str, age: float, verdict: str) -> None:
    """Condition, expiry and mode in this order; what cannot be evaluated lets nothing through."""
    decision = meet(rule(text), event_with_no_before(), situation(later(age)))
    assert str(decision.verdict) == verdict
    assert bool(decision.jobs) == (decision.verdict.ruling is Ruling.ACT)
    assert decision.verdict.detail or decision.verdict == ACT


def event_with_no_before() -> Event:
    """A leg that is down, of which nobody knew before."""
    told = down()
    return Event(told.id, told.type, told.server, told.subject, told.time, told.seen_at, {**told.data, "old": None})


def test_what_a_decision_holds() -> None:
    """A decision names its event, rule, rulebook and moment, the jobs in order of their steps, and the trace of how."""
    one = rule(
        "id: a\nwhen: leg.down\nif: leg.id == 7\ndo:\n"
        "  - {call: bond.restart, with: {bond: '${bond.id}'}}\n  - notify: {to: noc, title: '${bond.name}: ${leg.note}'}"
    )
    decision = meet(one, down(), situation(later(5)))
    assert (decision.event, decision.rule, decision.rulebook, decision.at) == ("e1", "a", "book", later(5))
    assert decision.verdict == ACT
    assert [(job.step, job.action, job.request, job.state) for job in decision.jobs] == [
        (0, "call", {"operation": "bond.restart", "arguments": {"bond": 3}}, JobState.DUE),
        (1, "notify", {"to": "noc", "target": 0, "title": "acme: ?", "body": ""}, JobState.WAITING),
        (1, "notify", {"to": "noc", "target": 1, "title": "acme: ?", "body": ""}, JobState.WAITING),
    ]
    assert len({job.id for job in decision.jobs}) == 3
    assert {job.due_at for job in decision.jobs} == {later(5)}
    assert [job.not_after for job in decision.jobs] == [later(900), later(86400), later(86400)]
    assert [(each["step"], each["says"]) for each in decision.trace] == [
        ("when", "holds"), ("if", "holds"), ("guard expired", "in time"), ("mode", "live"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("held", "now", "verdict", "until"),
    [
        (None, 0, "act", None),
        (Held("other", None), 0, "skip(cooldown)", None),
        (Held("other", None), 86400, "skip(expired)", None),
        (Held("other", NOW), 0, "skip(cooldown)", later(600)),
        (Held("other", NOW), 599, "skip(cooldown)", later(600)),
        (Held("other", NOW), 600, "act", None),
        (Held("mine", None), 0, "act", None),
        (Held("mine", NOW), 0, "act", None),
    ],
)
def test_a_cooldown_holds_from_admission_to_its_end(held: Held | None, now: float, verdict: str, until: object) -> None:
    """Another decision holds the key while it is under way and for the stretch after it ended; one's own does not."""
    one = rule(COOLING)
    mine = meet(one, down(), situation()).id
    key = cooldown_key(one, "main", 3, Mode.LIVE)
    held = Held(mine, held.ended_at) if held and held.by == "mine" else held
    decision = meet(one, down(), situation(later(now), {key: held} if held else {}))
    assert str(decision.verdict) == verdict
    assert decision.verdict.until == until
    assert decision.cooldown == (key if verdict == "act" else None)


def test_a_cooldown_counts_per_value_server_and_rule() -> None:
    """Another bond, another server and another rule have keys of their own; an object stands for its id."""
    one, other = rule(COOLING), rule(COOLING.replace("id: a", "id: b"))
    whole = rule(COOLING.replace(", per: bond", ""))
    by_id = rule(COOLING.replace("per: bond", "per: bond.id"))
    elsewhere = event("leg.down", server="other", bond={"id": 3})
    keys = [
        meet(one, down(), situation()).cooldown, meet(one, down(bond=4), situation()).cooldown,
        meet(one, elsewhere, situation()).cooldown, meet(other, down(), situation()).cooldown,
        meet(whole, down(), situation()).cooldown,
    ]  # fmt: skip
    assert None not in keys
    assert len(set(keys)) == 5
    assert meet(whole, down(bond=4), situation()).cooldown == keys[4]
    assert meet(by_id, down(), situation()).cooldown == keys[0]


def test_a_batch_folds_its_own_admissions() -> None:
    """Of two events of one bond in one batch the first is admitted and holds the second; another bond's is its own."""
    made = decide([rule(COOLING)], [down("e1"), down("e2"), down("e3", bond=4)], situation())
    assert [str(each.verdict) for each in made] == ["act", "skip(cooldown)", "act"]
    assert made[1].verdict.detail == "the one before it is still under way"
    assert made[1].facts["cooldown"]["by"] == made[0].id


def test_what_was_not_admitted_holds_nothing() -> None:
    """An event that the condition stopped does not start the cooldown."""
    one = rule(COOLING.replace("guard:", "if: bond.name != 'acme' || leg.id == 8\nguard:"))
    assert [each.cooldown for each in decide([one], [down("e1"), down("e2")], situation())] == [None, None]


def test_dry_runs_keep_their_own_books() -> None:
    """A dry run holds the next dry run, and neither is held by nor holds the live rule."""
    live, dry = rule(COOLING), rule(f"mode: dry_run\n{COOLING}")
    first = meet(dry, down(), situation())
    assert (str(first.verdict), first.jobs) == ("skip(dry_run)", ())
    assert first.cooldown not in (None, meet(live, down(), situation()).cooldown)
    held = {first.cooldown: Held(first.id, NOW)}
    assert str(meet(dry, down("e2"), situation(held=held)).verdict) == "skip(cooldown)"
    assert str(meet(live, down("e2"), situation(held=held)).verdict) == "act"
    live_held = {meet(live, down(), situation()).cooldown: Held("x", None)}
    assert str(meet(dry, down("e2"), situation(held=live_held)).verdict) == "skip(dry_run)"


def test_a_dry_run_says_what_it_would_do() -> None:
    """The trace of a dry run holds the requests that were not made."""
    decision = meet(rule(f"mode: dry_run\n{COOLING}"), down(), situation())
    assert (decision.trace[-1]["says"], decision.trace[-1]["about"]) == ("dry_run", "would do")
    assert decision.trace[-1]["detail"] == [{"action": "call", "operation": "bond.restart", "arguments": {"bond": 3}}]


def test_forced_live_acts_although_the_rule_is_dry() -> None:
    """Where it is forced, a dry rule acts, in the books of a live one."""
    decision = meet(rule(f"mode: dry_run\n{COOLING}"), down(), situation(forced_live=True))
    assert str(decision.verdict) == "act"
    assert decision.facts["mode"] == "live"
    assert decision.cooldown == meet(rule(COOLING), down(), situation()).cooldown


def test_the_facts_of_a_decision_are_stored_with_it() -> None:
    """Event, moment, rule, mode and the cooldown as it stood: all the verdict was made from, as plain data."""
    one = rule(COOLING)
    key = cooldown_key(one, "main", 3, Mode.LIVE)
    decision = meet(one, down(), situation(later(1), {key: Held("other", NOW), "noise": Held("x", None)}))
    assert decision.facts == {
        "event": "e1", "time": "2026-03-01T12:00:00+00:00", "known": {},
        "now": "2026-03-01T12:00:01+00:00", "rule": one.hash, "mode": "live",
        "cooldown": {"by": "other", "ended_at": "2026-03-01T12:00:00+00:00"},
    }  # fmt: skip
    assert meet(one, down(), situation()).facts["cooldown"] is None


def test_only_rules_that_listen_meet_an_event() -> None:
    """An event that no rule names makes no decision; each rule that names it makes one, in the rules' order."""
    book = rules(
        f"- {{id: z, when: 'leg.*', {TELL}}}\n- {{id: a, when: leg.down, {TELL}}}\n- {{id: m, when: bond.added, {RESTART}}}"
    )
    made = decide(book, [event("aggregator.failed", "e0"), down("e1"), event("leg.up", "e2")], situation())
    assert [(each.event, each.rule) for each in made] == [("e1", "z"), ("e1", "a"), ("e2", "z")]


def test_webhooks_are_stale_sooner() -> None:
    """What another system asks for is acted on for two minutes, unless the step says otherwise."""
    one = rule("id: a\nwhen: webhook.chat\ndo: [{call: bond.restart, with: {bond: '${body.bond}'}}]")
    told = event("webhook.chat", body={"bond": 3})
    assert meet(one, told, situation(later(120))).jobs[0].request["arguments"] == {"bond": 3}
    assert str(meet(one, told, situation(later(121))).verdict) == "skip(expired)"
    assert str(meet(one, event("webhook.chat", body={}), situation()).verdict) == "skip(condition_error)"


@pytest.mark.parametrize(
    "title", ["${timestamp(now)}", "${duration('1h')}", "${1.0 / 0.0}", "${b'x'}", "${leg.id}", "${leg.note}"]
)
def test_a_notice_is_text_that_can_be_stored(title: str) -> None:
    """Whatever a title's expression gives, the notice it becomes is text, or the decision says why there is none."""
    decision = meet(rule(f'id: a\nwhen: leg.down\ndo: [{{notify: {{to: boss, title: "{title}"}}}}]'), down(), situation())
    json.dumps([job.request for job in decision.jobs] + list(decision.trace), allow_nan=False)
    assert all(isinstance(job.request["title"], str) for job in decision.jobs)


@pytest.mark.parametrize("per", ["body.site", "body"])
@pytest.mark.parametrize("site", ["\ud800", "a\x00b", 10**30, None, [], {"id": {"a": [1]}}], ids=repr)
def test_odd_webhook_bodies_are_decided(per: str, site: object) -> None:
    """Whatever a webhook carries, a decision comes of it: an event that cannot be decided would hold up all after it."""
    one = rule(
        f"id: a\nwhen: webhook.chat\nguard: {{cooldown: {{every: 1m, per: {per}}}}}\ndo: [{{notify: {{to: boss, title: t}}}}]"
    )
    told = event("webhook.chat", body={"site": site})
    decision = meet(one, told, situation())
    assert decision.verdict.reason in (None, Reason.CONDITION_ERROR)
    decision.verdict.detail.encode()
    assert cooldown_keys([one], told, NOW) >= ({decision.cooldown} if decision.cooldown else set())


def test_the_keys_that_deciding_may_ask_about() -> None:
    """Both modes' keys of every listening rule with a cooldown are asked for; what cannot be evaluated asks for none."""
    cooling = rule(COOLING)
    failing = rule(COOLING.replace("per: bond", "per: '1 / (leg.id - 7)'").replace("id: a", "id: b"))
    deaf = rule(COOLING.replace("leg.down", "leg.up").replace("id: a", "id: c"))
    plain = rule(f"id: d\nwhen: leg.down\n{TELL}")
    assert cooldown_keys([cooling, failing, deaf, plain], down(), NOW) == {
        cooldown_key(cooling, "main", 3, mode) for mode in Mode
    }


def test_what_expressions_see() -> None:
    """Nouns at the root and under `event.data`, times as text."""
    facts = facts_of(down(time=later(-5)), NOW)
    assert facts["leg"] is facts["event"]["data"]["leg"]
    assert (facts["server"], facts["now"]) == ("main", "2026-03-01T12:00:00+00:00")
    assert facts["event"]["time"] == "2026-03-01T11:59:55+00:00"
    assert set(facts["event"]) == {"id", "type", "server", "subject", "time", "data"}


# --- what must hold for every batch ------------------------------------------------------------------------------------

BOOK = rules(f"""\
- {{id: tell, when: 'leg.*', {TELL}}}
- {{id: cool, when: leg.down, guard: {{cooldown: {{every: 10m, per: bond}}}}, {RESTART}}}
- {{id: once, when: [leg.down, leg.up], guard: {{cooldown: {{every: 1h}}}}, {RESTART}}}
- {{id: dry, when: leg.down, mode: dry_run, guard: {{cooldown: {{every: 10m, per: bond}}}}, {RESTART}}}
- {{id: picky, when: leg.up, if: bond.id == 3, guard: {{cooldown: {{every: 5m, per: leg.id}}}}, {TELL}}}
- {{id: broken, when: leg.down, guard: {{cooldown: {{every: 5m, per: 1 / (bond.id - 4)}}}}, {TELL}}}
""")

HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(["leg.down", "leg.up"]), st.sampled_from([3, 4]), st.sampled_from([7, 8]), st.integers(-2000, 0)),
    max_size=8,
).map(
    lambda each: [
        event(name, f"e{i}", time=later(ago), leg={"id": leg, "name": "x"}, bond={"id": bond})
        for i, (name, bond, leg, ago) in enumerate(each)
    ]
)


def folded(held: dict[str, Held], made: Sequence[Decision]) -> dict[str, Held]:
    """The cooldowns as they stand once these decisions are written: a dry run is over at once."""
    return held | {each.cooldown: Held(each.id, None if each.acts else each.at) for each in made if each.cooldown}


@given(HAPPENINGS, st.permutations(BOOK), st.booleans())
def test_the_order_of_rules_changes_no_decision(happened: list[Event], book: list[Rule], forced: bool) -> None:  # noqa: FBT001
    """Every permutation of the rules makes the same decisions."""
    here = situation(forced_live=forced)
    straight = {each.id: each for each in decide(BOOK, happened, here)}
    assert {each.id: each for each in decide(book, happened, here)} == straight


@given(HAPPENINGS, st.integers(0, 8))
def test_the_same_input_makes_equal_decisions(happened: list[Event], cut: int) -> None:
    """Deciding has no memory and no chance: twice the same is equal in every field."""
    held = {cooldown_key(BOOK[1], "main", 3, Mode.LIVE): Held("earlier", later(-cut * 100))}
    assert decide(BOOK, happened, situation(held=held)) == decide(BOOK, happened, situation(held=held))
    assert held == {cooldown_key(BOOK[1], "main", 3, Mode.LIVE): Held("earlier", later(-cut * 100))}


@given(HAPPENINGS, st.lists(st.integers(0, 8), max_size=3))
def test_the_splitting_of_a_batch_changes_no_decision(happened: list[Event], cuts: list[int]) -> None:
    """A batch decided in parts, each with what the parts before it left in the store, comes to the same decisions."""
    whole = decide(BOOK, happened, situation())
    held: dict[str, Held] = {}
    parts: list[Decision] = []
    edges = [0, *sorted(min(cut, len(happened)) for cut in cuts), len(happened)]
    for start, end in pairwise(edges):
        made = decide(BOOK, happened[start:end], situation(held=held))
        held = folded(held, made)
        parts += made
    assert parts == whole


# --- the guards on their own -------------------------------------------------------------------------------------------


def test_expiry_is_inclusive() -> None:
    """At the last moment it is still in time, a microsecond later it is not."""
    assert expired(NOW, NOW) is None
    late = expired(later(0.000001), NOW)
    assert (late.ruling, late.reason, late.detail) == (
        Ruling.SKIP, Reason.EXPIRED, "it was to be done by 2026-03-01 12:00:00 UTC",
    )  # fmt: skip


def test_a_cooldown_says_how_long_ago() -> None:
    """The detail tells a person when the last one ended and how often is often enough."""
    verdict = cooldown(600, "k", "me", {"k": Held("other", NOW)}, later(90))
    assert verdict.detail == "the last one ended 1m30s ago, at most one in 10m"


@pytest.mark.parametrize(
    ("present", "mode", "age", "verdict"),
    [
        (True, Mode.LIVE, 0, "act"),
        (True, Mode.LIVE, 901, "skip(expired)"),
        (True, Mode.DRY_RUN, 0, "skip(dry_run)"),
        (True, Mode.DRY_RUN, 901, "skip(dry_run)"),
        (False, Mode.LIVE, 0, "skip(rule_gone)"),
        (False, Mode.DRY_RUN, 901, "skip(rule_gone)"),
    ],
)
def test_the_guards_before_an_attempt(present: bool, mode: Mode, age: float, verdict: str) -> None:  # noqa: FBT001
    """A rule that is gone, that was set dry since, or an attempt that comes too late: each stops it with its reason."""
    job = Job("j", "d", "e", "a", "main", 0, "call", {}, Retry(frozenset({Outcome.REFUSED}), 1, 1), NOW, later(900))
    got = before_attempt(job, rule(COOLING) if present else None, mode, later(age))
    assert str(got) == verdict
    assert isinstance(got, Verdict)
