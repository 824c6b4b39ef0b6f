"""The platforms by name. A new one is one file and one line here."""

from collections.abc import Mapping

from bridge.webhooks.alertmanager import Alertmanager
from bridge.webhooks.bearer import Bearer
from bridge.webhooks.generic_hmac import Hmac
from bridge.webhooks.github import GitHub
from bridge.webhooks.mattermost import Mattermost
from bridge.webhooks.platform import Platform
from bridge.webhooks.slack import Slack
from bridge.webhooks.standard_webhooks import Standard
from bridge.webhooks.teams import Teams

_ALL: tuple[Platform, ...] = (
    Standard(),
    Hmac(),
    Bearer(),
    GitHub(),
    Alertmanager(),
    Slack(),
    Mattermost(),
    Teams(),
)

PLATFORMS: Mapping[str, Platform] = {each.name: each for each in _ALL}
