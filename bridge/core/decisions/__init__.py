"""Rules meet events: verdicts, their guards, and the jobs that come of them."""
