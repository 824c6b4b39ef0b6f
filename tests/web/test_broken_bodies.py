"""Bodies that do not come whole, over a real socket to the server that runs in earnest: refused, and each told in one line."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.webhooks.hmac import signed
from bridge.wiring import machine_time
from tests.web.house import SECRET, write_settings
from tests.web.test_serving import free_port, started

CHUNKED = b"Transfer-Encoding: chunked\r\n"
BODY = b'{"do": "restart"}'


@pytest.fixture
def served(settings_file: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """The port of the server, which is ready, and its process."""
    port = free_port()
    with started(write_settings(settings_file.parent, port=port)) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready ")
        yield port, process


def sent(port: int, headers: bytes, body: bytes) -> str:
    """What is answered to one POST whose sender says no more after this."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as there:
        there.sendall(b"POST /webhooks/door HTTP/1.1\r\nHost: here\r\nConnection: close\r\n" + headers + b"\r\n" + body)
        there.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: there.recv(4096), b"")).decode()


def log_of(process: subprocess.Popen[str]) -> list[str]:
    """All that it has said since it was ready; it ends."""
    process.terminate()
    out, errors = process.communicate(timeout=120)
    assert errors == ""
    return out.splitlines()


def test_what_does_not_come_whole_is_refused_before_anything_reads_it(served: tuple[int, subprocess.Popen[str]]) -> None:
    """Broken chunks, chunks that end early and fewer bytes than announced are 400, one warning each, though it is signed."""
    port, process = served
    stamp = int(machine_time().timestamp())
    proof = b"".join(f"{name}: {value}\r\n".encode() for name, value in signed(BODY, SECRET, stamp).items())
    whole = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    bad = (
        (CHUNKED, b"zz\r\n"),
        (CHUNKED, b"5\r\nabcdefgh\r\n0\r\n\r\n"),
        (CHUNKED, whole[:-2]),
        (CHUNKED, whole[:10]),
        (b"Content-Length: %d\r\n" % (len(BODY) + 1), BODY),
        (b"Content-Length: 0009\r\n", b""),
    )
    answers = [sent(port, proof + headers, body) for headers, body in bad]
    assert [each[:13] for each in answers] == ["HTTP/1.1 400 "] * len(bad)
    assert sent(port, proof + CHUNKED, whole).startswith("HTTP/1.1 202 ")
    told = log_of(process)
    refused = [line for line in told if "webhook refused" in line]
    assert len(refused) == len(bad), told
    assert all("webhook=door" in line and "status=400" in line and "sender=127.0.0.1" in line for line in refused)
    assert not any("error" in line or "Traceback" in line for line in told), told


def test_what_is_too_large_or_not_posted_is_in_the_log(served: tuple[int, subprocess.Popen[str]]) -> None:
    """413 by its length and by its chunks, 405 and 404: each with its webhook, its reason and its sender, in one line."""
    port, process = served
    assert " 413 " in sent(port, b"Content-Length: 9000\r\n", b"x" * 9000)[:20]
    assert " 413 " in sent(port, CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n0\r\n\r\n")[:20]
    for path, method, status in (("door", b"PUT", "405"), ("no%1b[31mne", b"POST", "404")):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as there:
            there.sendall(b"%b /webhooks/%b HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n" % (method, path.encode()))
            assert status in there.recv(4096).decode()[:20]
    refused = [line for line in log_of(process) if "webhook refused" in line]
    assert [line.partition("status=")[2][:3] for line in refused] == ["413", "413", "405", "404"]
    assert all("why='" in line and "sender=127.0.0.1" in line for line in refused)
    assert not any("\x1b" in line for line in refused)
