"""The vendor's JSON in our words."""

import itertools
import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.bonding.catalogue import KINDS
from bridge.bonding.wire import moment, normalise, reference
from bridge.bonding.wire.field_map import FIELDS
from bridge.core.decisions.tuning_sanity import SPEEDS
from bridge.core.objects import object_schemas
from bridge.errors import Garbled
from tests.case_tables import all_cases

from .sample_objects import FULL, HOST, IN_OUR_WORDS

KEY = b"a key of this installation"

MINIMAL = {kind: {row.by: 5} if row.by else {} for kind, row in KINDS.items()}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        ("3", 3),
        (f"{HOST}/bonds/3/", 3),
        (f"{HOST}/bonds/3", 3),
        ("/api/v4/bonds/3/", 3),
        ({"id": 3}, 3),
        ({"id": "3"}, 3),
        ({"url": f"{HOST}/bonds/3/"}, 3),
        ({"id": 3, "url": f"{HOST}/bonds/4/"}, 3),
        (0, 0),
        (None, None),
        ("", None),
        ({}, None),
        ([], None),
        ("abc", None),
        (f"{HOST}/spaces/acme/", None),
        ({"id": None}, None),
        ({"id": {}}, None),
        (float("inf"), None),
        (float("nan"), None),
        ("9" * 5000, None),
        ("/", None),
    ],
)
def test_references_in_every_form(value: object, expected: int | None) -> None:
    """A URL, an object, a number or digits name the same thing; what names nothing is None."""
    assert reference(value) == expected


@all_cases("kind", KINDS)
def test_a_full_object_in_our_words(kind: str) -> None:
    """Every field of an object as the vendor's documents and clients show it stands in its
    place.
    """
    seen = normalise(kind, FULL[kind], KEY)
    assert {name: seen.body[name] for name in IN_OUR_WORDS[kind]} == IN_OUR_WORDS[kind]
    assert set(seen.body) - {"other"} == set(IN_OUR_WORDS[kind]) - {"other"}
    assert (seen.kind, seen.id) == (
        kind,
        str(FULL[kind][KINDS[kind].by]) if KINDS[kind].by else kind,
    )
    assert set(seen.raw) == set(FULL[kind])


@all_cases("kind", KINDS)
def test_every_field_is_there_for_the_barest_object(kind: str) -> None:
    """An object with nothing but its id has every field of the schema, and a name a person can tell
    it by.
    """
    body = normalise(kind, MINIMAL[kind], KEY).body
    assert set(body) == set(object_schemas.BODIES[kind])
    assert body.get("name", "5")
    assert "5" in str(body.get("name", "5"))


ODD = [
    None,
    "",
    "x",
    0,
    -1,
    1.5,
    True,
    [],
    {},
    [{}],
    {"id": None},
    {"key": 5},
    "2020-13-45",
    float("inf"),
    10**400,
    "nan",
    "\ud800",
]


@all_cases(("kind", "odd"), itertools.product(KINDS, ODD))
def test_odd_values_change_no_shape_and_crash_nothing(kind: str, odd: object) -> None:
    """Whatever stands in whatever field, the body has its fields, and can be stored."""
    for name in FULL[kind]:
        if name == KINDS[kind].by:
            continue
        body = normalise(kind, {**FULL[kind], name: odd}, KEY).body
        assert set(body) == set(object_schemas.BODIES[kind])
        plain = {
            field: value
            for field, value in body.items()
            if object_schemas.BODIES[kind][field] is not object_schemas.FREE
        }
        json.dumps(plain, allow_nan=False)


@given(
    extra=st.dictionaries(
        st.text("aou ä1", max_size=5),
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        max_size=4,
    )
)
def test_what_is_not_understood_is_carried(extra: dict) -> None:
    """Fields nobody knows stand under raw as they came, in a configured object also under `other`;
    nothing else changes.
    """
    strange = {f"x_{name}": value for name, value in extra.items()}
    for kind in KINDS:
        _is_carried(kind, strange)


def _is_carried(kind: str, strange: dict) -> None:
    plain = normalise(kind, FULL[kind], KEY)
    seen = normalise(kind, {**FULL[kind], **strange}, KEY)
    assert {name: seen.raw[name] for name in strange} == strange
    if kind in object_schemas.CONFIGURED | {"settings"}:
        assert seen.body == {**plain.body, "other": {**plain.body["other"], **strange}}
    elif kind != "versions":
        assert seen.body == plain.body


@pytest.mark.parametrize(
    ("state", "spelt", "kind"),
    [
        ("Up", "Up", "up"),
        ("HANDSHAKE", "HANDSHAKE", "down"),
        ("hovering", "hovering", "unknown"),
        (None, "unknown", "unknown"),
    ],
)
def test_a_state_is_carried_as_it_is_spelt(state: str | None, spelt: str, kind: str) -> None:
    """An unknown state is kept in its spelling and classed unknown, never up and never down."""
    body = normalise("leg", {"id": 1, "overall_state": state}, KEY).body
    assert (body["state"], body["class"]) == (spelt, kind)


def test_older_spellings_are_understood() -> None:
    """The bonder's name, the state of version 3 and the other names of a bond and a tuning are
    known.
    """
    assert (
        normalise("bond", {"id": 3, "bonder": {"id": 8, "name": "van"}}, KEY).body["name"] == "van"
    )
    assert normalise("bond", {"id": 3, "primary_aggregator": {"id": 9}}, KEY).body["primary"] == 9
    leg = normalise("leg", {"id": 5, "state": "down", "bond": f"{HOST}/bonds/3/"}, KEY).body
    assert (leg["class"], leg["bond"], leg["name"]) == ("down", 3, "leg 5")


@pytest.mark.parametrize(
    ("status", "success", "recommends", "outcome"),
    [
        ("pending", None, False, None),
        ("running", None, False, None),
        ("waiting", None, True, None),
        ("finished", True, True, "recommended"),
        ("finished", True, False, "nothing"),
        ("finished", None, True, "recommended"),
        ("finished", False, True, "failed"),
        ("failed", None, True, "failed"),
        ("failed", True, False, "failed"),
        ("canceled", None, False, "cancelled"),
        ("cancelled", None, True, "cancelled"),
        ("FINISHED", True, False, "nothing"),
        ("levitating", True, True, "unknown"),
        (None, None, False, "unknown"),
        ("In progress", None, False, None),
    ],
)
def test_what_came_of_a_tuning(
    status: str | None, success: object, recommends: bool, outcome: str | None
) -> None:
    """Status, success and recommendations make one outcome; a status nobody knows is neither
    running nor ended.
    """
    raw = {
        "id": 1,
        "status": status,
        "success": success,
        "recommendations": {"a": 1} if recommends else None,
    }
    assert normalise("bond_tuning", raw, KEY).body["outcome"] == outcome


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (
            {
                "legs": [{"leg": f"{HOST}/bonds/3/legs/12/", "down_speed": "48.5", "up_speed": 9}],
                "packet_distribution": "idmpq",
            },
            {
                "legs": [{"leg": 12, "down_speed": 48.5, "up_speed": 9.0}],
                "packet_distribution": "idmpq",
            },
        ),
        (
            {"legs": [{"leg": {"id": 12}, "download_speed": 5, "upload_speed": 0}]},
            {
                "legs": [
                    {
                        "leg": 12,
                        "download_speed": 5,
                        "upload_speed": 0,
                        "down_speed": 5.0,
                        "up_speed": 0.0,
                    }
                ]
            },
        ),
        (
            {"legs": [{"leg": None, "down_speed": "fast"}, 12]},
            {"legs": [{"leg": None, "down_speed": "fast"}, 12]},
        ),
        ({"legs": {"12": 5}}, {"legs": {"12": 5}}),
        ([{"leg": 12}], [{"leg": 12}]),
        (None, {}),
    ],
)
def test_what_a_tuning_recommends_in_our_words(given: object, read: object) -> None:
    """Legs and their speeds are read in any spelling we know of; whatever else stands there is
    carried as it is.
    """
    assert (
        normalise("bond_tuning", {"id": 1, "recommendations": given}, KEY).body["recommendations"]
        == read
    )


def test_a_legs_speeds_are_called_alike_on_the_wire_and_here() -> None:
    """What puts a tuning back is sent under our own names: they are those that the server takes."""
    assert all(FIELDS["leg"][name].names[0] == name for name in SPEEDS)


@pytest.mark.parametrize(
    ("accepted", "verdict"),
    [(True, "accepted"), (False, "declined"), (None, None), ("yes", None), (1, None)],
)
def test_what_a_person_said_to_a_tuning(accepted: object, verdict: str | None) -> None:
    """Only a plain yes or no is one."""
    assert normalise("bond_tuning", {"id": 1, "accepted": accepted}, KEY).body["verdict"] == verdict


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ({}, True),
        ({"status": "complete"}, True),
        ({"status": "running"}, False),
        ({"complete": False}, False),
        ({"complete": True, "status": "finished"}, True),
        ({"status": "failed"}, False),
    ],
)
def test_whether_a_backup_is_complete(given: dict, complete: bool) -> None:
    """A backup that is listed is complete unless it says otherwise."""
    assert normalise("backup", {"name": "b", **given}, KEY).body["complete"] is complete


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-03-01T12:34:56.123456Z", "2020-03-01T12:34:56.123456+00:00"),
        ("2020-03-01T04:34:56-08:00", "2020-03-01T12:34:56+00:00"),
        ("2020-03-01T12:34:56", "2020-03-01T12:34:56+00:00"),
        ("2020-03-01", "2020-03-01T00:00:00+00:00"),
        ("", None),
        ("soon", None),
        (None, None),
        (5, None),
        ({}, None),
        ("2020-02-30T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
    ],
)
def test_the_vendors_times(text: object, expected: str | None) -> None:
    """Every time is told in UTC, one without a zone is taken for it, and what is no time is
    None.
    """
    assert moment(text) == expected
    assert expected is None or datetime.fromisoformat(expected).utcoffset().total_seconds() == 0


SECRETS = {
    "leg": {"password": "legs-word"},
    "bond": {
        "key": "k-of-bond",
        "password": "p-of-bond",
        "bonder": {"id": 8, "name": "v", "key": "k-of-bonder", "password": 555123},
    },
    "aggregator": {"key": "k-of-aggregator", "password": "p-of-aggregator"},
}


def words(value: object) -> list[str]:
    """Every leaf of a value as text."""
    if isinstance(value, dict):
        return [word for each in value.values() for word in words(each)]
    return [str(value)]


@pytest.mark.parametrize("kind", SECRETS)
def test_secrets_are_digests_everywhere(kind: str) -> None:
    """No secret stands in clear in body or raw, and what is no secret stands there as it was."""
    given = {**FULL[kind], **SECRETS[kind]}
    seen = normalise(kind, given, KEY)
    everything = json.dumps([seen.body, seen.raw])
    hidden = [word for word in words(SECRETS[kind]) if word not in ("8", "v")]
    assert len(hidden) >= 1
    assert not [word for word in hidden if word in everything]
    assert everything.count("digest:") == len(hidden)
    assert given == {**FULL[kind], **SECRETS[kind]}
    if kind == "bond":
        assert (seen.raw["bonder"]["name"], seen.raw["bonder"]["id"]) == ("v", 8)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("bond", {"id": 3, "aggregator": {"id": 9, "name": "a", "key": "IN-CLEAR"}}),
        ("bond", {"id": 3, "secondary_aggregator": {"id": 9, "password": "IN-CLEAR"}}),
        ("leg", {"id": 1, "bond": {"id": 3, "bonder": {"id": 8, "key": "IN-CLEAR"}}}),
        ("leg", {"id": 1, "mobile_provider": {"apn": "x", "password": "IN-CLEAR"}}),
        ("bond_tuning", {"id": 1, "bond": {"id": 3, "key": "IN-CLEAR"}}),
        ("bond", {"id": 3, "bonder": [{"id": 8, "key": "IN-CLEAR"}]}),
    ],
)
def test_a_reference_written_as_an_object_brings_no_secret(kind: str, raw: dict) -> None:
    """The server may write any reference as the object itself; what is secret in that object is
    secret here too.
    """
    assert "IN-CLEAR" not in json.dumps(normalise(kind, raw, KEY).raw)


def test_a_digest_shows_a_change_and_nothing_else() -> None:
    """The same secret has the same digest under one key, another secret or another key another;
    nothing is nothing.
    """

    def digest(secret: object, key: bytes = KEY) -> object:
        return normalise("leg", {"id": 1, "password": secret}, key).raw["password"]

    assert digest("a") == digest("a")
    assert len({digest("a"), digest("b"), digest("a", b"other")}) == 3
    assert (digest(None), digest("")) == (None, "")
    assert digest({"nested": "word"}).startswith("digest:")


@all_cases("kind", [kind.name for kind in KINDS.values() if kind.by])
@all_cases("raw", [None, [], "", 5, {}, {"id": None, "name": None}, {"id": {}, "name": []}])
def test_what_cannot_be_told_from_others_is_garbled(kind: str, raw: object) -> None:
    """An object without its id makes the whole answer unusable."""
    with pytest.raises(Garbled, match=f"an? {kind} without"):
        normalise(kind, raw, KEY)


@pytest.mark.parametrize("identifier", ["abc", "", " ", float("inf")], ids=repr)
def test_an_id_that_is_no_id_is_garbled(identifier: object) -> None:
    """What is no whole number cannot be asked for by its address, so it is no id of a bond."""
    with pytest.raises(Garbled):
        normalise("bond", {"id": identifier}, KEY)


@given(
    raw=st.dictionaries(
        st.sampled_from(
            [
                "id",
                "name",
                "bond",
                "bond_id",
                "status",
                "overall_state",
                "space",
                "bonder",
                "created",
                "key",
                "recommendations",
                "accepted",
                "aggregator",
                "down_speed",
                "size",
                "link_mode",
                "note",
                "password",
            ]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda below: (
                st.lists(below, max_size=2)
                | st.dictionaries(st.sampled_from(["id", "key", "url"]), below, max_size=3)
            ),
            max_leaves=5,
        ),
    )
)
def test_any_object_is_seen_or_garbled(raw: dict) -> None:
    """Whatever JSON the server sends for an object, it is normalised with all its fields or it is
    Garbled.
    """
    for kind in KINDS:
        try:
            seen = normalise(kind, raw, KEY)
        except Garbled:
            continue
        assert set(seen.body) == set(object_schemas.BODIES[kind]), kind
