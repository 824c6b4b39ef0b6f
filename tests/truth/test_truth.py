"""Whatever happens, in whatever order: what people were told is true, and what they should know
they were told.
"""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st

from bridge import config
from bridge.store.tables import events, incidents, outlets
from tests.truth.scene import AGGREGATOR, BONDS, ESCALATED, START, Said, Scene, legs_of, scene

OVER = "resolved: "
LATE = ": resolved, it lasted "
STILL = "reminder: "
MINUTE = 60.0
HOUR = 3600.0
SETTLED = 26 * MINUTE  # longer than any spell, incident, or explanation goes on by itself


def shipped(*, escalating: bool) -> dict[str, str]:
    """The rules that ship; with those that escalate in the place of those that they say they
    replace.
    """
    folder = config.shipped("rules")
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yaml")}
    if escalating:
        more = folder / "examples" / "escalation.yaml"
        found[more.name] = more.read_text(encoding="utf-8")
        for name, rule in (("bonds.yaml", "bond-down"), ("bridge.yaml", "server-health")):
            found[name] = without(found[name], rule)
    return found


def without(text: str, rule: str) -> str:
    """A file of rules without one of them."""
    before, found, after = text.partition(f"- id: {rule}\n")
    assert found
    return before + "".join(after.partition("\n- id: ")[1:]).removeprefix("\n")


@pytest.fixture(scope="module", params=[False, True], ids=["told once", "escalating"])
def ready(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """One scene for all examples, put back for each."""
    os.environ.update(TRUTH="x", TRUTH_ROOM="json://127.0.0.1:9/")
    rules = shipped(escalating=request.param)
    with scene(tmp_path_factory.mktemp("truth"), rules) as made:
        yield made


@dataclass
class Told:
    """What a channel knows, as it hears one notice after the other."""

    open: dict[str, Said] = field(default_factory=dict)
    acked: set[str] = field(default_factory=set)

    def hears(self, said: Said) -> None:
        """One more. Whatever makes no sense after what was heard before fails."""
        title = said.title
        if said.channel == "ana":
            self.acked.add(title)
        elif title.startswith(OVER):
            began = title.removeprefix(OVER).partition("; ")[0]
            assert began in self.open, f"an end without a begin: {title}"
            del self.open[began]
            self.acked.discard(began)
        elif LATE in title:
            assert title.partition(LATE)[0] not in self.open, f"begun twice: {title}"
        elif title.startswith(STILL):
            self._again(title.removeprefix(STILL), said)
        else:
            self._begins(title.removeprefix(ESCALATED), said)

    def _again(self, title: str, said: Said) -> None:
        assert title in self.open, f"told again, but it is over: {said}"
        assert title not in self.acked, f"told again, but somebody has acknowledged it: {said}"
        assert is_down(title, said), f"told again, but it is not so: {said}"

    def _begins(self, title: str, said: Said) -> None:
        if not followed(title):
            return
        assert title not in self.open, f"begun twice: {said}"
        assert is_down(title, said), f"told, but it is not so: {said}"
        if said.title.startswith(ESCALATED):
            assert title not in self.acked, (
                f"others were called, but somebody has acknowledged it: {said}"
            )
        self.open[title] = said


def followed(title: str) -> bool:
    """Whether its end is told."""
    ends = (" is down", " flaps", " at once", " takes no messages")
    return title.endswith(ends) or title.startswith("acting is paused")


def is_down(title: str, said: Said) -> bool:
    """Whether what a title says was so by the newest poll when it was told."""
    words = title.split()
    if not title.endswith(" is down"):
        return True
    if words[0] == "leg":
        return int(words[1].removeprefix("l")) in said.down
    mine = {*legs_of(int(words[1].removeprefix("b")))} & said.there
    return bool(mine) and mine <= said.down


# few, so that what happens meets
FEW = (1, 2, 7)
MANY = tuple(bond for bond in BONDS if AGGREGATOR[bond] == 1)
LEGS = st.sampled_from([each for bond in FEW for each in legs_of(bond)])
SOME = st.lists(st.sampled_from(FEW), min_size=1, max_size=2, unique=True)
STATES = st.sampled_from(["down", "down", "down", "up", "degraded"])


def of_bonds(those: Iterable[int]) -> frozenset[int]:
    """Their legs."""
    return frozenset(each for bond in those for each in legs_of(bond))


NOBODY = ("nothing", None)
NOTHING = st.just(NOBODY)
# what may stand against telling, or keep it from arriving
REASONS = st.one_of(
    NOTHING,
    NOTHING,
    st.tuples(
        st.just("silence"),
        st.tuples(
            st.sampled_from(["", "", "bond/1", "leg/11", "space/acme"]),
            st.sampled_from(["*", "*", "leg.*", "bond.down", "incident.*"]),
            st.sampled_from(["5m", "30m"]),
        ),
    ),
    st.tuples(st.sampled_from(["restart", "tune", "hands off"]), st.sampled_from(FEW)),
    st.tuples(st.sampled_from(["unsilence", "acknowledge", "acknowledge", "pause"]), st.none()),
    st.tuples(st.sampled_from(["away", "away", "back", "blind", "sees", "night"]), st.none()),
)
# which legs go down or come up
CHANGES = st.one_of(
    NOTHING,
    st.tuples(STATES, st.frozensets(LEGS, min_size=1, max_size=2)),
    st.tuples(STATES, st.frozensets(LEGS, min_size=1, max_size=2)),
    st.tuples(STATES, SOME.map(of_bonds)),
    st.tuples(STATES, SOME.map(of_bonds)),
    st.tuples(st.sampled_from(["flaps", "flaps", "removed"]), LEGS),
    st.tuples(STATES, st.sampled_from([of_bonds(MANY), of_bonds(MANY[:5])])),
    st.tuples(
        st.just("storm"), st.sampled_from([{11}, {11}, of_bonds(MANY[3:]), of_bonds(MANY[:1])])
    ),
)
WAITS = st.sampled_from([30.0, 2 * MINUTE, 7 * MINUTE, 20 * MINUTE, 70 * MINUTE])
Thing = tuple[str, Any]
Things = list[tuple[Thing, Thing, float]]
THINGS = st.lists(st.tuples(REASONS, CHANGES, WAITS), max_size=4)


def stands_against(scene: Scene, what: str, about: Any) -> None:
    """Something begins, or ends, that may keep people from being told."""
    simple: Mapping[str, Callable[[], None]] = {
        "nothing": lambda: None,
        "unsilence": scene.unsilence,
        "acknowledge": scene.acknowledge,
        "pause": scene.pause,
        "silence": lambda: scene.silence(*about),
        "restart": lambda: scene.restarted(about),
        "tune": lambda: scene.tuned(about),
        "hands off": lambda: scene.hands_off(about),
    }
    if what in simple:
        simple[what]()
    elif what in ("away", "back"):
        scene.room.away = what == "away"
    elif what in ("blind", "sees"):
        scene.blind = what == "blind"
    else:
        evening = scene.now.replace(hour=15, minute=5)
        scene.passes(max(60.0, (evening - scene.now).total_seconds()))


def changes(scene: Scene, what: str, about: Any) -> None:
    """Legs go down, come up, or flap."""
    if what == "flaps":
        scene.flaps(about)
    elif what == "removed":
        scene.removed(about)
    elif what == "storm":  # many go down, and all but these come back
        scene.turn(dict.fromkeys(of_bonds(MANY), "down"))
        scene.passes(90)
        scene.turn(dict.fromkeys(of_bonds(MANY) - about, "up"))
    elif what != "nothing":
        scene.turn(dict.fromkeys(about, what))


def settles(scene: Scene) -> None:
    """Everything that could stand against telling ends, and time passes."""
    scene.unsilence()
    scene.room.away = scene.blind = False
    if scene.bridge.steering.pauses():
        scene.pause()
    for bond, runs in list(scene.runs.items()):
        if any(each.body["outcome"] is None for each in runs):
            scene.tuned(bond)
    scene.poll()
    scene.work()
    ages(scene)


def ages(scene: Scene) -> None:
    """What goes on by itself comes to its end; quiet hours, too."""
    scene.passes(SETTLED)
    if scene.now.hour in (15, 16):
        morning = scene.now.replace(hour=17, minute=1)
        scene.passes((morning - scene.now).total_seconds())


def check_all_that_is_down_is_known(scene: Scene, told: Told) -> None:
    """By itself, or by the incident that holds it."""
    held = {
        bond
        for row in scene.found(incidents, incidents.c.ended.is_(None))
        if any(title.endswith(" at once") for title in told.open)
        for bond in {*row["bonds"]} - {*(row["released"] or ())}
    }
    for bond in BONDS:
        down = [each for each in legs_of(bond) if scene.legs.get(each) == "down"]
        there = [each for each in legs_of(bond) if each in scene.legs]
        for each in down:
            if bond not in held or alone(scene, each):
                what = f"leg l{each} of b{bond} is down"
                assert what in told.open, f"l{each} is down, nobody knows"
        if down and down == there and bond not in held:
            assert f"bond b{bond} is down" in told.open, f"b{bond} is down, nobody knows"


def alone(scene: Scene, number: int) -> bool:
    """Whether a leg's outage is its bond's own: no other bond's leg went down or came back near it,
    as those of an incident that still moves do, and all was well long before.
    """
    began = scene.now
    for at, down in reversed(scene.views):
        if number not in down:
            break
        began = at
    lately = began - timedelta(minutes=6)
    well = not any(
        {*legs_of(number // 10)} & down for at, down in scene.views if lately <= at < began
    )
    well = well and not {*legs_of(number // 10)} & scene.seen_down(lately)
    near = timedelta(minutes=3)
    others = {
        each // 10
        for (_, before), (at, down) in itertools.pairwise([(START, frozenset()), *scene.views])
        if abs(at - began) <= near
        for each in down ^ before
    }
    return well and len(others) == 1


def check_ends_claim_no_more_than_is_true(scene: Scene) -> None:
    """What is still down when an incident ends or a leg is stable, is said with it."""
    for row in scene.found(events, events.c.type == "leg.stable"):
        down = int(row["subject"].removeprefix("leg/")) in scene.seen_down(row["seen_at"])
        assert (row["data"]["leg"]["standing"] == "down") is down
    for row in scene.found(events, events.c.type == "incident.ended"):
        (one,) = scene.found(incidents, incidents.c.id == row["data"]["incident"]["id"])
        mine = {*one["legs"]} & scene.seen_down(row["seen_at"])
        left = {each // 10 for each in mine} - {*(one["released"] or ())}
        assert row["data"]["incident"]["bonds_down"] == len(left)


def check(scene: Scene, things: Things) -> None:
    """All of this happens; then everything is told that is to be, and nothing else was."""
    scene.reset()
    for reason, change, wait in things:
        stands_against(scene, *reason)
        changes(scene, *change)
        scene.passes(wait)
    settles(scene)
    noc = Told()
    oncall = Told()
    parts = {"noc": (noc,), "oncall": (oncall,), "ana": (noc, oncall)}
    heard = list(scene.room.heard)
    for said in heard:
        for each in parts[said.channel]:
            each.hears(said)
    check_all_that_is_down_is_known(scene, noc)
    scene.turn(dict.fromkeys(scene.legs, "up"))
    ages(scene)
    for said in scene.room.heard[len(heard) :]:
        for each in parts[said.channel]:
            each.hears(said)
    untried = away(scene)
    assert noc.open.keys() == untried, f"never ended: {[*noc.open]}"
    assert not oncall.open, f"never ended for others: {[*oncall.open]}"
    assert {each["title"] for each in scene.bridge.follower.open()} == untried
    check_ends_claim_no_more_than_is_true(scene)


def away(scene: Scene) -> set[str]:
    """What was told of channels that took nothing when they were last tried: since then nothing was
    owed to them.
    """
    known = scene.found(outlets, outlets.c.failing_since.is_not(None), outlets.c.told)
    names = (row["key"].partition("/") for row in known)
    return {f"channel {name}, address {number}, takes no messages" for name, _, number in names}


QUIETLY = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
# of each of the two rulebooks
EXAMPLES = 250
SHARDS = 8
SOAKED = 1250


@pytest.mark.takes(150)
@pytest.mark.timeout(1800)
@settings(max_examples=EXAMPLES, suppress_health_check=QUIETLY)
@given(things=THINGS)
@example(things=[(NOBODY, ("storm", {11}), 30.0)])
@example(things=[(NOBODY, ("flaps", 21), 30.0), (NOBODY, ("removed", 21), 30.0)])
@example(
    things=[
        (NOBODY, ("down", of_bonds([1])), 120.0),
        (("away", None), NOBODY, 1200.0),
        (NOBODY, ("up", {11}), 30.0),
    ]
)
@example(
    things=[
        (NOBODY, ("down", of_bonds(MANY)), 30.0),
        (NOBODY, ("degraded", of_bonds([1])), 1200.0),
        (NOBODY, ("degraded", of_bonds(MANY[:5])), 30.0),
        (("silence", ("", "bond.down", "30m")), ("down", {11}), 120.0),
    ]
)
def test_what_people_were_told_is_true(ready: Scene, things: Things) -> None:
    """Any sequence of outages, reasons not to tell, answers and troubles: no begin, end or reminder
    is false or missing.
    """
    check(ready, things)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_people_were_told_is_true_however_often_it_is_tried(ready: Scene, shard: int) -> None:
    """The same, 20,000 times, in shards that each try other sequences."""

    @seed(shard)
    @settings(max_examples=SOAKED, derandomize=False, database=None, suppress_health_check=QUIETLY)
    @given(things=THINGS)
    def tried(things: Things) -> None:
        check(ready, things)

    tried()
