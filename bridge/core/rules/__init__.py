"""Rule files → values: the language that rules are written in."""
