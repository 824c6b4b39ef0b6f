"""Objects of the management server: their fields, their state, and what changed."""
