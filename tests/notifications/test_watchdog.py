"""The watch on the watcher, over real databases and real receivers: told when nothing moves, and
when it does again.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from bridge import config, wiring
from bridge.actions.notify import Notify
from bridge.cli.run.watchdog import _only_one
from bridge.cli.setup import doctor
from bridge.core.watchdog import stall_detection
from bridge.errors import BadInput
from bridge.pipeline.watchdog import Watchdog
from bridge.store.database import Database
from bridge.store.notifications import destinations
from bridge.store.notifications.destinations import Destination
from bridge.store.observations import snapshots
from bridge.store.views import health_queries
from bridge.store.watchdog_state import MemoryFile, WatchdogState
from tests.bonding.scripted_server import Reply, Scripted
from tests.bonding.scripted_server import serving as scripted
from tests.notifications.json_service import Service, serving
from tests.pipeline.harness import QUIET, Stage, staged
from tests.pipeline.injected import fails
from tests.processes import Process

RULES = """
- id: tell
  when: webhook.demo
  do: [{notify: {to: noc, title: "bond ${event.data.body.bond}", severity: warning}}]
- id: act
  when: webhook.demo
  do: [{call: bond.restart, with: {bond: "${event.data.body.bond}"}}]
"""
SETTINGS = (
    "watchdog: {tell: [{env: DOG_ONE}, {env: DOG_TWO}], after: 5m, every: 60s, ping: {env:"
    " DOG_PING}%s}\n"
)
SECRET = "6a1f-secret"
# it works if anything is polled: legs and bonds are
FEW = QUIET.rstrip("]") + ", placements, aggregators, backups, 'bonds/*/tuners']"


@dataclass
class Yard:
    """A bridge, a watchdog beside it, the two places it tells at, and the one it pings."""

    stage: Stage
    dog: Watchdog
    one: Service
    two: Service
    pinged: Scripted

    def again(self) -> None:
        """The watchdog is started again."""
        self.dog.close()
        self.dog = _dog(self.stage)

    def pass_by(self, minutes: int, *, works: bool = False) -> None:
        """The watchdog looks each minute; the bridge does its work or not."""
        for _ in range(minutes):
            self.stage.sim.advance(60)
            if works:
                self.stage.round()
            self.dog.look()

    def pings(self) -> list[tuple[str, str]]:
        """How it was called."""
        return [(each.method, each.path) for each in self.pinged.asked]


def _dog(stage: Stage) -> Watchdog:
    return wiring.watchdog(config.load(stage.folder / "bondbridge.yaml"), machine=stage.now)


@contextmanager
def yard(folder: Path, database: Database, more: str = "") -> Iterator[Yard]:
    """A bridge whose time, the machine's too, moves only when told to."""
    with serving() as one, serving() as two, serving() as noc, scripted(Reply("OK")) as pinged:
        os.environ.update(DOG_ONE=one.url, DOG_TWO=two.url, DOG_PING=f"{pinged.url}/{SECRET}/1")
        settings = SETTINGS % more
        with staged(
            folder, rules=RULES, channel=noc.url, database=database.url, more=settings, off=FEW
        ) as stage:
            made = Yard(stage, _dog(stage), one, two, pinged)
            yield made
            made.dog.close()


@pytest.fixture
def quiet(tmp_path: Path, database: Database) -> Iterator[Yard]:
    """One in which all is well."""
    with yard(tmp_path, database) as made:
        made.dog.look()
        yield made


def test_all_is_well(quiet: Yard) -> None:
    """Nobody is told anything; the ping is called each time."""
    quiet.pass_by(20, works=True)
    assert quiet.one.heard == quiet.two.heard == []
    assert quiet.pings() == [("GET", f"/{SECRET}/1")] * 21


def test_a_worker_that_stops_is_told_and_that_it_is_back(quiet: Yard) -> None:
    """Once at each address, though it lasts three hours, and by the failing ping as long as it
    does.
    """
    quiet.pass_by(5)
    assert quiet.one.heard == []
    quiet.pass_by(175)
    assert quiet.one.titles() == quiet.two.titles() == ["bondbridge: nobody polls demo"]
    assert "something listens at its address" in quiet.one.heard[0]["message"]
    assert quiet.one.heard[0]["type"] == "failure"
    assert quiet.pings()[-1] == ("POST", f"/{SECRET}/1/fail")
    assert b"nobody polls demo for 3h: " in quiet.pinged.asked[-1].body
    quiet.pass_by(3, works=True)
    assert (
        quiet.one.titles()[1:]
        == quiet.two.titles()[1:]
        == ["bondbridge: resolved: nobody polls demo"]
    )
    assert quiet.pings()[-1] == ("GET", f"/{SECRET}/1")


def test_a_server_that_is_away_reads_another_way(quiet: Yard) -> None:
    """The bridge asks and gets nothing: that is the server's fault, and said so."""
    quiet.stage.sim.set_faults(drop=1.0)
    quiet.pass_by(9, works=True)
    assert quiet.one.titles() == ["bondbridge: demo cannot be polled"]
    assert "it is unreachable" in quiet.one.heard[0]["message"]
    quiet.stage.sim.set_faults()
    quiet.pass_by(9, works=True)
    assert quiet.one.titles()[1:] == ["bondbridge: resolved: demo cannot be polled"]


def test_what_nobody_decides_or_delivers_is_told(quiet: Yard) -> None:
    """Polls that go on hide neither; each is told by itself."""
    stage = quiet.stage
    stage.webhook(1)

    def poll(minutes: int) -> None:
        for _ in range(minutes):
            stage.sim.advance(60)
            for server, scope in stage.bridge.observer.due():
                stage.bridge.observer.poll(server, scope)
            quiet.dog.look()

    poll(7)
    assert quiet.one.titles() == ["bondbridge: nothing is decided for demo"]
    assert "the oldest since" in quiet.one.heard[0]["message"]
    stage.work()
    poll(1)
    assert quiet.one.titles()[1:] == ["bondbridge: resolved: nothing is decided for demo"]
    stage.webhook(2)
    stage.bridge.decider.run("demo")
    poll(7)
    assert quiet.one.titles()[2:] == ["bondbridge: 2 things are wrong"]
    assert "nothing that is due is carried out" in quiet.one.heard[2]["message"]
    assert "nobody is told what is due" in quiet.one.heard[2]["message"]
    stage.work()
    poll(1)
    assert quiet.one.titles()[3:] == ["bondbridge: resolved: 2 things that were wrong"]


def test_a_restart_of_the_watchdog_changes_nothing(quiet: Yard) -> None:
    """What was told is not told again, what began goes on being counted, and its end is told."""
    for _ in range(12):
        quiet.pass_by(1)
        quiet.again()
    assert quiet.one.titles() == ["bondbridge: nobody polls demo"]
    quiet.pass_by(2, works=True)
    quiet.again()
    quiet.pass_by(2, works=True)
    assert quiet.one.titles()[1:] == ["bondbridge: resolved: nobody polls demo"]


def test_a_bridge_that_was_off_as_a_whole_is_given_its_time(quiet: Yard) -> None:
    """Started together after a night, the watchdog does not find that nobody has polled since
    yesterday.
    """
    quiet.stage.sim.advance(8 * 3600)
    quiet.again()
    quiet.dog.look()
    quiet.pass_by(10, works=True)
    assert quiet.one.heard == []


def test_an_address_that_fails_is_tried_again_and_alone(quiet: Yard) -> None:
    """The other is told at once, and once; what is over before it could be told is never told
    there.
    """
    quiet.one.status = 503
    quiet.pass_by(8)
    assert quiet.two.titles() == ["bondbridge: nobody polls demo"]
    assert (quiet.one.heard, quiet.one.asked) == ([], 3)
    quiet.one.status = 200
    quiet.pass_by(1)
    assert quiet.one.titles() == ["bondbridge: nobody polls demo"]
    quiet.one.status = 503
    quiet.pass_by(2, works=True)
    quiet.one.status = 200
    quiet.pass_by(2, works=True)
    assert (
        quiet.one.titles()
        == quiet.two.titles()
        == ["bondbridge: nobody polls demo", "bondbridge: resolved: nobody polls demo"]
    )


@contextmanager
def away(database: Database, folder: Path) -> Iterator[None]:
    """The database cannot be had: its file is moved away, or its server lets nobody in and turns
    out who is there.
    """
    url = database.engine.url
    if database.engine.dialect.name == "sqlite":
        file = Path(str(url.database))
        file.rename(folder / "elsewhere")
        yield
        (folder / "elsewhere").rename(file)
        return
    control = sa.create_engine(
        url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    name = str(url.database)
    with control.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"),
            {"n": name},
        )
    yield
    with control.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_a_database_that_is_away_is_told(quiet: Yard, database: Database, tmp_path: Path) -> None:
    """Also after a restart meanwhile; the polls that could not be made then are no news of their
    own.
    """
    with away(database, tmp_path):
        quiet.pass_by(8)
        quiet.again()
        quiet.pass_by(8)
    assert quiet.one.titles() == ["bondbridge: the database cannot be read"]
    quiet.pass_by(1)
    assert quiet.one.titles()[1:] == ["bondbridge: resolved: the database cannot be read"]
    quiet.pass_by(4, works=True)
    assert len(quiet.one.heard) == 2


_WORKER = """
import sys
from bridge.store.database import Database
database = Database(sys.argv[1])
with database.reading() as connection:
    connection.exec_driver_sql("SELECT count(*) FROM events").all()
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def worker(database: Database) -> Iterator[None]:
    """Another process that has the database open, between two of its transactions."""
    command = [sys.executable, "-c", _WORKER, database.url]
    with subprocess.Popen(  # noqa: S603
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        yield
        process.stdin.close()
        process.wait(60)


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[Yard]:
    """One whose database is a file, in which all is well."""
    database = Database(f"sqlite:///{tmp_path / 'filed.db'}")
    with yard(tmp_path, database) as made:
        made.dog.look()
        yield made


def _file(yard: Yard) -> Path:
    return Path(str(yard.stage.bridge.database.engine.url.database))


def test_a_file_that_is_moved_away_below_the_workers_is_told(filed: Yard) -> None:
    """It says which and what to do; once the same file is back it is over, and the rest goes on
    being judged.
    """
    file = _file(filed)
    with worker(filed.stage.bridge.database):
        file.rename(file.with_suffix(".elsewhere"))
        filed.pass_by(8, works=True)
        assert filed.one.titles() == ["bondbridge: the database file was moved away"]
        assert f"{file} is gone while the bridge works with it" in filed.one.heard[0]["message"]
        file.with_suffix(".elsewhere").rename(file)
        filed.pass_by(1, works=True)
    assert filed.one.titles()[1:] == ["bondbridge: resolved: the database file was moved away"]


def test_a_file_that_is_replaced_below_the_workers_is_told(filed: Yard) -> None:
    """A copy in its place reads well and is not what is worked with; once nobody has the old one
    open, it is over.
    """
    file = _file(filed)
    with worker(filed.stage.bridge.database):
        copy = file.with_suffix(".copy")
        copy.write_bytes(file.read_bytes())
        copy.replace(file)
        filed.pass_by(8, works=True)
        assert filed.one.titles() == ["bondbridge: the database file was replaced"]
        assert (
            f"{file} is another file than the one the bridge works with"
            in filed.one.heard[0]["message"]
        )
        assert "start it again" in filed.one.heard[0]["message"]
    filed.stage.bridge.database.close()
    filed.pass_by(2, works=True)
    assert filed.one.titles()[1:] == ["bondbridge: resolved: the database file was replaced"]


def test_a_backup_that_is_put_there_while_nobody_works_is_no_trouble(filed: Yard) -> None:
    """Anyone who stops, restores and starts again hears nothing of it."""
    file = _file(filed)
    with worker(filed.stage.bridge.database):
        filed.pass_by(1, works=True)
    filed.stage.bridge.database.close()
    copy = file.with_suffix(".copy")
    copy.write_bytes(file.read_bytes())
    copy.replace(file)
    filed.pass_by(9, works=True)
    assert filed.one.heard == []


def test_a_slow_database_is_given_up(postgresql_server: sa.URL) -> None:
    """A statement that waits for a lock that is never given ends after the watchdog's patience, as
    an ordinary failure.
    """
    patient = Database(postgresql_server.render_as_string(hide_password=False), patience=2.0)
    with (
        patient.reading() as connection,
        pytest.raises(sa.exc.OperationalError, match="statement timeout"),
    ):
        connection.exec_driver_sql("SELECT pg_sleep(60)")
    patient.close()


def _legs_of(stage: Stage, bond: int) -> list[int]:
    with stage.bridge.database.reading() as connection:
        legs = snapshots.bodies_of(connection, "demo", ("leg",))
    return [body["id"] for _, body in legs if body["bond"] == bond]


def test_the_days_line_comes_once_a_day(tmp_path: Path, database: Database) -> None:
    """At its time, in its zone, though the watchdog is started again; the one that failed a round
    later.
    """
    with yard(tmp_path, database, ', daily: {at: "00:30", zone: UTC}') as made:
        made.stage.webhook(1)
        made.pass_by(1, works=True)
        for leg in _legs_of(made.stage, 2):
            made.stage.set("leg", leg, "state", "down")
        made.pass_by(27, works=True)
        made.one.status = 503
        made.pass_by(3, works=True)
        assert made.one.heard == []
        made.one.status = 200
        made.again()
        made.pass_by(3, works=True)
        said = [each["message"] for each in made.one.heard if "all quiet" in each["title"]]
        assert len(said) == 1
        assert said[0].startswith("all quiet: 1 server polled, ")
        assert f" bonds up, 1 down ({made.stage.read('/bonds/2/')['name']}), " in said[0]
        assert "and 1 action since yesterday" in said[0]
        assert said[0].endswith("nothing waits")


def test_its_secrets_are_nowhere(
    quiet: Yard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ping that is refused and an address that fails are logged without showing where they
    lead.
    """
    quiet.pinged.say = lambda _: Reply(status=404)
    os.environ["DOG_ONE"] = f"json://someone:{SECRET}@127.0.0.1:9/"
    quiet.again()
    quiet.pass_by(7)
    said = capsys.readouterr().out
    assert "the watchdog's ping was not taken" in said
    assert "the watchdog could not tell" in said
    kept = (tmp_path / "state" / "watchdog.json").read_text()
    assert SECRET not in said + kept


def test_what_cannot_be_read_is_told_again(quiet: Yard, tmp_path: Path) -> None:
    """A memory that is damaged costs a second message, never the first."""
    quiet.pass_by(7)
    (tmp_path / "state" / "watchdog.json").write_text("{half", encoding="utf-8")
    quiet.again()
    quiet.pass_by(7)
    assert quiet.one.titles() == ["bondbridge: nobody polls demo"] * 2


def test_told_to_stop_it_tells_nothing_more(quiet: Yard) -> None:
    """Between two addresses it may end: anyone who watches next goes on with the second."""
    quiet.pass_by(5)
    quiet.stage.sim.advance(60)
    answers = iter((False, True, True, True))
    quiet.dog.look(lambda: next(answers))
    assert (len(quiet.one.heard), len(quiet.two.heard)) == (1, 0)
    quiet.again()
    quiet.pass_by(1)
    assert (len(quiet.one.heard), len(quiet.two.heard)) == (1, 1)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("watchdog: {}", "tells nobody"),
        ("watchdog: {ping: {env: DOG_PING}, daily: {at: '08:00', zone: UTC}}", "there are none"),
        (
            "watchdog: {tell: [{env: DOG_WRONG}]}",
            "watchdog.tell.0: no service is written jsn://; did you mean json://?",
        ),
        ("watchdog: {ping: {env: DOG_WRONG2}}", "is no address"),
        ("watchdog: {tell: [{env: DOG_ONE}], daily: {at: '8 am', zone: UTC}}", "watchdog.daily.at"),
    ],
)
def test_settings_that_would_watch_for_nothing_stop_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, says: str
) -> None:
    """What is wrong is said at its key, without the secret."""
    for name, value in {
        "ONE": "json://h/",
        "PING": "http://h/x",
        "WRONG": "jsn://u:pw@h/",
        "WRONG2": "h/pw",
    }.items():
        monkeypatch.setenv(f"DOG_{name}", value)
    path = tmp_path / "bondbridge.yaml"
    path.write_text(
        f"servers: [{{name: a, url: 'http://h', user: u, password: {{env: DOG_ONE}}}}]\n{written}\n"
    )
    with pytest.raises(BadInput) as caught:
        wiring.check_channels(config.load(path))
    assert says in str(caught.value)
    assert "pw" not in str(caught.value)


def test_none_is_none(quiet: Yard) -> None:
    """Without the setting there is nothing to start, and it says what to write."""
    with pytest.raises(BadInput, match="nobody is told when the bridge itself stands still"):
        wiring.watchdog(quiet.stage.bridge.settings.model_copy(update={"watchdog": None}))


@contextmanager
def _started(yard: Yard, *more: str) -> Iterator[Process]:
    """The command itself, on this bridge's settings."""
    command = [
        sys.executable,
        "-m",
        "bridge.cli",
        "watchdog",
        "-c",
        str(yard.stage.folder / "bondbridge.yaml"),
        *more,
    ]
    process = Process(command)
    try:
        yield process
    finally:
        process.end(signal.SIGTERM)


def test_the_command_is_one_at_a_time_and_stops_when_told(quiet: Yard) -> None:
    """A second one on the state folder is refused; SIGTERM ends the first in order."""
    with _started(quiet) as first:
        first.line("ready")
        with _started(quiet) as second:
            returned = second.ended()
            said = "\n".join(second.lines)
        assert (returned, "another watchdog runs" in said) == (4, True)
        assert first.end(signal.SIGTERM) == 0


def test_a_look_beside_the_one_that_watches_tells_nothing(quiet: Yard) -> None:
    """It says what the other one has found wrong by the times that it keeps, ends with 1 for it,
    and remembers nothing.
    """
    quiet.pass_by(5)
    kept = quiet.stage.folder / "state" / "watchdog.json"
    before = kept.read_text(encoding="utf-8")
    assert quiet.dog.glance() == []
    quiet.stage.sim.advance(60)
    assert [each.name for each in quiet.dog.glance()] == ["nobody polls demo"]
    assert (quiet.one.heard, kept.read_text(encoding="utf-8")) == ([], before)


def test_a_look_beside_says_what_only_who_has_watched_can_know(filed: Yard) -> None:
    """A file that was replaced reads well to who comes later: it says what the one that watches
    found, while that counts.
    """
    file = _file(filed)
    dog = _dog(filed.stage)
    with worker(filed.stage.bridge.database):
        copy = file.with_suffix(".copy")
        copy.write_bytes(file.read_bytes())
        copy.replace(file)
        filed.pass_by(8, works=True)
        filed.stage.sim.advance(30)
        assert [each.name for each in dog.glance()] == ["the database file was replaced"]
    filed.stage.bridge.database.close()
    filed.pass_by(2, works=True)
    assert dog.glance() == []
    dog.close()


def test_the_command_beside_says_what_the_other_has_found(filed: Yard) -> None:
    """What stands in the memory of who watches is said, and the exit code is 1."""
    now = wiring.machine_time()
    mark = stall_detection.database_elsewhere("the database file was replaced", "another file")
    memory = WatchdogState(
        looked=now,
        still={"database": stall_detection.StalledMarker(mark, now - timedelta(minutes=9))},
    )
    state = filed.stage.folder / "state"
    with _only_one(state) as alone:
        assert alone
        MemoryFile(state / "watchdog.json").keep(memory)
        with _started(filed, "--once") as beside:
            returned = beside.ended()
            said = "\n".join(beside.lines)
    assert (returned, "the database file was replaced: another file" in said) == (1, True)
    assert "all is well" not in said


def test_a_look_makes_no_database(filed: Yard) -> None:
    """Where the file is gone an empty one would be taken for the right one: it is told that there
    is none, and none is made.
    """
    file = _file(filed)
    dog = _dog(filed.stage)
    filed.stage.bridge.database.close()
    file.rename(file.with_suffix(".elsewhere"))
    assert [each.says for each in dog.glance()] == [f"there is no file {file}"]
    for _ in range(8):
        filed.stage.sim.advance(60)
        dog.look()
    assert len(dog.glance()) == 1
    assert not file.exists()
    assert filed.one.titles() == ["bondbridge: the database cannot be read"]
    assert f"there is no file {file}" in filed.one.heard[0]["message"]
    dog.close()


def test_one_look_is_possible_beside_the_one_that_watches(quiet: Yard) -> None:
    """Nobody is told by it, and it says why."""
    with _started(quiet) as first:
        first.line("ready")
        with _started(quiet, "--once") as second:
            returned = second.ended()
            said = "\n".join(second.lines)
        assert returned in {0, 1}
        assert "another watchdog runs here and does the telling" in said
        assert ("all is well" in said) == (returned == 0)
        assert first.end(signal.SIGTERM) == 0


def test_its_addresses_can_be_tested(quiet: Yard) -> None:
    """Each says what became of it, and one that does not take it is an exit code."""
    quiet.two.status = 401
    with _started(quiet, "--test") as command:
        returned = command.ended()
        said = "\n".join(command.lines)
    assert returned == 1
    assert quiet.one.titles() == ["bondbridge: a test of the watchdog"]
    assert "the service answered 401" in said


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (None, "none: should the bridge itself stand still, nobody is told"),
        ("both", "2 targets and a ping"),
    ],
)
def test_doctor_says_whether_there_is_one(quiet: Yard, written: str | None, says: str) -> None:
    """That there is none is a hint and not wrong."""
    settings = quiet.stage.bridge.settings
    found = doctor._watchdog(  # noqa: SLF001
        settings if written else settings.model_copy(update={"watchdog": None})
    )
    assert found.good
    assert says in found.says


def test_what_fails_in_the_watchdog_is_told_like_the_rest(
    quiet: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One address on which our own code fails keeps no other from being told; that nothing can be
    judged is told, too.
    """
    fails(monkeypatch, Notify, "send", lambda *given: given[-1].target == 0)
    fails(monkeypatch, health_queries, "take")
    quiet.pass_by(10)
    assert quiet.one.heard == []
    assert quiet.two.titles() == ["bondbridge: how the work stands cannot be judged"]
    assert "KeyError: 'injected'" in quiet.two.heard[0]["message"]
    monkeypatch.undo()
    quiet.pass_by(2, works=True)
    over = "bondbridge: resolved: how the work stands cannot be judged"
    assert quiet.two.titles() == ["bondbridge: how the work stands cannot be judged", over]
    assert quiet.one.heard == []


def test_a_web_process_that_stops_answering_is_told_and_one_on_another_machine_is_not(
    quiet: Yard,
) -> None:
    """Asked from outside, as people ask; where nothing ever answered there is nothing to miss."""
    with scripted(lambda _: Reply(b"ok")) as web:
        port = urlsplit(web.url).port
        path = quiet.stage.folder / "bondbridge.yaml"
        path.write_text(
            path.read_text(encoding="utf-8") + f"\nweb: {{port: {port}}}\n", encoding="utf-8"
        )
        quiet.dog.close()
        quiet.dog = _dog(quiet.stage)
        quiet.pass_by(2, works=True)
        assert [each.path for each in web.asked] == ["/healthz"] * 2
    quiet.pass_by(8, works=True)
    assert quiet.one.titles() == ["bondbridge: the web process does not answer"]
    quiet.one.heard.clear()
    quiet.dog.close()
    quiet.dog = _dog(quiet.stage)  # one that never heard it, as on another machine
    quiet.pass_by(8, works=True)
    assert [title for title in quiet.one.titles() if "resolved" not in title] == []


def test_a_channel_that_takes_nothing_is_told_past_it(quiet: Yard) -> None:
    """The channel that could tell of it may be the same."""
    with quiet.stage.bridge.database.writing() as connection:
        destinations.claim(connection, "noc/0", 1.0)
        destinations.put(
            connection,
            Destination(
                "noc/0",
                failures=3,
                failing_since=quiet.stage.now(),
                said="400 Bad Request",
                told=True,
            ),
        )
    quiet.pass_by(8, works=True)
    assert quiet.one.titles() == ["bondbridge: channel noc/0 takes no messages"]
