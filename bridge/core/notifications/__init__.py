"""How people are told: what a channel takes, when, and how many things become one message."""
