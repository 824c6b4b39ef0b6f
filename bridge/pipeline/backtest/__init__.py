"""Rules tried on recorded events, and decisions made again."""
