"""Where parts are joined, and nowhere else: settings in, a whole bridge out. `whole` joins what the others make."""

from bridge.wiring.channels import check_channels, destinations, movement, teller, unreachable, watchdog, wrong_addresses
from bridge.wiring.clocks import machine_time
from bridge.wiring.hooks import check_webhooks, outgoing
from bridge.wiring.keys import agree_on_key, lost_database, missing_database, passing_key, was_here
from bridge.wiring.servers import pace
from bridge.wiring.whole import Bridge, build, vocabulary

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
