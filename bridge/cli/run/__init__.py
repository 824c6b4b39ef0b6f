"""Commands that run: the bridge, its watchdog, the demo and the simulator."""
