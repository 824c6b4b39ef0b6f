"""Where parts are joined, and nowhere else: settings in, a whole bridge out. `whole` joins what the others make."""

from bridge.wiring.channels import check_channels, teller, watchdog
from bridge.wiring.clocks import machine_time
from bridge.wiring.hooks import check_webhooks, outgoing
from bridge.wiring.keys import lost_database
from bridge.wiring.servers import pace
from bridge.wiring.whole import Bridge, build, vocabulary

__all__ = [
    "Bridge",
    "build",
    "check_channels",
    "check_webhooks",
    "lost_database",
    "machine_time",
    "outgoing",
    "pace",
    "teller",
    "vocabulary",
    "watchdog",
]
