"""A database that cannot be written for a while, below the real web process: 503 to all who send,
and nothing is lost.
"""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from bridge import config, wiring
from bridge.cli.setup import doctor_database
from bridge.errors import BadInput
from bridge.webhooks.generic_hmac import signed
from bridge.wiring import machine_time
from tests.processes import Process
from tests.web.app_harness import SECRET, TLS, write_settings
from tests.web.test_serving import free_port, started


def posted(port: int, body: bytes) -> httpx.Response:
    """What is answered to a webhook with this body."""
    headers = signed(body, SECRET, int(machine_time().timestamp()))
    return httpx.post(
        f"http://127.0.0.1:{port}/webhooks/door",
        content=body,
        headers=headers,
        verify=TLS,
        timeout=60,
    )


def healthy(port: int) -> int:
    """The status of its health check."""
    return httpx.get(f"http://127.0.0.1:{port}/healthz", verify=TLS, timeout=60).status_code


def told(process: Process) -> bool:
    """Whether the log says so, and shows no traceback."""
    assert not any("Traceback" in line for line in process.lines), process.lines
    return any("the database cannot be" in line for line in process.lines)


def test_a_database_that_is_locked(settings_file: Path) -> None:
    """Somebody else holds its write lock: anyone who sends is told to send again, and does."""
    port = free_port()
    write_settings(settings_file.parent, port=port)
    with started(settings_file) as process:
        process.line("ready ")
        with closing(
            sqlite3.connect(settings_file.parent / "bondbridge.sqlite3", isolation_level=None)
        ) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = posted(port, b'{"n": 1}')
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
            assert refused.json()["error"]["what"] == "the database cannot be used now"
            assert healthy(port) == 503
            other.execute("ROLLBACK")
        assert posted(port, b'{"n": 1}').status_code == 202
        assert healthy(port) == 200
        assert told(process)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB; only root can make one."""
    place = tmp_path / "disk"
    place.mkdir()
    made = (
        os.geteuid() == 0
        and subprocess.run(  # noqa: S603  our own words
            # the system's own
            ["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", place],  # noqa: S607
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )
    if not made:
        pytest.skip("only root can mount a small disk, and not in every container")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)  # noqa: S603, S607  the same


def fill(file: Path) -> None:
    """Let this file take all the room that there is."""
    with suppress(OSError), file.open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


def test_a_disk_that_is_full(small_disk: Path, sqlite_pattern: Path, settings_file: Path) -> None:
    """Health checks and the doctor say so; once there is room again everything goes on by
    itself.
    """
    del settings_file  # its secrets are set
    (small_disk / "bondbridge.sqlite3").write_bytes(sqlite_pattern.read_bytes())
    port = free_port()
    path = write_settings(small_disk, port=port)
    with started(path) as process:
        process.line("ready ")
        assert posted(port, b'{"n": 1}').status_code == 202
        filler = small_disk / "filler"
        fill(filler)
        statuses = {
            posted(port, f'{{"n": {n}, "x": "{"y" * 900}"}}'.encode()).status_code
            for n in range(2, 40)
        }
        assert 503 in statuses
        assert statuses <= {202, 503}
        assert process.until(lambda: healthy(port) == 503, "the health check says so")
        bridge = wiring.build(config.load(path))
        with pytest.raises(BadInput, match="it can be read and cannot be written"):
            doctor_database.standing(bridge)
        bridge.close()
        filler.unlink()
        assert process.until(lambda: healthy(port) == 200, "it is well again")
        assert posted(port, b'{"n": 99}').status_code == 202
        assert told(process)
