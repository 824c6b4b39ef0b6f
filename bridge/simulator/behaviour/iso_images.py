"""The ISO files that nodes are installed from: made anew when somebody asks, a little later."""

from bridge.simulator.world.entities import Record
from bridge.simulator.world.vendor_timestamps import stamp
from bridge.simulator.world.world import Arguments, World

SECONDS = 60
_FLAVOURS = ("bonder", "aggregator")


def queue(world: World) -> None:
    """Ask for new ISOs: a task that takes a minute."""
    world.after(SECONDS, "isos.create")


def create(world: World, _: Arguments) -> None:
    """Happening: the ISOs are there, in place of those before."""
    before = {iso.values["name"]: iso for iso in world.of("iso").values()}
    for flavour in _FLAVOURS:
        name = f"{flavour}-6.6.65-amd64.iso"
        size = world.dice("iso", name, stamp(world.now)).randint(300_000_000, 400_000_000)
        made = before.get(name) or Record("iso", world.number("iso", world.of("iso")))
        made.values = {"name": name, "size": size, "created": stamp(world.now)}
        world.of("iso")[made.id] = made
        world.note(made, "created", None, name)
