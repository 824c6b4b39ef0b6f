"""Poll: read a scope, compare it with what was known, record what happened."""
