"""What the state of a leg or an aggregator means.

The vendor shows ten states but their spellings on the wire are only partly known, so every spelling
falls into a class and one that is not in the table is `unknown`: never up, never down. Source: the
product's page on leg states.
"""

from bridge.core.model import Body

CLASSES = {
    "up": "up",
    "down": "down",
    "removed": "down",
    "connecting": "down",
    "handshake": "down",
    "degraded": "degraded",
    "adapted": "degraded",
    "idle": "administrative",
    "offline": "administrative",
    "testing": "administrative",
}

# Classes that say how a leg stands; the others (somebody is testing it, or we cannot read it) leave
# that open.
STANDINGS = frozenset({"up", "degraded", "down"})


def class_of(state: str) -> str:
    """`"testing"` → `"administrative"`; a spelling nobody knows → `"unknown"`."""
    return CLASSES.get(state.lower(), "unknown")


def standing(kind: str, before: Body | None, after: Body) -> str | None:
    """How a leg or an aggregator last stood: up, degraded or down, carried across the states that
    do not say.

    So up → testing → up is no outage and no recovery, and down → testing → up is one recovery.
    """
    said = after["class"] if kind == "leg" else str(after["status"]).lower()
    if said in STANDINGS:
        return str(said)
    if before:
        stood: str | None = before["standing"]
        return stood
    return None
