"""What every platform keeps to, through one table of honest senders."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import Refused
from bridge.webhooks.platform import (
    FORM,
    JSON,
    ChatPlatform,
    CommandDelivery,
    DeliveryReading,
    EventDelivery,
    Request,
)
from bridge.webhooks.registry import PLATFORMS
from tests.case_tables import all_cases
from tests.webhooks.senders import COMMAND, NOW, SENDERS, STAMP, Sender


def of(*senders: Sender) -> pytest.MarkDecorator:
    """A test for each of these."""
    return pytest.mark.parametrize("sender", senders, ids=lambda each: each.name)


every = of(*SENDERS.values())
dated = of(*(each for each in SENDERS.values() if each.dated))
# its token may stand in the body, and its buttons bring none: their value is checked by anyone who
# takes it
proven = of(*(each for each in SENDERS.values() if each.name != "mattermost"))
timeless = of(*(each for each in SENDERS.values() if not each.dated and each.name != "bearer"))
DEEP = b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"


def refused(sender: Sender, request: Request) -> tuple[int | None, str]:
    """How a request is refused; the secret is no part of what is said."""
    with pytest.raises(Refused) as caught:
        sender.read(request)
    assert sender.secret not in str(caught.value)
    return caught.value.status, str(caught.value)


def test_the_table_has_every_platform() -> None:
    """So a new platform is held to all that follows."""
    assert SENDERS.keys() == PLATFORMS.keys()


@every
def test_an_honest_request_is_one_delivery(sender: Sender) -> None:
    """What is made by the published recipe is taken, and the same request again is the same
    delivery.
    """
    (first,) = sender.read(sender.request()).deliveries
    (second,) = sender.read(sender.request()).deliveries
    assert first.id == second.id
    assert isinstance(
        first,
        CommandDelivery if isinstance(PLATFORMS[sender.name], ChatPlatform) else EventDelivery,
    )
    if isinstance(first, CommandDelivery):
        assert (first.text, first.person.id, first.person.name, first.room.id) == (
            "legs down",
            "U1",
            "ann",
            "C1",
        )


@every
def test_the_example_is_taken_and_asks_for_nothing(sender: Sender) -> None:
    """What `webhooks test` sends is a delivery, says that it is a test, and on a chat platform only
    asks for help.
    """
    (delivery,) = sender.read(PLATFORMS[sender.name].example(sender.keys(), NOW)).deliveries
    if isinstance(delivery, CommandDelivery):
        assert delivery.text == "help"
        assert delivery.person.name == "test of bondbridge"
    else:
        assert isinstance(delivery, EventDelivery)
        assert "of bondbridge" in json.dumps(delivery.body)


@every
def test_how_to_enter_it_holds_the_address_and_no_secret(sender: Sender) -> None:
    """What a person is told names the address, and can be shown to anybody."""
    told = PLATFORMS[sender.name].howto("https://us.example/webhooks/door", sender.keys())
    assert "https://us.example/webhooks/door" in told
    assert sender.secret not in told


@every
def test_any_of_the_secrets_is_good(sender: Sender) -> None:
    """While secrets are changed, both the old and the new one are good; a third is not, and none at
    all lets nobody in.
    """
    platform = PLATFORMS[sender.name]
    new = "whsec_" + "bmV3" * 8 if sender.name == "standard" else "bmV3" * 8
    for secret in (sender.secret, new):
        assert platform.read(
            sender.request(secret=secret), sender.keys(new, sender.secret), NOW
        ).deliveries
    with pytest.raises(Refused):
        platform.read(sender.request(), sender.keys(new, "", " "), NOW)


@every
@all_cases(
    "proof",
    [
        "",
        "wrong",
        "é",
        "sha256=" + "0" * 64,
        "v1,",
        "v1a,AAAA",
        "Bearer ",
        "Basic Og==",
        "HMAC x",
        "Token x",
    ],
)
def test_a_wrong_signature_is_refused(sender: Sender, proof: str) -> None:
    """Without its proof, or with another, nothing is let in, and it is 401."""
    status, _ = refused(sender, sender.request(**{sender.proof: proof}))
    assert status == 401


@every
def test_another_secrets_signature_is_refused(sender: Sender) -> None:
    """Made well, with a secret that is not ours."""
    assert refused(sender, sender.request(secret="bmV2ZXI=" * 4))[0] == 401


@every
def test_a_truncated_body_is_refused(sender: Sender) -> None:
    """Half a body is a wrong signature where bodies are signed, and no body of that kind where they
    are not.
    """
    whole = sender.request()
    half = Request(whole.headers, whole.body[: len(whole.body) // 2])
    assert refused(sender, half)[0] == (401 if sender.signed else 400)


@every
@all_cases("kind", ["text/plain", "", "application/xml", "multipart/form-data; boundary=x"])
def test_another_content_type_is_415(sender: Sender, kind: str) -> None:
    """A body of a kind the platform does not send is not guessed at."""
    assert refused(sender, sender.request(content_type=kind))[0] == 415


@every
@all_cases("body", [b"\xff\xfe", b'{"a": "\xff"}', b"payload=%ff", b"text=\xc3"])
def test_invalid_utf8_is_400(sender: Sender, body: bytes) -> None:
    """Signed or not, what is not UTF-8 is the sender's mistake."""
    assert refused(sender, sender.request(body))[0] == 400


@every
@all_cases("body", [DEEP, b"[" * 10_000, b'{"a":' * 10_000, b"payload=" + b"%5B" * 10_000])
def test_json_of_any_depth_is_refused(sender: Sender, body: bytes) -> None:
    """Ten thousand levels are refused like any broken body, and nothing falls over."""
    for kind in (sender.kind, JSON[0]):
        assert refused(sender, sender.request(body, content_type=kind))[0] == 400


@dated
def test_what_is_dated_is_fresh_for_its_tolerance(sender: Sender) -> None:
    """Signed five minutes ago or ahead is taken; a second more is 401, however well it is
    signed.
    """
    for away in (-300, 300):
        assert sender.read(sender.request(stamp=STAMP + away)).deliveries
    for away in (-301, 301, -STAMP, 99_999_999_999 - STAMP):
        assert refused(sender, sender.request(stamp=STAMP + away)) == (
            401,
            "the timestamp is more than 300 s from now",
        )


@dated
@all_cases("spelling", ["0{}", " {}", "+{}", "{}.0", "{} ", "{}\x00"])
def test_a_replay_in_another_spelling_is_no_new_delivery(sender: Sender, spelling: str) -> None:
    """The same moment written in another way is refused, or is the same delivery."""
    whole = sender.request()
    headers = {
        name: spelling.format(STAMP) if "timestamp" in name else value
        for name, value in whole.headers.items()
    }
    try:
        (again,) = sender.read(Request(headers, whole.body)).deliveries
    except Refused as error:
        assert error.status == 401  # noqa: PT017  the other branch is no error
        return
    assert again.id == sender.read(whole).deliveries[0].id


@proven
def test_the_proof_is_looked_at_first(sender: Sender) -> None:
    """A stranger cannot make us read anything: whatever else is wrong, it is the signature that is
    told.
    """
    stranger = sender.request(b"{", content_type="text/plain", stamp=0, **{sender.proof: "wrong"})
    assert refused(sender, stranger)[0] == 401


@timeless
def test_old_news_is_the_same_news(sender: Sender) -> None:
    """A platform without dates still knows a delivery again after a while."""
    later = sender.read(sender.request(), NOW + timedelta(minutes=20)).deliveries
    assert later[0].id == sender.read(sender.request()).deliveries[0].id


texts = st.text(max_size=60)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(texts, below, max_size=4),
    max_leaves=12,
)


def outcome(sender: Sender, request: Request) -> DeliveryReading | None:
    """What a request comes to; None where it is refused. Nothing else may leave."""
    try:
        return sender.read(request)
    except Refused as error:
        assert error.status in (400, 401, 415)  # noqa: PT017  the other branch is no error
        return None


@every
@given(data=st.data())
def test_any_request_is_read_or_refused(sender: Sender, data: st.DataObject) -> None:
    """Whatever headers and bytes a stranger sends, the answer is a reading or a refusal."""
    names = st.sampled_from([*sender.request().headers, "x-other"])
    headers = data.draw(st.dictionaries(names, texts | st.integers().map(str)))
    outcome(sender, Request(headers, data.draw(st.binary(max_size=100))))


@every
@given(data=st.data())
@settings(max_examples=60)
def test_any_signed_body_is_read_or_refused(sender: Sender, data: st.DataObject) -> None:
    """A friend gone mad, who signs well, gets no further than that."""
    whole = json.loads(sender.content) if sender.kind == JSON[0] else COMMAND
    changed = {
        **whole,
        **data.draw(
            st.dictionaries(
                st.sampled_from([*whole, "payload", "context", "alerts"]), junk, max_size=3
            )
        ),
    }
    form = urlencode(
        {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in changed.items()
        }
    ).encode(errors="replace")
    body = data.draw(st.binary(max_size=60) | st.just(json.dumps(changed).encode()) | st.just(form))
    kind = data.draw(st.sampled_from([JSON[0], FORM[0], sender.kind]))
    outcome(sender, sender.request(body, content_type=kind))
