"""Incoming webhooks without I/O: headers + bytes + secret + now → a delivery, or a refusal. One
file per platform.
"""
