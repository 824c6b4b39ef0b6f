"""Interpret: flapping, incidents, and outages that our own actions explain."""
