"""Destinations, open notifications, and conversations in chat."""
