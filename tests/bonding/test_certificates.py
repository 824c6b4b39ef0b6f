"""Certificates, out of documents of any shape."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bridge.bonding.wire import described, normalise

ENDS = datetime(2031, 1, 1, tzinfo=UTC)


def made() -> x509.Certificate:
    """A certificate of some key."""
    return signed(ec.generate_private_key(ec.SECP256R1()))


def signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A certificate that this key signs for itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ba.example.com")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ENDS - timedelta(days=365))
        .not_valid_after(ENDS)
        .sign(key, hashes.SHA256())
    )


@pytest.mark.parametrize(
    "raw",
    [
        {"certificate": {"not_after": "2031-01-01T00:00:00Z"}},
        {"cert": {"notAfter": "Jan  1 00:00:00 2031 GMT"}},
        {"tls": [{"Validity": {"Not After": "20310101000000Z"}}]},
        {"expires": 1924992000},
        {"valid_to": "2031-01-01"},
        {"expiration_date": "2031-01-01 00:00:00 UTC"},
        {"csr": {"not_after": "1999-01-01"}, "cert": {"expiry": "2031-01-01T00:00:00+00:00"}},
        {
            "text": (
                "Certificate:\n  Not Before: Jan 1 00:00:00 2030 GMT\n  Not After : Jan 1 00:00:00"
                " 2031 GMT\n"
            )
        },
        [{"not_after": "2031-01-01T00:00:00Z"}],
    ],
)
def test_the_end_of_a_certificate_is_found_in_any_shape(raw: object) -> None:
    """Whatever the field is called and however deep it stands; what is only asked to be signed does
    not count.
    """
    assert normalise("certificate", raw, b"k").body["not_after"] == ENDS.isoformat()


def test_a_certificate_in_pem_says_everything() -> None:
    """A PEM anywhere in the document is read itself, also with its line ends written out."""
    pem = made().public_bytes(serialization.Encoding.PEM).decode()
    for raw in (
        {"a": [{"b": pem}]},
        {"chain": pem.replace("\n", "\\n"), "not_after": "1999-01-01"},
    ):
        found = normalise("certificate", raw, b"k").body
        assert (found["not_after"], found["subject"], found["source"]) == (
            ENDS.isoformat(),
            "CN=ba.example.com",
            "tlsinfo",
        )
        assert found["fingerprint"] == made_like(found["fingerprint"])
    assert (
        described(made().public_bytes(serialization.Encoding.DER), "handshake")["issuer"]
        == "CN=ba.example.com"
    )


def made_like(fingerprint: str) -> str:
    """The same, if it is the hex of a SHA-256."""
    return bytes.fromhex(fingerprint).hex() if len(fingerprint) == 64 else ""


@pytest.mark.parametrize(
    "raw",
    [{}, {"certificate": None}, {"a": "-----BEGIN CERTIFICATE-----x-----END CERTIFICATE-----"}],
)
def test_a_document_without_a_certificate_says_nothing(raw: dict) -> None:
    """What is not there is None, and nothing fails."""
    assert normalise("certificate", raw, b"k").body["not_after"] is None
