"""Deliver: carry out jobs, verify what they did, and settle what follows."""
