"""The vendor's JSON in our words."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.bonding.catalogue import KINDS, OPERATIONS
from bridge.bonding.proof import PROOFS
from bridge.bonding.scopes import read
from bridge.bonding.wire import moment, normalise, reference, refusal, request
from bridge.core import bodies
from bridge.errors import BadInput, Garbled

KEY = b"a key of this installation"
HOST = "https://ba.example.com/api/v4"

FULL = {
    "leg": {
        "id": 12, "bond_id": 3, "overall_state": "up", "down_speed": 50, "up_speed": 10, "link_mode": "active",
        "type": "interface", "url": f"{HOST}/bonds/3/interface_legs/12/", "failover": False, "note": "cable",
        "upload_rate": 1000, "download_rate": 2000, "interface": f"{HOST}/bonders/8/ethernet_interfaces/4/",
    },
    "bond": {
        "id": 3, "url": f"{HOST}/bonds/3/", "name": "acme-van", "circuit_id": "1042", "note": "n",
        "bonder": {"id": 8, "name": "van", "key": "KEY12-34567-89ABC-DEFGH", "password": "bonders-word", "serial_number": "s"},
        "space": {"name": "Acme", "key": "acme", "url": f"{HOST}/spaces/acme/"},
        "aggregator": f"{HOST}/aggregators/1590/", "secondary_aggregator": f"{HOST}/aggregators/1591/",
        "upload_rate": 1, "download_rate": 2, "packet_distribution": "idmpq", "password": "bonds-word",
    },
    "aggregator": {
        "id": 1590, "name": "vancouver-1", "status": "up", "note": "", "space": f"{HOST}/spaces/root/",
        "key": "AGGRE-GATOR-KEY00-00000", "password": "aggregators-word",
    },
    "bond_tuning": {
        "id": 7, "bond": 3, "status": "finished", "success": True, "accepted": None, "created": "2020-03-01T10:00:00Z",
        "started": "2020-03-01T10:00:05.5Z", "finished": "2020-03-01T10:11:40Z",
        "recommendations": {"legs": [{"leg": 12, "down_speed": 48.5}], "packet_distribution": "idmpq"},
    },
    "backup": {"name": "2020-03-01.zip", "size": 5, "created": "2020-03-01T00:00:00Z"},
}  # fmt: skip

IN_OUR_WORDS = {
    "leg": {
        "id": 12, "name": "cable", "bond": 3, "state": "up", "class": "up", "standing": None, "mode": "active",
        "failover": False, "type": "interface", "down_speed": 50.0, "up_speed": 10.0, "upload_rate": 1000.0,
        "download_rate": 2000.0, "note": "cable",
    },
    "bond": {
        "id": 3, "name": "acme-van", "space": {"key": "acme", "name": "Acme"}, "primary": 1590, "secondary": 1591,
        "circuit_id": "1042", "upload_rate": 1.0, "download_rate": 2.0, "note": "n",
    },
    "aggregator": {
        "id": 1590, "name": "vancouver-1", "space": {"key": "root", "name": None}, "status": "up", "standing": None,
        "note": "",
    },
    "bond_tuning": {
        "id": 7, "bond": 3, "status": "finished", "outcome": "recommended", "verdict": None,
        "recommendations": {"legs": [{"leg": 12, "down_speed": 48.5}], "packet_distribution": "idmpq"},
        "created": "2020-03-01T10:00:00+00:00", "started": "2020-03-01T10:00:05.500000+00:00",
        "finished": "2020-03-01T10:11:40+00:00",
    },
    "backup": {"name": "2020-03-01.zip", "complete": True, "size": 5.0, "created": "2020-03-01T00:00:00+00:00"},
}  # fmt: skip

MINIMAL = {kind: {row.by: 5} for kind, row in KINDS.items()}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3), ("3", 3), (f"{HOST}/bonds/3/", 3), (f"{HOST}/bonds/3", 3), ("/api/v4/bonds/3/", 3), ({"id": 3}, 3),
        ({"id": "3"}, 3), ({"url": f"{HOST}/bonds/3/"}, 3), ({"id": 3, "url": f"{HOST}/bonds/4/"}, 3), (0, 0),
        (None, None), ("", None), ({}, None), ([], None), ("abc", None), (f"{HOST}/spaces/acme/", None), ({"id": None}, None),
        ({"id": {}}, None), (float("inf"), None), (float("nan"), None), ("9" * 5000, None), ("/", None),
    ],
)  # fmt: skip
def test_references_in_every_form(value: object, expected: int | None) -> None:
    """A URL, an object, a number or digits name the same thing; what names nothing is None."""
    assert reference(value) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_object_in_our_words(kind: str) -> None:
    """Every field of an object as the vendor's documents and clients show it stands in its place."""
    seen = normalise(kind, FULL[kind], KEY)
    assert seen.body == IN_OUR_WORDS[kind]
    assert (seen.kind, seen.id) == (kind, str(FULL[kind][KINDS[kind].by]))
    assert set(seen.raw) == set(FULL[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_there_for_the_barest_object(kind: str) -> None:
    """An object with nothing but its id has every field of the schema, and a name a person can tell it by."""
    body = normalise(kind, MINIMAL[kind], KEY).body
    assert set(body) == set(bodies.BODIES[kind])
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


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
@pytest.mark.parametrize("kind", KINDS)
def test_odd_values_change_no_shape_and_crash_nothing(kind: str, odd: object) -> None:
    """Whatever stands in whatever field, the body has its fields, and can be stored."""
    for name in FULL[kind]:
        if name == KINDS[kind].by:
            continue
        body = normalise(kind, {**FULL[kind], name: odd}, KEY).body
        assert set(body) == set(bodies.BODIES[kind])
        plain = {field: value for field, value in body.items() if field != "recommendations"}
        json.dumps(plain, allow_nan=False)


@pytest.mark.parametrize("kind", KINDS)
@given(extra=st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=5), max_size=4))
def test_what_is_not_understood_is_carried(kind: str, extra: dict) -> None:
    """Fields nobody knows stand under raw as they came, and change nothing else."""
    strange = {f"x_{name}": value for name, value in extra.items()}
    seen = normalise(kind, {**FULL[kind], **strange}, KEY)
    assert seen.body == IN_OUR_WORDS[kind]
    assert {name: seen.raw[name] for name in strange} == strange


@pytest.mark.parametrize(
    ("state", "spelt", "kind"),
    [("Up", "Up", "up"), ("HANDSHAKE", "HANDSHAKE", "down"), ("hovering", "hovering", "unknown"), (None, "unknown", "unknown")],
)
def test_a_state_is_carried_as_it_is_spelt(state: str | None, spelt: str, kind: str) -> None:
    """An unknown state is kept in its spelling and classed unknown, never up and never down."""
    body = normalise("leg", {"id": 1, "overall_state": state}, KEY).body
    assert (body["state"], body["class"]) == (spelt, kind)


def test_older_spellings_are_understood() -> None:
    """The bonder's name, the state of version 3 and the other names of a bond and a tuning are known."""
    assert normalise("bond", {"id": 3, "bonder": {"id": 8, "name": "van"}}, KEY).body["name"] == "van"
    assert normalise("bond", {"id": 3, "primary_aggregator": {"id": 9}}, KEY).body["primary"] == 9
    leg = normalise("leg", {"id": 5, "state": "down", "bond": f"{HOST}/bonds/3/"}, KEY).body
    assert (leg["class"], leg["bond"], leg["name"]) == ("down", 3, "leg 5")


@pytest.mark.parametrize(
    ("status", "success", "recommends", "outcome"),
    [
        ("pending", None, False, None), ("running", None, False, None), ("waiting", None, True, None),
        ("finished", True, True, "recommended"), ("finished", True, False, "nothing"), ("finished", None, True, "recommended"),
        ("finished", False, True, "failed"), ("failed", None, True, "failed"), ("failed", True, False, "failed"),
        ("canceled", None, False, "cancelled"), ("cancelled", None, True, "cancelled"), ("FINISHED", True, False, "nothing"),
        ("levitating", True, True, None), (None, None, False, None),
    ],
)  # fmt: skip
def test_what_came_of_a_tuning(status: str | None, success: object, recommends: bool, outcome: str | None) -> None:  # noqa: FBT001
    """Status, success and recommendations make one outcome; a status nobody knows has none yet."""
    raw = {"id": 1, "status": status, "success": success, "recommendations": {"a": 1} if recommends else None}
    assert normalise("bond_tuning", raw, KEY).body["outcome"] == outcome


@pytest.mark.parametrize(
    ("accepted", "verdict"), [(True, "accepted"), (False, "declined"), (None, None), ("yes", None), (1, None)]
)
def test_what_a_person_said_to_a_tuning(accepted: object, verdict: str | None) -> None:
    """Only a plain yes or no is one."""
    assert normalise("bond_tuning", {"id": 1, "accepted": accepted}, KEY).body["verdict"] == verdict


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ({}, True), ({"status": "complete"}, True), ({"status": "running"}, False), ({"complete": False}, False),
        ({"complete": True, "status": "finished"}, True), ({"status": "failed"}, False),
    ],
)  # fmt: skip
def test_whether_a_backup_is_complete(given: dict, complete: bool) -> None:  # noqa: FBT001
    """A backup that is listed is complete unless it says otherwise."""
    assert normalise("backup", {"name": "b", **given}, KEY).body["complete"] is complete


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-03-01T12:34:56.123456Z", "2020-03-01T12:34:56.123456+00:00"),
        ("2020-03-01T04:34:56-08:00", "2020-03-01T12:34:56+00:00"),
        ("2020-03-01T12:34:56", "2020-03-01T12:34:56+00:00"),
        ("2020-03-01", "2020-03-01T00:00:00+00:00"),
        ("", None), ("soon", None), (None, None), (5, None), ({}, None), ("2020-02-30T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None), ("9999-12-31T23:59:59-14:00", None),
    ],
)  # fmt: skip
def test_the_vendors_times(text: object, expected: str | None) -> None:
    """Every time is told in UTC, one without a zone is taken for it, and what is no time is None."""
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
    """The server may write any reference as the object itself; what is secret in that object is secret here too."""
    assert "IN-CLEAR" not in json.dumps(normalise(kind, raw, KEY).raw)


def test_a_digest_shows_a_change_and_nothing_else() -> None:
    """The same secret has the same digest under one key, another secret or another key another; nothing is nothing."""

    def digest(secret: object, key: bytes = KEY) -> object:
        return normalise("leg", {"id": 1, "password": secret}, key).raw["password"]

    assert digest("a") == digest("a")
    assert len({digest("a"), digest("b"), digest("a", b"other")}) == 3
    assert (digest(None), digest("")) == (None, "")
    assert digest({"nested": "word"}).startswith("digest:")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("raw", [None, [], "text", 5, {}, {"id": None, "name": None}, {"id": {}, "name": []}], ids=repr)
def test_what_cannot_be_told_from_others_is_garbled(kind: str, raw: object) -> None:
    """An object without its id makes the whole answer unusable."""
    with pytest.raises(Garbled, match=f"a {kind} without"):
        normalise(kind, raw, KEY)


@pytest.mark.parametrize("identifier", ["abc", "", " ", float("inf")], ids=repr)
def test_an_id_that_is_no_id_is_garbled(identifier: object) -> None:
    """What is no whole number cannot be asked for by its address, so it is no id of a bond."""
    with pytest.raises(Garbled):
        normalise("bond", {"id": identifier}, KEY)


@pytest.mark.parametrize("kind", KINDS)
@given(raw=st.dictionaries(
    st.sampled_from(["id", "name", "bond", "bond_id", "status", "overall_state", "space", "bonder", "created", "key",
                     "recommendations", "accepted", "aggregator", "down_speed", "size", "link_mode", "note", "password"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from(["id", "key", "url"]), below, max_size=3),
        max_leaves=5,
    ),
))  # fmt: skip
def test_any_object_is_seen_or_garbled(kind: str, raw: dict) -> None:
    """Whatever JSON the server sends for an object, it is normalised with all its fields or it is Garbled."""
    try:
        seen = normalise(kind, raw, KEY)
    except Garbled:
        return
    assert set(seen.body) == set(bodies.BODIES[kind])


@pytest.mark.parametrize(
    ("operation", "arguments", "path"),
    [
        ("leg.list", {}, "/api/v4/legs/"),
        ("bond.get", {"bond": 3}, "/api/v4/bonds/3/"),
        ("bond.get", {"bond": "3"}, "/api/v4/bonds/3/"),
        ("bond_tuning.accept", {"tuning": 7, "bond": 3}, "/api/v4/bonds/3/tuners/7/accept/"),
        ("space.get", {"space": "acme-van_2"}, "/api/v4/spaces/acme-van_2/"),
    ],
)
def test_arguments_become_a_path(operation: str, arguments: dict, path: str) -> None:
    """Each argument stands in its place."""
    made = request(OPERATIONS[operation], arguments)
    assert (made.method, made.path, made.params) == (OPERATIONS[operation].method, path, {})


@pytest.mark.parametrize(
    "value",
    ["", " ", "..", "../3", "3/../4", "3/", "3?x=1", "3#", "3%2f", "%33", "-3", "+3", "3.0", "٣", "³", "3\n", "0x3", "abc",
     "3 4", 3.0, 1.5, None, True, [], {}, -3, "{bond}"],
    ids=repr,
)  # fmt: skip
def test_nothing_but_a_whole_number_reaches_a_path(value: object) -> None:
    """Ids are whole numbers: no trick with slashes, dots, signs or foreign digits gets through."""
    with pytest.raises(BadInput, match="ids are whole numbers"):
        request(OPERATIONS["bond.restart"], {"bond": value})


@pytest.mark.parametrize(
    "value", ["", " ", ".", "..", "a/b", "a?b", "a#b", "%2e", "a b", "a\n", "-", None, True, 5.5, [], {}, "a.b"], ids=repr
)
def test_nothing_but_a_key_reaches_a_path(value: object) -> None:
    """Spaces go by their key, which is a slug; null is the key of nothing."""
    with pytest.raises(BadInput, match="not the key of a space"):
        request(OPERATIONS["space.get"], {"space": value})


def test_missing_and_extra_arguments_are_all_told() -> None:
    """Every problem of a call is told at once, before anything is sent."""
    with pytest.raises(BadInput) as caught:
        request(OPERATIONS["bond_tuning.accept"], {"bond": "x", "leg": 1})
    assert [problem.what for problem in caught.value.problems] == [
        "needs 'tuning'", "takes no 'leg'", "bond: 'x' is not an id; ids are whole numbers",
    ]  # fmt: skip


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5), lambda b: st.lists(b) | st.dictionaries(st.text(max_size=3), b)
    )
)
def test_any_refusal_is_one_short_line(body: object) -> None:
    """Whatever a server says in a 4xx is told in at most 300 letters."""
    assert len(refusal(body)) <= 300


# --- scopes and proofs on lists that are given -------------------------------------------------------------------------


def lists(**given: list) -> object:
    """A fetch that hands out these lists; `bonds_1` is the list of aggregator 1."""

    def fetch(operation: str, /, **arguments: object) -> list:
        name = operation.partition(".")[2]
        return given.get("_".join([name, *map(str, arguments.values())]), [])

    return fetch


def objects(*numbers: int) -> list[dict]:
    """Objects with these ids."""
    return [{"id": number} for number in numbers]


def test_placements_are_put_together_from_the_aggregators() -> None:
    """One object per bond: where it belongs, where it may go and where it is."""
    fetch = lists(
        list=objects(1, 2), bonds_1=objects(7, 8), bonds_2=[f"{HOST}/bonds/9/"], bonds_secondary_2=objects(7),
        bonds_current_1=objects(8), bonds_current_2=objects(7, 9),
    )  # fmt: skip
    seen = {
        each.id: (each.body["primary"], each.body["secondary"], each.body["current"]) for each in read("placements", fetch, KEY)
    }
    assert seen == {"7": (1, 2, 2), "8": (1, None, 1), "9": (2, None, 2)}
    assert {tuple(each.body) for each in read("placements", fetch, KEY)} == {tuple(bodies.BODIES["placement"])}


@pytest.mark.parametrize(
    "given",
    [
        {"bonds_1": objects(7), "bonds_current_1": objects(7), "bonds_current_2": objects(7)},
        {"bonds_1": objects(7), "bonds_2": objects(7), "bonds_current_1": objects(7)},
        {"bonds_1": objects(7)},
        {"bonds_current_1": objects(7)},
        {"bonds_1": [{"name": "nobody"}], "bonds_current_1": []},
        {"bonds_1": objects(7, 7), "bonds_current_1": objects(7)},
    ],
    ids=["two current", "two primary", "no current", "no primary", "no id", "twice"],
)
def test_a_bond_in_two_lists_or_in_none_is_garbled(given: dict) -> None:
    """While a bond moves, the lists disagree, and there is no snapshot of them."""
    with pytest.raises(Garbled):
        read("placements", lists(list=objects(1, 2), **given), KEY)


def test_an_object_that_stands_in_a_list_twice_is_garbled() -> None:
    """A list with one object twice was moving."""
    with pytest.raises(Garbled, match="twice"):
        read("legs", lists(list=objects(1, 1)), KEY)


def test_a_tuning_that_is_no_object_is_garbled() -> None:
    """Half a list of tunings is no snapshot: an item that cannot be read is not left out in silence."""
    with pytest.raises(Garbled):
        read("bonds/3/tuners", lists(list_3=[{"id": 1}, "what is this"]), KEY)


def test_the_tunings_of_a_bond_know_their_bond() -> None:
    """A tuning's bond is the one whose list it stands in."""
    (seen,) = read("bonds/3/tuners", lists(list_3=[{"id": 1, "bond": 99}]), KEY)
    assert seen.body["bond"] == 3


@pytest.mark.parametrize(
    ("proof", "answers", "proved"),
    [
        ("tuning_accepted", {"bond_tuning.get": {"id": 7, "accepted": True}}, True),
        ("tuning_accepted", {"bond_tuning.get": {"id": 7, "accepted": None}}, False),
        ("tuning_accepted", {"bond_tuning.get": {"id": 7, "accepted": False}}, False),
        ("tuning_declined", {"bond_tuning.get": {"id": 7, "accepted": False}}, True),
        ("tuning_declined", {"bond_tuning.get": {"id": 7, "accepted": True}}, False),
        ("tuning_cancelled", {"bond_tuning.get": {"id": 7, "status": "Canceled"}}, True),
        ("tuning_cancelled", {"bond_tuning.get": {"id": 7, "status": "running"}}, False),
        ("bond_at_primary", {"bond.get": {"id": 3, "aggregator": 9}, "aggregator.bonds_current": objects(1, 3)}, True),
        ("bond_at_primary", {"bond.get": {"id": 3, "aggregator": 9}, "aggregator.bonds_current": objects(1)}, False),
        ("bond_at_primary", {"bond.get": {"id": 3}, "aggregator.bonds_current": objects(3)}, None),
    ],
)
def test_what_a_later_look_can_tell(proof: str, answers: dict, proved: bool | None) -> None:  # noqa: FBT001
    """Each proof says yes, no, or that this server does not show it."""
    arguments = {"bond": 3} if proof == "bond_at_primary" else {"bond": 3, "tuning": 7}
    assert PROOFS[proof](lambda operation, /, **_: answers[operation], arguments) is proved
