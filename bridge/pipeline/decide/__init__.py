"""Decide: match events to rules, and write what they owe."""
