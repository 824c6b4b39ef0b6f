"""Where parts are joined, and nowhere else: settings in, a whole bridge out. `build` joins what the
others make.
"""

from bridge.wiring.bridge_key import (
    agree_on_key,
    lost_database,
    missing_database,
    passing_key,
    was_here,
)
from bridge.wiring.build import Bridge, build, vocabulary
from bridge.wiring.channels import (
    check_channels,
    destinations,
    movement,
    teller,
    unreachable,
    watchdog,
    wrong_addresses,
)
from bridge.wiring.clock import machine_time
from bridge.wiring.servers import pace
from bridge.wiring.webhooks import check_webhooks, outgoing

__all__ = [
    "Bridge",
    "agree_on_key",
    "build",
    "check_channels",
    "check_webhooks",
    "destinations",
    "lost_database",
    "machine_time",
    "missing_database",
    "movement",
    "outgoing",
    "pace",
    "passing_key",
    "teller",
    "unreachable",
    "vocabulary",
    "was_here",
    "watchdog",
    "wrong_addresses",
]
