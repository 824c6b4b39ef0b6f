"""Chat without I/O: who may do what, what an answer is, and how a line of words is read."""
