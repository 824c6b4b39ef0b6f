"""What was seen: snapshots of the server, events, incidents, webhooks."""
