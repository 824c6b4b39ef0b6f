"""TLS certificates: out of a handshake, a PEM text, or a document whose shape nobody has
published.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from bridge.bonding.wire import parsers
from bridge.core.model import Body, Json

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# names without their signs and capitals, the likeliest first
_NAMES: Mapping[str, tuple[str, ...]] = {
    "not_after": (
        "notafter",
        "notvalidafter",
        "notvalidafterutc",
        "validto",
        "validuntil",
        "expires",
        "expiresat",
        "expireson",
        "expiry",
        "expirydate",
        "expiration",
        "expirationdate",
        "enddate",
        "end",
    ),
    "not_before": (
        "notbefore",
        "notvalidbefore",
        "notvalidbeforeutc",
        "validfrom",
        "startdate",
        "start",
    ),
    "subject": ("subject", "subjectname", "subjectdn", "commonname", "cn"),
    "issuer": ("issuer", "issuername", "issuerdn", "issuedby"),
    "fingerprint": (
        "fingerprint",
        "fingerprintsha256",
        "sha256fingerprint",
        "sha256",
        "thumbprint",
        "sha1fingerprint",
    ),
}
_FORMATS = (
    "%b %d %H:%M:%S %Y %Z",
    "%b %d %H:%M:%S %Y",
    "%Y%m%d%H%M%SZ",
    "%Y-%m-%d %H:%M:%S %Z",
    "%d %b %Y",
    "%Y/%m/%d",
)
_EPOCHS = (10**8, 10**10)  # seconds that are plausible moments: 1973 to 2286
_CONTAINERS = ("certificate", "items")
_REQUESTS = ("csr", "request", "signing")


def described(certificate: bytes, source: str) -> Body:
    """The body of a certificate given as DER. Raises ValueError."""
    return _body(x509.load_der_x509_certificate(certificate), source)


def from_document(raw: Mapping[str, Any], _: Body) -> Body:
    """What a document of any shape says of the certificate in use; each field None where it says
    nothing.
    """
    blank = {**dict.fromkeys(_NAMES), "source": "tlsinfo", "stage": None}
    for text in _texts(raw):
        for pem in _PEM.findall(text.replace("\\n", "\n")):
            with suppress(ValueError):
                return {**blank, **_body(x509.load_pem_x509_certificate(pem.encode()), "tlsinfo")}
    return {**blank, **{name: _found(raw, name) for name in _NAMES}}


def _body(certificate: x509.Certificate, source: str) -> Body:
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
        "source": source,
        "stage": None,
    }


def names(field: str) -> bool:
    """Whether a field of such a document is one that is understood by its name."""
    bare = re.sub(r"[^a-z0-9]", "", field.lower())
    return (
        bare in _CONTAINERS
        or bare.startswith(_REQUESTS)
        or any(bare in each for each in _NAMES.values())
    )


def _found(raw: Json, name: str) -> str | None:
    if name.startswith("not_"):
        read = _time
    else:
        read = _text
    leaves = list(_leaves(raw))
    for spelling in _NAMES[name]:
        for field, value in leaves:
            if field == spelling:
                found = read(value)
            else:
                found = None
            if found:
                return found
    # `openssl x509 -text`, as one text
    label = name.replace("_", r"\s*")
    lines = (parsers.inside(rf"(?i){label}\s*[:=]\s*([^\n]+)", text) for text in _texts(raw))
    return next((found for found in map(read, lines) if found), None)


def _leaves(value: Json) -> Iterator[tuple[str, Json]]:
    """Every field of a document by its bare name, the outermost first; what is only asked to be
    signed is left out.
    """
    if isinstance(value, list):
        below = value
    else:
        below = []
    if isinstance(value, dict):
        fields = [(re.sub(r"[^a-z0-9]", "", name.lower()), each) for name, each in value.items()]
        fields = [(name, each) for name, each in fields if not name.startswith(_REQUESTS)]
        yield from fields
        below = [each for name, each in fields if name not in _NAMES["subject"] + _NAMES["issuer"]]
    for each in below:
        yield from _leaves(each)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _text(value: Json) -> str | None:
    """`{"CN": "x", "O": "y"}`, or pairs, or a text."""
    if isinstance(value, dict):
        return (
            ",".join(f"{name}={each}" for name, each in value.items() if isinstance(each, str))
            or None
        )
    if isinstance(value, list):
        pairs = [each[0] if isinstance(each, list) and len(each) == 1 else each for each in value]
        return (
            ",".join(
                "=".join(map(str, each)) if isinstance(each, list) else str(each) for each in pairs
            )
            or None
        )
    if isinstance(value, str):
        return value.strip() or None
    return None


def _time(value: Json) -> str | None:
    if isinstance(value, str):
        seconds = None
    else:
        seconds = parsers.number(value)
    if seconds is not None and _EPOCHS[0] < seconds < _EPOCHS[1]:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    if not isinstance(value, str):
        return None
    text = " ".join(value.split())
    for form in _FORMATS:
        with suppress(ValueError):
            return datetime.strptime(text, form).replace(tzinfo=UTC).isoformat()
    return parsers.moment(text)
