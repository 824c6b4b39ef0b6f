"""Measurements: `make bench` prints them, README.md here records them."""
