"""Commands that set a bridge up and check it."""
