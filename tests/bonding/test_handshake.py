"""The certificate a server shows."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bridge.bonding.client import Client
from bridge.errors import Unreachable

from .test_certificates import ENDS, signed


@contextmanager
def secured(folder: Path) -> Iterator[str]:
    """A server that shows a self-signed certificate to anyone who comes; its address."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(
        private + signed(key).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            plain, _ = listening.accept()
            with context.wrap_socket(plain, server_side=True) as connection:
                connection.recv(1)

        thread = Thread(target=greet)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize("verify", [True, False])
def test_a_self_signed_certificate_is_seen(tmp_path: Path, verify: bool) -> None:
    """Whether or not it would be trusted, it is described as it stands."""
    with secured(tmp_path) as url:
        client = Client(url, ("u", "p"), now=lambda: ENDS, verify=verify)
        found = client.certificate()
        client.close()
    assert found is not None
    assert (found["not_after"], found["source"]) == (ENDS.isoformat(), "handshake")
    assert found["subject"] == found["issuer"] == "CN=ba.example.com"


def test_plain_http_has_no_certificate_and_silence_is_no_handshake() -> None:
    """Without TLS there is None; where nobody answers it is Unreachable."""
    client = Client("http://127.0.0.1:1", ("u", "p"), now=lambda: ENDS)
    assert client.certificate() is None
    client.close()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = Client(f"https://127.0.0.1:{taken.getsockname()[1]}", ("u", "p"), now=lambda: ENDS)
        with pytest.raises(Unreachable):
            client.certificate()
        client.close()
