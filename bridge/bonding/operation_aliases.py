"""From a name that depends on the leg's type to the operation of that type, by asking the server
for the leg.
"""

from collections.abc import Mapping

from bridge.bonding.catalogue import ALIASES
from bridge.bonding.effect_checks import Read
from bridge.bonding.wire import normalise, wrong_argument
from bridge.core.model import Json
from bridge.errors import BadInput, Garbled, Problem, Refused

Arguments = Mapping[str, Json]


def resolve(name: str, arguments: Arguments, read: Read) -> tuple[str, Arguments]:
    """`leg.update` of leg 5 → `interface_leg.update` of leg 5 of bond 3; what is no alias stays as
    it is.

    Raises BadInput for wrong arguments before anything is read, Refused for a leg of a type nobody
    knows, Garbled where the leg does not say whose it is, and what reading raises.
    """
    alias = ALIASES.get(name)
    if alias is None:
        return name, arguments
    check(name, arguments)
    leg = normalise("leg", read("leg.get", leg=arguments["leg"]), b"").body
    if leg["bond"] is None:
        msg = f"{name}: the leg does not say which bond is its own"
        raise Garbled(msg)
    try:
        row = alias.operation(str(leg["type"]).lower())
    except KeyError as error:
        msg = (
            f"{name}: leg {leg['id']} is of type {leg['type']!r}, for which there is no such"
            " operation"
        )
        raise Refused(msg) from error
    return row.name, {**arguments, "bond": leg["bond"]}


def check(name: str, arguments: Arguments) -> None:
    """Raises BadInput for what an alias cannot do with these arguments."""
    needed = ALIASES[name].arguments
    problems = [Problem(name, f"needs {each!r}") for each in needed if each not in arguments]
    problems += [Problem(name, f"takes no {each!r}") for each in arguments if each not in needed]
    problems += [
        Problem(name, wrong)
        for wrong in (wrong_argument(*each) for each in arguments.items())
        if wrong
    ]
    if problems:
        raise BadInput(problems)
