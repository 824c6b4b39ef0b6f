"""Webhooks, JSON API and pages: they show what is in the journal and store what comes in; they
decide nothing.
"""

from bridge.web.app import create_app

__all__ = ["create_app"]
