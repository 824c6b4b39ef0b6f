"""The kinds of object: where each is listed, what changes on every read, what must not be stored in
clear.
"""

from bridge.bonding.catalogue.operation import Kind
from bridge.bonding.catalogue.operations import OPERATIONS

_RATES = frozenset({"upload_rate", "download_rate"})
# A node's key lets anyone who holds it act as the node; a bonder's password is the customer's.
_NODE_SECRETS = frozenset({"key", "password"})
_PASSWORD = frozenset({"password"})

# The server may write any reference as the object itself. The key of a space is its address and no
# secret.
SECRET_INSIDE = _NODE_SECRETS
SPACES = frozenset({"space", "parent", "home_space"})

# Kinds in which something is particular; every other kind that has a list has only that.
_PARTICULAR = (
    Kind("leg", "leg.list", "leg.get", volatile=_RATES, secret=_PASSWORD),
    Kind("bond", "bond.list", "bond.get", volatile=_RATES, secret=_NODE_SECRETS),
    Kind("aggregator", "aggregator.list", "aggregator.get", secret=_NODE_SECRETS),
    # its name and status are its bonder's or aggregator's to tell
    Kind(
        "node",
        "node.list",
        "node.get",
        volatile=frozenset({"name", "status"}),
        secret=_NODE_SECRETS,
    ),
    Kind("bonder", "bonder.list", "bonder.get", secret=_NODE_SECRETS),
    Kind("space", "space.list", "space.get", by="key", unique=frozenset({"key"})),
    Kind("user", "user.list", "user.get", secret=_PASSWORD, unique=frozenset({"email"})),
    Kind("group", "group.list", "group.get", unique=frozenset({"name"})),
    # per leg, under the list of its type: which of the two operations reads it depends on the leg
    Kind("leg_tuning", "interface_leg_tuning.list", "interface_leg_tuning.get"),
    Kind(
        "mobile_provider_profile",
        "mobile_provider_profile.list",
        "mobile_provider_profile.get",
        secret=_PASSWORD,
    ),
    Kind("pppoe_addressing", "pppoe_addressing.list", "pppoe_addressing.get", secret=_PASSWORD),
    Kind("backup", "backup.list", by="name"),
    Kind("iso", "iso.list", by="name"),
    Kind("repository", "repository.list", by="version"),
    Kind(
        "settings",
        "settings.get",
        by="",
        secret=frozenset({"email_password", "email_host_password", "password"}),
    ),
    Kind("config_updates", "config_updates.get", by=""),
    Kind("failover_checks", "failover_checks.get", by=""),
    Kind("downtime_report", "downtime_report.get", by=""),
    Kind("bonding_version", "bonding_version.get", by=""),
    Kind("versions", "versions.get", by=""),
    Kind("certificate", "certificate.get", by=""),
)


def _kinds() -> dict[str, Kind]:
    """The same interfaces stand under bonders and under nodes, the same legs in /legs/ and under
    bonds: one list is enough.
    """
    kinds = {kind.name: kind for kind in _PARTICULAR}
    for row in OPERATIONS.values():
        if row.kind and row.name == f"{row.kind}.list" and row.kind not in kinds:
            kinds[row.kind] = Kind(row.kind, row.name, f"{row.kind}.get")
    return kinds


KINDS: dict[str, Kind] = _kinds()


def one(kind: str) -> str:
    """`"an aggregator"`, `"a user"`, `"an ssh_key"`: by how it is spoken."""
    if kind.startswith(("a", "e", "i", "o", "ssh")):
        return f"an {kind}"
    return f"a {kind}"
