"""Generate docs/events.md and docs/operations.md from the catalogues."""
