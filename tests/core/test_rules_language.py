"""Every key of the language, from the file to its value."""

from copy import deepcopy
from dataclasses import replace
from datetime import time

import pytest

from bridge.core.model import Mode
from bridge.core.rules.parse_when import equalities
from bridge.core.rules.parser import Vocabulary, at, parse
from bridge.core.rules.rule import (
    Absent,
    Approval,
    BlastRadius,
    Breaker,
    Count,
    Group,
    Guard,
    Overlap,
    Rate,
    Rollout,
    Rule,
    Schedule,
    Share,
    TuningLimits,
    Undone,
    Verify,
    Wait,
    Window,
)
from bridge.core.yaml_document import read

VOCABULARY = Vocabulary(
    operations={
        "bond.restart": ("bond",),
        "bond.restore_to_primary_agg": ("bond",),
        "bond_tuning.accept": ("bond", "tuning"),
        "leg.update": ("leg",),
    },
    channels={"noc": 2},
    takes={"leg.update": True},
    hooks=frozenset({"ticketing"}),
)
TELL = "do: [{notify: {to: noc, title: t}}]"
RESTART = '{call: bond.restart, with: {bond: "${bond.id}"}'

FULL = """\
id: home
when: bond.failed_over
if: bond.space.key != "lab" && !view.aggregator(event.data.bond.primary).failed
for: 10m
still: true
late: act
group: {by: event.data.bond.primary, wait: 30s, most: 50}
guard:
  cooldown: {every: 1h, per: bond}
  rate: {most: 60, every: 10m}
  blast_radius: {most: 5%, of: bonds, within: 1h}
  windows:
    - {days: mon-fri, from: "22:00", to: "06:00", zone: America/Vancouver}
    - {days: [sat, sun], from: "00:00", to: "24:00", zone: UTC}
  approval: {from: noc, expires: 30m, when: "size(events) > 20"}
  breaker: {failures: 3, within: 1h}
  rollout: {first: 1, then: [5, 10%], pause: 2m, stop_on: [unverified, refused]}
  undone: {times: 2, within: 1d}
  spaces: ["acme*", hq]
overlap: one
priority: 7
mode: dry_run
do:
  - each: bond
    if: bond.id != 9
    call: bond.restore_to_primary_agg
    with: {bond: "${bond.id}"}
    retry: {on: [refused, unverified], every: 5m, until: 6h}
    verify: {expect: "bond.current == bond.primary && view.leg(3) != null", within: 2m}
    on_failure:
      - notify: {to: noc, title: "${job.operation} of ${bond.name}: ${job.outcome}
          ${job.detail} ${job.arguments.bond}"}
      - {silence: {for: 1h, per: bond}}
      - {if: size(events) > 1, call: bond.restart, with: {bond: "${job.arguments.bond}"}}
  - wait: 10m
  - wait: {until: "02:00", zone: America/Vancouver}
  - webhook: {to: ticketing, data: {bond: "${bond.name}", n: 3}}
  - silence: {for: 2h, types: [leg.*, bond.down], per: space, acts: true}
  - notify: {to: noc, title: "${size(events)} bonds are home again"}
"""


def rule(text: str) -> Rule:
    """The one rule of a text that has nothing wrong."""
    found, wrong = parse(read(text, "rules/test.yaml"), VOCABULARY)
    assert not wrong, [str(problem) for problem in wrong]
    (one,) = found
    return one


def wrong(text: str) -> list[tuple[str, str]]:
    """The keys and sentences of what is wrong with a text."""
    return [
        (each.key, f"{each.what} ({each.mend})")
        for each in parse(read(text, "rules/test.yaml"), VOCABULARY)[1]
    ]


def test_every_key_beside_guards_and_steps_is_read() -> None:
    """What a rule says of when and how it meets events stands in it as values."""
    full = rule(FULL)
    assert (full.types, full.lasts, full.still, full.late) == (
        {"bond.failed_over"},
        600.0,
        True,
        True,
    )
    assert isinstance(full.group, Group)
    assert (full.group.by and full.group.by.source, full.group.wait, full.group.most) == (
        "event.data.bond.primary",
        30.0,
        50,
    )
    assert (full.overlap, full.priority, full.mode, full.shape) == (
        Overlap.ONE,
        7,
        Mode.DRY_RUN,
        None,
    )


def test_every_guard_is_read() -> None:
    """Each guard stands in the rule with its values, shares and days as numbers."""
    guard = rule(FULL).guard
    assert guard.cooldown is not None
    assert guard.approval is not None
    assert (guard.cooldown.every, guard.cooldown.per and guard.cooldown.per.source) == (
        3600.0,
        "bond",
    )
    assert guard.rate == Rate(60, 600.0)
    assert guard.blast_radius == BlastRadius(Share(5.0, percent=True), "bond", 3600.0)
    assert guard.windows == (
        Window(frozenset(range(5)), time(22), time(6), "America/Vancouver"),
        Window(frozenset({5, 6}), time(0), time(0), "UTC"),
    )
    assert (guard.approval.to, guard.approval.expires) == ("noc", 1800.0)
    assert guard.approval.condition is not None
    assert guard.approval.condition.source == "size(events) > 20"
    assert guard.breaker == Breaker(3, 3600.0)
    assert guard.rollout == Rollout(
        1, (Share(5.0), Share(10.0, percent=True)), 120.0, frozenset({"unverified", "refused"})
    )
    assert (guard.undone, guard.spaces) == (Undone(2, 86400.0), ("acme*", "hq"))


def test_every_step_is_read() -> None:
    """Each kind of step stands in the rule with what goes with it, what is done on failure below
    it.
    """
    call, pause, until, hook, silence, notify = rule(FULL).steps
    assert (call.action, call.name, call.each) == ("call", "bond.restore_to_primary_agg", "bond")
    assert call.condition is not None
    assert call.retry is not None
    assert call.condition.source == "bond.id != 9"
    assert call.retry.on == {"refused", "unverified"}
    assert isinstance(call.verify, Verify)
    assert call.verify.within == 120.0
    assert [step.action for step in call.on_failure] == ["notify", "silence", "call"]
    assert (pause.action, pause.wait) == ("wait", Wait(seconds=600.0))
    assert until.wait == Wait(until=time(2), zone="America/Vancouver")
    assert (hook.action, hook.name, hook.fields["n"].render({})) == ("webhook", "ticketing", 3)
    assert (
        silence.action,
        silence.fields["for"].render({}),
        silence.fields["acts"].render({}),
    ) == ("silence", 7200.0, True)
    assert (silence.fields["types"].render({}), silence.fields["per"].render({})) == (
        ["leg.*", "bond.down"],
        "space",
    )
    assert (notify.action, notify.name, notify.targets) == ("notify", "noc", 2)


def test_what_is_left_out_has_its_default() -> None:
    """A rule of three keys listens, tells, and is held by nothing."""
    short = rule(f"id: a\nwhen: leg.up\n{TELL}")
    assert (short.lasts, short.still, short.late, short.group, short.shape) == (
        None,
        False,
        False,
        None,
        None,
    )
    assert (short.overlap, short.priority, short.guard, short.tests) == (
        Overlap.PARALLEL,
        0,
        Guard(),
        (),
    )
    grouped = rule(f"id: a\nwhen: leg.up\ngroup: {{wait: 1m}}\n{TELL}")
    assert (grouped.group, grouped.overlap) == (Group(None, 60.0, 500), Overlap.QUEUE)
    (step,) = rule(f"id: a\nwhen: leg.up\ndo: [{RESTART}, verify: {{}}}}]").steps
    assert step.verify == Verify(None, 300.0)
    (silence,) = rule("id: a\nwhen: leg.up\ndo: [{silence: {for: 1h, per: leg}}]").steps
    assert silence.fields["types"].render({"event": {"type": "leg.up"}}) == ["leg.up"]


def test_so_many_events_in_a_time() -> None:
    """A count listens to what it counts, which may be globs."""
    counted = rule(
        f"id: a\nwhen: {{count: {{of: leg.d*, over: 10m, at_least: 3, per: leg}}}}\n{TELL}"
    )
    assert counted.types == {"leg.down", "leg.degraded"}
    assert isinstance(counted.shape, Count)
    assert (
        counted.shape.over,
        counted.shape.at_least,
        counted.shape.per and counted.shape.per.source,
    ) == (600.0, 3, "leg")
    alone = rule(f"id: a\nwhen: {{count: {{of: [leg.down], over: 1h, at_least: 3}}}}\n{TELL}")
    assert alone.shape == Count(3600.0, 3, None)


def test_an_event_that_does_not_come() -> None:
    """An absence listens to what begins it; `per` must be there in both kinds of event."""
    text = (
        "id: a\nwhen: {absent: {after: bond_tuning.started, of: bond_tuning.finished, within: 2h,"
        " per: bond}}\n" + TELL
    )
    absent = rule(text)
    assert absent.types == {"bond_tuning.started"}
    assert isinstance(absent.shape, Absent)
    assert (absent.shape.types, absent.shape.within) == ({"bond_tuning.finished"}, 7200.0)
    ((key, says),) = wrong(text.replace("bond_tuning.finished", "aggregator.failed"))
    assert (key, "checked against aggregator.failed" in says) == ("when.absent.per", True)
    ((key, says),) = wrong(text.replace("bond_tuning.finished", "bond_tuning.s*"))
    assert (key, says[:19]) == ("when.absent.of", "bond_tuning.started")


def test_by_the_clock() -> None:
    """A schedule is met by its own event, which names the rule and the moment and no object."""
    text = 'id: a\nwhen: {schedule: {cron: "0 22 * * mon-fri", zone: America/Vancouver}}\n'
    due = rule(text + 'do: [{notify: {to: noc, title: "${schedule.rule} at ${schedule.at}"}}]')
    assert (due.types, due.shape) == (
        {"schedule.due"},
        Schedule("0 22 * * mon-fri", "America/Vancouver"),
    )
    ((key, says),) = wrong(text + 'do: [{notify: {to: noc, title: "${bond.name}"}}]')
    assert (key, "checked against schedule.due" in says) == ("do.0.notify.title", True)


def test_a_remedy_for_what_lasts_gives_up_by_itself() -> None:
    """A rule that calls on lasting events alone asks a person after three times in six hours,
    unless it says otherwise.
    """
    assert rule(f"id: a\nwhen: [leg.down, bond.down]\ndo: [{RESTART}}}]").guard.undone == Undone(
        3, 6 * 3600.0
    )
    assert rule(f"id: a\nwhen: [leg.down, leg.up]\ndo: [{RESTART}}}]").guard.undone is None
    assert rule(f"id: a\nwhen: leg.down\n{TELL}").guard.undone is None


@pytest.mark.parametrize("key", ["for: 10m", "still: true"])
def test_only_what_lasts_can_last(key: str) -> None:
    """`for` and `still` refuse an event that is over at once, by name, and name the lasting ones of
    its family.
    """
    ((place, says),) = wrong(f"id: a\nwhen: [leg.up, leg.down]\n{key}\n{TELL}")
    assert place == key.partition(":")[0]
    assert "leg.up is over as soon as it has happened (these last: leg.down, leg.degraded" in says
    ((_, says),) = wrong(f"id: a\nwhen: [user.added, user.removed]\n{key}\n{TELL}")
    assert "user.added and 1 more are over as soon as" in says


def test_how_tunings_are_judged_is_read() -> None:
    """Limits of tunings stand in the rule; a part of them leaves the others as they are."""
    text = (
        "id: a\nwhen: bond_tuning.recommended\nguard: {tuning: {largest_change: 30%, least: 1,"
        " most: 500, stable: 1h}}\n"
    )
    accept = 'do: [{call: bond_tuning.accept, with: {bond: "${bond.id}", tuning: "${tuning.id}"}}]'
    assert rule(text + accept).guard.tuning == TuningLimits(0.3, 1.0, 500.0, 3600.0)
    assert rule(
        text.replace(", least: 1, most: 500, stable: 1h", "") + accept
    ).guard.tuning == TuningLimits(0.3)
    assert wrong(text + TELL) == [
        ("guard.tuning", "`tuning` is about accepting tunings, and no step here accepts one ()")
    ]


def test_what_is_verified_are_the_objects_of_the_event_and_the_view() -> None:
    """After a call nothing is seen that only the event had, such as what was before it."""
    text = f"id: a\nwhen: leg.down\ndo: [{RESTART}, verify: {{expect: EXPECT}}}}]"
    assert rule(
        text.replace("EXPECT", "leg.standing == 'up' && bond.id > 0 && view.leg(3).id == 1")
    )
    for path in ("old.standing", "event.id", "known.over", "now", "job.id"):
        ((key, _),) = wrong(text.replace("EXPECT", f"{path} == null"))
        assert key == "do.0.verify.expect"


def test_the_failed_job_is_seen_below_on_failure_and_nowhere_else() -> None:
    """`job` is there for what is done on failure, with any arguments."""
    text = (
        f"id: a\nwhen: leg.down\ndo: [{RESTART}, on_failure: [{{notify: {{to: noc, title:"
        " '${job.x}'}}]}]"
    )
    assert rule(text.replace("job.x", "job.arguments.anything + job.id"))
    assert [key for key, _ in wrong(text.replace("job.x", "job.rule"))] == [
        "do.0.on_failure.0.notify.title"
    ]
    assert [
        key
        for key, _ in wrong("id: a\nwhen: leg.down\ndo: [{notify: {to: noc, title: '${job.id}'}}]")
    ] == ["do.0.notify.title"]


@pytest.mark.parametrize(
    ("days", "numbers"),
    [
        ("daily", range(7)),
        ("mon", [0]),
        ("[mon, wed]", [0, 2]),
        ("fri-mon", [4, 5, 6, 0]),
        ("[mon-wed, sun]", [0, 1, 2, 6]),
        ("tue-tue", [1]),
    ],
)
def test_days_are_written_as_people_write_them(days: str, numbers: object) -> None:
    """A day, a span that may go over the week's end, a list of both, or daily."""
    text = (
        f'id: a\nwhen: leg.up\nguard: {{windows: [{{days: {days}, from: "01:00", to: "02:00", zone:'
        f" UTC}}]}}\n{TELL}"
    )
    assert rule(text).guard.windows[0].days == frozenset(numbers)  # type: ignore[call-overload]


def test_an_example_may_say_when_what_is_seen_and_what_is_called() -> None:
    """Moments, views, a beginning and promised calls are read; one promise or several."""
    text = f"""\
id: a
when: leg.down
{TELL}
examples:
  - begin: "2026-01-05T09:00:00-08:00"
    given:
      - {{type: leg.down, view: {{leg: {{"12": {{standing: down}}}}}}}}
      - {{at: 5m, view: {{leg: {{"12": {{standing: up}}}}}}}}
    then:
      - {{at: 11m, verdict: act, calls: [bond.restart,
          {{call: leg.update, with: {{leg: 12}}, set: {{x: 1}}, at: 12h}}]}}
      - {{at: 12m, verdict: skip, reason: condition}}
  - {{given: [{{type: leg.down}}], then: {{verdict: act, calls: []}}}}
"""
    first, second = rule(text).examples
    assert first.begin is not None
    assert first.begin.utcoffset() is not None
    assert [(each.at, each.type, each.view) for each in first.given] == [
        (0.0, "leg.down", {"leg": {"12": {"standing": "down"}}}),
        (300.0, "", {"leg": {"12": {"standing": "up"}}}),
    ]
    assert [(each.at, each.reason) for each in first.then] == [(660.0, None), (720.0, "condition")]
    calls = first.then[0].calls
    assert calls is not None
    assert [(each.call, each.with_, each.set_, each.at) for each in calls] == [
        ("bond.restart", None, None, None),
        ("leg.update", {"leg": 12}, {"x": 1}, 43200.0),
    ]
    assert (len(second.then), second.then[0].calls) == (1, [])


@pytest.mark.parametrize(
    ("condition", "tests"),
    [
        ('leg.type == "mobile"', ((("leg", "type"), "mobile"),)),
        (
            "leg.type == 'mobile' && bond.id == 3 && leg.id == -4",
            ((("leg", "type"), "mobile"), (("bond", "id"), 3), (("leg", "id"), -4)),
        ),
        (
            "known.over == false && known.incident == null",
            ((("known", "over"), False), (("known", "incident"), None)),
        ),
        ("leg.id == 1 // comment && leg.id == 2", ((("leg", "id"), 1),)),
        ("leg.id == 1 && leg.id > 2 && bond.id == 3", ((("leg", "id"), 1),)),
        ("leg.id == 1 && (leg.id == 2 || bond.id == 3)", ((("leg", "id"), 1),)),
        ("leg.id == 1 || leg.id == 2", ()),
        ("leg.id == 1 && bond.id == 3 || true", ()),
        ("leg.id == 1 ? true : false", ()),
        ("(leg.id == 1)", ()),
        ("!leg.up == true", ()),
        ("leg.id == 1 + 1", ()),
        ("leg.id == 1.5", ()),
        ("leg.id == 3u", ()),
        ("leg.id == bond.id", ()),
        ("3 == leg.id", ()),
        ("leg.id != 3", ()),
        (r'leg.name == "a\n"', ()),
        ('leg.name == r"a"', ()),
        ('leg.name == "a && b" && leg.id == 1', ((("leg", "name"), "a && b"), (("leg", "id"), 1))),
        ("leg.name.size() == 3", ()),
        ("size(events) == 3", ()),
        ("events.exists(e, e.id == 3 || false) && leg.id == 1", ()),
    ],
)
def test_the_tests_that_a_condition_begins_with(condition: str, tests: object) -> None:
    """Equalities that must hold are found, and nothing is taken for one that need not."""
    assert equalities(condition) == tests


def test_only_what_is_sure_to_be_there_is_tested_beforehand() -> None:
    """What is before or after a change, and what another system sends, may be missing: the
    condition itself says so.
    """
    condition = (
        "leg.id == 1 && old.standing == 'up' && event.data.new.id == 1 && bond.space.key == 'x' &&"
        " known.over == false"
    )
    tests = rule(f"id: a\nwhen: [leg.down, leg.up]\nif: {condition}\n{TELL}").tests
    assert [path for path, _ in tests] == [
        ("leg", "id"),
        ("bond", "space", "key"),
        ("known", "over"),
    ]
    demo = replace(VOCABULARY, webhooks=frozenset({"demo"}))
    text = f"id: a\nwhen: webhook.demo\nif: body.action == 'x' && server == 'main'\n{TELL}"
    (hooked,), wrong_ = parse(read(text, "rules/test.yaml"), demo)
    assert (hooked.tests, wrong_) == (((("server",), "main"),), [])


ODD = [None, True, 5, "${", [], [5], {"x": 5}, 2**70]


def test_nothing_that_stands_anywhere_in_a_rule_makes_reading_fail() -> None:
    """Whatever stands in whatever place of a full rule gives a rule, or problems with their places;
    never another error.
    """
    whole = read(FULL, "rules/test.yaml")
    for place in (place for place in whole.marks if place):
        for odd in ODD:
            data = deepcopy(whole.data)
            at(data, place[:-1])[place[-1]] = odd
            found, problems = parse(replace(whole, data=data), VOCABULARY)
            assert bool(found) is not bool(problems), (place, odd)
            assert all(each.line and each.column for each in problems)


def test_any_key_but_three_may_be_missing_or_is_missed() -> None:
    """A part that is taken out of a full rule leaves a rule, or is told."""
    whole = read(FULL, "rules/test.yaml")
    missed = set()
    for place in (place for place in whole.marks if place):
        data = deepcopy(whole.data)
        del at(data, place[:-1])[place[-1]]
        found, problems = parse(replace(whole, data=data), VOCABULARY)
        assert bool(found) is not bool(problems), place
        missed |= {place[0]} if problems and len(place) == 1 else set()
    assert missed == {"id", "when", "do"}


def test_approvals_ask_in_a_channel_that_there_is() -> None:
    """An unknown channel of an approval is told like that of a notice."""
    call = '{call: bond.restart, with: {bond: "${bond.id}"}}'
    text = f"id: a\nwhen: leg.up\nguard: {{approval: {{from: nco, expires: 1h}}}}\ndo: [{call}]\n"
    assert wrong(text) == [
        ("guard.approval.from", "no channel is called 'nco' (did you mean 'noc'?)")
    ]
    assert rule(text.replace("nco", "noc")).guard.approval == Approval("noc", 3600.0, None)


def test_what_nothing_is_called_like_is_told_once() -> None:
    """However often a rule names it: in `when`, in its examples, in each of its steps."""
    given = "{given: [{type: webhook.alerts, data: {body: {x: 3}}}], then: {verdict: act}}"
    text = (
        "id: a\nwhen: [webhook.alerts, leg.down]\nif: body.x == 3\n"
        "do: [{notify: {to: nobody, title: '${body.x}'}}, {notify: {to: nobody}}]\n"
        f"examples: [{given}, {given}]\n"
    )
    said = [what for _, what in wrong(text)]
    for sentence in ("no event is called 'webhook.alerts'", "no channel is called 'nobody'"):
        assert len([what for what in said if what.startswith(sentence)]) == 1
