"""The settings: one YAML file, the environment over it, secrets only from the environment or from files.

Frozen once read; a wrong value stops the start with every problem at once, and so does a name that can mean nothing. Only
wiring and the entries read this.
"""

from bridge.config.folders import private, shipped
from bridge.config.hooks import Hook, Person, Webhook
from bridge.config.kinds import Bound
from bridge.config.model import PREFIX, Backups, Flapping, Poll, Server, Settings, User, Users, Web
from bridge.config.reading import CONFIG_VARIABLE, load
from bridge.config.secrets import Secret
from bridge.config.telling import Channel, Daily, Room, Watchdog

__all__ = [
    "CONFIG_VARIABLE",
    "PREFIX",
    "Backups",
    "Bound",
    "Channel",
    "Daily",
    "Flapping",
    "Hook",
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
