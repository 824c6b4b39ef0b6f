"""The settings."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bridge.config import CONFIG_VARIABLE, Secret, Settings, load, shipped
from bridge.errors import BadInput
from bridge.wiring import build, check_channels, outgoing, vocabulary

GOOD = """\
state_dir: here
servers:
  - name: main
    url: https://ba.example.com
    user: bridge@example.com
    password: {env: PW}
    poll: {legs: 10s}
channels:
  noc: {urls: [{env: NOC}, {file: noc.txt}]}
webhooks:
  chat: {secret: {env: HOOK}, server: main, tolerance: 1m}
hooks:
  billing: {url: "https://billing.example.com/in", secret: {env: SIGNING}}
"""


NOC = "urls: [{env: NOC}, {file: noc.txt}]"
ALWAYS = '{days: daily, from: "00:00", to: "24:00", zone: America/Vancouver}'
BY_DAY = '{days: daily, from: "07:00", to: "22:00", zone: UTC}'
BY_NIGHT = '{days: daily, from: "22:00", to: "07:00", zone: UTC}'
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the secrets of the example, and nothing else of ours."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "PW": "p",
        "NOC": "json://127.0.0.1",
        "HOOK": "h",
        "SIGNING": SIGNING,
        "ROOM": "https://chat/in/x",
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "noc.txt").write_text("  json://localhost\n")


def read(text: str, tmp_path: Path) -> Settings:
    """The settings of this text."""
    path = tmp_path / "bondbridge.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def wrong(text: str, tmp_path: Path) -> list[tuple[int, str, str]]:
    """Line, key and words of every problem."""
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    return [
        (problem.line, problem.key, f"{problem.what} {problem.mend}")
        for problem in caught.value.problems
    ]


def test_everything_is_read_and_the_rest_has_its_default(tmp_path: Path) -> None:
    """What stands in the file is there, in seconds where it is a length, and what does not has its
    default.
    """
    settings = read(GOOD, tmp_path)
    (server,) = settings.servers
    assert (server.name, str(server.url), server.poll.legs, server.poll.bonds) == (
        "main",
        "https://ba.example.com/",
        10,
        30,
    )
    assert (server.password.reveal(), [url.reveal() for url in settings.channels["noc"].urls]) == (
        "p",
        ["json://127.0.0.1", "json://localhost"],
    )
    assert (settings.webhooks["chat"].tolerance, settings.web.port, server.force_live) == (
        60,
        8080,
        False,
    )
    assert settings.database_url == f"sqlite:///{tmp_path}/here/bondbridge.sqlite3"
    assert (settings.rules, settings.clock) == ([shipped("rules")], None)
    hook = settings.hooks["billing"]
    assert (hook.allow_private, hook.verify, hook.timeout, hook.secret.reveal()) == (
        False,
        True,
        10,
        SIGNING,
    )
    assert settings.web.url == "http://127.0.0.1:8080/"


def test_settings_are_frozen(tmp_path: Path) -> None:
    """Once read they cannot be changed, at any level."""
    settings = read(GOOD, tmp_path)
    for thing, name in (
        (settings, "database"),
        (settings.web, "port"),
        (settings.servers[0], "user"),
    ):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(thing, name, "x")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Every mistake is there, each at its line and under its key."""
    text = """\
servers:
  - name: Main Server
    url: not a url
    user: x
    password: {env: NOT_SET}
    poll:
      legs: 10
      leggs: 10s
  - name: other
    url: https://x.example.com
    password: {}
web:
  port: 99999
chanels: {}
webhooks:
  chat: {secret: {env: HOOK, file: x}, server: main, platform: carrier-pigeon}
"""
    found = wrong(text, tmp_path)
    assert sorted((line, key) for line, key, _ in found) == [
        (2, "servers.0.name"),
        (3, "servers.0.url"),
        (5, "servers.0.password"),
        (7, "servers.0.poll.legs"),
        (8, "servers.0.poll.leggs"),
        (9, "servers.1.user"),
        (11, "servers.1.password"),
        (13, "web.port"),
        (14, "chanels"),
        (16, "webhooks.chat.secret"),
        (16, "webhooks.chat.server"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("{env: PW}", "hunter-two", "servers.0.password", "does not stand in the settings"),
        ("{env: PW}", "12345678", "servers.0.password", "does not stand in the settings"),
        ("{env: PW}", "[hunter-two]", "servers.0.password", "does not stand in the settings"),
        ("{env: HOOK}", "hunter-two", "webhooks.chat.secret", "does not stand in the settings"),
        (
            "{env: NOC}",
            "slack://hunter-two/x",
            "channels.noc.urls.0",
            "does not stand in the settings",
        ),
        (
            NOC,
            "rooms: [{webhook: chat, url: 'https://hunter-two/'}]",
            "channels.noc.rooms.0.url",
            "does not stand in",
        ),
        ("{env: PW}", "{value: hunter-two}", "servers.0.password.value", "unknown key"),
        ("https://ba", "https://me:hunter-two@ba", "servers.0.url", "password"),
    ],
)
def test_a_secret_in_clear_is_refused_and_not_repeated(
    tmp_path: Path, old: str, new: str, key: str, says: str
) -> None:
    """A secret written into the file stops the start, and the message that says so does not show
    it.
    """
    found = wrong(GOOD.replace(old, new), tmp_path)
    assert key in {each[1] for each in found}
    assert any(says in each[2] for each in found)
    assert not any(word in str(found) for word in ("hunter-two", "12345678"))


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        (
            "{env: PW}",
            "{env: NOT_SET}",
            "servers.0.password",
            "neither NOT_SET nor NOT_SET_FILE is set",
        ),
        ("{env: PW}", "{env: EMPTY}", "servers.0.password", "the secret at EMPTY is empty"),
        ("{env: PW}", "{file: no-such-file}", "servers.0.password", "No such file"),
        ("{env: PW}", "{file: .}", "servers.0.password", "Is a directory"),
        ("{env: PW}", "{file: binary}", "servers.0.password", "not UTF-8 text"),
        ("{env: PW}", "{file: blank}", "servers.0.password", "is empty"),
        ("{env: PW}", "{env: PW, file: x}", "servers.0.password", "either"),
        ("{env: PW}", "{}", "servers.0.password", "either"),
        (
            "server: main",
            "server: other",
            "webhooks.chat.server",
            "'other', which is not in `servers`",
        ),
        (NOC, f"{NOC}, rate: 5", "channels.noc.rate", "{most: 20, every: 1m}; null is no limit"),
        (
            NOC,
            f"{NOC}, spaces: acme",
            "channels.noc.spaces",
            "write a list, such as [one, another]",
        ),
        (NOC, f"{NOC}, quiet: [{ALWAYS}]", "channels.noc.quiet", "quiet hours that are never over"),
        (
            NOC,
            f"{NOC}, quiet: [{BY_DAY}, {BY_NIGHT}]",
            "channels.noc.quiet",
            "quiet hours that are never over",
        ),
        (
            "tolerance: 1m",
            "allow_from: [192.0.2.7/24]",
            "webhooks.chat.allow_from.0",
            "host bits set: write 192.0.2.0/24",
        ),
        ("tolerance: 1m", "allow_from: [here]", "webhooks.chat.allow_from.0", "network"),
        ("tolerance: 1m", "tolerance: 0s", "webhooks.chat.tolerance", "greater than 0"),
        ("tolerance: 1m", "tolerance: soon", "webhooks.chat.tolerance", "not a length of time"),
        ("tolerance: 1m", "tolerance: 9999999d", "webhooks.chat.tolerance", "9999999d"),
        ("{legs: 10s}", "{legs: .inf}", "servers.0.poll.legs", ""),
        ("https://ba", "ftp://ba", "servers.0.url", "'http' or 'https'"),
        (NOC, "urls: []", "channels.noc.urls", "leads nowhere"),
        (
            NOC,
            "rooms: [{webhook: chat, url: {env: PW}}]",
            "channels.noc.rooms.0.url",
            "is no address",
        ),
        (NOC, "rooms: [{url: {env: ROOM}}]", "channels.noc.rooms.0.webhook", "required"),
        (
            "state_dir: here",
            "clock: {machine: 2026-01-01T00:00:00, domain: 2026-01-01T00:00:00Z}",
            "clock.machine",
            "timezone",
        ),
        (
            "state_dir: here",
            "clock: {machine: 2026-01-01T00:00Z, domain: 2026-01-01T00:00Z, speed: 0}",
            "clock.speed",
            "0",
        ),
        ("state_dir: here", "web: {port: 0}", "web.port", "greater than or equal to 1"),
        ("state_dir: here", "web: {prot: 1}", "web.prot", "unknown key"),
    ],
)
def test_a_wrong_value_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, key: str, says: str
) -> None:
    """Each mistake is one problem under its key, that says what is wrong."""
    monkeypatch.setenv("EMPTY", "")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "blank").write_text(" \n")
    assert old in GOOD
    ((_, found, words),) = wrong(GOOD.replace(old, new), tmp_path)
    assert found == key
    assert says in words


@pytest.mark.parametrize(
    ("new", "key", "says"),
    [
        ("allow: [configure, confgure]", "allow.1", "did you mean 'configure'?"),
        ("allow: [administer]", "allow.0", "one by one: name each operation"),
        ("allow: [operate]", "allow.0", "allowed already"),
        ("allow: [bond.get]", "allow.0", "only reads"),
        ("allow: [leg.get]", "allow.0", "only reads"),
        ("allow: [user.craete]", "allow.0", "did you mean 'user.create'?"),
        ("allow: [bond.gett]", "allow.0", "nothing that can be allowed"),
        ("flapping: {start: 3, stop: 4}", "flapping", "`stop` is 4"),
        ("asks: ncc", "asks", "there is no channel 'ncc': did you mean 'noc'?"),
        ("chanels: {}", "chanels", "did you mean 'channels'?"),
    ],
)
def test_what_means_nothing_stops_the_start(tmp_path: Path, new: str, key: str, says: str) -> None:
    """A name that can allow nothing, a spell that ends before it begins: each at its line, with
    what was meant.
    """
    ((line, found, words),) = wrong(f"{GOOD}{new}\n", tmp_path)
    assert (line, found) == (len(GOOD.splitlines()) + 1, key)
    assert says in words
    assert "delete" not in words


@pytest.mark.parametrize(
    ("new", "key", "says"),
    [
        ("poll: {off: [users, usrs]}", "poll.off.1", "did you mean 'users'?"),
        ("poll: {off: ['bond/*/routes']}", "poll.off.0", "did you mean 'bonds/*/routes'?"),
        ("poll: {off: [configuration]}", "poll.off.0", "the scopes of that timing are bonders, "),
        ("poll: {off: ['bonds/[a-z]*/routes']}", "poll.off.0", "no scope can be called like"),
        (
            "poll: {every: {'bonds/*/tuner': 1m}}",
            "poll.every.bonds/*/tuner",
            "did you mean 'bonds/*/tuners'?",
        ),
        ("ignore: {bondd: [note]}", "ignore.bondd.0", "did you mean 'bond'?"),
        (
            "ignore: {bond: [note, notes]}",
            "ignore.bond.1",
            "a bond has no field 'notes': did you mean 'note'?",
        ),
        ("ignore: {aggregator: ['*']}", "ignore.aggregator.0", "an aggregator has no field '*'"),
        ("ignore: {route: [metric]}", "ignore.route.0", "other.metric"),
        ("ignore: {route: [other]}", "ignore.route.0", "one by one"),
        ("ignore: {leg: [other.x]}", "ignore.leg.0", "a leg has no field"),
    ],
)
def test_what_can_match_nothing_stops_the_start(
    tmp_path: Path, new: str, key: str, says: str
) -> None:
    """Scopes that are nowhere, fields that nothing has: silence about them would look like
    obedience.
    """
    ((line, found, words),) = wrong(GOOD.replace("poll: {legs: 10s}", new), tmp_path)
    assert (line, found) == (7, f"servers.0.{key}")
    assert says in words


def test_what_can_match_something_is_taken(tmp_path: Path) -> None:
    """Names, globs and half globs of scopes that may come; fields of ours, and the server's own
    below `other`.
    """
    scopes = [
        "legs",
        "*",
        "bonds/*",
        "bonds/1?/routes",
        "bonds/[12]*/*_legs/*/tuners",
        "*/tuners",
        "spaces/acme-2/*",
        "isos",
    ]
    poll = f"poll: {{off: {scopes}, every: {{'nodes/*_interfaces': 1h, 'nodes/*': 2h}}}}"
    ignore = (
        "ignore: {leg: [note, state], route: [other.metric], settings: [failover], bond_tuning:"
        " [recommendations]}"
    )
    found = read(
        GOOD.replace("    poll: {legs: 10s}", f"    {poll}\n    {ignore}"), tmp_path
    ).servers[0]
    assert found.poll.off == scopes


def test_what_means_nothing_is_told_with_what_is_wrong_otherwise(tmp_path: Path) -> None:
    """One look at the file mends it all."""
    text = GOOD.replace("{legs: 10s}", "{legs: 10, off: [nonsense]}\n    ignore: {bond: [notes]}")
    assert {key for _, key, _ in wrong(text, tmp_path)} == {
        "servers.0.poll.legs",
        "servers.0.poll.off.0",
        "servers.0.ignore.bond.0",
    }


def test_a_channel_that_leads_nowhere_is_told_with_its_other_mistakes(tmp_path: Path) -> None:
    """Also where neither `urls` nor `rooms` is written; but not where rooms are written wrong."""
    both = {"channels.noc.urls", "channels.noc.spaces"}
    for written in ("urls: [], spaces: acme", "spaces: acme"):
        assert {key for _, key, _ in wrong(GOOD.replace(NOC, written), tmp_path)} == both
    assert [key for _, key, _ in wrong(GOOD.replace(NOC, "rooms: here"), tmp_path)] == [
        "channels.noc.rooms"
    ]


def test_asks_of_no_channel_is_told_with_what_is_wrong_of_the_channels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the names that are written; where the environment may have more of them, nothing is
    guessed.
    """
    bad = GOOD.replace(NOC, f"{NOC}, rate: 5") + "asks: nock\n"
    found = {key: words for _, key, words in wrong(bad, tmp_path)}
    assert set(found) == {"channels.noc.rate", "asks"}
    assert "there is no channel 'nock': did you mean 'noc'?" in found["asks"]
    assert {key for _, key, _ in wrong(bad.replace("nock", "noc"), tmp_path)} == {
        "channels.noc.rate"
    }
    monkeypatch.setenv("BONDBRIDGE_CHANNELS__NOCK__URLS", '[{"env": "NOC"}]')
    assert {key for _, key, _ in wrong(bad, tmp_path)} == {"channels.noc.rate"}


def test_what_does_not_fit_together_is_told_at_once_and_where(tmp_path: Path) -> None:
    """Two servers of one name, one that is called as we are and a webhook of no server: each at its
    line.
    """
    server = "  - {name: %s, url: 'https://x.example.com', user: x, password: {env: PW}}\n"
    text = "servers:\n" + server % "main" + server % "main" + server % "bridge"
    text += "webhooks:\n  chat: {secret: {env: HOOK}, server: nobody}\n"
    found = wrong(text, tmp_path)
    assert [line for line, *_ in found] == [3, 4, 6]
    assert [
        word in words
        for word, (*_, words) in zip(
            ("two servers", "cannot be called", "nobody"), found, strict=True
        )
    ] == [True] * 3


def test_two_servers_of_one_name_are_refused(tmp_path: Path) -> None:
    """A name is one server's."""
    server = GOOD[GOOD.index("  - name") : GOOD.index("channels")]
    found = wrong(GOOD.replace("channels:", f"{server}channels:"), tmp_path)
    assert "two servers are called 'main'" in found[0][2]


def test_the_environment_goes_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of our prefix replaces a value at any depth, and leaves its neighbours."""
    monkeypatch.setenv("BONDBRIDGE_WEB__PORT", "9000")
    monkeypatch.setenv("BONDBRIDGE_DATABASE", "postgresql://db/x")
    monkeypatch.setenv("BONDBRIDGE_STATE_DIR", "")
    settings = read(GOOD + "web: {host: 0.0.0.0, port: 81}\n", tmp_path)
    assert (settings.web.port, settings.web.host) == (9000, "0.0.0.0")  # noqa: S104
    assert (settings.database_url, settings.state_dir) == ("postgresql://db/x", Path("here"))


def unknown(settings: Settings) -> tuple[str, int, str, str]:
    """Where the one address is that leads nowhere: file or variable, line, key, and what to do."""
    with pytest.raises(BadInput) as caught:
        check_channels(settings)
    (problem,) = caught.value.problems
    assert "hunter-two" not in str(problem)
    return problem.where, problem.line, problem.key, problem.mend


def test_an_address_that_leads_nowhere_is_said_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The channel, which of its addresses, the line or the variable that names the secret, where
    that stands; never it.
    """
    (tmp_path / "noc.txt").write_text("slak://hunter-two/x")
    file = str(tmp_path / "bondbridge.yaml")
    mend = "mend the secret that stands in noc.txt"
    assert unknown(read(GOOD, tmp_path)) == (file, 9, "channels.noc.urls.1", mend)
    monkeypatch.setenv("BONDBRIDGE_CHANNELS__NOC__URLS", '[{"file": "noc.txt"}]')
    assert unknown(read(GOOD, tmp_path)) == (
        "BONDBRIDGE_CHANNELS__NOC__URLS",
        0,
        "channels.noc.urls.0",
        mend,
    )
    monkeypatch.delenv("BONDBRIDGE_CHANNELS__NOC__URLS")
    monkeypatch.setenv("BONDBRIDGE_CHANNELS", '{"night": {"urls": [{"file": "noc.txt"}]}}')
    without = GOOD.replace(f"channels:\n  noc: {{{NOC}}}\n", "")
    assert unknown(read(without, tmp_path)) == (
        "BONDBRIDGE_CHANNELS",
        0,
        "channels.night.urls.0",
        mend,
    )


def test_one_folder_of_rules_may_stand_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path is written as a path, and not as a list in JSON."""
    monkeypatch.setenv("BONDBRIDGE_RULES", str(tmp_path))
    assert read(GOOD, tmp_path).rules == [tmp_path]


@pytest.mark.parametrize("text", ["mine", "[mine, theirs]"])
def test_folders_of_rules(tmp_path: Path, text: str) -> None:
    """One folder or several."""
    assert [str(path) for path in read(f"{GOOD}rules: {text}\n", tmp_path).rules] == text.strip(
        "[]"
    ).split(", ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEB__PORT", "many"),
        ("SERVERS", "not json"),
        ("SERVERS", "[]"),
        ("CHANNELS", "{"),
        ("WEB", "[1"),
    ],
)
def test_a_wrong_value_in_the_environment_is_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """What the environment says is checked like the file, and is an error of the same kind."""
    monkeypatch.setenv(f"BONDBRIDGE_{name}", value)
    with pytest.raises(BadInput, match=r"(?i)" + name.partition("__")[0]):
        read(GOOD, tmp_path)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        (
            "WEB__PROT",
            "9000",
            "BONDBRIDGE_WEB__PROT: unknown key (did you mean BONDBRIDGE_WEB__PORT?)",
        ),
        (
            "WEB_PORT",
            "9000",
            "BONDBRIDGE_WEB_PORT: no setting is called so (did you mean BONDBRIDGE_WEB__PORT?)",
        ),
        (
            "LOGLEVEL",
            "INFO",
            "BONDBRIDGE_LOGLEVEL: no setting is called so (did you mean BONDBRIDGE_LOG_LEVEL?)",
        ),
        ("WEB__PORT", "many", "BONDBRIDGE_WEB__PORT: "),
    ],
)
def test_a_variable_is_blamed_and_not_a_line_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    """With the nearest right one, whatever the file says of the same; names under which secrets
    stand are left alone.
    """
    (tmp_path / "a.yaml").write_text(
        "web: {port: 8080}\nchannels: {noc: {urls: [{env: BONDBRIDGE_WEB_PROT}]}}\nservers: [{name:"
        " hq, url: 'https://x.example/', user: u, password: {env: BONDBRIDGE_SERVER_PASSWORD}}]\n"
    )
    monkeypatch.setenv("BONDBRIDGE_WEB_PROT", "json://127.0.0.1")
    monkeypatch.setenv("BONDBRIDGE_SERVER_PASSWORD", "secret")
    monkeypatch.setenv("BONDBRIDGE_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("BONDBRIDGE_ACTOR", "ana")
    load(tmp_path / "a.yaml")
    monkeypatch.setenv(f"BONDBRIDGE_{variable}", value)
    with pytest.raises(BadInput) as caught:
        load(tmp_path / "a.yaml")
    (problem,) = caught.value.problems
    assert str(problem).startswith(told)


def test_the_environment_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file everything may stand in the environment, lists as JSON."""
    servers = (
        '[{"name": "main", "url": "https://x.example.com", "user": "x", "password": {"env": "PW"}}]'
    )
    monkeypatch.setenv("BONDBRIDGE_SERVERS", servers)
    assert load(None, {}).servers[0].name == "main"


def test_the_file_may_be_named_in_the_environment(tmp_path: Path) -> None:
    """The one variable names the file; a name on the command line goes over it."""
    (tmp_path / "one.yaml").write_text(GOOD)
    (tmp_path / "two.yaml").write_text(GOOD.replace("here", "there"))
    environment = {CONFIG_VARIABLE: str(tmp_path / "two.yaml")}
    assert load(None, environment).state_dir == Path("there")
    assert load(tmp_path / "one.yaml", environment).state_dir == Path("here")


def test_nothing_at_all_is_bad_input() -> None:
    """Without file and environment the start says what is missing."""
    with pytest.raises(BadInput, match="servers: field required"):
        load(None, {})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        (b"\xff\xfe\xfd", "not UTF-8"),
        (b"", "mapping"),
        (b"- a", "mapping"),
        (b"a: [", "not YAML"),
        (b"servers: []\nservers: []", "stands here twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_bad_input(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    """A missing, foreign, empty or broken file is one problem that names it."""
    path = tmp_path / "settings.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=says) as caught:
        load(path)
    assert caught.value.problems[0].where == str(path)


def test_a_secret_may_stand_in_a_file_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NAME_FILE is used where NAME is not set, and the blanks around the secret are not part of
    it.
    """
    monkeypatch.delenv("PW")
    (tmp_path / "pw").write_text("from-a-file\n")
    monkeypatch.setenv("PW_FILE", str(tmp_path / "pw"))
    assert read(GOOD, tmp_path).servers[0].password.reveal() == "from-a-file"
    monkeypatch.setenv("PW", "direct")
    assert Secret(env="PW").reveal() == "direct"


def test_printing_settings_shows_no_secret(tmp_path: Path) -> None:
    """However the settings come into a log, what they point at is not in it."""
    assert "json://" not in repr(read(GOOD, tmp_path))


def test_what_ships_is_found() -> None:
    """The migrations stand where `shipped` says."""
    assert (shipped("migrations") / "env.py").is_file()


def test_a_name_that_is_none_is_said_with_what_hangs_on_it(tmp_path: Path) -> None:
    """A server's wrong name is one problem, the webhook that belongs to the right name another,
    told together.
    """
    found = wrong(GOOD.replace("name: main", "name: Main"), tmp_path)
    assert {key for _, key, _ in found} == {"servers.0.name", "webhooks.chat.server"}


def test_a_platform_nobody_wrote_is_refused(tmp_path: Path) -> None:
    """The platforms a webhook may name are those that are there."""
    settings = read(
        GOOD.replace("server: main", "server: main, platform: carrier-pigeon"), tmp_path
    )
    with pytest.raises(
        BadInput, match=r"no platform is called 'carrier-pigeon' \(there is: standard, hmac, "
    ):
        build(settings)


@pytest.mark.parametrize(
    ("hook", "key", "says"),
    [
        (
            "{url: 'http://a.example.com/', secret: {env: SIGNING}}",
            "hooks.billing",
            "goes over https",
        ),
        (
            "{url: 'https://u:p@a.example.com/', secret: {env: SIGNING}}",
            "hooks.billing.url",
            "credentials do not stand",
        ),
        (
            "{url: 'ftp://a.example.com/', secret: {env: SIGNING}}",
            "hooks.billing.url",
            "URL scheme",
        ),
        ("{url: 'https://a.example.com/'}", "hooks.billing.secret", "required"),
        (
            "{url: 'https://a.example.com/', secret: whsec_abc}",
            "hooks.billing.secret",
            "does not stand in the settings",
        ),
        (
            "{url: 'https://a.example.com/', secret: {env: PW}}",
            "hooks.billing.secret",
            "cannot sign: write whsec_",
        ),
        (
            "{url: 'https://a.example.com/', secret: {env: NOC}}",
            "hooks.billing.secret",
            "openssl rand -base64 32",
        ),
        (
            "{url: 'https://a.example.com/', secret: {env: SIGNING}, timeout: 0s}",
            "hooks.billing.timeout",
            "greater than 0",
        ),
        (
            "{url: 'https://a.example.com/', secret: {env: SIGNING}, to: x}",
            "hooks.billing.to",
            "nknown key",
        ),
    ],
)
def test_an_outgoing_webhook_that_makes_no_sense_is_refused(
    hook: str, key: str, says: str, tmp_path: Path
) -> None:
    """Plain http to the outside, a secret that cannot sign or stands in clear, a key nobody knows;
    the secret is not said.
    """
    text = GOOD.partition("  billing:")[0] + f"  billing: {hook}\n"
    ((_, where, words),) = wrong(text, tmp_path)
    assert where == key
    assert says in words
    assert SIGNING not in words


def test_each_of_several_secrets_must_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is changed there are two, one a line, and the one that cannot is named by its
    line.
    """
    monkeypatch.setenv("SIGNING", f"{SIGNING}\n{SIGNING}=\n")
    assert len(outgoing(read(GOOD, tmp_path))["billing"].secrets) == 2
    monkeypatch.setenv("SIGNING", f"{SIGNING}\nwhsec_short")
    ((_, where, words),) = wrong(GOOD, tmp_path)
    assert (where, "line 2, cannot sign" in words) == ("hooks.billing.secret", True)


@pytest.mark.parametrize(
    "secret", [SIGNING, SIGNING.removeprefix("whsec_"), f"whsec_{'A' * 86}", f"whsec_{'A' * 86}=="]
)
def test_what_can_sign(secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """24 to 64 bytes in base64, with and without prefix and padding; and inside, plain http is good
    enough.
    """
    monkeypatch.setenv("SIGNING", secret)
    inside = GOOD.replace(
        '"https://billing.example.com/in"', "'http://billing.lan/', allow_private: true"
    )
    for text in (GOOD, inside):
        settings = read(text, tmp_path)
        assert settings.hooks["billing"].secret.reveal() == secret
        assert vocabulary(settings).hooks == {"billing"}
        assert outgoing(settings)["billing"].secrets == (secret,)


def test_a_ca_file_that_is_none_stops_the_start(tmp_path: Path) -> None:
    """What outgoing webhooks trust is read when the bridge is built."""
    settings = read(GOOD.replace("{env: SIGNING}", "{env: SIGNING}, verify: none.pem"), tmp_path)
    with pytest.raises(
        BadInput, match=r"hooks\.billing: verify: No such file or directory: none\.pem"
    ):
        build(settings)


def test_a_misspelt_key_is_answered_with_the_nearest_right_one(tmp_path: Path) -> None:
    """At any depth: below a server, in a list, in a mapping whose names a person chose."""
    path = tmp_path / "bondbridge.yaml"
    path.write_text(
        "servers: [{name: a, url: 'http://x', user: u, pol: {}, poll: {leggs: 30s}}]\n"
        "web: {prot: 1}\nchannels: {noc: {urlz: []}}\n",
        encoding="utf-8",
    )
    with pytest.raises(BadInput) as caught:
        load(path)
    mends = {each.key: each.mend for each in caught.value.problems if "unknown" in each.what}
    assert mends == {
        "servers.0.pol": "did you mean 'poll'?",
        "servers.0.poll.leggs": "did you mean 'legs'?",
        "web.prot": "did you mean 'port'?",
        "channels.noc.urlz": "did you mean 'urls'?",
    }


def test_a_list_in_several_variables_names_the_variable_and_how_lists_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is not to blame."""
    path = tmp_path / "bondbridge.yaml"
    path.write_text("{}\n", encoding="utf-8")
    monkeypatch.setenv("BONDBRIDGE_SERVERS__0__NAME", "zz")
    with pytest.raises(BadInput) as caught:
        load(path)
    problems = caught.value.problems
    (problem,) = [each for each in problems if "SERVERS" in each.where]
    assert problem.where == "BONDBRIDGE_SERVERS__0__NAME"
    assert "as JSON in BONDBRIDGE_SERVERS" in problem.mend
    assert not any(each.where == str(path) and "servers" in each.key for each in problems)
