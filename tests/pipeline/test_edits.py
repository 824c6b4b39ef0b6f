"""A rule is edited while something of it waits: that is judged as the rule is now, and never ends
for a false reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from bridge.pipeline.backtest.decision_replay import log_live, log_replayed
from bridge.store.decisions import approvals
from bridge.store.tables import verdicts
from tests.pipeline.harness import EPOCH, Stage, staged

pytestmark = [pytest.mark.timeout(1800), pytest.mark.takes(together=40)]

CALL = 'call: bond.detect_leg_mtus, with: {bond: "${body.bond}"}'
TELL = 'notify: {to: noc, title: "told"}'
_NUMBERS = count()


@pytest.fixture(name="stage", scope="module")
def one_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One world for all of them: each has a rule of its own, and goes by its name."""
    with staged(tmp_path_factory.mktemp("edits"), rules="", live=False) as made:
        yield made


@dataclass(frozen=True)
class Scene:
    """One rule, as it is edited."""

    stage: Stage
    name: str

    def write(self, text: str) -> None:
        """The rule as it is from now on, "" for none; what is due at once happens."""
        path = self.stage.folder / "rules" / "rules.yaml"
        path.write_text(text.replace("ID", self.name), encoding="utf-8")
        self.stage.work()

    def happen(self, *bonds: int) -> None:
        """A webhook names each of these bonds."""
        for bond in bonds:
            self.stage.webhook(bond, f"{self.name} {next(_NUMBERS)}")
        self.stage.work()

    def later(self, seconds: float) -> None:
        """Time passes, and what is due happens."""
        self.stage.sim.advance(seconds)
        self.stage.bridge.approver.expire()
        self.stage.work()

    def said(self) -> list[str]:
        """How each decision of the rule stands, oldest first."""
        mine = [each for each in self.stage.decisions() if each["rule"] == self.name]
        return [
            f"{each['ruling']}({each['reason']})" if each["reason"] else each["ruling"]
            for each in mine
        ]

    def jobs(self) -> list[tuple[str, str]]:
        """Its jobs: what each does, and whether it is or was under way."""
        mine = [
            each
            for each in self.stage.jobs()
            if each["rule"] == self.name and each["parent"] is None
        ]
        return [(each["action"], _state(each)) for each in mine]

    def why(self) -> list[str]:
        """The last word on each of its jobs that were not done."""
        with self.stage.bridge.database.reading() as connection:
            mine = [
                each
                for each in self.stage.jobs()
                if each["rule"] == self.name and each["state"] == "skipped"
            ]
            words = select(verdicts.c.reason).order_by(verdicts.c.seq.desc()).limit(1)
            return [
                str(connection.execute(words.where(verdicts.c.job == each["id"])).scalar_one())
                for each in mine
            ]

    def asked(self) -> list[Any]:
        """Every question of the rule, oldest first."""
        with self.stage.bridge.database.reading() as connection:
            return [
                row
                for row in reversed(approvals.every(connection, 200))
                if row["rule"] == self.name
            ]


def _state(job: dict[str, Any]) -> str:
    """What stands at its destination has been told, whatever becomes of it there."""
    if job["action"] == "notify" and job["state"] == "due":
        return "tried"
    return "tried" if job["attempts"] else str(job["state"])


@pytest.fixture(name="scene")
def a_scene(stage: Stage) -> Scene:
    """The next rule."""
    return Scene(stage, f"rule-{next(_NUMBERS)}")


def rule(when: str = "webhook.demo", do: str = TELL, **more: str) -> str:
    """A rule called ID."""
    lines = [f"{name}: {value}" for name, value in more.items()]
    return "\n  ".join(["- id: ID", f"when: {when}", *lines, f"do: [{{{do}}}]"]) + "\n"


TOLD = [("notify", "tried")]


def group(**more: str) -> str:
    """A rule that gathers for an hour."""
    return rule(**{"group": "{wait: 1h}", **more})


@pytest.mark.parametrize(
    ("edited", "seconds", "said", "jobs"),
    [
        (group(group="{wait: 5m}"), 300, ["act", "act", "act"], TOLD),
        (group(group="{wait: 2h}"), 3600, ["wait(group)", "wait(group)"], []),
        (group(group="{by: body.bond, wait: 5m}"), 300, ["act"] * 4, TOLD * 2),
        (group(group="{wait: 1h, most: 2}"), 1, ["act", "act", "act"], TOLD),
        (rule(), 0, ["act", "act"], TOLD * 2),
        (group(**{"if": "body.bond == 2"}), 3600, ["skip(condition)", "act", "act"], TOLD),
        (group(mode="dry_run"), 3600, ["act", "act", "skip(dry_run)"], []),
        (group(when="leg.down"), 0, ["skip(rule_changed)"] * 2, []),
        (group(description="another"), 3600, ["act", "act", "act"], TOLD),
        ("", 0, ["skip(rule_gone)"] * 2, []),
        (group().replace("ID", "ID-renamed"), 0, ["skip(rule_gone)"] * 2, []),
    ],
)
def test_a_group(
    scene: Scene, edited: str, seconds: float, said: list[str], jobs: list[Any]
) -> None:
    """Its members are gathered anew as the rule says now, the wait counted from when they came."""
    scene.write(group())
    scene.happen(1, 2)
    assert scene.said() == ["wait(group)"] * 2
    scene.write(edited)
    scene.later(seconds)
    assert (scene.said(), scene.jobs()) == (said, jobs)


def lasting(**more: str) -> str:
    """A rule that waits whether a leg stays down for an hour."""
    return rule(when="leg.down", **{"for": "1h", **more})


@pytest.mark.parametrize(
    ("edited", "seconds", "said", "jobs"),
    [
        (lasting(**{"for": "2m"}), 120, "act", TOLD),
        (lasting(**{"for": "2h"}), 3600, "wait(for)", []),
        (rule(when="leg.down"), 0, "act", TOLD),
        (lasting(mode="dry_run"), 3600, "skip(dry_run)", []),
        (lasting(**{"if": "leg.id != 2"}), 0, "skip(condition)", []),
        (rule(when="leg.up"), 0, "skip(rule_changed)", []),
        ("", 0, "skip(rule_gone)", []),
    ],
)
def test_a_state_that_must_last(
    scene: Scene, edited: str, seconds: float, said: str, jobs: list[Any]
) -> None:
    """It is due when the rule says now: sooner, later, or at once; and a wait is one for the time,
    not for what is seen.
    """
    scene.stage.set("leg", 2, "state", "up")
    scene.stage.live(60)
    scene.write(lasting())
    scene.stage.set("leg", 2, "state", "down")
    scene.stage.live(60)
    assert scene.said()[-1] == "wait(for)"
    scene.write(edited)
    scene.stage.live(seconds + 30, step=min(60.0, seconds + 30))
    assert (scene.said()[0], scene.jobs()) == (said, jobs)


def counts(what: str = "at_least: 3, per: body.bond", **more: str) -> str:
    """A rule that counts webhooks within an hour."""
    return rule(when=f"{{count: {{of: webhook.demo, over: 1h, {what}}}}}", **more)


@pytest.mark.parametrize(
    ("edited", "more", "said"),
    [
        (counts("at_least: 2, per: body.bond"), [], ["skip(count)", "skip(count)", "act"]),
        (counts("at_least: 3"), [], ["skip(count)", "skip(count)", "act"]),
        (counts("at_least: 4, per: body.bond"), [1, 1], ["skip(count)"] * 4 + ["act"]),
        (
            counts("at_least: 2, per: body.bond", mode="dry_run"),
            [],
            ["skip(count)", "skip(count)", "skip(dry_run)"],
        ),
        (counts("at_least: 2", **{"if": "body.bond != 1"}), [2], ["skip(count)"] * 3 + ["act"]),
        (counts(description="another"), [1], ["skip(count)"] * 3 + ["act"]),
    ],
)
def test_a_count(scene: Scene, edited: str, more: list[int], said: list[str]) -> None:
    """What was counted counts by what the rule counts by now, and is enough as soon as the rule
    says that it is.
    """
    scene.write(counts())
    scene.happen(1, 2, 1)
    assert scene.said() == ["skip(count)"] * 3
    scene.write(edited)
    scene.happen(*more)
    assert scene.said() == said


def missing(what: str = "of: leg.up, within: 1h", **more: str) -> str:
    """A rule that waits in vain for an hour."""
    return rule(when=f"{{absent: {{after: webhook.demo, {what}}}}}", **more)


@pytest.mark.parametrize(
    ("edited", "seconds", "said"),
    [
        (missing("of: leg.up, within: 1m"), 60, "act"),
        (missing("of: leg.up, within: 2h"), 3600, "wait(absent)"),
        (
            missing("of: webhook.other, within: 1m").replace("webhook.other", "leg.degraded"),
            60,
            "act",
        ),
        (rule(), 0, "act"),
        (missing("of: leg.up, within: 1m", mode="dry_run"), 60, "skip(dry_run)"),
        ("", 0, "skip(rule_gone)"),
    ],
)
def test_something_that_does_not_come(scene: Scene, edited: str, seconds: float, said: str) -> None:
    """It is missed when the rule says now."""
    scene.write(missing())
    scene.happen(1)
    assert scene.said() == ["wait(absent)"]
    scene.write(edited)
    scene.later(seconds)
    assert scene.said() == [said]


def clock(cron: str, **more: str) -> str:
    """A rule that the clock calls."""
    return rule(when=f'{{schedule: {{cron: "{cron}", zone: UTC}}}}', **more)


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        (clock("*/5 * * * *"), ["act"]),
        (clock("*/5 * * * *", mode="dry_run"), ["skip(dry_run)"]),
        (clock("*/5 * * * *").replace("UTC", "Asia/Tokyo"), ["act"]),
        (clock("59 23 31 12 *", description="another"), []),
        ("", []),
        (rule(), []),
    ],
)
def test_a_schedule(scene: Scene, edited: str, said: list[str]) -> None:
    """A quiet server looks at an edited clock at once, and not when the old one would have
    called.
    """
    scene.write(clock("59 23 31 12 *"))
    scene.write(edited)
    scene.later(300)
    assert scene.said() == said


def asking(do: str = CALL, who: str = "from: noc, expires: 2h", **more: str) -> str:
    """A rule that asks before it calls."""
    return rule(do=do, **{"guard": f"{{approval: {{{who}}}}}", **more})


GONE = [("call", "skipped")]


@pytest.mark.parametrize(
    ("edited", "jobs", "states", "why"),
    [
        (rule(do=CALL), [("call", "tried")], ["expired"], []),
        (asking(who="from: noc, expires: 1h"), [("call", "held")], ["expired", "asked"], []),
        (
            asking(who="from: noc, expires: 2h, role: admin"),
            [("call", "held")],
            ["expired", "asked"],
            [],
        ),
        (asking(description="another"), [("call", "held")], ["asked"], []),
        (asking(**{"if": "body.bond == 2"}), GONE, ["expired"], ["condition"]),
        (asking(mode="dry_run"), GONE, ["expired"], ["dry_run"]),
        (
            asking(when="leg.down", do=CALL.replace("body", "leg")),
            GONE,
            ["expired"],
            ["rule_changed"],
        ),
        (
            asking(do=CALL.replace("detect_leg_mtus", "restart")),
            [*GONE, ("call", "held")],
            ["expired", "asked"],
            ["rule_changed"],
        ),
        ("", GONE, ["expired"], ["rule_gone"]),
        (asking().replace("ID", "ID-renamed"), GONE, ["expired"], ["rule_gone"]),
    ],
)
def test_a_question(
    scene: Scene, edited: str, jobs: list[Any], states: list[str], why: list[str]
) -> None:
    """It is asked no more, asked anew, or as it was; and what nobody wants any more is not asked
    about.
    """
    scene.write(asking())
    scene.happen(1)
    assert scene.jobs() == [("call", "held")]
    scene.write(edited)
    assert (scene.jobs(), [each["state"] for each in scene.asked()], scene.why()) == (
        jobs,
        states,
        why,
    )


def test_what_nobody_was_asked_about_is_asked_when_the_rule_asks_now(scene: Scene) -> None:
    """A call that waits for its hours waits for a yes as well, once the rule wants one; and the yes
    is to what is done.
    """
    shut = "windows: [{days: mon-sun, from: '03:00', to: '03:01', zone: UTC}]"
    scene.stage.sim.advance(4 * 3600)
    scene.write(
        rule(do=CALL + ", retry: {on: [refused], every: 1m, until: 2d}", guard=f"{{{shut}}}")
    )
    scene.happen(1)
    assert scene.jobs() == [("call", "due")]
    retry = ", retry: {on: [refused], every: 1m, until: 2d}"
    scene.write(rule(do=CALL + retry, guard="{approval: {from: noc, expires: 2h}}"))
    (question,) = scene.asked()
    assert scene.jobs() == [("call", "held")]
    scene.stage.bridge.approver.answer(question["id"], yes=True, who="ann")
    scene.stage.work()
    assert scene.jobs() == [("call", "tried")]


def test_hours_that_are_taken_away_hold_nothing_up(scene: Scene) -> None:
    """What waits for them goes at once."""
    day = "windows: [{days: mon-sun, from: '03:00', to: '03:01', zone: UTC}]"
    scene.write(rule(do=CALL, guard=f"{{{day}}}"))
    scene.happen(1)
    assert scene.jobs() == [("call", "due")]
    scene.write(rule(do=CALL))
    assert scene.jobs() == [("call", "tried")]


@pytest.mark.parametrize(
    ("edited", "seconds", "states", "why"),
    [
        ("wait: 1m", 60, ["tried"], []),
        ("wait: 5h", 4 * 3600, ["waiting"], []),
        ("", 0, ["tried"], []),
        ("wait: 4h", 4 * 3600, ["tried"], []),
        ("GONE", 0, ["skipped"], ["rule_gone"]),
    ],
)
def test_a_step_that_waits(
    scene: Scene, edited: str, seconds: float, states: list[str], why: list[str]
) -> None:
    """It waits as long as the rule says now, from when it began; where there is no wait any more,
    the rest goes on.
    """
    scene.write(rule(do="wait: 4h}, {" + TELL))
    scene.happen(1)
    assert scene.jobs() == [("wait", "due"), ("notify", "waiting")]
    scene.write("" if edited == "GONE" else rule(do=f"{edited}}}, {{{TELL}" if edited else TELL))
    scene.later(seconds)
    assert [state for action, state in scene.jobs() if action == "notify"] == states
    assert [each for each in scene.why() if each != "step_failed"][-1:] == why


def test_all_of_it_is_made_again(stage: Stage, scene: Scene) -> None:
    """Every verdict on what was edited follows from what was kept, as it was and as it was judged
    again.
    """
    scene.write(group())
    scene.happen(1, 2)
    scene.write(group(group="{by: body.bond, wait: 1s}"))
    scene.later(5)
    scene.write(asking())
    scene.happen(1)
    scene.write(asking(do=CALL.replace("detect_leg_mtus", "restart")))
    with stage.bridge.database.reading() as connection:
        until = stage.now().replace(year=2030)
        live = list(log_live(connection, EPOCH, until))
        replayed = list(log_replayed(connection, EPOCH, until, stage.bridge.keeper.vocabulary))
    for one, other in zip(live, replayed, strict=True):
        assert one == other
    assert len(live) > 5
