"""What people do to the bridge: pauses, silences, hands-off, calls by hand, tunings put back."""
