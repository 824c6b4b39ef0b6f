"""Rule files: what is read from them, and what is said about those that cannot be used."""

from collections.abc import Iterator

import pytest

from bridge.core.model import Mode, Outcome, Retry
from bridge.core.rules.parser import parse
from bridge.core.yaml_document import read
from bridge.errors import BadInput

from .builders import FACTS_OF_LEG, VOCABULARY, rule, rules

FULL = """\
- id: full
  description: all there is
  when: [leg.down, leg.degraded]
  if: leg.type == "mobile" && bond.id > 2
  guard:
    cooldown: {every: 1h30m, per: bond}
  mode: dry_run
  do:
    - call: bond.restart
      with: {bond: "${bond.id}"}
      retry: {on: [refused, unreachable], every: 5m, until: 6h}
    - notify: {to: noc, title: "${leg.name} is ${leg.state}", body: "x"}
  examples:
    - given: [{type: leg.down, data: {leg: {type: mobile}, bond: {id: 3}}}]
      then: {verdict: skip, reason: dry_run}
- {id: short, when: leg.up, do: [{notify: {to: boss, title: t}}]}
"""


def test_everything_a_rule_can_say_is_read() -> None:
    """Each key of a rule file stands in the rule, and what is left out has its default."""
    full, short = rules(FULL)
    assert (full.id, full.description, full.types, full.mode) == (
        "full",
        "all there is",
        {"leg.down", "leg.degraded"},
        Mode.DRY_RUN,
    )
    assert full.condition.source == 'leg.type == "mobile" && bond.id > 2'
    assert (full.cooldown.every, full.cooldown.per.source) == (5400.0, "bond")
    call, notify = full.steps
    assert (call.action, call.name, call.targets) == ("call", "bond.restart", 1)
    assert call.retry == Retry(frozenset({Outcome.REFUSED, Outcome.UNREACHABLE}), 300.0, 21600.0)
    assert call.fields["bond"].render(FACTS_OF_LEG) == 3
    assert (notify.action, notify.name, notify.targets, notify.retry) == ("notify", "noc", 2, None)
    assert notify.fields["title"].render(FACTS_OF_LEG) == "cable is down"
    assert len(full.examples) == 1
    assert (short.condition, short.cooldown, short.mode, short.examples) == (
        None,
        None,
        Mode.LIVE,
        (),
    )
    assert short.types == {"leg.up"}


def test_a_file_may_be_one_rule_or_none() -> None:
    """A mapping is one rule, and an empty list is a file without any."""
    assert [
        each.id for each in rules("id: one\nwhen: leg.up\ndo: [{notify: {to: noc, title: t}}]")
    ] == ["one"]
    assert rules("[]") == []


def test_the_hash_of_a_rule_is_of_its_own_text_alone() -> None:
    """A rule's hash changes with any word of it, and not with its neighbours or its place."""
    first, second = (
        f"{{id: {n}, when: leg.up, do: [{{notify: {{to: noc, title: t}}}}]}}" for n in ("a", "b")
    )
    a, b = rules(f"- {first}\n- {second}")
    moved, _ = rules(f"- {second}\n- {first}")[::-1]
    (edited,) = rules(f"- {first.replace('title: t', 'title: u')}")
    assert moved.hash == a.hash
    assert len({a.hash, b.hash, edited.hash}) == 3


@pytest.mark.parametrize(
    ("when", "types"),
    [
        (
            "leg.*",
            {
                "leg.down",
                "leg.up",
                "leg.degraded",
                "leg.mode_changed",
                "leg.added",
                "leg.removed",
                "leg.changed",
                "leg.flapping",
                "leg.stable",
            },
        ),
        ("'ip_*.removed'", {"ip_allocation.removed"}),
        ("bond.[fm]*", {"bond.failed_over", "bond.moved"}),
        ("[leg.down, leg.down, 'leg.d*']", {"leg.down", "leg.degraded"}),
        ("webhook.chat", {"webhook.chat"}),
        ("'webhook.*'", {"webhook.chat"}),
    ],
)
def test_when_may_be_a_pattern(when: str, types: set[str]) -> None:
    """Patterns stand for every event they match, webhooks of the settings among them."""
    assert rule(f"id: a\nwhen: {when}\ndo: [{{notify: {{to: noc, title: t}}}}]").types == types


def test_everything_means_everything() -> None:
    """A lone star listens to every event there is."""
    assert rule("id: a\nwhen: '*'\ndo: [{notify: {to: noc, title: t}}]").types == set(
        VOCABULARY.event_types
    )


DO = "do: [{notify: {to: noc, title: t}}]"

MISSPELT = (
    "examples:\n - given:\n   - type: leg.up\n     data: {leg: {nam: 1}}\n   then: {verdict: ask}"
)

# text, line, key, what the message says
BROKEN = [
    ("just words", 1, "", "a rule is a mapping"),
    ("- id: a\n  when: leg.up\n  " + DO + "\n- 5", 4, "1", "a rule is a mapping"),
    (f"when: leg.up\n{DO}", 1, "id", "field required"),
    (f"id: a\n{DO}", 1, "when", "field required"),
    ("id: a\nwhen: leg.up", 1, "do", "field required"),
    (f"id: A b\nwhen: leg.up\n{DO}", 1, "id", "is no name"),
    (f"id: 5\nwhen: leg.up\n{DO}", 1, "id", "valid string"),
    (f"id: a\nwhen: []\n{DO}", 2, "when", "at least 1 item"),
    (f"id: a\nwhen: {{leg: up}}\n{DO}", 2, "when.leg", "unknown key"),
    (f"id: a\nwhen: leg.dwon\n{DO}", 2, "when", "did you mean 'leg.down'?"),
    (f"id: a\nwhen: [leg.up, webhook.mail]\n{DO}", 2, "when", "no event is called 'webhook.mail'"),
    ("id: a\nwhen: leg.up\ndo: []", 3, "do", "at least 1 item"),
    ("id: a\nwhen: leg.up\ndo:\n  - {}", 4, "do.0", "exactly one of `call`, `notify`"),
    (
        "id: a\nwhen: leg.up\ndo:\n  - {call: bond.restart, notify: {to: noc, title: t}}",
        4,
        "do.0",
        "does one thing",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - notify: {to: noc, title: t}\n    with: {bond: 3}",
        4,
        "do.0",
        "`with` belongs to `call`",
    ),
    (f"id: a\nwhen: leg.up\nwhne: leg.up\n{DO}", 3, "whne", "unknown key"),
    (f"id: a\nwhen: leg.up\nif: leg.name ==\n{DO}", 3, "if", "not an expression"),
    (f"id: a\nwhen: leg.up\nif: leg.nam == 'x'\n{DO}", 3, "if", "did you mean 'name'?"),
    (f"id: a\nwhen: leg.up\nif: true\n{DO}", 3, "if", "valid string"),
    (f"id: a\nwhen: leg.up\nmode: wet_run\n{DO}", 3, "mode", "'live' or 'dry_run'"),
    (
        f"id: a\nwhen: leg.up\nguard:\n  cooldown: {{every: 10}}\n{DO}",
        4,
        "guard.cooldown.every",
        "not a length of time",
    ),
    (
        f"id: a\nwhen: leg.up\nguard:\n  cooldown: {{per: bond}}\n{DO}",
        4,
        "guard.cooldown.every",
        "field required",
    ),
    (
        f"id: a\nwhen: leg.up\nguard:\n  cooldown: {{every: 1m, per: bnd}}\n{DO}",
        4,
        "guard.cooldown.per",
        "mean 'bond'?",
    ),
    (
        f"id: a\nwhen: leg.up\nguard:\n  cool_down: {{every: 1m}}\n{DO}",
        4,
        "guard.cool_down",
        "unknown key",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - notify:\n      to: nco\n      title: t",
        5,
        "do.0.notify.to",
        "did you mean 'noc'?",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - notify:\n      to: xyzzy\n      title: t",
        5,
        "do.0.notify.to",
        "add it to `channels`",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - notify:\n      to: noc\n      title: ''",
        6,
        "do.0.notify.title",
        "at least 1 char",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - notify:\n      to: noc\n      title: ${leg.nam}",
        6,
        "do.0.notify.title",
        "'name'",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - notify:\n      to: noc\n      title: ${leg",
        6,
        "do.0.notify.title",
        "never closed",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - call: bond.resart\n    with: {bond: 3}",
        4,
        "do.0.call",
        "did you mean 'bond.restart'?",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - call: bond.list",
        4,
        "do.0.call",
        "no operation is called 'bond.list'",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - call: bond.restart",
        4,
        "do.0.with",
        "bond.restart needs 'bond'",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - call: bond.restart\n    with:\n      bond: 1\n      bnd: 2",
        7,
        "do.0.with.bnd",
        "'bnd'",
    ),
    (
        "id: a\nwhen: leg.up\ndo:\n  - call: bond.restart\n    with:\n      bond: ${leg.bnd}",
        6,
        "do.0.with.bond",
        "'bond'?",
    ),
    (
        (
            "id: a\nwhen: leg.up\ndo:\n  - notify: {to: noc, title: t}\n    retry: {on: [unknown],"
            " every: 1m, until: 1h}"
        ),
        5,
        "do.0.retry.on.0",
        "'refused', 'unreachable'",
    ),
    (
        (
            "id: a\nwhen: leg.up\ndo:\n  - notify: {to: noc, title: t}\n    retry: {on: [refused],"
            " every: 0s, until: 1h}"
        ),
        5,
        "do.0.retry.every",
        "0",
    ),
    (
        (
            "id: a\nwhen: leg.up\ndo:\n  - notify: {to: noc, title: t}\n    retry: {on: [refused],"
            " every: 1m, until: 9999999d}"
        ),
        5,
        "do.0.retry.until",
        "9999999d",
    ),
    (
        (
            f"id: a\nwhen: leg.up\n{DO}\nexamples:\n  - given: [{{type: leg.upp}}]\n    then:"
            " {verdict: act}"
        ),
        5,
        "examples.0.given.0.type",
        "did you mean 'leg.up'?",
    ),
    (
        f"id: a\nwhen: leg.up\n{DO}\n{MISSPELT}",
        7,
        "examples.0.given.0.data.leg.nam",
        "leg.up has no leg.nam",
    ),
    (
        (
            f"id: a\nwhen: leg.up\n{DO}\nexamples:\n  - given: [{{type: leg.up}}]\n    then:"
            " {verdict: perhaps}"
        ),
        6,
        "examples.0.then.verdict",
        "'act'",
    ),
    (
        f"id: a\nwhen: leg.up\n{DO}\nexamples:\n  - given: []\n    then: {{verdict: act}}",
        5,
        "examples.0.given",
        "at least 1",
    ),
]


def problems(text: str) -> Iterator[object]:
    """Everything wrong with a file, wherever it is found."""
    try:
        yield from parse(read(text, "rules/test.yaml"), VOCABULARY)[1]
    except BadInput as error:
        yield from error.problems


@pytest.mark.parametrize(("text", "line", "key", "says"), BROKEN)
def test_a_broken_rule_is_one_located_message(text: str, line: int, key: str, says: str) -> None:
    """Each mistake gives exactly one problem, at its line, under its key, that says what is wrong
    or how to mend it.
    """
    (problem,) = problems(text)
    assert (problem.where, problem.line, problem.key) == ("rules/test.yaml", line, key)
    assert says in f"{problem.what} {problem.mend}"


def test_all_problems_of_a_file_are_told_at_once() -> None:
    """Several mistakes in several rules are all there, and a good rule among them is still read."""
    text = """\
- id: one
  when: [leg.dwon, leg.up]
  if: leg.nam == "x"
  do:
    - {call: bond.resart, with: {bond: 3}}
    - notify: {to: nobody, title: "${leg.nam} ${bond.nam}"}
- {id: good, when: leg.up, do: [{notify: {to: noc, title: t}}]}
- {id: two, when: leg.up, mode: 5, extra: 1, do: [{}]}
"""
    found, wrong = parse(read(text, "rules/test.yaml"), VOCABULARY)
    assert [each.id for each in found] == ["good"]
    assert [(each.line, each.key) for each in wrong] == [
        (2, "0.when"),
        (3, "0.if"),
        (5, "0.do.0.call"),
        (6, "0.do.1.notify.to"),
        (6, "0.do.1.notify.title"),
        (6, "0.do.1.notify.title"),
        (8, "2.mode"),
        (8, "2.do.0"),
        (8, "2.extra"),
    ]


def test_what_is_wrong_in_a_part_does_not_hide_what_is_wrong_with_the_whole() -> None:
    """A notice to nobody and a call beside it, a retry that never comes, a window that never opens:
    all at once.
    """
    text = """\
id: a
when: leg.up
whne: leg.up
guard:
  cooldown: {every: 5}
  windows: [{days: daily, from: "01:00", to: "01:00", zone: UTC}]
do:
  - {call: bond.restart, notify: {title: t}}
  - notify: {to: noc, title: "${leg.nam}"}
    retry: {on: [refused], every: 1h, until: 5m}
"""
    assert sorted((each.line, each.key) for each in problems(text)) == [
        (3, "whne"),
        (5, "guard.cooldown.every"),
        (6, "guard.windows.0"),
        (8, "do.0"),
        (8, "do.0.notify.to"),
        (9, "do.1.notify.title"),
        (10, "do.1.retry"),
    ]


def test_what_is_wrong_with_a_part_as_a_whole_does_not_hide_it_either() -> None:
    """A notice told again at once, and to the same people where nobody has acknowledged it:
    both.
    """
    follow = "{repeat_every: 5s, escalate: {after: 15m, to: noc}}"
    text = f"id: a\nwhen: leg.down\ndo:\n  - notify: {{to: noc, title: t, follow: {follow}}}\n"
    found = {each.key: each.what for each in problems(text)}
    assert set(found) == {"do.0.notify", "do.0.notify.follow"}
    assert "noc is told already" in found["do.0.notify"]


def test_a_path_must_be_there_for_every_event_of_the_rule() -> None:
    """A field that only some of the events have is a problem that names one that has it not,
    once.
    """
    (problem,) = problems(f"id: a\nwhen: ['leg.*', aggregator.failed]\nif: leg.name == 'x'\n{DO}")
    assert (problem.key, problem.mend) == ("if", "checked against aggregator.failed")
    assert "no 'leg' here" in problem.what


def test_below_a_webhooks_body_everything_may_stand() -> None:
    """What another system sends cannot be checked, but the name `body` can."""
    assert rule(f"id: a\nwhen: webhook.chat\nif: body.any.thing == 1\n{DO}")
    (problem,) = problems(f"id: a\nwhen: webhook.chat\nif: bdy.any == 1\n{DO}")
    assert "did you mean 'body'?" in problem.what


def test_a_rule_may_answer_what_actions_became_with_a_call() -> None:
    """How deep actions may follow from actions is limited when they run, not when rules are
    read.
    """
    answering = rule("id: a\nwhen: action.failed\ndo: [{call: bond.restart, with: {bond: 3}}]")
    assert (answering.types, answering.calls) == ({"action.failed"}, True)
