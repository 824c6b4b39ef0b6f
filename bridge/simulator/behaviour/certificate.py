"""The server's web certificate: a self-signed one to serve TLS with, and what the API tells about
it.

A served certificate lives in real time, as the clients that check it do; one that is only told of
lives in the world's.
"""

import ssl
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bridge.simulator.world.vendor_timestamps import real_now, stamp
from bridge.simulator.world.world import World

_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Served:
    """A certificate in use: `path` of the PEM file with it (and its key) that clients may trust,
    its text, its facts.
    """

    path: Path
    pem: str
    about: dict[str, Any]

    def context(self) -> ssl.SSLContext:
        """Make what a server needs to speak TLS with it. ValueError where the file lacks the
        key.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.path)
        except ssl.SSLError as error:
            raise ValueError(f"{self.path} has no key that fits its certificate") from error
        return context


def at(path: Path, host: str, *, days: float) -> Served:
    """Use the certificate in this file, or make one there, valid for so many days from now (below
    0: over already).

    One that is there keeps its own time. Raises OSError, and ValueError for a file that holds
    something else.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(_made(host, days))
    content = path.read_bytes()
    certificate = x509.load_pem_x509_certificate(content)
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return Served(path, pem, _about(certificate))


def document(world: World) -> dict[str, Any]:
    """Give `{"certificate": {"subject", "issuer", "not_before", "not_after"}, "csr":
    {"subject"}}`.
    """
    told = world.certificate or {
        "subject": "CN=bonding.example.com",
        "issuer": "CN=Example Issuing CA,O=Example Trust",
        "not_before": stamp(world.epoch - timedelta(days=30)),
        "not_after": stamp(world.epoch + timedelta(days=60)),
    }
    return {"certificate": told, "csr": {"subject": told["subject"]}}


def _made(host: str, days: float) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    now = real_now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bondbridge simulator")])
    until = now + timedelta(days=days)
    names = dict.fromkeys((host, *_NAMES))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, until) - timedelta(days=1))
        .not_valid_after(until)
        .add_extension(
            x509.SubjectAlternativeName([_alternative(it) for it in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _about(certificate: x509.Certificate) -> dict[str, Any]:
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "not_before": stamp(certificate.not_valid_before_utc),
        "not_after": stamp(certificate.not_valid_after_utc),
        "serial_number": f"{certificate.serial_number:x}",
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
    }
