"""Messages about jobs: approval requests, replies to commands, plans for people."""
