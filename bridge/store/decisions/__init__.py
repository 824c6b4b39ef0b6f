"""Decisions, and all that they owe: jobs, approvals, groups, limits."""
