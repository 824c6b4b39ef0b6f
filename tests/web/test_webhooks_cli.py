"""`bondbridge webhooks`: made, changed, tried and listed, against the application that serves."""

import io
import json
import shutil
import stat
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bridge import config, wiring
from tests.test_cli import Run, run
from tests.web.app_harness import House, serving

__all__ = ["run"]


@pytest.fixture
def standing(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The application, at this moment, and the folder we stand in has its settings, which say where
    it serves.
    """
    monkeypatch.chdir(settings_file.parent)
    with serving(config.load(settings_file)) as house:
        house.machine = wiring.machine_time()
        monkeypatch.setenv("BONDBRIDGE_WEB__PORT", house.url.rpartition(":")[2])
        yield house


def test_what_is_made_stands_in_settings_and_file_and_is_shown_once(
    run: Run, settings_file: Path, standing: House
) -> None:
    """The entry is added and comments stay; the secret's file is for its owner alone; the sender is
    told the rest.
    """
    del standing
    settings_file.write_text(
        "# ours\n" + settings_file.read_text().replace("server: hq}", "server: hq} # the door")
    )
    made = json.loads(run("webhooks", "add", "alerts", "--platform", "alertmanager", "--json").out)
    text = settings_file.read_text()
    assert "# ours\n" in text
    assert "# the door" in text
    assert made["added"] is True
    assert made["url"] in made["howto"]
    hook = config.load(settings_file).webhooks["alerts"]
    assert (hook.platform, hook.server, hook.secret.reveal()) == (
        "alertmanager",
        "hq",
        made["secret"],
    )
    assert made["secret"] not in text + made["howto"]
    assert stat.S_IMODE(Path(made["secret_file"]).stat().st_mode) == 0o600
    assert (
        made["secret"] not in run("webhooks", "list").out + run("webhooks", "howto", "alerts").out
    )


def test_where_the_platform_gives_the_secret_nothing_is_let_in_until_it_is_there(
    run: Run, settings_file: Path
) -> None:
    """A secret that nobody knows stands in the file that is named, and is not shown; the vendor's
    takes its place.
    """
    made = run("webhooks", "add", "ops", "--platform", "slack", "-c", str(settings_file))
    hook = config.load(settings_file).webhooks["ops"]
    assert str(hook.secret.file) in made.out
    assert hook.secret.reveal() not in made.out
    assert "Slack gives the secret" in made.out


def test_the_example_settings_get_a_line_and_lose_none(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a new user copies keeps every line and comment; what is added stands among its webhooks,
    or makes them.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BONDBRIDGE_SERVER_PASSWORD", "x")
    monkeypatch.setenv("BONDBRIDGE_NOC_URL", "json://127.0.0.1:9/")
    path = tmp_path / "bondbridge.yaml"
    shutil.copy(Path(__file__).parents[2] / "docs" / "bondbridge.example.yaml", path)
    before = path.read_text().splitlines()
    for name in ("one", "two"):
        assert run("webhooks", "add", name, "--platform", "bearer").code == 0
    after = path.read_text().splitlines()
    assert [line for line in after if line in before] == before
    assert [line.partition(":")[0].strip() for line in after if line not in before] == [
        "webhooks",
        "two",
        "one",
    ]
    path.write_text(path.read_text().partition("webhooks:")[0] + "webhooks: {}\n")
    assert run("webhooks", "add", "three", "--platform", "bearer").code == 0
    assert list(config.load(path).webhooks) == ["three"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["door", "--platform", "hmac"], "there is a webhook 'door' already"),
        (["Not a name", "--platform", "hmac"], "it cannot be called 'Not a name'"),
        (
            ["a" * 64, "--platform", "hmac"],
            "is too long for a name: it has 64 characters, and 63 are the most",
        ),
        (["alerts", "--platform", "alertmanger"], "alertmanager"),
        (
            ["alerts", "--platform", "hmac", "--server", "elsewhere"],
            "no server is called 'elsewhere'",
        ),
    ],
)
def test_what_cannot_be_made_is_one_clear_line(
    run: Run, settings_file: Path, arguments: list[str], said: str
) -> None:
    """Nothing is written then, neither entry nor secret."""
    before = settings_file.read_text()
    ran = run("webhooks", "add", *arguments, "-c", str(settings_file))
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert settings_file.read_text() == before
    assert not (settings_file.parent / "secrets").exists()


def test_settings_that_cannot_be_written_are_for_a_person_to_mend(
    run: Run, settings_file: Path
) -> None:
    """Then the entry is printed to be pasted, the secret waits for it, and the file is as it
    was.
    """
    # no file can be made beside one whose name is as long as names may be
    long = settings_file.rename(settings_file.with_name("x" * 250))
    before = long.read_text()
    ran = run("webhooks", "add", "alerts", "--platform", "bearer", "-c", str(long))
    assert (ran.code, "File name too long" in ran.out) == (0, True), ran.err
    assert long.read_text() == before
    pasted = next(line for line in ran.out.splitlines() if line.startswith("  alerts: {"))
    long.write_text(before + pasted + "\n")
    assert config.load(long).webhooks["alerts"].secret.reveal() in ran.out


def test_a_secret_is_changed_without_losing_a_delivery(
    run: Run, settings_file: Path, standing: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new one goes on top and the old one stays good until it is finished; the file stays its
    owner's.
    """
    del standing
    first = json.loads(run("webhooks", "add", "alerts", "--platform", "bearer", "--json").out)[
        "secret"
    ]
    hook = config.load(settings_file).webhooks["alerts"]
    second = json.loads(run("webhooks", "rotate", "alerts", "--json").out)["secret"]
    assert hook.secret.reveal_all() == (second, first)
    assert '"secrets": 2' in run("webhooks", "list", "--json").out
    assert run("webhooks", "rotate", "alerts", "--finish").out == "1 secret is good now\n"
    assert hook.secret.reveal_all() == (second,)
    assert stat.S_IMODE(Path(str(hook.secret.file)).stat().st_mode) == 0o600
    run("webhooks", "add", "ops", "--platform", "mattermost")
    monkeypatch.setattr(sys, "stdin", io.StringIO("token of mattermost\n".replace(" ", "-")))
    ran = run("webhooks", "rotate", "ops")
    assert ran.out == "1 secret is good now\n"  # the one that kept its place is gone
    assert config.load(settings_file).webhooks["ops"].secret.reveal_all() == (
        "token-of-mattermost",
    )


@pytest.mark.parametrize(
    ("platform", "given", "says"),
    [
        ("slack", "swordfish", "it has 9 characters"),
        ("teams", "swordfish or whatever it was", "it is not base64"),
        ("mattermost", f"whsec_{'A' * 44}", "it is what bondbridge put there"),
    ],
)
def test_what_cannot_be_the_secret_is_not_taken_for_it(
    run: Run,
    settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    given: str,
    says: str,
) -> None:
    """A secret that is too short, another platform's or our own is refused with what is to be
    entered, and not repeated.
    """
    at = ("-c", str(settings_file))
    run("webhooks", "add", "ops", "--platform", platform, *at)
    before = config.load(settings_file).webhooks["ops"].secret.reveal_all()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{given}\n"))
    ran = run("webhooks", "rotate", "ops", *at)
    assert (ran.code, says in ran.err, "enter the one that" in ran.err) == (2, True, True), ran.err
    assert given not in ran.err
    assert config.load(settings_file).webhooks["ops"].secret.reveal_all() == before


def test_finishing_with_a_weak_secret_would_leave_that_alone(run: Run, settings_file: Path) -> None:
    """So the older ones stay, and a stronger one is to be made first."""
    at = ("-c", str(settings_file))
    run("webhooks", "add", "alerts", "--platform", "bearer", *at)
    place = Path(str(config.load(settings_file).webhooks["alerts"].secret.file))
    place.write_text(f"swordfish\n{place.read_text()}")
    before = place.read_text()
    ran = run("webhooks", "rotate", "alerts", "--finish", *at)
    assert (ran.code, "bondbridge webhooks rotate alerts" in ran.err) == (2, True), ran.err
    assert place.read_text() == before


def test_one_secret_that_is_away_keeps_nobody_from_the_others(
    run: Run, settings_file: Path
) -> None:
    """List and doctor say which and where, of each other how it stands; what serves does not start
    without it.
    """
    at = ("-c", str(settings_file))
    for name, platform in (
        ("gone", "bearer"),
        ("hollow", "github"),
        ("good", "alertmanager"),
        ("ops", "slack"),
    ):
        run("webhooks", "add", name, "--platform", platform, *at)
    hooks = config.load(settings_file).webhooks
    Path(str(hooks["gone"].secret.file)).unlink()
    Path(str(hooks["hollow"].secret.file)).write_text("\n \n")
    listed = {
        each["name"]: each["secrets"]
        for each in json.loads(run("webhooks", "list", "--json", *at).out)
    }
    assert listed == {"door": 1, "gone": "unreadable", "hollow": "unreadable", "good": 1, "ops": 1}
    found = {
        each["what"]: (each["good"], each["says"])
        for each in json.loads(run("doctor", "--json", *at).out)
    }
    assert found["webhook good"] == (True, "alertmanager, 1 secret")
    for name, says in (
        ("gone", f"cannot read the secret file {hooks['gone'].secret.file}"),
        ("hollow", f"the secret at {hooks['hollow'].secret.file} is empty"),
        ("ops", "what bondbridge put there to keep everybody out: the Signing Secret of the app"),
        ("door", "hmac, 1 secret; secret 1: it has 11 characters"),
    ):
        good, said = found[f"webhook {name}"]
        assert (good, says in said) == (False, True), said
    ran = run("up", *at)
    assert (ran.code, "webhooks.gone.secret" in ran.err, "webhooks.hollow.secret" in ran.err) == (
        2,
        True,
        True,
    ), ran.err


@pytest.mark.parametrize(
    ("platform", "says"), [("bearer", True), ("github", True), ("standard", False)]
)
def test_all_that_is_shown_is_the_secret(
    run: Run, settings_file: Path, platform: str, *, says: bool
) -> None:
    """Where whsec_ is no mark of the platform's own, it is said that it belongs to the secret."""
    made = run("webhooks", "add", "alerts", "--platform", platform, "-c", str(settings_file)).out
    assert ("All of this text is the secret, whsec_ too." in made) == says


def test_a_secret_of_the_environment_is_changed_there(run: Run, settings_file: Path) -> None:
    """We cannot, and say who can; nor is a webhook that there is not."""
    ran = run("webhooks", "rotate", "door", "-c", str(settings_file))
    assert (ran.code, "DOOR_SECRET" in ran.err) == (2, True)
    ran = run("webhooks", "rotate", "dor", "-c", str(settings_file))
    assert (ran.code, "door" in ran.err) == (2, True)


def test_an_example_goes_the_real_way(run: Run, standing: House) -> None:
    """It is signed, sent over HTTP, stored, and its story can be asked for; the list says that it
    came.
    """
    ran = run("webhooks", "test", "door")
    assert ran.code == 0, ran.err
    assert "answered 202" in ran.out
    event = ran.err.strip().rpartition(" ")[2]
    assert "webhook.door" in run("events", event).out
    (row,) = json.loads(run("webhooks", "list", "--json").out)
    assert (row["name"], row["platform"], row["secrets"]) == ("door", "hmac", 1)
    assert row["last"].startswith(f"{standing.bridge.now():%Y-%m-%d}")
    assert run("webhooks", "test", "window").code == 2


def test_an_example_that_does_not_arrive_is_told_by_its_exit_code(
    run: Run, standing: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bridge whose clock is an hour late refuses; one that does not run does not answer."""
    standing.machine -= timedelta(hours=1)
    ran = run("webhooks", "test", "door")
    assert (ran.code, "the timestamp is more than 300 s from now" in ran.err) == (4, True)
    monkeypatch.setenv("BONDBRIDGE_WEB__PORT", "1")
    ran = run("webhooks", "test", "door")
    assert (ran.code, "does not answer" in ran.err) == (3, True)
