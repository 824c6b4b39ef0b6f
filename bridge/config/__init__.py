"""The settings: one YAML file, the environment over it, secrets only from the environment or from
files.

Frozen once read; a wrong value stops the start with every problem at once, and so does a name that
can mean nothing. Only wiring and the entries read this.
"""

from bridge.config.channels import Channel, Daily, Room, Watchdog
from bridge.config.loading import CONFIG_VARIABLE, load
from bridge.config.paths import private, shipped
from bridge.config.secrets import Secret
from bridge.config.setting_types import Bound
from bridge.config.settings import (
    PREFIX,
    Backups,
    Flapping,
    Poll,
    Server,
    Settings,
    User,
    Users,
    Web,
)
from bridge.config.webhooks import OutgoingWebhookSettings, Person, Webhook

__all__ = [
    "CONFIG_VARIABLE",
    "PREFIX",
    "Backups",
    "Bound",
    "Channel",
    "Daily",
    "Flapping",
    "OutgoingWebhookSettings",
    "Person",
    "Poll",
    "Room",
    "Secret",
    "Server",
    "Settings",
    "User",
    "Users",
    "Watchdog",
    "Web",
    "Webhook",
    "load",
    "private",
    "shipped",
]
