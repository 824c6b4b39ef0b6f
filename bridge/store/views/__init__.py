"""What is read for people and for health checks, and never written."""
