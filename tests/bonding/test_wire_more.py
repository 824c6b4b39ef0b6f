"""What lists, summaries, certificates and histories say, in whatever shape they come."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bridge.bonding.catalogue import KINDS
from bridge.bonding.wire import Run, described, normalise, runs, strange
from bridge.bonding.wire.fields import FIELDS, VITAL
from bridge.core import bodies
from bridge.errors import Garbled

from .samples import FULL, HOST

KEY = b"k"
ENDS = datetime(2031, 1, 1, tzinfo=UTC)


def body(kind: str, raw: Any, **parents: Any) -> dict[str, Any]:
    """The body of one object."""
    return dict(normalise(kind, raw, KEY, **parents).body)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_reading(kind: str) -> None:
    """Each field of every configured object is read by the table, and no kind's table reads what is no field of it."""
    assert set(FIELDS[kind]) <= set(bodies.BODIES[kind])
    if kind in bodies.CONFIGURED:
        assert set(bodies.BODIES[kind]) - {"other"} == set(FIELDS[kind])
    assert VITAL[kind] <= set(FIELDS[kind])


@pytest.mark.parametrize(
    ("kind", "raw", "parents", "field", "value"),
    [
        ("bond_tuning", {"id": 1}, {"bond": 3}, "bond", 3),
        ("bond_tuning", {"id": 1, "bond": 4}, {"bond": 3}, "bond", 4),
        ("leg_tuning", {"id": 1}, {"bond": 3, "leg": 5}, "leg", 5),
        ("ethernet_interface", {"id": 1}, {"node": 8}, "node", 8),
        ("ip_allocation", {"id": 1}, {"space": "acme"}, "space", {"key": "acme", "name": None}),
        ("ip_allocation", {"id": 1, "space": f"{HOST}/spaces/lab/"}, {"space": "acme"}, "space", {"key": "lab", "name": None}),
        ("route", {"id": 1}, {"bond": 3, "leg": 9}, "bond", 3),
    ],
)
def test_parents_fill_what_the_object_does_not_say(kind: str, raw: dict, parents: dict, field: str, value: object) -> None:
    """An object in a list of a bond, a node or a space belongs to it, unless it says otherwise."""
    found = body(kind, raw, **parents)
    assert found[field] == value
    assert set(found) == set(bodies.BODIES[kind])


@pytest.mark.parametrize(
    ("kind", "raw", "field", "value"),
    [
        ("repository", "6.6.65", "version", "6.6.65"),
        ("iso", "bonder.iso", "name", "bonder.iso"),
        ("backup", "2020.zip", "name", "2020.zip"),
        ("backup", {"filename": "2020.zip"}, "name", "2020.zip"),
        ("bonding_version", "6.6.65", "version", "6.6.65"),
        ("versions", [{"name": "a", "version": "1"}], "versions", {"a": "1"}),
        ("settings", [{"name": "failover_maintenance_mode", "value": True}], "failover", "maintenance"),
        ("settings", {"failover_suspended": True}, "failover", "suspended"),
        ("settings", {"failover_enabled": False}, "failover", "maintenance"),
        ("settings", {"maintenance_mode": False}, "failover", "on"),
        ("settings", {"failover_suspension_percentage": 50}, "failover", None),
        ("failover_checks", {"1": {"success": 5, "failure": 1}, "2": {"success": "7", "failure": 0}}, "success", 12),
        ("failover_checks", [{"aggregator": 1, "failures": 2}, {"aggregator": 2, "failures": 3}], "failure", 5),
        ("failover_checks", {}, "success", None),
        ("config_updates", {"status": [{"status": "Pending", "count": 4}, {"status": "done", "count": 1}]}, "pending", 4),
        ("config_updates", {"status": {"complete": 3}}, "pending", 0),
        ("config_updates", {"count": 3}, "pending", None),
        ("config_updates", {"count": "3"}, "count", 3),
        ("downtime_report", {"week_start": "2020-03-01T00:00:00Z"}, "week_start", "2020-03-01T00:00:00+00:00"),
        ("downtime_report", {"week": {"count": "3"}}, "week_count", 3),
        ("leg", {"id": 5, "url": f"{HOST}/bonds/3/mobile_broadband_legs/5/"}, "type", "mobile_broadband"),
        ("leg", {"id": 5, "url": f"{HOST}/bonds/3/mobile_broadband_legs/5/"}, "bond", 3),
        ("leg", {"id": 5, "mobile_provider_profile": f"{HOST}/mobile_provider_profiles/71/"}, "provider", 71),
        ("space", {"key": "acme", "parent": {"key": "root", "name": "R"}}, "parent", "root"),
        ("user", {"id": 1, "groups": [{"id": 3}, 2, "/api/v4/groups/1/"]}, "groups", [1, 2, 3]),
        ("group", {"id": 1, "permissions": {"b": "B", "a": "A"}}, "permissions", ["a", "b"]),
        ("user", {"id": 1, "email": "a@x.org"}, "name", "a@x.org"),
        ("speedtest", {"id": 1, "status": "queued"}, "outcome", None),
        ("speedtest", {"id": 1, "status": "failed"}, "outcome", "failed"),
        ("speedtest", {"id": 1, "status": "levitating"}, "outcome", "unknown"),
        ("speedtest", {"id": 1}, "outcome", "unknown"),
        ("speedtest", {"id": 1, "status": "finished", "success": False}, "outcome", "failed"),
    ],
)  # fmt: skip
def test_likely_shapes_are_read(kind: str, raw: object, field: str, value: object) -> None:
    """Each shape that a server may well use says the same."""
    assert body(kind, raw)[field] == value


def test_what_changes_by_itself_is_no_configuration() -> None:
    """Rates, counts and run-time states are left out of `other`, at any depth, and so is the object's address."""
    raw = {"id": 1, "url": "u", "upload_rate": 5, "status": "x", "qos": {"a": 1, "uptime": 5}, "list": [{"download_rate": 1}]}
    assert body("connected_ip", raw)["other"] == {"qos": {"a": 1}, "list": [{}]}


@pytest.mark.parametrize(
    "raw",
    [
        {"api_key": "IN-CLEAR"},
        {"smtp": {"Password": "IN-CLEAR"}},
        {"tls": ["-----BEGIN PRIVATE KEY-----IN-CLEAR"]},
        {"x": "-----BEGIN EC PRIVATE KEY-----IN-CLEAR"},
        {"admin_token": "IN-CLEAR"},
    ],
)
@pytest.mark.parametrize("kind", ["settings", "bonder", "certificate"])
def test_what_is_called_a_secret_is_one(kind: str, raw: dict) -> None:
    """A field that nobody knows, but whose name or look is a secret's, is never stored in clear."""
    seen = normalise(kind, {"id": 1, **raw}, KEY)
    assert "IN-CLEAR" not in str((seen.body, seen.raw))


# --- certificates --------------------------------------------------------------------------------------------------------


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
        {"expires": 1924992000}, {"valid_to": "2031-01-01"}, {"expiration_date": "2031-01-01 00:00:00 UTC"},
        {"csr": {"not_after": "1999-01-01"}, "cert": {"expiry": "2031-01-01T00:00:00+00:00"}},
        {"text": "Certificate:\n  Not Before: Jan 1 00:00:00 2030 GMT\n  Not After : Jan 1 00:00:00 2031 GMT\n"},
        [{"not_after": "2031-01-01T00:00:00Z"}],
    ],
)  # fmt: skip
def test_the_end_of_a_certificate_is_found_in_any_shape(raw: object) -> None:
    """Whatever the field is called and however deep it stands; what is only asked to be signed does not count."""
    assert body("certificate", raw)["not_after"] == ENDS.isoformat()


def test_a_certificate_in_pem_says_everything() -> None:
    """A PEM anywhere in the document is read itself, also with its line ends written out."""
    pem = made().public_bytes(serialization.Encoding.PEM).decode()
    for raw in ({"a": [{"b": pem}]}, {"chain": pem.replace("\n", "\\n"), "not_after": "1999-01-01"}):
        found = body("certificate", raw)
        assert (found["not_after"], found["subject"], found["source"]) == (ENDS.isoformat(), "CN=ba.example.com", "tlsinfo")
        assert found["fingerprint"] == made_like(found["fingerprint"])
    assert described(made().public_bytes(serialization.Encoding.DER), "handshake")["issuer"] == "CN=ba.example.com"


def made_like(fingerprint: str) -> str:
    """The same, if it is the hex of a SHA-256."""
    return bytes.fromhex(fingerprint).hex() if len(fingerprint) == 64 else ""


@pytest.mark.parametrize("raw", [{}, {"certificate": None}, {"a": "-----BEGIN CERTIFICATE-----x-----END CERTIFICATE-----"}])
def test_a_document_without_a_certificate_says_nothing(raw: dict) -> None:
    """What is not there is None, and nothing fails."""
    assert body("certificate", raw)["not_after"] is None


# --- histories -----------------------------------------------------------------------------------------------------------


def at(minute: int) -> datetime:
    """A minute of an hour."""
    return datetime(2020, 3, 1, 12, minute, tzinfo=UTC)


def told(minute: int) -> str:
    """The same as the vendor writes it."""
    return f"{at(minute):%Y-%m-%dT%H:%M:%SZ}"


EXPECTED = [Run("up", "up", at(0), at(10)), Run("Down", "down", at(10), at(15)), Run("hovering", "unknown", at(15), None)]
NEWEST_LAST = [
    {"state": "up", "start": told(0), "end": told(10), "duration": 600},
    {"state": "Down", "start": told(10), "end": told(15), "duration": 300},
    {"state": "hovering", "start": told(15), "end": None, "duration": 95},
]


@pytest.mark.parametrize(
    "raw",
    [
        NEWEST_LAST,
        NEWEST_LAST[::-1],
        {"results": NEWEST_LAST, "count": 3},
        [{"overall_state": r["state"], "from": r["start"], "to": r["end"]} for r in NEWEST_LAST],
        [{"state": r["state"], "time": r["start"]} for r in NEWEST_LAST],
        [{"state": r["state"], "started": r["start"], "seconds": str(r["duration"])} for r in NEWEST_LAST[:2]]
        + [{"state": "hovering", "started": told(15), "until": None}],
        [{"state": "up", "end": told(10), "duration": 600}, *NEWEST_LAST[1:]],
    ],
    ids=["as guessed", "newest first", "paged", "other names", "only starts", "lengths", "without a start"],
)  # fmt: skip
def test_a_history_is_read_in_any_order_and_spelling(raw: object) -> None:
    """The oldest run comes first, each ends where the next begins, and the one that goes on has no end."""
    assert runs(raw) == EXPECTED


@pytest.mark.parametrize("raw", [None, "up", {}, {"a": [], "b": []}, [5], [{"state": "up"}], [{"start": "soon"}]], ids=repr)
def test_what_is_no_history_is_garbled(raw: object) -> None:
    """A run that cannot be placed in time makes the whole history unusable."""
    with pytest.raises(Garbled):
        runs(raw)


def test_an_empty_history_has_no_runs() -> None:
    """Nothing happened, and that is known."""
    assert runs([]) == []


# --- strangeness ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", set(KINDS) - bodies.CONFIGURED)
def test_what_is_expected_is_not_strange(kind: str) -> None:
    """A full object of each kind that is watched closely has nothing strange."""
    assert strange(kind, FULL[kind]) is None


def renamed(kind: str, names: Iterable[str]) -> dict[str, Any]:
    """A full object with these fields under names that nobody knows."""
    return {f"x_{name}" if name in names else name: value for name, value in FULL[kind].items()}


@pytest.mark.parametrize(
    ("kind", "field", "lost"),
    [
        ("leg", "overall_state", "state"), ("leg", "link_mode", "mode"), ("bond_tuning", "status", "status"),
        ("aggregator", "status", "status"), ("config_updates", "failures", "failures"),
        ("certificate", "certificate", "not_after"),
        ("settings", "aggregator_failover_maintenance_mode", "failover"), ("connected_ip", "enabled", "enabled"),
        ("failover_checks", "success", "success"), ("speedtest", "results", "results"),
        ("downtime_report", "week", "week_count"),
    ],
)  # fmt: skip
def test_a_field_that_is_not_found_is_told(kind: str, field: str, lost: str) -> None:
    """Where a name that matters is another, it is said which of our fields is not told any more."""
    found = strange(kind, {name: value for name, value in renamed(kind, {field}).items() if name != "x_certificate"})
    assert found is not None
    assert lost in found.missing


def test_unexpected_fields_are_shown_masked() -> None:
    """A sample says what stands there and how large it is, and nothing of what it says."""
    more = {"x_text": "secretly", "x_list": [{"a": "secretly"}], "x_none": None, "x_flag": True, "x_number": 5.5, "x_map": {}}
    found = strange("leg", {**FULL["leg"], **more})
    assert found is not None
    assert (found.kind, found.missing) == ("leg", ())
    assert found.unexpected == {
        "x_flag": "flag", "x_list": "list(1) of object(1)", "x_map": "object(0)", "x_none": "null", "x_number": "number",
        "x_text": "text(8)",
    }  # fmt: skip


@pytest.mark.parametrize("raw", [None, [], 5, "text"])
def test_an_object_that_is_none_is_strange(raw: object) -> None:
    """What is no object at all is told with its type."""
    found = strange("leg", raw)
    assert found is not None
    assert list(found.unexpected) == [""]


def test_strangeness_has_an_end() -> None:
    """However many strange fields there are, a handful is told."""
    found = strange("leg", {**FULL["leg"], **{f"x{i}" * 50: i for i in range(500)}})
    assert found is not None
    assert len(found.unexpected) <= 20
    assert max(map(len, found.unexpected)) <= 60
