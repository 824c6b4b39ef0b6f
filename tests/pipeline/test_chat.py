"""What people say in chat on a staged bridge: who may say what where, what is told, what is
kept.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.core.chat.commands import BUILT_IN
from bridge.core.chat.tokenizer import quoted
from bridge.core.yaml_document import read
from bridge.store.tables import conversations
from bridge.webhooks import generic_hmac
from tests.pipeline.chat_harness import RULES, Talk, talking
from tests.pipeline.harness import HOOK_SECRET, staged


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """People in Slack, and the commands that ship."""
    with talking(tmp_path) as ready:
        yield ready


def refused(talk: Talk) -> tuple[str, str]:
    """(type of the newest event, why it came to nothing)."""
    event = talk.event()
    return event["type"], (event["data"].get("refusal") or {}).get("why")


@pytest.mark.parametrize(
    ("user", "text", "why"),
    [
        ("UOP", "restart vancouver-hq", None),
        ("UOP", "restart kelowna-hq", None),
        ("UADMIN", "restart kelowna-hq", None),
        ("UVIEW", "restart vancouver-hq", "role"),
        ("UACME", "restart vancouver-hq", None),
        ("UACME", "restart kelowna-hq", "not_understood"),  # reads as not there
        ("UBOTH", "restart kelowna-hq", None),
        ("UBOTH", "restart vancouver-hq", "role"),  # seen, but a viewer's there
        ("UNOBODY", "restart vancouver-hq", "stranger"),
        ("UNOBODY", "help", "stranger"),
        ("UOP", "restrat vancouver-hq", "unknown_command"),
        ("UOP", "restart vancuver-hq", "not_understood"),
        ("UOP", 'restart "vancouver-hq', "not_understood"),
        ("UOP", "bond nowhere", "not_understood"),
        ("UACME", "bond kelowna-hq", "not_understood"),
        ("UACME", "pause", "not_allowed"),
        ("UVIEW", "pause", "role"),
        ("UACME", "silence kelowna-hq for 1h", "not_understood"),
        ("UBOTH", "silence vancouver-hq for 1h", "not_allowed"),
        ("UBOTH", "hands-off vancouver-hq for 1h", "not_allowed"),
        ("UBOTH", "hands-off kelowna-hq for 1h", None),
        ("UOP", "silence vancouver-hq for 99d", "not_understood"),
        ("UOP", "silence vancouver-hq", "not_understood"),
        ("UOP", "approve 0123abcd", "not_understood"),
        ("UOP", "yes tolavibe", "not_understood"),
    ],
)
def test_who_may_say_what_where(talk: Talk, user: str, text: str, why: str | None) -> None:
    """The role counts that is held for the object's space; each refusal is told, recorded, and
    names its event.
    """
    talk.say(text, user)
    assert refused(talk) == (("chat.refused", why) if why else ("chat.command", None))
    assert talk.last.answer is not None
    assert talk.last.answer.event == talk.event()["id"]
    assert talk.event()["data"]["chat"]["text"] == text
    talk.stage.work()
    assert talk.stage.effective("bond.restart") == 0
    if why:
        assert not talk.stage.decisions()


def test_a_command_says_who_said_what_about_which_object(talk: Talk) -> None:
    """The event names the person as the settings do, the object whole, and the spaces that what
    comes of it may touch.
    """
    talk.say("restart VANC", "UBOTH")
    assert talk.event()["data"]["chat"]["who"] == "slack/UBOTH"
    talk.say("Restart kel", "UBOTH")
    data = talk.event()["data"]
    assert data["chat"] == {
        "command": "restart",
        "text": "Restart kel",
        "args": ["kelowna-hq"],
        "role": "operator",
        "who": "slack/UBOTH",
        "platform": "slack",
        "webhook": "slack",
        "user": {"id": "UBOTH", "name": "uboth"},
        "room": {"id": "C1", "name": "noc"},
    }
    assert (data["bond"]["id"], data["bond"]["space"]["key"], data["leg"], data["reach"]) == (
        2,
        "globex",
        None,
        ["globex"],
    )
    assert talk.event()["subject"] == "bond/2"
    talk.say("restart vancouver-hq", "UOP")
    assert (talk.event()["data"]["chat"]["who"], talk.event()["data"]["reach"]) == ("ana", None)


def test_what_a_webhook_may_not_touch_is_not_there(talk: Talk) -> None:
    """The spaces of the webhook limit everybody who comes by it, whatever their role."""
    talk.say("restart kelowna-hq", hook="acme-only")
    assert refused(talk) == ("chat.refused", "not_understood")
    talk.say("restart vancouver-hq", hook="acme-only")
    assert talk.event()["data"]["reach"] == ["acme"]
    talk.say("pause", hook="acme-only")
    assert refused(talk) == ("chat.refused", "not_allowed")


def test_nothing_of_another_space_is_ever_told(talk: Talk) -> None:
    """Of whatever a person of one space says, no answer names, counts or hints at anything of
    another.
    """
    hidden = ["globex", "kelowna", "nanaimo", "burnaby"]
    talk.stage.set("leg", 3, "state", "down")
    talk.stage.live(60)
    talk.say("restart kelowna-hq")  # another asks for something there
    talk.stage.work()
    with talk.stage.bridge.database.reading() as connection:
        question = connection.execute(conversations.select()).first()
    assert question is not None
    asked = talk.stage.bridge.steering.questions()[0]["id"]
    lines = [
        "",
        "help",
        "status",
        "legs down",
        "approvals",
        "bond ke",
        "bond 2",
        "bond k",
        "bond -hq",
        "restart 4",
        "accept 2",
    ]
    lines += [f"{verb} {asked}" for verb in ("approve", "deny", "yes", "why")]
    lines += [
        f"{verb} {number} for 1h" for verb in ("silence", "hands-off") for number in (2, 4, 6)
    ]
    lines += [f"silence {name} for 1h" for name in ("glob", "3", "cable")]
    lines += [f"why {event['id']}" for event in talk.stage.events()]
    lines += [f"{command} burnaby" for command in BUILT_IN]
    for line in lines:
        talk.say(line, "UACME")
        told = talk.told().casefold()
        for word in line.casefold().split():
            told = told.replace(word, "")
        assert not [name for name in hidden if name in told], (line, talk.told())
    talk.say("status", "UACME")
    assert "3 bonds: 3 up; 6 legs: 6 up" in talk.told()
    talk.say("status", "UOP")
    assert "6 bonds" in talk.told()
    assert "1 down" in talk.told()
    talk.say("approvals", "UOP")
    assert asked[:8] in talk.told()


def test_a_replay_neither_acts_nor_answers_anew(talk: Talk) -> None:
    """The same delivery again is here before, whatever it came to, and leaves one event."""
    for text, kind in (
        ("restart vancouver-hq", "chat.command"),
        ("restrat", "chat.refused"),
        ("pause", "chat.command"),
    ):
        first = talk.say(text)
        again = talk.say(text, again=True)
        assert ([each.new for each in first.taken], [each.new for each in again.taken]) == (
            [True],
            [False],
        )
        assert first.taken[0].event.id == again.taken[0].event.id
        assert talk.told() == "this was here before, and is not taken twice"
        assert (
            len(talk.stage.events(kind))
            == {"restart vancouver-hq": 1, "restrat": 1, "pause": 2}[text]
        )
    assert len(talk.stage.bridge.steering.pauses()) == 1
    talk.stage.bridge.steering.resume("demo", "test")
    talk.say("pause", again=True)
    assert talk.stage.bridge.steering.pauses() == []


def test_every_built_in_command_answers(talk: Talk) -> None:
    """Each reads or steers at once, names its event, and what can be listed is what is so."""
    talk.stage.set("leg", 1, "state", "down")
    talk.stage.live(60)
    steering = talk.stage.bridge.steering
    told = {}
    down = talk.stage.events("leg.down")[0]["id"]
    for line in (
        "help",
        "status",
        "legs down",
        "bond vancouver",
        f"why {down[:10]}",
        "approvals",
        "pause line works",
        "status",
        "resume",
        "silence vancouver-hq/cable for 2h new cable",
        "hands-off vancouver-hq for 1h",
        "resume",
    ):
        talk.say(line)
        told[line] = talk.told()
        assert talk.last.answer is not None
        assert talk.last.answer.event
        if line.startswith("pause"):
            assert [(each["who"], each["why"]) for each in steering.pauses()] == [
                ("ana", "line works")
            ]
            talk.say("status")
            assert "paused by ana: line works" in talk.told()
    assert "restart BOND: Restart a bond." in told["help"]
    assert "vancouver-hq is degraded: 1 of 2 legs down" in told["status"]
    assert "vancouver-hq/cable is down (down)" in told["legs down"]
    assert "leg fibre is up, active" in told["bond vancouver"]
    assert told[f"why {down[:10]}"].startswith("leg cable of vancouver-hq is down")
    assert told["approvals"] == "nobody is asked anything"
    assert [(each["about"], each["who"], each["why"]) for each in steering.silences()] == [
        ("leg/1", "ana", "new cable")
    ]
    assert "nothing is done to vancouver-hq until" in told["hands-off vancouver-hq for 1h"]
    assert told["resume"] == "nothing was paused"
    for each in talk.stage.events("operator.*"):
        noun = each["data"]["operator"]
        assert (noun["who"], noun["place"]) == ("ana", "chat slack, room noc")
    assert set(BUILT_IN) - {line.split(" ")[0] for line in told} - {"legs down"} == {
        "ack",
        "approve",
        "deny",
        "yes",
        "no",
    }


APPROVED = RULES.replace(
    "  guard:\n    cooldown: {every: 1m, per: bond}\n",
    "  guard: {approval: {from: noc, expires: 10m, not_by_asker: true}}\n",
).replace("then: {verdict: ask, reason: confirmation", "then: {verdict: ask")


def without_examples(rules: str) -> str:
    """The same rules, that promise nothing."""
    found = read(rules, "chat.yaml").data
    return json.dumps(
        [{name: value for name, value in each.items() if name != "examples"} for each in found]
    )


def test_others_are_asked_instead_where_the_rule_says_so(tmp_path: Path) -> None:
    """With an approval in the rule nobody asks whether the person is sure, and not they but another
    may say yes.
    """
    with talking(tmp_path, without_examples(APPROVED)) as talk:
        talk.say("restart vancouver-hq", "UACME")
        talk.stage.work()
        (question,) = talk.stage.bridge.steering.questions()
        assert (question["reason"], question["asker"], question["answered_by"]) == (
            "approval",
            "slack/UACME",
            "others",
        )
        assert any("somebody else must say yes" in told for told in talk.later())
        assert "not you: approve" in talk.answers()[-1]["words"]
        talk.say(f"approve {question['id'][:8]}", "UACME")
        assert refused(talk) == ("chat.refused", "not_allowed")
        assert "somebody else must" in talk.told()
        talk.say(f"approve {question['id'][:8]}", "UVIEW")
        assert refused(talk) == ("chat.refused", "role")
        talk.say(f"approve {question['id'][:8]}", "UBOTH")  # an operator of the other space
        assert refused(talk) == ("chat.refused", "not_allowed")
        talk.say(f"approve {question['id'][:8]}", "UOP")
        assert talk.told() == "ana said yes"
        talk.stage.work()
        assert talk.stage.effective("bond.restart") == 1
        assert [told for told in talk.later() if "restart" in told][-2:] == [
            "restart vancouver-hq: ana said yes",
            "restart vancouver-hq: done",
        ]
        talk.say(f"deny {question['id'][:8]}", "UOP")
        assert talk.told() == "too late: ana said yes"


OWN = """
- id: greet
  description: Say hello.
  when: {chat: {command: greet, takes: [bond, text]}}
  do:
    - reply: {text: "${bond.name} in ${bond.space.key} says ${chat.args[1]} to ${chat.who}"}
- id: heard
  when: chat.command
  do: [{notify: {to: noc, title: "${chat.who} said ${chat.text}"}}]
"""


def test_a_command_of_ones_own_replies(tmp_path: Path) -> None:
    """A rule without calls answers through `reply`; a rule on every command hears it, and every
    built-in one, too.
    """
    with talking(tmp_path, OWN) as talk:
        talk.say("greet vancouver-hq hello  there", "UVIEW")
        talk.say("status", "UVIEW")
        talk.stage.work()
        assert talk.later() == ["vancouver-hq in acme says hello there to slack/UVIEW"]
        assert [each["rule"] for each in talk.stage.decisions()] == ["greet", "heard", "heard"]
        titles = [
            each["request"]["title"] for each in talk.stage.jobs() if each["action"] == "notify"
        ]
        assert titles == [
            "slack/UVIEW said greet vancouver-hq hello  there",
            "slack/UVIEW said status",
        ]


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """One stage for many lines."""
    with talking(tmp_path_factory.mktemp("listening")) as ready:
        yield ready


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                [
                    *BUILT_IN,
                    "restart",
                    "mode",
                    "for",
                    "2h",
                    "vancouver-hq",
                    "ke",
                    '"',
                    "1",
                    "x" * 300,
                ]
            ),
            max_size=5,
        ).map(" ".join),
    ),
    st.sampled_from(["UOP", "UVIEW", "UACME", "UNOBODY"]),
)
def test_whatever_is_said_is_answered_and_recorded(listening: Talk, text: str, user: str) -> None:
    """Any line at all has an answer and an event, and stops nothing."""
    receipt = listening.say(text, user)
    assert receipt.answer is not None
    assert receipt.answer.text
    assert receipt.taken[0].new
    assert receipt.answer.event


def test_what_is_quoted_is_found(listening: Talk) -> None:
    """Names of the fleet can be said as the bridge itself would quote them."""
    for name in ("vancouver-hq", "nanaimo-hq/cable", "globex"):
        listening.say(f"silence {quoted(name)} for 1m")
        assert listening.event()["type"] == "chat.command"


def test_an_address_is_kept_sealed_and_only_where_it_may_be(talk: Talk) -> None:
    """It stands in no row in clear; one that the settings do not name is not kept at all."""
    talk.say("restart vancouver-hq")
    with talk.stage.bridge.database.reading() as connection:
        (row,) = connection.execute(conversations.select()).mappings()
    assert row["event"] == talk.event()["id"]
    assert talk.place.url not in str(dict(row))
    assert talk.stage.bridge.settings.webhooks["slack"].answers_at
    for event in talk.stage.events():
        assert talk.place.url not in json.dumps(event, default=str)
    talk.place.url = "https://elsewhere.example"
    talk.say("restart kelowna-hq")
    assert "what comes of it: why" in talk.told()
    with talk.stage.bridge.database.reading() as connection:
        assert len(connection.execute(conversations.select()).all()) == 1


HOOK = """  narrow:
    server: demo
    secret: {env: STAGE_HOOK}
    spaces: ["ac*"]
"""
ON_REQUEST = """
- id: on-request
  when: webhook.narrow
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""


@pytest.mark.parametrize(
    ("bond", "said", "done"), [(1, "act", 1), (2, "skip(space)", 0), (99, "skip(space)", 0)]
)
def test_a_webhook_reaches_only_its_spaces(tmp_path: Path, bond: int, said: str, done: int) -> None:
    """What another system asks for lies in the spaces of its webhook, or nothing is done; an object
    nobody knows is nowhere.
    """
    with staged(tmp_path, rules=ON_REQUEST, hooks=HOOK) as stage:
        body = json.dumps({"bond": bond}).encode()
        receiver = stage.bridge.receiver
        reading = receiver.read(
            "narrow",
            generic_hmac.signed(body, HOOK_SECRET, int(stage.bridge.machine().timestamp())),
            body,
        )
        receiver.take("narrow", reading)
        stage.work()
        (decision,) = stage.decisions()
        assert (
            f"{decision['ruling']}" + (f"({decision['reason']})" if decision["reason"] else "")
            == said
        )
        assert stage.effective("bond.restart") == done


def test_a_bond_that_has_moved_away_meanwhile_is_let_be(tmp_path: Path) -> None:
    """The space is asked for again before the attempt: what was in it when it was decided may be
    elsewhere by then.
    """
    with staged(tmp_path, rules=ON_REQUEST, hooks=HOOK) as stage:
        stage.bridge.steering.pause("demo", "test", "so that it waits")
        body = json.dumps({"bond": 1}).encode()
        receiver = stage.bridge.receiver
        reading = receiver.read(
            "narrow",
            generic_hmac.signed(body, HOOK_SECRET, int(stage.bridge.machine().timestamp())),
            body,
        )
        event = receiver.take("narrow", reading).taken[0].event.id
        stage.work()
        stage.set("bond", 1, "space", "globex")
        stage.live(80, 20)
        stage.bridge.steering.resume("demo", "test")
        stage.work()
        (job,) = stage.story(event)["decisions"][0]["jobs"]
        assert job["state"] == "skipped"
        assert stage.story(event)["decisions"][0]["verdicts"][-1]["reason"] == "space"
        assert stage.effective("bond.restart") == 0


def test_a_silence_and_hands_off_end_by_a_word(talk: Talk) -> None:
    """`off` ends what was begun there, for anyone who may begin it; a reason that ends with this
    word is still a reason.
    """
    steering = talk.stage.bridge.steering
    talk.say("silence vancouver-hq for 2h day off")
    talk.say("silence vancouver-hq/cable for 2h")
    talk.say("hands-off vancouver-hq for 1h")
    assert [each["why"] for each in steering.silences()] == ["day off", "said in chat"]
    for line in ("silence vancouver-hq off", "hands-off vancouver-hq off"):
        talk.say(line, "UBOTH")
        assert refused(talk) == ("chat.refused", "not_allowed")
        talk.say(line)
        assert "again" in talk.told()
        talk.say(line)
        assert refused(talk) == ("chat.refused", "not_understood")
    assert [each["about"] for each in steering.silences()] == ["leg/1"]


def test_why_of_what_no_rule_listens_to(talk: Talk) -> None:
    """A command that is built in is never decided by a rule, and neither is one that was refused:
    why says so.
    """
    for line in ("help", "bond nowhere"):
        talk.say(line)
        event = talk.event()["id"]
        talk.stage.work()
        talk.say(f"why {event}")
        assert "no rule listens to it" in talk.told()


def test_one_question_is_one(talk: Talk) -> None:
    """One question waits, two wait."""
    talk.say("restart vancouver-hq")
    talk.stage.work()
    talk.say("approvals")
    assert talk.told().startswith("1 question waits: ")
    talk.say("status")
    assert "1 question waits for a person" in talk.told()
    talk.say("tune vancouver-hq")
    talk.stage.work()
    talk.say("approvals")
    assert talk.told().startswith("2 questions wait: ")


def test_a_question_in_the_way_is_told(talk: Talk) -> None:
    """Whose command is held up by another's question is told who is asked, and until when."""
    talk.say("restart vancouver-hq")
    talk.stage.work()
    talk.say("restart vancouver-hq", "UADMIN")
    talk.stage.work()
    words = talk.answers()[-1]["words"]
    assert "not done: the one before it is still under way" in words
    assert "ana is asked whether they are sure, until 2026-03-01 00:0" in words


def test_who_somebody_is_does_not_depend_on_the_room(tmp_path: Path) -> None:
    """Where a role is held in one room only, another room refuses for that, and knows all the same
    who speaks.
    """
    people = (
        "\n      - {user: URUDI, room: C1, role: operator, name: rudi}\n      - {user: URUDI, role:"
        " viewer}"
    )
    with talking(tmp_path, people=people) as talk:
        talk.say("restart vancouver-hq", "URUDI")
        talk.stage.work()
        talk.press(yes=True, user="URUDI", room="C2")
        assert "it needs the role operator in space acme" in talk.told()
        talk.press(yes=True, user="URUDI")
        talk.stage.work()
        assert talk.stage.effective("bond.restart") == 1
