"""`bondbridge ack`: somebody has what people were told."""

from typing import Annotated

import typer

from bridge.cli.bridge_context import Config, bridge_of
from bridge.cli.operate.actor import actor
from bridge.errors import BadInput, Refused


def ack(
    event: Annotated[
        str, typer.Argument(help="The event's id, or its beginning: it stands in the notice.")
    ],
    given: Config = None,
) -> None:
    """Say that you have what was told: while it lasts it is not told again, nor to others; its end
    is told all the same.

    Exit code 4 where somebody has acknowledged it already, or it is over. Example: bondbridge ack
    3f9a2c1b
    """
    with bridge_of(given) as bridge:
        found = bridge.follower.find(event)
        try:
            addresses = bridge.follower.acknowledge(found, actor())
        except BadInput as error:  # what was written is right, but comes too late
            raise Refused(str(error)) from error
    print(
        f"{found}: {actor()} acknowledged it, told at {addresses}"
        f" {'address' if addresses == 1 else 'addresses'}"
    )
