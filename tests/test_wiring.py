"""What the settings say reaches the parts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge import config, wiring
from bridge.core.rules.parser import parse
from bridge.core.yaml_document import read
from bridge.errors import BadInput
from bridge.wiring import servers
from tests.bonding.scripted_server import Asked, Reply, serving

RULES = """
- {id: wipe, when: leg.down, do: [{call: bond.delete, with: {bond: "${bond.id}"}}]}
- {id: idle, when: leg.down, do: [{call: leg.update, with: {leg: "${leg.id}"},
      set: {link_mode: idle}}]}
- {id: keep, when: backup.completed, do: [{call: backup.fetch}]}
"""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules in a folder, and a password."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HQ_PASSWORD", "word")
    Path("rules").mkdir()
    Path("rules/all.yaml").write_text(RULES)


def settings(url: str = "http://127.0.0.1:9", allow: str = "[]", **server: Any) -> config.Settings:
    """The settings of one server with these keys."""
    one = {
        "name": "hq",
        "url": url,
        "user": "main@example.com",
        "password": {"env": "HQ_PASSWORD"},
        **server,
    }
    Path("bondbridge.yaml").write_text(
        f"rules: rules\nallow: {allow}\nservers: [{json.dumps(one)}]\n"
    )
    return config.load(Path("bondbridge.yaml"))


@pytest.mark.parametrize(
    ("allow", "refused"),
    [
        ("[]", {"0.do.0.call", "1.do.0.call"}),
        ("[configure]", {"0.do.0.call"}),
        ("[leg.update]", {"0.do.0.call"}),
        ("[bond.delete]", {"1.do.0.call"}),
        ("[configure, bond.delete]", set()),
    ],
)
def test_rules_may_call_what_the_settings_allow(allow: str, refused: set[str]) -> None:
    """What configures needs a word, what deletes its own name, and the bridge's own operations
    none.
    """
    found, problems = parse(read(RULES, "rules/all.yaml"), wiring.vocabulary(settings(allow=allow)))
    assert {problem.key for problem in problems} == refused
    assert len(found) == 3 - len(refused)
    assert all("allow: [" in problem.mend for problem in problems)


def test_login_and_users_reach_the_client() -> None:
    """With `login: token` each account logs in by itself, and goes where its class of action
    goes.
    """

    def say(asked: Asked) -> Reply:
        return Reply(
            {"auth_token": f"t-{json.loads(asked.body)['email']}"}
            if asked.path.endswith("/login/")
            else {}
        )

    with serving(say) as server:
        users = {"operate": {"user": "op@example.com", "password": {"env": "HQ_PASSWORD"}}}
        bridge = wiring.build(settings(server.url, login="token", users=users, allow="[configure]"))
        bridge.clients["hq"].call("bond.get", {"bond": 3})
        bridge.clients["hq"].call("bond.restart", {"bond": 3})
        bridge.close()
    sent = [
        asked.headers["Authorization"]
        for asked in server.asked
        if not asked.path.endswith("/login/")
    ]
    assert sent == ["Token t-main@example.com", "Token t-op@example.com"]


@pytest.mark.parametrize(
    ("server", "made"),
    [
        ({}, [("hq", 10.0, None, 4)]),
        ({"requests_per_second": 0.5, "concurrency": 2}, [("hq", 0.5, None, 2)]),
        ({"requests_per_second": None}, []),
    ],
    ids=["default", "given", "off"],
)
def test_the_budget_is_as_the_settings_say(
    server: dict, made: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rate and share come from the settings, and `null` makes none at all."""
    found = []

    def budget(name: str, rate: float, *, broker: str | None, share: int) -> Callable[[], None]:
        found.append((name, rate, broker, share))
        return lambda: None

    monkeypatch.setattr(servers, "Budget", budget)
    wiring.build(settings(**server)).close()
    assert found == made


ROOMS = """
webhooks:
  slack: {server: hq, platform: slack, secret: {env: HQ_PASSWORD}}
  teams: {server: hq, platform: teams, secret: {env: HQ_PASSWORD}}
channels:
  noc: {rooms: [ROOM]}
"""


@pytest.mark.parametrize(
    ("webhook", "says"),
    [("slack", ""), ("teams", "teams has no buttons"), ("slick", "no webhook is called 'slick'")],
)
def test_a_room_needs_a_webhook_whose_platform_has_buttons(
    webhook: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel may have rooms alone, which rules then tell; one whose buttons nobody could press
    stops the start.
    """
    monkeypatch.setenv("ROOM_URL", "https://hooks.example.com/services/x")
    settings()
    text = ROOMS.replace("ROOM]", f"{{webhook: {webhook}, url: {{env: ROOM_URL}}}}]")
    with Path("bondbridge.yaml").open("a", encoding="utf-8") as file:
        file.write(text)
    whole = config.load(Path("bondbridge.yaml"))
    assert wiring.vocabulary(whole).channels == {"noc": 1}
    if not says:
        wiring.build(whole).close()
        return
    with pytest.raises(BadInput) as caught:
        wiring.build(whole)
    (problem,) = caught.value.problems
    assert (problem.key, problem.what) == ("channels.noc.rooms.0.webhook", says)


@pytest.mark.parametrize(
    "wrong",
    [
        {"login": "cookie"},
        {"requests_per_second": 0},
        {"requests_per_second": -1},
        {"concurrency": 0},
        {"users": {"read": {}}},
        {"backups": {"keep": 0}},
        {"users": {"operate": {"user": "x", "password": "in clear"}}},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict) -> None:
    """Each is said before anything starts."""
    with pytest.raises(BadInput):
        settings(**wrong)
