"""The HTTP server of the simulator, which can misbehave, and the world that runs behind it."""
