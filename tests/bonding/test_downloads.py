"""Files that a server sends."""

import io
import zipfile
from pathlib import Path

import pytest

from bridge.errors import BadInput, Forbidden, Garbled, Unreachable

from .scripted_server import Reply, client_of, serving


def zipped(text: str = "x" * 1000) -> bytes:
    """A real zip, the same at every call: without a date of its own it would carry the clock's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), text)
    return buffer.getvalue()


def test_a_zip_is_saved_whole(tmp_path: Path) -> None:
    """The file is there under its name, and nothing beside it."""
    with serving(Reply(zipped())) as server:
        client = client_of(server.url)
        assert client.download("backup.latest", tmp_path / "b.zip") == len(zipped())
        client.close()
    assert server.asked[0].path == "/api/v4/system/status/backups/latest-backup/"
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]
    assert (tmp_path / "b.zip").read_bytes() == zipped()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(zipped(), cut=1), Unreachable),
        (Reply(zipped()[:-30]), Garbled),
        (Reply(zipped().replace(b"x" * 100, b"y" * 100, 1)), Garbled),
        (Reply(b"<html>"), Garbled),
        (Reply(b""), Garbled),
        (Reply(zipped("x" * 20_000)), Garbled),
        (Reply({"detail": "No."}, 403), Forbidden),
        (Reply({}, 500), Unreachable),
    ],
    ids=["cut", "no end", "damaged", "html", "empty", "too large", "forbidden", "500"],
)
def test_a_file_that_is_not_whole_is_refused(reply: Reply, error: type, tmp_path: Path) -> None:
    """Whatever is wrong, an older file of that name stays as it was, and nothing is left beside
    it.
    """
    (tmp_path / "b.zip").write_text("older")
    with serving(reply) as server:
        client = client_of(server.url, largest_download=10_000)
        with pytest.raises(error):
            client.download("backup.latest", tmp_path / "b.zip")
        client.close()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["older"]


def test_what_is_no_file_is_not_downloaded_and_no_place_is_said(tmp_path: Path) -> None:
    """A wrong operation and a folder that is not there are the caller's mistakes."""
    with serving(Reply(zipped())) as server:
        client = client_of(server.url)
        with pytest.raises(BadInput, match="no zip"):
            client.download("bond.list", tmp_path / "b.zip")
        with pytest.raises(BadInput, match="cannot be written"):
            client.download("backup.latest", tmp_path / "nowhere" / "b.zip")
        client.close()
