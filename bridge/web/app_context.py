"""What every view needs of the application it is in: the bridge, and the bell."""

from collections.abc import Callable

from flask import Flask, current_app

from bridge import wiring
from bridge.pipeline.health import Movement
from bridge.web.webhook_rate_limit import Rates
from bridge.wiring import Bridge

_BRIDGE = "bondbridge.bridge"
_RING = "bondbridge.ring"
_RATES = "bondbridge.rates"
_MOVEMENT = "bondbridge.movement"


def put(app: Flask, bridge: Bridge, ring: Callable[..., None]) -> None:
    """Give the application its bridge and its bell."""
    app.extensions[_BRIDGE], app.extensions[_RING], app.extensions[_RATES] = bridge, ring, Rates()
    app.extensions[_MOVEMENT] = wiring.movement(bridge.settings, bridge.database, bridge.machine)


def bridge() -> Bridge:
    """The bridge this application shows."""
    found: Bridge = current_app.extensions[_BRIDGE]
    return found


def bell() -> Callable[..., None]:
    """Rings for a task; what it loses costs only time."""
    found: Callable[..., None] = current_app.extensions[_RING]
    return found


def movement() -> Movement:
    """Whether the bridge does its work."""
    found: Movement = current_app.extensions[_MOVEMENT]
    return found


def rates() -> Rates:
    """How much each webhook has taken lately."""
    found: Rates = current_app.extensions[_RATES]
    return found
