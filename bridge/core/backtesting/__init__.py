"""Deciding without a database: examples, backtests, replays."""
