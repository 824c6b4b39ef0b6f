"""The whole running stack: a question in a room, and two people who press at once."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.simulator.api.runner import running
from bridge.simulator.world_builder import make_world
from bridge.webhooks import generic_hmac
from bridge.wiring import machine_time
from tests.bonding.scripted_server import Reply, Scripted, serving
from tests.pipeline.harness import EPOCH
from tests.rollout.failover import FEW
from tests.rollout.notification_receiver import listening
from tests.rollout.processes import Processes
from tests.store.builders import together

from .harness import ANA, BOB, RULES, buttons_of, in_slack, press


def told(room: Scripted, where: str) -> list[dict[str, Any]]:
    """What arrived there."""
    return [json.loads(each.body) for each in list(room.asked) if each.path.startswith(where)]


def ask(url: str) -> None:
    """Another system wants a bond restarted."""
    body = b'{"bond": 3}'
    httpx.post(
        f"{url}/webhooks/demo",
        content=body,
        headers=generic_hmac.signed(body, "hook", int(machine_time().timestamp())),
    ).raise_for_status()


def at_once(url: str, room: Scripted, buttons: dict[str, str]) -> list[httpx.Response]:
    """Ana says yes and Bob says no, twice each."""
    now = int(machine_time().timestamp())

    def one(number: int) -> httpx.Response:
        who, value = ((ANA, buttons["Yes, do it"]), (BOB, buttons["No"]))[number % 2]
        return press(
            f"{url}/webhooks/slack", value, who, now + number, f"{room.url}/later/{who[0]}"
        )

    return together(4, one)


@pytest.mark.takes(30)
@pytest.mark.timeout(1800)
def test_two_people_race_on_a_button(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One answer counts: the bond is restarted once or not at all, the question replaced once, the
    slower one told so.
    """
    with (
        serving(Reply(b"ok")) as room,
        listening() as ear,
        running(make_world(seed=1, epoch=EPOCH), speed=1) as sim,
    ):
        in_slack(monkeypatch, room.url)
        monkeypatch.setenv("STAGE_HOOK", "hook")
        monkeypatch.setenv(
            "BONDBRIDGE_WEBHOOKS__DEMO", '{"server": "demo", "secret": {"env": "STAGE_HOOK"}}'
        )
        bridge = Processes(sim, tmp_path, rules=RULES, channel=ear.url, off=FEW, speed=1)
        (port,) = re.findall(r"web: \{port: (\d+)", (tmp_path / "bondbridge.yaml").read_text())
        url = f"http://127.0.0.1:{port}"
        try:
            ask(url)
            bridge.until(lambda: told(room, "/services/"), "the question is in the room")
            answers = at_once(url, room, buttons_of(told(room, "/services/")))
            assert [(each.status_code, each.json()) for each in answers] == [(200, {})] * 4
            ((state, who),) = bridge.rows("SELECT state, who FROM approvals")
            fast, slow = (ANA, BOB) if state == "granted" else (BOB, ANA)
            assert fast[1] in who
            _replaced(bridge.until, room, fast, slow)
            done = (
                "SELECT count(*) FROM jobs WHERE action='call' AND state IN ('succeeded',"
                " 'verifying', 'skipped')"
            )
            bridge.until(lambda: bridge.rows(done) == [(1,)], "it is done, or not")
            effective = httpx.get(f"{sim.url}/_sim/ledger").json()
            assert sum(
                each["operation"] == "bond.restart" and each["effective"] for each in effective
            ) == (state == "granted")
            bridge.until(lambda: any(who in title for title in ear.titles()), "the others are told")
            said = list(
                bridge.lines
            )  # what its parts say of one another while they end is no part of this
        finally:
            bridge.stop()
        amiss = [
            n
            for n, line in enumerate(said)
            if "/approve/" in line or "of-the-room" in line or "Traceback" in line
        ]
        assert not amiss, "\n".join(said[amiss[0] : amiss[0] + 200])


def _replaced(
    until: Callable[[Callable[[], object], str], None], room: Scripted, fast: Any, slow: Any
) -> None:
    until(
        lambda: told(room, f"/later/{fast[0]}") and told(room, f"/later/{slow[0]}"), "both are told"
    )
    first = told(room, f"/later/{fast[0]}")
    late = told(room, f"/later/{slow[0]}")
    # the person who was first has pressed twice
    assert [each["replace_original"] for each in first].count(True) == 1
    assert all(
        "You said so already" in each["text"] for each in first if not each["replace_original"]
    )
    assert {each["replace_original"] for each in late} == {False}
    assert all("Too late" in each["text"] and fast[1] in each["text"] for each in late)
