"""The platforms by name. A new one is one file and one line here."""

from collections.abc import Mapping

from bridge.webhooks import hmac
from bridge.webhooks.delivery import Platform

PLATFORMS: Mapping[str, Platform] = {"hmac": hmac.receive}
