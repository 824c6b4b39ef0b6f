"""A bridge in memory with the rules that ship, seven bonds to watch, and a room that hears what it
tells.

The time is virtual; the database is SQLite in memory, put back as it was for each example. Polls
are compared, recorded, decided and told by the bridge's own parts; only the network is left out on
both sides.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from bridge import config, wiring
from bridge.actions.action import FireAndForgetAction, Result
from bridge.core.events import schema
from bridge.core.model import Decision, JobState, Outcome, Ruling, Seen, Verdict
from bridge.core.objects.link_state import class_of
from bridge.core.objects.object_schemas import BODIES
from bridge.core.requests import NoticeRequest
from bridge.errors import Refused
from bridge.pipeline.controls.operator_controls import SilenceRequest
from bridge.pipeline.deliver.notification_sender import NotificationSender
from bridge.pipeline.observe.poll_events import Walk
from bridge.store.decisions import decisions as decision_store
from bridge.store.observations import events as event_store
from bridge.store.observations import snapshots
from bridge.store.tables import attempts, jobs, scopes
from tests.core.builders import NOW
from tests.shared_fixtures import sqlite_file
from tests.store.builders import event as an_event
from tests.store.builders import job as a_job
from tests.truth import due

ESCALATED = "nobody has acknowledged: "
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
BONDS = range(1, 8)
# six bonds on one aggregator, so that many can go down at once, and one elsewhere
AGGREGATOR = {bond: 1 if bond < 7 else 2 for bond in BONDS}

SETTINGS = """
state_dir: {folder}/state
database: "sqlite:///:memory:"
rules: {folder}/rules
servers:
  - {{name: main, url: "http://127.0.0.1:9/", user: demo@example.com, password: {{env: TRUTH}}}}
channels:
  noc:
    urls: [{{env: TRUTH_ROOM}}]
    rate: null
    quiet: [{{days: daily, from: "15:00", to: "17:00", zone: UTC}}]
    loud: {loud}
  oncall: {{urls: [{{env: TRUTH_ROOM}}], rate: null}}
"""


@dataclass(frozen=True, slots=True)
class Said:
    """One notice as a room heard it: of which channel, when, what.

    `down`, `there`: the legs that were, as the newest poll showed them.
    """

    channel: str
    at: datetime
    title: str
    body: str
    down: frozenset[int]
    there: frozenset[int]


class Server:
    """What the management server says of an object that no list shows any more."""

    def read(self, operation: str, **_: object) -> None:
        """It is not there."""
        raise Refused(f"{operation}: there is no such object", 404)


@dataclass
class Room(FireAndForgetAction[NoticeRequest]):
    """The chat service of every channel: it hears, or is away."""

    now: Any
    down: frozenset[int] = frozenset()
    there: frozenset[int] = frozenset()
    away: bool = False
    heard: list[Said] = field(default_factory=list)

    def send(self, server: str, request: NoticeRequest) -> Result:
        """One message, of one notice or of several."""
        del server
        if self.away:
            return Result(Outcome.UNREACHABLE, "it does not answer")
        titles = [str(each["title"]) for each in request.notices or ()] or [request.title]
        for title in titles:
            said = Said(request.to, self.now(), title, request.body, self.down, self.there)
            self.heard.append(said)
        return Result(Outcome.DONE, "told")


@dataclass(repr=False)
class Scene:
    """The world as it is, the bridge, and what the room heard."""

    bridge: wiring.Bridge
    room: Room
    clock: list[datetime]
    image: sqlite3.Connection
    legs: dict[int, str] = field(default_factory=dict)
    runs: dict[int, list[Seen]] = field(default_factory=dict)
    blind: bool = False
    numbers: int = 0
    views: list[tuple[datetime, frozenset[int]]] = field(default_factory=list)

    # as Hypothesis calls it
    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What stands for it where an example fails: what happened is told beside it."""
        del cycle
        printer.text("scene")

    def reset(self) -> None:
        """Put everything back as it was."""
        with self.bridge.database.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            self.image.backup(raw)
        self.clock[0] = START
        self.legs = dict.fromkeys((leg for bond in BONDS for leg in legs_of(bond)), "up")
        self.runs = {}
        self.blind = False
        self.views = []
        self.room.away = False
        self.room.down = frozenset()
        self.room.there = frozenset(self.legs)
        self.room.heard.clear()

    @property
    def now(self) -> datetime:
        """The one time there is."""
        return self.clock[0]

    # --- what is seen ---

    def seen(self, scope: str, *seen: Seen) -> None:
        """A poll of this scope shows these objects."""
        observer = self.bridge.observer
        with self.bridge.database.writing() as connection:
            if scope != "legs":
                snapshots.ensure_scopes(connection, "main", {scope: 0}, self.now)
            claimed = snapshots.claim_scope(connection, "main", scope, 60)
        assert claimed is not None
        walk = Walk(self.now, self.now, seen, timedelta(0))
        observer._compare(observer.servers["main"], claimed, walk, shrink=False)  # noqa: SLF001

    def poll(self) -> None:
        """The legs are looked at, if anything can be seen."""
        if not self.blind:
            self.seen("legs", *(leg(number, state) for number, state in sorted(self.legs.items())))
            down = frozenset(each for each, state in self.legs.items() if state == "down")
            self.views.append((self.now, down))
            self.room.down = down
            self.room.there = frozenset(self.legs)

    def glance(self) -> None:
        """A poll that shows nothing new: only that it was made."""
        if self.blind:
            return
        with self.bridge.database.writing() as connection:
            mine = scopes.c.server == "main"
            seen = {"polled_at": self.now, "began_at": self.now}
            connection.execute(sa.update(scopes).where(mine).values(**seen))

    # --- what goes on ---

    def work(self) -> None:
        """Decide and tell what is due; what comes of that in turn is due again."""
        for turn in range(6):
            found = self._due()
            if not turn and any(what == due.FOLLOW for what, _ in found):
                self.bridge.follower.run()
            servers = [name for what, name in found if what == due.DECIDE]
            outlets = [name for what, name in found if what == due.TELL]
            for server in servers:
                self.bridge.decider.run(server)
            for key in outlets if not servers else ():
                self.teller.run(key)
            if not servers and not outlets:
                return

    def _due(self) -> list[tuple[int, str]]:
        """What is to be done, and where: what each part's own question says, in one query."""
        with self.bridge.database.reading() as connection:
            rows = connection.execute(due.WORK, {"now": self.now}).all()
        return [(row.what, row.name) for row in rows]

    @property
    def teller(self) -> NotificationSender:
        """What tells."""
        return self.bridge.deliverer._teller  # noqa: SLF001

    def turn(self, numbers: Mapping[int, str]) -> None:
        """Legs change, and a poll sees it."""
        self.clock[0] += timedelta(seconds=1)
        self.legs.update({each: state for each, state in numbers.items() if each in self.legs})
        self.poll()
        self.work()

    def flaps(self, number: int) -> None:
        """A leg changes six times in two minutes; each change is polled, and then they are
        decided.
        """
        for _ in range(6 if number in self.legs else 0):
            self.legs[number] = "up" if self.legs[number] == "down" else "down"
            self.clock[0] += timedelta(seconds=20)
            self.poll()
        self.work()

    def removed(self, number: int) -> None:
        """Somebody removes a leg: two polls miss it, and its own address says so."""
        if self.blind or self.legs.pop(number, None) is None:
            return
        for _ in range(2):
            self.poll()
            self.clock[0] += timedelta(seconds=61)
        self.work()

    def passes(self, seconds: float) -> None:
        """Time passes, from one thing that is due to the next, in a few steps at most."""
        end = self.now + timedelta(seconds=seconds)
        step = max(20.0, seconds / 2)
        while self.now < end:
            least = self.now + timedelta(seconds=step)
            self.clock[0] = min(end, max(least, self._next(end)))
            self.glance()
            self.work()

    def _next(self, end: datetime) -> datetime:
        with self.bridge.database.reading() as connection:
            found = connection.execute(due.NEXT, {"now": self.now}).scalars()
        return min([end, *(each for each in found if each is not None)])

    # --- what people do, and what we do ---

    def silence(self, about: str, types: str, lasts: str) -> None:
        """Somebody begins a silence."""
        wanted = SilenceRequest("main", lasts, "works", (types,), about)
        self.bridge.steering.silence(wanted, "ana")

    def unsilence(self) -> None:
        """All silences are ended."""
        for each in self.bridge.steering.silences():
            self.bridge.steering.end_silence(each["id"], "ana")
        self.bridge.decider.run("main")

    def acknowledge(self) -> None:
        """Somebody takes the oldest thing that nobody has."""
        for each in self.bridge.follower.open():
            if each["acked_by"] is None:
                self.bridge.follower.acknowledge(each["event"], "ana")
                title = each["title"].removeprefix(ESCALATED)
                self.room.heard.append(Said("ana", self.now, title, "", frozenset(), frozenset()))
                return

    def hands_off(self, bond: int) -> None:
        """Somebody works on a bond for a while."""
        self.bridge.steering.hands_off("main", bond, "20m", "ana", "works")

    def restarted(self, bond: int) -> None:
        """An action of ours restarts a bond now."""
        self.numbers += 1
        name = f"restart-{self.numbers}-{self.now.isoformat()}"
        event = an_event(f"e-{name}", "webhook.demo", data={"body": {}})
        request = {"operation": "bond.restart", "arguments": {"bond": bond}}
        owed = a_job(
            f"j-{name}", decision=f"d-{name}", event=event.id, request=request, due_at=self.now
        )
        made = Decision(
            id=f"d-{name}",
            event=event.id,
            rule="r1",
            rulebook="book",
            server="main",
            verdict=Verdict(Ruling.ACT),
            at=self.now,
            trace=(),
            facts={},
            jobs=(owed,),
        )
        with self.bridge.database.writing() as connection:
            event_store.record(connection, [event])
            event_store.mark_decided(connection, [event])
            decision_store.record(connection, [made])
            done = {"state": JobState.SUCCEEDED, "attempts": 1}
            connection.execute(sa.update(jobs).where(jobs.c.id == owed.id).values(**done))
            row = {"job": owed.id, "n": 1, "what": "send", "fence": 1, "began_at": self.now}
            ended = {"ended_at": self.now, "outcome": Outcome.DONE, "detail": ""}
            connection.execute(sa.insert(attempts).values(**row, **ended))

    def tuned(self, bond: int) -> None:
        """A tuning of a bond begins, or the one that runs ends."""
        self.numbers += 1
        found = self.runs.setdefault(bond, [])
        running = next((each for each in found if each.body["outcome"] is None), None)
        stamp = self.now.isoformat()
        if running is None:
            body = {"id": self.numbers, "bond": bond, "created": stamp, "started": stamp}
            found.append(made("bond_tuning", self.numbers, **body))
        else:
            over = {**running.body, "finished": stamp, "outcome": "nothing"}
            found[found.index(running)] = Seen("bond_tuning", running.id, over)
        self.seen(f"bonds/{bond}/tuners", *found)
        self.work()

    def pause(self) -> None:
        """Somebody pauses all acting, or lets it go on."""
        steering = self.bridge.steering
        if steering.pauses():
            steering.resume("", "ana")
        else:
            steering.pause("", "ana", "works")

    # --- what is asked of it afterwards ---

    def found(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[sa.RowMapping]:
        """Rows of a table."""
        with self.bridge.database.reading() as connection:
            return list(connection.execute(sa.select(table).where(*where)).mappings())

    def seen_down(self, at: datetime) -> frozenset[int]:
        """The legs that the newest poll at that moment showed down."""
        return next((down for moment, down in reversed(self.views) if moment <= at), frozenset())


def legs_of(bond: int) -> tuple[int, int]:
    """The two legs of a bond."""
    return 10 * bond + 1, 10 * bond + 2


def made(kind: str, identifier: object, **given: Any) -> Seen:
    """An object as a poll sees it: what is not given is not known."""
    return Seen(kind, str(identifier), {**schema.blank(BODIES[kind]), **given})


def leg(number: int, state: str) -> Seen:
    """A leg in this state."""
    bond = number // 10
    body = {"id": number, "bond": bond, "name": f"l{number}", "mode": "active", "failover": False}
    return made("leg", number, **body, state=state, **{"class": class_of(state)})


def _baseline(scene: Scene) -> None:
    key = {bond: {"key": "acme" if bond < 4 else "globex"} for bond in BONDS}
    bonds = [made("bond", b, id=b, name=f"b{b}", space=key[b]) for b in BONDS]
    scene.seen("bonds", *bonds)
    where = [made("placement", b, id=b, primary=at, current=at) for b, at in AGGREGATOR.items()]
    scene.seen("placements", *where)
    nodes = [made("aggregator", a, id=a, name=f"a{a}", status="up") for a in (1, 2)]
    scene.seen("aggregators", *nodes)
    scene.poll()
    for server in scene.bridge.decider.waiting():
        scene.bridge.decider.run(server)
    scene.work()


@contextmanager
def scene(folder: Path, rules: Mapping[str, str], *, loud: str = "critical") -> Iterator[Scene]:
    """A scene with these rule files, as it is before anything has happened."""
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "all.yaml").write_text("\n".join(rules.values()), encoding="utf-8")
    path = folder / "bondbridge.yaml"
    path.write_text(SETTINGS.format(folder=folder, loud=loud), encoding="utf-8")
    clock = [START]
    bridge = wiring.build(
        config.load(path), now=lambda: clock[0], machine=lambda: NOW, key=b"k" * 32
    )
    watched: Any = bridge.observer.servers["main"]
    bridge.observer.servers = {"main": replace(watched, client=Server())}
    room = Room(lambda: clock[0])
    bridge.deliverer._teller._notify = room  # noqa: SLF001
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    image = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        ready = Scene(
            bridge,
            room,
            clock,
            image,
            dict.fromkeys((each for bond in BONDS for each in legs_of(bond)), "up"),
        )
        pattern = sqlite3.connect(sqlite_file())
        pattern.backup(image)
        pattern.close()
        ready.reset()
        bridge.observer.prepare()
        _baseline(ready)
        with bridge.database.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.backup(image)
        yield ready
    finally:
        bridge.close()
        image.close()
        structlog.reset_defaults()
