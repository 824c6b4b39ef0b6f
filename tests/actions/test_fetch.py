"""The newest backup, fetched and kept."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.actions.backup_fetch import BackupDirectory, Fetch
from bridge.actions.call import Call
from bridge.bonding.client import Client
from bridge.core.model import Outcome, Repeat
from bridge.core.requests import CallRequest
from tests.bonding.scripted_server import Reply, serving

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REQUEST = CallRequest(operation="backup.fetch", arguments={})


def zipped() -> bytes:
    """A real zip, the same at every call: without a date of its own it would carry the clock's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), "x")
    return buffer.getvalue()


def test_backups_are_kept_up_to_a_number(tmp_path: Path) -> None:
    """Each fetch is a file of its time; the oldest of ours go, and what is not ours stays."""
    moments = iter(NOW + timedelta(hours=hour) for hour in range(4))
    folder = tmp_path / "new" / "folder"
    with serving(Reply(zipped())) as server:
        client = Client(server.url, ("u", "p"), now=lambda: NOW)
        fetch = Fetch({"hq": client}, {"hq": BackupDirectory(folder, 2)}, lambda: next(moments))
        call = Call({"hq": client}, own={"backup.fetch": fetch})
        assert call.send("hq", REQUEST).outcome is Outcome.DONE
        for name in ("hq-notes.txt", "lab-20260301T120000Z.zip", "hq-20260301T120000Z.zip.old"):
            (folder / name).write_text("not ours")
        results = [call.send("hq", REQUEST) for _ in range(3)]
        client.close()
    assert [result.outcome for result in results] == [Outcome.DONE] * 3
    assert results[-1].detail.endswith("1 older removed")
    assert sorted(path.name for path in folder.iterdir()) == [
        "hq-20260301T120000Z.zip.old",
        "hq-20260301T140000Z.zip",
        "hq-20260301T150000Z.zip",
        "hq-notes.txt",
        "lab-20260301T120000Z.zip",
    ]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(b"half a zip"), Outcome.UNREACHABLE),
        (Reply({}, 500), Outcome.UNREACHABLE),
        (Reply({}, 404), Outcome.REFUSED),
        (Reply({}, 403), Outcome.REFUSED),
    ],
    ids=["no zip", "500", "404", "403"],
)
def test_a_fetch_that_fails_removes_nothing(reply: Reply, outcome: Outcome, tmp_path: Path) -> None:
    """Without a new backup every old one stays."""
    old = tmp_path / "hq-20200101T000000Z.zip"
    old.write_text("old")
    with serving(reply) as server:
        client = Client(server.url, ("u", "p"), now=lambda: NOW)
        result = Fetch({"hq": client}, {"hq": BackupDirectory(tmp_path, 1)}, lambda: NOW).send(
            "hq", REQUEST
        )
        client.close()
    assert result.outcome is outcome
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_without_a_place_nothing_is_fetched(tmp_path: Path) -> None:
    """A server whose settings name no directory, and a directory that cannot be made, are said."""
    fetch = Fetch({}, {"hq": BackupDirectory(tmp_path / "file" / "below", 1)}, lambda: NOW)
    (tmp_path / "file").write_text("no folder")
    assert "directory" in fetch.send("lab", REQUEST).detail
    assert fetch.send("lab", REQUEST).outcome is Outcome.REFUSED
    assert fetch.send("hq", REQUEST).outcome is Outcome.UNREACHABLE
    assert (fetch.repeat(REQUEST), fetch.provable(REQUEST), fetch.look("hq", REQUEST)) == (
        Repeat.SAFE,
        False,
        None,
    )
