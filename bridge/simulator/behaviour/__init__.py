"""What happens by itself in a world: failovers, tunings, speed tests, backups, scenarios."""
