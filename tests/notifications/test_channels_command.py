"""`bondbridge channels` as the person who looks after the channels meets it: how each address is
doing, and what nobody took.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notifications.json_service import Service
from tests.notifications.test_teller import asked, telling
from tests.pipeline.harness import Stage
from tests.test_cli import Run, run
from tests.test_cli_doctor import found

__all__ = ["run"]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stage, Service]]:
    """A stage whose one channel leads to a service, and we stand in its folder."""
    monkeypatch.chdir(tmp_path)
    with telling(tmp_path) as (stage, service):
        yield stage, service


def listed(run: Run) -> dict[str, object]:
    """What `channels list --json` says of the one address that there is."""
    (found,) = json.loads(run("channels", "list", "--json").out)
    assert isinstance(found, dict)
    return found


def test_the_list_says_how_an_address_is_doing_and_what_is_left_there(
    there: tuple[Stage, Service], run: Run
) -> None:
    """Nothing told yet, working, failing since when with so many that wait, and dead letters with
    what to do about them.
    """
    stage, service = there
    assert (listed(run)["address"], listed(run)["state"]) == (0, "nothing told yet")
    asked(stage, 1)
    stage.work()
    assert listed(run)["state"] == "working"
    service.status = 503
    asked(stage, 2, 3)
    stage.work()
    found = listed(run)
    assert (found["waiting"], found["dead"]) == (2, 0)
    said = run("channels", "list").out
    assert "failing since 03-01" in said
    assert "the service answered 503" in said
    assert "noc      0  " in said
    service.status = 400
    stage.sim.advance(600)
    stage.work()
    found = listed(run)
    assert (found["waiting"], found["dead"]) == (0, 2)
    assert "bondbridge channels resend all" in run("channels", "list").out


def test_what_is_left_of_a_channel_that_is_no_more_is_listed(
    there: tuple[Stage, Service], run: Run
) -> None:
    """A channel that was renamed in the settings hides no dead letters."""
    stage, service = there
    service.status = 400
    asked(stage, 1)
    stage.work()
    path = stage.folder / "bondbridge.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("{noc:", "{night:"), encoding="utf-8")
    (stage.folder / "rules" / "rules.yaml").write_text("[]", encoding="utf-8")
    rows = json.loads(run("channels", "list", "--json").out)
    assert [(each["channel"], each["dead"]) for each in rows] == [("night", 0), ("noc", 1)]
    assert rows[1]["kind"] == "none: the settings have no such address"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_test_of_an_address_that_is_misconfigured_says_so(
    there: tuple[Stage, Service], run: Run, status: int
) -> None:
    """The service was reached and said no: that is no matter of waiting."""
    there[1].status = status
    ran = run("channels", "test")
    assert ran.code == 1
    assert "misconfigured" in ran.out
    assert f"the service answered {status}" in ran.out
    assert "credentials" in ran.out
    assert "unreachable" not in ran.out


def test_the_doctor_says_of_a_failing_channel_that_it_fails(
    there: tuple[Stage, Service], run: Run
) -> None:
    """Since when, and what it last answered; once it takes its notices again it is good."""
    stage, service = there
    assert found(run)["channel noc"] == (True, "1 target")
    service.status = 503
    asked(stage, 1)
    stage.work()
    good, says = found(run)["channel noc"]
    assert not good
    assert "address 0 is failing since 2026-03-01 0" in says
    assert "it last said: the service answered 503" in says
    assert "`bondbridge channels test noc`" in says
    service.status = 200
    stage.sim.advance(600)
    stage.work()
    assert found(run)["channel noc"] == (True, "1 target")
