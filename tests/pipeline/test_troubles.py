"""Servers that refuse, are busy or slow, and settings that say what is polled: each told once, and
obeyed.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.simulator.api.runner import Tls
from bridge.simulator.schema.rest_framework import ServerOptions
from bridge.simulator.world.entities import Record
from bridge.simulator.world.vendor_timestamps import real_now
from bridge.store.observations import snapshots
from bridge.store.observations.snapshots import Scope
from tests.pipeline.harness import staged
from tests.pipeline.multi_server_harness import Watch, watched


def _scope(watch: Watch, name: str) -> Scope:
    with watch.bridge.database.reading() as connection:
        found = snapshots.scope_of(connection, "one", name)
    assert found is not None
    return found


def _group(watch: Watch) -> Record:
    """The group of the bridge's own user."""
    user = next(
        it for it in watch.sim.world.of("user").values() if it.values["email"] == "demo@example.com"
    )
    return watch.sim.world.of("group")[user.values["groups"][0]]


def test_what_is_forbidden_is_told_once_and_again_after_it_was_allowed(tmp_path: Path) -> None:
    """`scope.forbidden` names the permission; the other scopes go on; it is told again only when it
    had been allowed.
    """
    with watched(tmp_path) as watch:
        group = _group(watch)
        all_of_them = group.values["permissions"]
        less = [code for code in all_of_them if code != "bonding.view_leg"]
        for round_ in (1, 2):
            group.values["permissions"] = less
            for _ in range(3):
                watch.sim.advance(60)
                watch.poll()
            told = watch.events("scope.forbidden")
            assert [event["subject"] for event in told if event["subject"] == "scope/legs"] == [
                "scope/legs"
            ] * round_
            assert "the permission to view legs" in told[0]["data"]["problem"]["text"]
            assert "view legs" in (_scope(watch, "legs").problem or "")
            group.values["permissions"] = all_of_them
            watch.sim.advance(60)
            watch.poll()
            assert _scope(watch, "legs").problem is None
        watch.set("leg", 1, "state", "down")
        watch.prove("scope.forbidden")


def test_what_is_forbidden_of_every_bond_is_told_once_for_all(tmp_path: Path) -> None:
    """A permission that is missing for a list each bond has is one event, not one per bond."""
    with watched(tmp_path, off="[]") as watch:
        group = _group(watch)
        group.values["permissions"] = [
            code for code in group.values["permissions"] if code != "bonding.view_route"
        ]
        watch.sim.advance(4000)
        watch.poll()
        told = [event["subject"] for event in watch.events("scope.forbidden")]
        assert told == ["scope/bonds/{bond}/routes"]
        assert (
            len(
                {_scope(watch, f"bonds/{bond}/routes").problem for bond in watch.sim.world.bonds}
                - {None}
            )
            == 1
        )


@pytest.mark.parametrize("challenge", [True, False])
def test_unknown_credentials_are_told_as_such(challenge: bool, tmp_path: Path) -> None:
    """By a 401, or by a 403 that speaks of authentication: `server.auth_failed` once, and
    `recovered` once.
    """
    with watched(tmp_path, ways=ServerOptions(challenge=challenge)) as watch:
        user = next(
            it
            for it in watch.sim.world.of("user").values()
            if it.values["email"] == "demo@example.com"
        )
        password = user.values.pop("password")
        user.values["active"] = challenge  # of two reasons to be refused, each has its turn
        watch.live(300, step=60)
        user.values |= {"password": password, "active": True}
        watch.live(900, step=60)
        assert [name for name in watch.types() if name.startswith(("server.", "scope."))] == [
            "server.auth_failed",
            "server.recovered",
        ]


def test_a_password_that_is_refused_is_not_tried_by_every_scope(tmp_path: Path) -> None:
    """Servers lock anyone who does so too often: one scope tries it again after a while, and the
    others wait with it.
    """
    with watched(tmp_path) as watch:
        statuses: list[int] = []
        for client in watch.bridge.clients.values():
            client._http.event_hooks["response"].append(  # noqa: SLF001
                lambda answer: statuses.append(answer.status_code)
            )
        user = next(
            it
            for it in watch.sim.world.of("user").values()
            if it.values["email"] == "demo@example.com"
        )
        password = user.values.pop("password")
        for _ in range(24):  # as workers do, who look again whether it is still due
            watch.sim.advance(5)
            for server, scope in watch.bridge.observer.due():
                watch.bridge.observer.poll(server, scope, anyway=False)
        refused = statuses.count(401)
        assert 1 <= refused <= 4, statuses
        user.values["password"] = password
        watch.live(600, step=30)
        assert "server.recovered" in watch.types()
        assert statuses.count(401) <= refused + 1


def test_polls_wait_as_long_as_the_server_asks(tmp_path: Path) -> None:
    """A scope whose answer says Retry-After is due no sooner, give or take the spread of polls."""
    with watched(tmp_path) as watch:
        watch.sim.set_faults(retry_after=1.0, seconds=600, only=["leg.list"], times=1)
        watch.poll("legs")
        assert _scope(watch, "legs").due_at - watch.now() >= timedelta(seconds=500)


def test_jobs_wait_as_long_as_the_server_asks(tmp_path: Path) -> None:
    """A call that was turned away with Retry-After is sent again no sooner, and then takes effect
    once.
    """
    with staged(tmp_path) as stage:
        stage.sim.set_faults(retry_after=1.0, seconds=60, only=["bond.restart"], times=1)
        stage.webhook(3)
        stage.work()
        (job,) = stage.jobs()
        assert job["due_at"] - stage.now() == timedelta(seconds=60)
        stage.live(30)
        assert stage.effective("bond.restart") == 0
        stage.live(60)
        assert stage.effective("bond.restart") == 1


def test_a_slow_poll_is_told_once(tmp_path: Path) -> None:
    """A walk that takes longer than its interval is told, the next slow ones are not, and after a
    quick one again.
    """
    with watched(tmp_path) as watch:
        for slow in (True, True, False, True):
            watch.between(lambda slow=slow: watch.sim.advance(40 if slow else 0))
            watch.bridge.observer.poll("one", "legs")
        watch.between(lambda: None)
        assert [event["data"]["scope"]["name"] for event in watch.events("poll.slow")] == [
            "legs",
            "legs",
        ]


def test_settings_say_what_is_polled_how_often_and_what_is_no_change(tmp_path: Path) -> None:
    """`off` is never polled, `every` goes before the family's interval, `ignore`d fields are no
    change.
    """
    poll = {"every": "{'bonds/1/*': 5h}"}
    with watched(
        tmp_path, off="[users, 'nodes*', isos]", poll=poll, more="ignore: {route: [note]}"
    ) as watch:
        with watch.bridge.database.reading() as connection:
            found = {scope.name: scope for scope in snapshots.all_scopes(connection, "one")}
        assert not {"users", "nodes", "isos", "nodes/1/ethernet_interfaces"} & set(found)
        wait = {
            name: (found[name].due_at - watch.now()).total_seconds()
            for name in ("bonds/1/routes", "bonds/2/routes")
        }
        assert wait["bonds/1/routes"] > 4 * 3600 > wait["bonds/2/routes"]
        route = watch.call(
            "POST", "/bonds/1/routes/", network="10.9.0.0/16", gateway="192.168.1.7"
        )["id"]
        watch.poll("bonds/1/routes")
        for change in ({"note": "not worth a word"}, {"enabled": False}):
            watch.call("PATCH", f"/bonds/1/routes/{route}/", **change)
            watch.poll("bonds/1/routes")
        assert [event["data"]["changed"] for event in watch.events("route.changed")] == [
            ["enabled"]
        ]


def test_a_certificate_is_seen_in_the_handshake_where_the_server_does_not_tell(
    tmp_path: Path,
) -> None:
    """No document that can be read, a certificate with a week left: `tls.expiring`, from the
    handshake, once.
    """
    with watched(
        tmp_path,
        off="[]",
        ways=ServerOptions(rename_guessed=True),
        tls=Tls(days=10),
        epoch=real_now(),
    ) as watch:
        watch.sim.advance(4 * 86_400)
        for _ in range(3):
            watch.poll("tlsinfo")
        (event,) = watch.events("tls.expiring")
        assert (event["data"]["certificate"]["source"], event["data"]["certificate"]["stage"]) == (
            "handshake",
            7,
        )
