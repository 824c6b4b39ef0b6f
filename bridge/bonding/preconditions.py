"""What stands against a request before it is sent, by the notes of the vendor's table: only what
can be read for certain.

Whether a primary aggregator is still failed, say, cannot: there the server's refusal is the answer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from bridge.bonding.effect_checks import Sent, bond_at_primary
from bridge.bonding.wire import normalise, space_key
from bridge.core.model import Body, Json

Against = Callable[[Sent], str | None]

_LEGS = ("interface_leg", "mobile_broadband_leg")


def stands_against(sent: Sent) -> str | None:
    """Why the server would refuse it, or why it is for nothing; None where nothing is known to.
    Raises what reading raises.
    """
    against = AGAINST.get(sent.row.name)
    if against:
        return against(sent)
    return None


def _decided(sent: Sent) -> str | None:
    """Accepting and declining need a tuning that finished well, recommends something, and waits for
    an answer.
    """
    tuning = _tuning(sent)
    name = f"tuning {tuning['id']}"
    outcome = tuning["outcome"]
    verdict = tuning["verdict"]
    if verdict:
        return f"{name} has been {verdict} already"
    if outcome in (None, "failed", "cancelled"):
        return f"{name} {'is not finished' if outcome is None else f'has not succeeded: {outcome}'}"
    if outcome == "nothing":
        return f"{name} recommends nothing"
    return None


def _over(sent: Sent) -> str | None:
    """What has ended cannot be cancelled; a status nobody knows may be either."""
    tuning = _tuning(sent)
    ended = tuning["outcome"] not in (None, "unknown")
    if ended:
        return f"tuning {tuning['id']} has ended already: {tuning['outcome']}"
    return None


def _tuning(sent: Sent) -> Body:
    return normalise(sent.row.kind or "bond_tuning", sent.itself(), b"").body


def _at_home(sent: Sent) -> str | None:
    if bond_at_primary(sent):
        return f"bond {sent.arguments['bond']} is on its primary aggregator already"
    return None


def _in_use(sent: Sent) -> str | None:
    count = normalise("mobile_provider_profile", sent.itself(), b"").body["leg_count"]
    if count:
        legs = f"{count} leg{'s' * (count > 1)}"
        return f"provider profile {sent.arguments['profile']} is in use by {legs}"
    return None


def _moved(sent: Sent) -> str | None:
    """A space stays below its parent."""
    if sent.body.get("parent") is None:
        return None
    parent = normalise("space", sent.itself(), b"").body["parent"]
    wanted = space_key(sent.body["parent"])
    there = f"space {sent.arguments['space']} is below {parent}"
    if None not in (parent, wanted) and parent != wanted:
        return f"{there} and cannot be moved below {wanted}"
    return None


def _bond_tuned(sent: Sent) -> str | None:
    """A tuning of the bond, or of a leg that is being tested, which is what a tuning makes of
    it.
    """
    bond = sent.arguments["bond"]
    return _running(_of_bond(sent)) or _running(
        each
        for kind in _LEGS
        for raw in sent.read(f"{kind}.list", bond=bond)
        if (leg := normalise("leg", raw, b"").body)["state"] == "testing"
        for each in _of_leg(sent, kind, leg["id"])
    )


def _leg_tuned(sent: Sent) -> str | None:
    return _running(_of_bond(sent)) or _running(_of_leg(sent, sent.name, sent.arguments["leg"]))


def _of_bond(sent: Sent) -> Iterator[Body]:
    for raw in sent.read("bond_tuning.list", bond=sent.arguments["bond"]):
        yield normalise("bond_tuning", raw, b"").body


def _of_leg(sent: Sent, kind: str, leg: Json) -> Iterator[Body]:
    for raw in sent.read(f"{kind}_tuning.list", bond=sent.arguments["bond"], leg=leg):
        yield normalise("leg_tuning", raw, b"").body


def _running(tunings: Iterable[Body]) -> str | None:
    """One that has begun and not ended; one that waits for its turn may not be in the way."""
    found = next(
        (it for it in tunings if it["outcome"] is None and it["started"] and not it["finished"]),
        None,
    )
    if found:
        return f"tuning {found['id']} is running"
    return None


def _rows() -> Iterator[tuple[str, Against]]:
    for tuning in ("bond_tuning", *(f"{leg}_tuning" for leg in _LEGS)):
        yield from (
            (f"{tuning}.accept", _decided),
            (f"{tuning}.decline", _decided),
            (f"{tuning}.cancel", _over),
        )
    for verb in ("update", "replace", "delete"):
        yield f"bond.{verb}", _bond_tuned
        yield from ((f"{leg}.{verb}", _leg_tuned) for leg in _LEGS)
    yield from ((f"space.{verb}", _moved) for verb in ("update", "replace"))
    yield "bond.restore_to_primary_agg", _at_home
    yield "mobile_provider_profile.delete", _in_use


AGAINST: Mapping[str, Against] = dict(_rows())
