"""The real Alertmanager, set up as the page says, against the whole stack."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.processes import Process
from tests.programs import program
from tests.test_whole_stack import Stack, free_ports, started

ROOT = Path(__file__).parent.parent
SECRET = "of Alertmanager and us"
BOND = 2


@pytest.fixture
def binary() -> Path:
    """Alertmanager as Debian installs it: it needs its templates where it looks for them."""
    return program("prometheus-alertmanager", "prometheus-alertmanager")


def block(page: str, heading: str) -> str:
    """What a page shows as YAML below a heading."""
    text = (ROOT / page).read_text(encoding="utf-8")
    (found,) = re.findall(
        r"```yaml\n(.*?)```", text.partition(f"## {heading}\n")[2].partition("\n## ")[0], re.DOTALL
    )
    return str(found)


@contextmanager
def alerting(binary: Path, folder: Path, port: int) -> Iterator[str]:
    """Alertmanager with the README's configuration, in a hurry and with places of this machine; its
    address.
    """
    text = block("README.md", "An alert that acts")
    secret = folder / "bondbridge.secret"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    for shown, here in (
        ("127.0.0.1:8080", f"127.0.0.1:{port}"),
        ("/etc/alertmanager/bondbridge.secret", str(secret)),
        ("group_wait: 10s", "group_wait: 0s"),
        ("group_interval: 1m", "group_interval: 1s"),
        ("repeat_interval: 4h", "repeat_interval: 1s"),
    ):
        assert text.count(shown) == 1, shown
        text = text.replace(shown, here)
    (folder / "alertmanager.yml").write_text(text, encoding="utf-8")
    (own,) = free_ports(1)
    address = f"127.0.0.1:{own}"
    # no cluster: it is alone, and opens no other port
    flags = [
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        f"--storage.path={folder / 'data'}",
    ]
    process = Process([binary, f"--config.file={folder / 'alertmanager.yml'}", *flags])
    try:
        process.until(lambda: ready(f"http://{address}"), "Alertmanager is ready")
        yield f"http://{address}"
    finally:
        process.end(signal.SIGTERM)


def ready(address: str) -> bool:
    """Whether it answers yet."""
    try:
        return httpx.get(f"{address}/-/ready").is_success
    except httpx.HTTPError:
        return False


def seen(stack: Stack) -> bool:
    """Whether the bridge has seen the bonds, which the rule asks for."""
    return any(
        scope["name"] == "bonds" and scope["polled_at"] for scope in stack.api("health")["scopes"]
    )


@pytest.mark.takes(40)
@pytest.mark.timeout(1800)
def test_an_alert_restarts_the_bond_of_its_label_once_however_often_it_is_repeated(
    tmp_path: Path, binary: Path
) -> None:
    """With the configuration of the README and the rule of docs/webhooks.md: several notifications,
    one event, one restart.
    """
    for name in ("rules", "am"):
        (tmp_path / name).mkdir()
    (tmp_path / "rules" / "alerts.yaml").write_text(
        block("docs/webhooks.md", "Alertmanager"), encoding="utf-8"
    )
    (tmp_path / "secret").write_text(f"of nobody yet\n{SECRET}\n", encoding="utf-8")
    hook = (
        '{"platform": "alertmanager", "server": "demo", "secret": {"file":'
        f' "{tmp_path / "secret"}"}}}}'
    )
    ports = free_ports(3)
    more = {
        "BONDBRIDGE_DEMO_SPEED": "1",
        "BONDBRIDGE_RULES": str(tmp_path / "rules"),
        "BONDBRIDGE_WEBHOOKS__ALERTS": hook,
    }
    with (
        started(tmp_path, ports, **more) as stack,
        alerting(binary, tmp_path / "am", ports[0]) as address,
    ):
        stack.until(lambda: seen(stack), "the bonds are seen")
        alert = {
            "labels": {"alertname": "BondStuck", "bond": str(BOND)},
            "annotations": {"summary": "no traffic"},
        }
        httpx.post(f"{address}/api/v2/alerts", json=[alert]).raise_for_status()
        stack.until(lambda: stack.ledger("bond.restart"), "the restart")
        stack.until(
            lambda: sum("webhook received again" in line for line in stack.lines) > 1, "two repeats"
        )
        (event,) = stack.events("webhook.alerts")
        assert event["data"]["body"]["labels"] == alert["labels"]
        assert event["data"]["body"]["annotations"] == alert["annotations"]
        (restart,) = stack.ledger("bond.restart")
        assert (restart["effective"], restart["arguments"]["bond"]) == (True, BOND)
    assert stack.left_behind() == []
