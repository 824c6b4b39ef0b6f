"""Notifications through Apprise: its addresses, what each service shows, whom it tells, and what it
answered.
"""
