"""For every operation of the catalogue: where it is tried, what makes it possible, a good body and
a bad one, and what shows.

The ids are those of the usual world, as in `tests.simulator.samples`, which has the bodies of all
that is configured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx

from bridge.bonding.catalogue import OPERATIONS, ROOT, Operation
from bridge.simulator.api.runner import Running
from tests.simulator.samples import SAMPLES, Sample

Body = dict[str, Any]
Look = Callable[[httpx.Client], Any]

SAMPLE: Mapping[str, Sample] = {sample.prefix: sample for sample in SAMPLES}
# what is there in the usual world, where it does not have the number 1
_NUMBERS: Body = {"space": "acme", "bonder": 4, "node": 4}
_PARTICULAR: Mapping[str, Body] = {
    "vlan_interface": {"interface": 13},
    "bonder_vlan_interface": {"interface": 13},
    "vxlan_interface": {"interface": 14},
    "bonder_vxlan_interface": {"interface": 14},
    "mobile_broadband_leg": {"bond": 6, "leg": 12},
    "mobile_broadband_leg_tuning": {"bond": 6, "leg": 12},
    "static_addressing": {"addressing": 2},
    "pppoe_addressing": {"addressing": 3},
    "autoipv6_addressing": {"addressing": 4},
    "ip_allocation": {"allocation": 2},
}
TUNED = 200.0  # seconds in which a tuning comes to its end


@dataclass(frozen=True)
class Case:
    """One operation, ready to be tried.

    `body` is a good one, `bad` one that must be refused by naming `blamed`; both None where it
    takes none. `look` reads what must be another thing after it, `later` so many seconds of world
    time; `wanted` is what it must be, if that is known.
    """

    row: Operation
    arguments: Body
    look: Look
    body: Body | None = None
    bad: Any = None
    blamed: str = "non_field_errors"
    wanted: Any = None
    later: float = 0.0

    @property
    def path(self) -> str:
        """Where."""
        return ROOT + self.row.path.format(**self.arguments)

    def ask(self, api: httpx.Client, body: Any = None) -> httpx.Response:
        """Send it."""
        return api.request(self.row.method, self.path, json=self.body if body is None else body)


def case_of(row: Operation, sim: Running, api: httpx.Client) -> Case:
    """Make the operation possible in this world. KeyError for one that nobody thought of."""
    prefix, _, verb = row.name.rpartition(".")
    numbers = _NUMBERS | _PARTICULAR.get(prefix, {})
    arguments = {name: numbers.get(name, 1) for name in row.arguments}
    if not row.writes:
        _furnish(prefix, arguments, api)
        return Case(row, arguments, lambda _: None)
    if prefix in SAMPLE and verb in _CONFIGURE:
        return _CONFIGURE[verb](SAMPLE[prefix], row, api)
    return _ACT[row.name](Case(row, arguments, _effects), sim, api)


def _furnish(prefix: str, arguments: Body, api: httpx.Client) -> None:
    """Tests and tunings are there only once somebody has started them."""
    if f"{prefix}.start" in OPERATIONS:
        _start(prefix, arguments, api)


def _start(prefix: str, arguments: Body, api: httpx.Client) -> None:
    api.post(ROOT + OPERATIONS[f"{prefix}.start"].path.format(**arguments)).raise_for_status()


def _effects(api: httpx.Client) -> int:
    """How many requests have taken effect: for what nothing else shows."""
    return sum(entry["effective"] for entry in api.get("/_sim/ledger").json())


def _reads(path: str, read: Callable[[Any], Any]) -> Look:
    return lambda api: read(api.get(ROOT + path).json())


def _ids(path: str) -> Look:
    return _reads(path, lambda items: [item.get("id") for item in items])


# --- what is configured


def _new(sample: Sample, row: Operation, _: httpx.Client) -> Case:
    name, value = sample.bad
    arguments = {each: sample.under[each] for each in row.arguments}
    look = _ids(row.path.format(**arguments))
    return Case(row, arguments, look, sample.body, sample.body | {name: value}, name)


def _one(sample: Sample, row: Operation, api: httpx.Client) -> tuple[Body, Body]:
    """An object made for the purpose, where that can be: its address' arguments, and itself."""
    single = OPERATIONS[f"{sample.prefix}.get"]
    numbers = dict.fromkeys(single.arguments, 1) | {"bonder": 4} | sample.under
    if sample.has("create") and not _by_its_list(row):
        made = api.post(sample.path("create"), json=sample.body)
        made.raise_for_status()
        numbers[single.arguments[-1]] = made.json()["key" if sample.prefix == "space" else "id"]
    arguments = {name: numbers[name] for name in single.arguments}
    return arguments, api.get(ROOT + single.path.format(**arguments)).json()


def _by_its_list(row: Operation) -> bool:
    """Read to the letter, legs are changed through their list, and not made at all."""
    return row.arguments != OPERATIONS[row.name].arguments


def _changed(sample: Sample, row: Operation, api: httpx.Client, *, whole: bool) -> Case:
    arguments, before = _one(sample, row, api)
    (changed, value) = next(iter(sample.change.items()))
    (blamed, wrong) = sample.bad
    body = (before if whole else {}) | (
        {"password": "p"} if whole and sample.prefix == "user" else {}
    )
    if _by_its_list(row):
        body = body | {"id": before["id"]}
    look = _reads(
        OPERATIONS[f"{sample.prefix}.get"].path.format(**arguments), lambda it: it[changed]
    )
    here = {name: arguments[name] for name in row.arguments}
    return Case(row, here, look, body | {changed: value}, body | {blamed: wrong}, blamed, value)


def _put(sample: Sample, row: Operation, api: httpx.Client) -> Case:
    return _changed(sample, row, api, whole=True)


def _patch(sample: Sample, row: Operation, api: httpx.Client) -> Case:
    return _changed(sample, row, api, whole=False)


def _gone(sample: Sample, row: Operation, api: httpx.Client) -> Case:
    arguments, before = _one(sample, row, api)
    if (
        sample.prefix == "qos_profile"
    ):  # the one kind that cannot be made for the purpose: the bonds let go of theirs
        for bond in api.get(f"{ROOT}/bonds/").json():
            api.patch(bond["url"], json={"qos_profile": None}).raise_for_status()
    path = ROOT + OPERATIONS[f"{sample.prefix}.get"].path.format(**arguments)
    here = {name: arguments[name] for name in row.arguments}
    body = {"id": before["id"]} if _by_its_list(row) else None
    return Case(row, here, lambda it: it.get(path).status_code, body, wanted=404)


_CONFIGURE: Mapping[str, Callable[[Sample, Operation, httpx.Client], Case]] = {
    "create": _new,
    "replace": _put,
    "update": _patch,
    "delete": _gone,
}


# --- what acts

Act = Callable[[Case, Running, httpx.Client], Case]


def _plain(case: Case, _: Running, __: httpx.Client) -> Case:
    return replace(case, bad=[1])


def _restart(case: Case, _: Running, __: httpx.Client) -> Case:
    look = _reads(
        "/legs/", lambda legs: [leg["overall_state"] for leg in legs if leg["bond_id"] == 1]
    )
    return replace(case, bad=[1], look=look)


def _restore(case: Case, _: Running, api: httpx.Client) -> Case:
    bond = api.get(f"{ROOT}/bonds/1/").json()
    primary, other = (bond[name].split("/")[-2] for name in ("aggregator", "secondary_aggregator"))
    wish = {"kind": "bond", "id": 1, "field": "current_aggregator", "value": int(other)}
    api.post("/_sim/set", json=wish).raise_for_status()
    return replace(case, bad=[1], look=_ids(f"/aggregators/{primary}/bonds_current/"))


def _isos(case: Case, _: Running, __: httpx.Client) -> Case:
    return replace(
        case,
        bad=[1],
        look=_reads("/system/isos/", lambda isos: [iso["created"] for iso in isos]),
        later=60,
    )


def _speedtest(case: Case, _: Running, __: httpx.Client) -> Case:
    look = _ids(case.row.path.format(**case.arguments))
    return replace(
        case, body={"protocol": "udp"}, bad={"protocol": "icmp"}, blamed="protocol", look=look
    )


def _begin(case: Case, _: Running, __: httpx.Client) -> Case:
    return replace(case, bad=[1], look=_ids(case.row.path.format(**case.arguments)))


def _tuning(shows: str, wanted: Any, seconds: float) -> Act:
    def ready(case: Case, sim: Running, api: httpx.Client) -> Case:
        prefix = case.row.name.rpartition(".")[0]
        _start(prefix, case.arguments, api)
        sim.advance(seconds)
        path = OPERATIONS[f"{prefix}.get"].path.format(**case.arguments)
        return replace(case, bad=[1], look=_reads(path, lambda it: it[shows]), wanted=wanted)

    return ready


_TARGETS = ("bond", "interface_leg", "mobile_broadband_leg")
_ACT: Mapping[str, Act] = {
    "bond.restart": _restart,
    "bond.detect_leg_mtus": _plain,
    "bond.restore_to_primary_agg": _restore,
    "system.createisos": _isos,
    "speedtest.start": _speedtest,
    **{f"{each}.detect_mtus": _plain for each in _TARGETS[1:]},
    **{f"{each}_tuning.start": _begin for each in _TARGETS},
    **{
        f"{each}_tuning.cancel": _tuning("status", wanted="canceled", seconds=0)
        for each in _TARGETS
    },
    **{
        f"{each}_tuning.accept": _tuning("accepted", wanted=True, seconds=TUNED)
        for each in _TARGETS
    },
    **{
        f"{each}_tuning.decline": _tuning("accepted", wanted=False, seconds=TUNED)
        for each in _TARGETS
    },
}
