"""Faults that a test or a person switches on."""
