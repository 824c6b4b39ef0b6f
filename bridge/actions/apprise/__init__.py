"""Notifications through Apprise: its addresses, what each service shows, its recipients,
and what it answered.
"""
