"""The vendor's HTTP API over a world, and the control API beside it."""
