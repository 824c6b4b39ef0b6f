"""What the watchdog looks at, and what it says."""
