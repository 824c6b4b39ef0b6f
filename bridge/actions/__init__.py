"""What we can do to the world. A new action is one file here and one line in `wiring`."""
