"""Commands for the daily work: look, acknowledge, approve, call, pause, poll."""
