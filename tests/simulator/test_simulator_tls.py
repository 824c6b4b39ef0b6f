"""TLS, the certificate, and backups as they are downloaded."""

import io
import socket
import ssl
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import CliRunner

from bridge.bonding.catalogue import ROOT
from bridge.cli.run.simulate import simulate
from bridge.simulator.api.runner import Running, Tls, running
from bridge.simulator.behaviour import certificate, state_file
from bridge.simulator.world_builder import make_world
from tests.simulator.test_simulator_serving import process

COMMAND = typer.Typer()
COMMAND.command()(simulate)

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
AUTH = ("demo@example.com", "demo")
LATEST = f"{ROOT}/system/status/backups/latest-backup/"
BACKUPS = f"{ROOT}/system/status/backups/"


def test_a_client_that_trusts_the_certificate_is_served(tmp_path: Path) -> None:
    """Addresses are https, the API tells of the very certificate it is served with, a fault can
    still reset.
    """
    with running(
        make_world(epoch=EPOCH), speed=0, tls=Tls(tmp_path / "own" / "it.pem", days=20)
    ) as sim:
        assert sim.certificate is not None
        trust = ssl.create_default_context(cadata=sim.certificate.pem)
        with httpx.Client(base_url=sim.url, auth=AUTH, verify=trust) as api:
            told = api.get(f"{ROOT}/system/status/tlsinfo/").json()["certificate"]
            assert api.get(f"{ROOT}/bonds/1/").json()["url"].startswith("https://127.0.0.1:")
            sim.set_faults(drop=1)
            with pytest.raises(httpx.TransportError):
                api.get(f"{ROOT}/bonds/1/")
    assert told == sim.certificate.about
    lasts = datetime.fromisoformat(told["not_after"]) - datetime.fromisoformat(told["not_before"])
    assert lasts == timedelta(days=21)


def test_a_stranger_to_the_certificate_is_not_served() -> None:
    """Who trusts only the usual authorities gets no connection, nor does who speaks plain HTTP;
    others do not wait.
    """
    with running(make_world(epoch=EPOCH), speed=0, tls=True) as sim:
        with pytest.raises(httpx.ConnectError, match="self-signed"):
            httpx.get(sim.url)
        with pytest.raises(httpx.TransportError):
            httpx.get(sim.url.replace("https", "http"))
        assert sim.certificate is not None
        trust = ssl.create_default_context(cafile=sim.certificate.path)
        port = int(sim.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):  # which never says a word
            assert httpx.get(f"{sim.url}/_sim/clock", verify=trust).is_success


def test_a_certificate_can_be_over(tmp_path: Path) -> None:
    """With days below 0 a client is told that it has expired."""
    with running(make_world(epoch=EPOCH), speed=0, tls=Tls(tmp_path / "old.pem", days=-2)) as sim:
        trust = ssl.create_default_context(cafile=tmp_path / "old.pem")
        with pytest.raises(httpx.ConnectError, match="expired"):
            httpx.get(sim.url, verify=trust)


def test_a_certificate_is_kept(tmp_path: Path) -> None:
    """The file that is there is used again, so that clients need not be told anew; only its owner
    can read it.
    """
    file = tmp_path / "it.pem"
    first, second = (certificate.at(file, "sim.example", days=days) for days in (1, 300))
    assert first == second
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content",
    ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"],
)
def test_a_file_of_another_kind_is_one_clear_line(content: str, tmp_path: Path) -> None:
    """A file that holds no certificate is not overwritten, and a place that cannot be written is
    named.
    """
    foreign = tmp_path / "notes.pem"
    foreign.write_text(content)
    for options, says in (
        (("--tls-file", str(foreign)), "holds no certificate"),
        (("--tls-file", str(foreign / "below.pem")), "name another file with --tls-file"),
        (("--tls-days", "nan"), "--tls-days nan"),
    ):
        done = CliRunner().invoke(COMMAND, ["--port", "0", "--tls", *options])
        assert (done.exit_code, says in done.stderr, len(done.stderr.splitlines())) == (2, True, 1)
    assert foreign.read_text() == content


def test_a_server_without_tls_tells_of_a_certificate_all_the_same(api: httpx.Client) -> None:
    """The invented one lives in the world's time."""
    told = api.get(f"{ROOT}/system/status/tlsinfo/").json()
    assert told["certificate"]["not_after"] == "2026-04-30T12:00:00.000000Z"
    assert told["csr"]["subject"] == told["certificate"]["subject"]


def test_the_latest_backup_is_a_true_zip(sim: Running, api: httpx.Client) -> None:
    """It opens, its parts are sound, it is as large as asked for, and the same at every
    download.
    """
    assert api.post("/_sim/backup", json={"megabytes": 3}).json() == {
        "newest_complete": True,
        "megabytes": 3,
    }
    answer = api.get(LATEST)
    assert answer.headers["content-type"] == "application/zip"
    assert (
        answer.headers["content-disposition"]
        == f'attachment; filename="{sim.world.backups[-1].name}"'
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert sum(entry.file_size for entry in archive.infolist()) > 3 << 20
    assert api.get(LATEST).content == answer.content
    sim.world.backups.clear()
    assert api.get(LATEST).status_code == 404


def test_an_unfinished_backup_is_listed_but_not_sent(sim: Running, api: httpx.Client) -> None:
    """While the newest is unfinished the one before is sent; the day's backup finishes that one."""
    before = api.get(BACKUPS).json()
    sim.advance(60)
    for _ in range(2):
        assert not api.post("/_sim/backup", json={"unfinished": True}).json()["newest_complete"]
    listed = api.get(BACKUPS).json()
    assert [it["complete"] for it in listed] == [True, True, True, False]
    assert before[-1]["name"] in api.get(LATEST).headers["content-disposition"]
    sim.advance(24 * 3600)
    assert [it["complete"] for it in api.get(BACKUPS).json()] == [True] * 4
    assert listed[-1]["name"] in api.get(LATEST).headers["content-disposition"]
    api.post("/_sim/backup", json={"unfinished": True})
    api.post("/_sim/backup", json={"unfinished": False})
    truth = [(line["what"], line["id"]) for line in sim.world.truth if line["kind"] == "backup"]
    assert [what for what, _ in truth] == ["begun", "completed", "begun", "completed"]
    assert truth[0][1] == truth[1][1] == listed[-1]["name"]


@pytest.mark.parametrize(
    "body", [{"unfinished": 1}, {"megabytes": 0}, {"megabytes": 10**6}, {"size": 1}]
)
def test_nonsense_about_backups_is_refused(body: dict[str, object], api: httpx.Client) -> None:
    """Values that cannot be are 400 and change nothing."""
    assert api.post("/_sim/backup", json=body).status_code == 400
    assert api.get("/_sim/truth").json() == []


def test_the_certificate_is_saved_with_the_world(tmp_path: Path) -> None:
    """A world goes on telling of the certificate that it was served with."""
    file = tmp_path / "world.json"
    with running(make_world(epoch=EPOCH), speed=0, state_file=file, tls=True) as sim:
        assert sim.certificate is not None
    assert state_file.load(file).certificate == sim.certificate.about


def test_the_command_speaks_tls(tmp_path: Path) -> None:
    """With --tls the ready line says https, and who trusts the file that was named is served."""
    file = tmp_path / "it.pem"
    with process("--port", "0", "--speed", "0", "--tls", "--tls-file", str(file)) as (_, url):
        assert url.startswith("https://")
        trust = ssl.create_default_context(cafile=file)
        assert httpx.get(f"{url}{ROOT}/bonds/", auth=AUTH, verify=trust).is_success


def test_the_command_says_what_it_made(tmp_path: Path) -> None:
    """A certificate that was not there, and the folder it is in, do not come about in silence; one
    that was there is used.
    """
    file = tmp_path / "new" / "it.pem"
    with socket.create_server(("127.0.0.1", 0)) as taken:  # so that it ends before it serves
        argv = [
            "--port",
            str(taken.getsockname()[1]),
            "--tls",
            "--tls-file",
            str(file),
            "--tls-days",
            "20",
        ]
        first, again = (CliRunner().invoke(COMMAND, argv) for _ in range(2))
    assert (
        f"made a certificate for 20 days: {file} in the new folder {file.parent}\n" in first.stderr
    )
    assert "made a certificate" not in again.stderr
    assert first.exit_code == again.exit_code == 2


def test_the_command_names_the_rows_it_reads_to_the_letter() -> None:
    """Its help says which operations are others then."""
    words = " ".join(CliRunner().invoke(COMMAND, ["--help"], env={"COLUMNS": "400"}).stdout.split())
    for verb in ("create", "replace", "update", "delete"):
        assert f"interface_leg.{verb}" in words
