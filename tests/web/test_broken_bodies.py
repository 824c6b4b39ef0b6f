"""Bodies that do not come whole, over a real socket to the server that runs in earnest: refused,
and each told in one line.
"""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.webhooks.generic_hmac import signed
from bridge.wiring import machine_time
from tests.processes import Process
from tests.web.app_harness import SECRET, write_settings
from tests.web.test_serving import free_port, started

CHUNKED = b"Transfer-Encoding: chunked\r\n"
BODY = b'{"do": "restart"}'


@pytest.fixture
def served(settings_file: Path) -> Iterator[tuple[int, Process]]:
    """The port of the server, which is ready, and its process."""
    port = free_port()
    with started(write_settings(settings_file.parent, port=port)) as process:
        process.line("ready ")
        yield port, process


def sent(port: int, headers: bytes, body: bytes, *, cut: bool = False) -> str:
    """What is answered to one POST; `cut`: whose sender says no more after this."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as there:
        there.sendall(
            b"POST /webhooks/door HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
            + headers
            + b"\r\n"
            + body
        )
        if cut:
            there.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: there.recv(4096), b"")).decode()


def log_of(process: Process) -> list[str]:
    """All that it has said since it was ready; it ends."""
    process.end(signal.SIGTERM)
    assert process.errors == []
    return process.lines


def test_what_does_not_come_whole_is_refused_before_anything_reads_it(
    served: tuple[int, Process],
) -> None:
    """Broken chunks are 400; chunks that end early and fewer bytes than announced are nothing,
    though all of it is signed.
    """
    port, process = served
    stamp = int(machine_time().timestamp())
    proof = b"".join(
        f"{name}: {value}\r\n".encode() for name, value in signed(BODY, SECRET, stamp).items()
    )
    whole = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    broken = (
        (CHUNKED, b"zz\r\n"),
        (CHUNKED, b"5\r\nabcdefgh\r\n0\r\n\r\n"),
        (b"Content-Length: nine\r\n", BODY),
    )
    cut = (
        (CHUNKED, whole[:-2]),
        (CHUNKED, whole[:10]),
        (b"Content-Length: %d\r\n" % (len(BODY) + 1), BODY),
    )
    for headers, body in broken:
        head, _, said = sent(port, proof + headers, body).partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 400 ")
        assert json.loads(said)["error"]["what"] == "this request cannot be read"
    assert [sent(port, proof + headers, body, cut=True) for headers, body in cut] == [""] * len(cut)
    assert sent(port, proof + CHUNKED, whole).startswith("HTTP/1.1 202 ")
    said = log_of(process)
    refused = [line for line in said if "request refused" in line or "request cut off" in line]
    # one line for one trouble of one sender
    assert ["refused" in line for line in refused] == [True, False], said
    assert all("path=/webhooks" in line and "sender=127.0.0.1" in line for line in refused)
    assert not any("error" in line or "Traceback" in line for line in said), said


def test_what_is_too_large_or_not_posted_is_in_the_log(served: tuple[int, Process]) -> None:
    """413 by its length and by its chunks, 405 and 404: each with its webhook, its reason and its
    sender, in one line, once.
    """
    port, process = served
    assert " 413 " in sent(port, b"Content-Length: 9000\r\n", b"x" * 9000)[:20]
    assert " 413 " in sent(port, CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n0\r\n\r\n")[:20]
    for path, method, status in (("door", b"PUT", "405"), ("no%1b[31mne", b"POST", "404")):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as there:
            there.sendall(
                b"%b /webhooks/%b HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
                % (method, path.encode())
            )
            assert status in there.recv(4096).decode()[:20]
    refused = [line for line in log_of(process) if "webhook refused" in line]
    assert [line.partition("status=")[2][:3] for line in refused] == ["413", "405", "404"]
    assert all("why='" in line and "sender=127.0.0.1" in line for line in refused)
    assert not any("\x1b" in line for line in refused)
