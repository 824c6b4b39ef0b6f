"""What each platform says of a secret by its look: `rotate` refuses by it, and `doctor` warns."""

import base64

import pytest

from bridge.cli.setup import secret_files
from bridge.webhooks.platform import ChatPlatform
from bridge.webhooks.registry import PLATFORMS
from tests.webhooks.senders import SENDERS, Sender

# as the vendors' own pages show them; our senders use one of ours for all of them
KEY = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize("sender", SENDERS.values(), ids=lambda each: each.name)
def test_an_honest_secret_is_good_and_a_word_is_not(sender: Sender) -> None:
    """Of every platform; what we make is good wherever we choose, and elsewhere is known as what
    only keeps a place.
    """
    of = PLATFORMS[sender.name]
    word = "swordfish"
    theirs = isinstance(of, ChatPlatform)
    honest = {
        "slack": "8f742231b10e8888abcd99yyyzzz85a5",
        "mattermost": "xr3j5x3p4pfk7kk6ck7b4e6ghh",
    }.get(sender.name, sender.secret)
    assert of.wrong(honest) == ""
    assert of.wrong(word)
    assert word not in of.wrong(word)
    assert ("put there" in of.wrong(secret_files.fresh())) == theirs
    assert theirs or of.wrong(secret_files.fresh()) == ""


@pytest.mark.parametrize(
    ("platform", "secret", "says"),
    [
        ("standard", f"whsec_{KEY}", ""),
        ("standard", f"whpk_{KEY}", ""),
        (
            "standard",
            KEY,
            "no secret of Standard Webhooks: whsec_ and the base64 of 24 to 64 bytes",
        ),
        ("standard", f"whsec_{base64.b64encode(bytes(23)).decode()}", "24 to 64"),
        ("standard", f"whsec_{base64.b64encode(bytes(65)).decode()}", "24 to 64"),
        ("standard", "whsec_not base64 at all, although it is long", "24 to 64"),
        (
            "standard",
            f"whpk_{base64.b64encode(bytes(33)).decode()}",
            "no public key: whpk_ and the base64 of 32 bytes",
        ),
        (
            "hmac",
            "fifteen letters",
            "it has 15 characters, which can be guessed: a secret has 16 or more",
        ),
        ("hmac", "sixteen letters!", ""),
        ("bearer", "a token of four words", "cannot stand in a header"),
        ("alertmanager", "ein-Schlüssel-mit-Umlaut", "cannot stand in a header"),
        (
            "teams",
            "neither base64 nor short",
            "it is not base64, as the security token that Teams shows",
        ),
        ("teams", "c2hvcnQ=", "can be guessed"),
    ],
)
def test_each_platform_knows_what_its_secrets_look_like(
    platform: str, secret: str, says: str
) -> None:
    """What it says names what is wrong and what one looks like, or is nothing."""
    said = PLATFORMS[platform].wrong(secret)
    assert says in said
    assert bool(said) == bool(says)
