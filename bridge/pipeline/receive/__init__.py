"""Receive: an incoming webhook becomes events."""
