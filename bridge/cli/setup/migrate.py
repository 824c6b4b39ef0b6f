"""`bondbridge migrate`: prepare the database for processes that are started one by one, as under
compose.
"""

from bridge.cli.bridge_context import Config, bridge_of


def migrate(given: Config = None) -> None:
    """Bring the database to this version's schema. `bondbridge up` does so by itself.

    Example: bondbridge migrate --config bondbridge.yaml
    """
    with bridge_of(given, makes=True) as bridge:
        bridge.keeper.current()  # rules that cannot be used are found before anything runs on them
        bridge.observer.prepare()
        print(bridge.database.engine.url.render_as_string(hide_password=True))
