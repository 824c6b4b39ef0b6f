"""Whether a secret is one to rely on, by its look: what a person pastes may be a word, half a
token, or another platform's.
"""

import base64

# what standard secrets begin with, and with them all that we make: such a one is no other vendor's
PREFIX = "whsec_"
LEAST = 16


def short(secret: str) -> str:
    """Why a token, or the key of an HMAC, can be guessed; empty where it cannot."""
    if len(secret) >= LEAST:
        return ""
    return f"it has {len(secret)} characters, which can be guessed: a secret has {LEAST} or more"


def token(secret: str) -> str:
    """Why a secret that stands in a header cannot stand there, or can be guessed; empty where
    neither is so.
    """
    if not secret.isascii() or any(each.isspace() or not each.isprintable() for each in secret):
        return "it cannot stand in a header: write letters, digits and signs, without blanks"
    return short(secret)


def given(secret: str, whose: str) -> str:
    """Why this is no secret that a vendor gave; empty where it may be. `whose`: what the vendor
    calls it.
    """
    if secret.startswith(PREFIX):
        return f"it is what bondbridge put there to keep everybody out: {whose} goes in its place"
    return short(secret)


def size(text: str) -> int:
    """How many bytes this is the base64 of; 0 for what is none. The = at its end may be missing."""
    try:
        return len(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except ValueError:
        return 0
