"""The command line."""

import sys


def main() -> None:
    """Run it. The rest is imported here, so that Ctrl-C ends even the first second without a
    traceback.
    """
    try:
        from bridge.cli.app import main as run  # noqa: PLC0415
        from bridge.config.time_zones import use_newest  # noqa: PLC0415

        use_newest()
        run()
    except KeyboardInterrupt:
        sys.exit(130)
