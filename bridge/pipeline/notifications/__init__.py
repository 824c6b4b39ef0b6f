"""Notifications after the first: reminders, escalations, what is resolved, and destinations that
fail.
"""
